// Records from the microphone or takes a file, sends it, and shows what the server made of it: [data-recorder].
// How to include it and which events it sends: templates/bulletins/_recording.html.
import { clock, startPlayers } from "../player.js";
import { openMicrophone, whyNot } from "./microphone.js";
import { Sending } from "./sending.js";

const QUIET_MS = 4000; // without a sound before we say so

class Recorder {
  constructor(root) {
    this.root = root;
    this.longest = Number(root.dataset.recorderLongest) * 1000;
    this.asking = false;
    this.microphone = null;
    this.sending = null;
    this.last = null; // what could not be sent, for trying again
    for (const name of ["start", "pause", "finish", "discard", "cancel", "again"]) {
      this.part(name).addEventListener("click", () => this[name]());
    }
    this.part("file").addEventListener("change", (event) => this.take(event.target));
    root.addEventListener("click", (event) => {
      if (event.target.closest("[data-recorder-remove]")) this.remove();
      if (event.target.closest("[data-recorder-redo]")) this.redo();
    });
    root.closest("form")?.addEventListener("submit", (event) => this.hold(event), true);
  }

  part(name) {
    return this.root.querySelector(`[data-recorder-${name}]`);
  }

  word(name) {
    return this.root.querySelector(`[data-word="${name}"]`).textContent;
  }

  get busy() {
    return Boolean(this.asking || this.microphone || this.sending);
  }

  // What only this page holds.
  get unsent() {
    return this.busy || this.last !== null;
  }

  show(state) {
    for (const part of this.root.querySelectorAll("[data-recorder-part]")) {
      part.hidden = part.dataset.recorderPart !== state;
    }
  }

  tell(text) {
    this.part("status").textContent = text;
  }

  fail(text, again = false) {
    this.part("why").textContent = text;
    this.part("problem").hidden = false;
    this.part("again").hidden = !again;
  }

  async start() {
    if (this.busy) return;
    this.asking = true; // a second press while the browser asks for the microphone would open it twice
    this.part("problem").hidden = true;
    try {
      this.microphone = await openMicrophone({
        onTick: (ms, level) => this.tick(ms, level),
        onEnd: (sound) => this.recorded(sound),
        onLost: () => this.tell(this.word("broken")),
      });
    } catch (error) {
      this.fail(this.word(whyNot(error)));
      return;
    } finally {
      this.asking = false;
    }
    this.heardAt = 0;
    this.label(false);
    this.show("recording");
    this.part("finish").focus();
  }

  tick(ms, level) {
    this.part("time").textContent = clock(ms / 1000);
    this.part("level").value = level;
    if (level >= 8) this.heardAt = ms;
    const advice = level >= 97 ? "loud" : ms - this.heardAt > QUIET_MS ? "quiet" : "";
    this.part("advice").textContent = advice && this.word(advice);
    if (ms >= this.longest) {
      this.tell(this.word("full"));
      this.finish();
    }
  }

  label(paused) {
    this.part("state").textContent = this.word(paused ? "paused" : "recording");
    const [button, icon] = [this.part("pause"), this.part("pause").querySelector("use")];
    button.lastChild.textContent = this.word(paused ? "resume" : "pause");
    icon.setAttribute("href", icon.getAttribute("href").replace(/#.*/, paused ? "#mic" : "#pause"));
    this.part("light").classList.toggle("dot--live", !paused);
    this.tell(this.word(paused ? "paused" : "recording"));
  }

  pause() {
    this.label(this.microphone.toggle());
  }

  finish() {
    this.microphone?.finish();
  }

  discard() {
    this.microphone.drop();
    this.microphone = null;
    this.rest();
  }

  recorded(sound) {
    this.microphone = null;
    this.send(sound);
  }

  take(input) {
    const file = input.files[0];
    input.value = ""; // the same file may be chosen again after a refusal
    if (!file) return;
    if (file.size > Number(this.root.dataset.recorderLargest)) this.fail(this.word("large"));
    else this.send(file);
  }

  values() {
    const form = this.root.closest("form");
    return {
      area_id: form?.elements.namedItem("area_id")?.value || this.root.dataset.recorderArea,
      language:
        this.root.closest("[data-language]")?.dataset.language || form?.elements.namedItem("language")?.value || "vi",
      trim: this.part("trim").checked ? "1" : "0",
      field: this.root.dataset.recorderField,
    };
  }

  send(file) {
    this.go(
      new Sending(this.root.dataset.recorderUrl, file, this.values(), {
        onShare: (share) => this.progress(share),
        onWaiting: (is) => this.waiting(is),
        onDone: (answer) => this.ready(answer),
        onRefused: (text, word, again) => this.refused(text || this.word(word), again),
      }),
    );
  }

  go(sending) {
    this.sending = this.last = sending;
    this.part("problem").hidden = true;
    this.progress(0);
    this.waiting(false);
    this.show("sending");
    this.part("cancel").focus();
    sending.start();
  }

  progress(share) {
    const sent = share >= 100;
    const bar = this.part("progress");
    if (sent) bar.removeAttribute("value");
    else bar.value = share;
    this.part("share").textContent = sent ? "" : `${share}%`;
    this.part("sending").textContent = this.word(sent ? "working" : "sending");
  }

  waiting(is) {
    const sign = this.part("waiting");
    if (is && sign.hidden) this.tell(this.word("waiting"));
    sign.hidden = !is;
  }

  cancel() {
    this.sending.abort();
    this.sending = this.last = null;
    this.rest();
  }

  again() {
    this.go(this.last);
  }

  refused(text, again) {
    this.sending = null;
    if (!again) this.last = null;
    this.rest();
    this.fail(text, again);
  }

  ready(answer) {
    this.sending = null;
    this.last = null;
    this.show("done");
    const result = this.part("result");
    result.innerHTML = answer;
    startPlayers(result);
    this.tell(this.word("ready"));
    result.querySelector("[data-player-toggle]").focus();
    const { recording, recordingDuration, recordingName } = result.querySelector("[data-recording]").dataset;
    this.emit("ready", { id: Number(recording), duration: Number(recordingDuration), name: recordingName });
  }

  // An earlier recording stays until another one is ready.
  redo() {
    this.show("idle");
    this.part("start").focus();
  }

  remove() {
    const input = document.createElement("input");
    Object.assign(input, { type: "hidden", name: this.root.dataset.recorderField, value: "" });
    this.part("result").replaceChildren(input);
    this.redo();
    this.tell(this.word("removed"));
    this.emit("removed", {});
  }

  rest() {
    const chosen = this.part("result").querySelector("[data-recording]");
    this.show(chosen ? "done" : "idle");
    (chosen?.querySelector("[data-player-toggle]") ?? this.part("start")).focus();
  }

  emit(name, detail) {
    this.root.dispatchEvent(new CustomEvent(`recording:${name}`, { bubbles: true, detail }));
    this.root.dispatchEvent(new Event("input", { bubbles: true }));
  }

  hold(event) {
    if (!this.busy) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    this.fail(this.word("wait"));
  }
}

const started = [];
function startRecorders(root) {
  for (const element of root.querySelectorAll?.("[data-recorder]:not([data-recorder-on])") ?? []) {
    element.dataset.recorderOn = "";
    started.push(new Recorder(element));
  }
}

startRecorders(document);
document.addEventListener("htmx:load", (event) => startRecorders(event.target)); // parts that came later
document.addEventListener("htmx:beforeRequest", (event) => {
  const replaced = started.find(({ root, busy }) => busy && event.detail.target?.contains(root));
  replaced?.hold(event); // what is being recorded must not vanish with its part
});
window.addEventListener("beforeunload", (event) => {
  if (started.some((recorder) => recorder.unsent && recorder.root.isConnected)) event.preventDefault();
});
