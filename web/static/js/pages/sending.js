// Sends a recording in pieces: where the line breaks it waits, asks how much the server has, and goes on from there.
import { sentenceIn } from "../answers.js";
import { stayAwake } from "./awake.js";

const PAUSES_MS = [1000, 2000, 4000, 8000, 15_000]; // then the last one again and again
const STALLED_MS = 30_000; // without a byte moving: a telephone does not notice that its line is gone
const PATIENCE_MS = 5 * 60_000; // without any answer, before the person is asked

// `word` names what the page says where the server has no sentence that fits.
class Refused extends Error {
  constructor(sentence, { word = "network", again = false } = {}) {
    super(sentence);
    Object.assign(this, { word, again });
  }
}
class Gone extends Refused {}
class Busy extends Error {}

function ask(method, url, body, signal, onSent = () => {}) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest(); // fetch cannot tell how much has left
    let timer = null;
    const alive = () => {
      clearTimeout(timer);
      timer = setTimeout(() => request.abort(), STALLED_MS);
    };
    const stop = () => request.abort();
    request.open(method, url);
    request.setRequestHeader("X-CSRFToken", document.querySelector('meta[name="csrf-token"]').content);
    request.setRequestHeader("HX-Request", "true"); // a refusal as a sentence, not as a page
    request.upload.addEventListener("progress", (event) => {
      alive();
      onSent(event.loaded);
    });
    request.addEventListener("load", () => resolve(request));
    for (const end of ["error", "abort"]) request.addEventListener(end, () => reject(new Error(end)));
    request.addEventListener("loadend", () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
    });
    signal.addEventListener("abort", stop);
    alive();
    request.send(body);
  });
}

function judged(request) {
  const { status, responseText } = request;
  if (status >= 200 && status < 300) return responseText;
  if (status === 400 || status === 401) throw new Refused("", { word: "signedOut", again: true });
  if (status === 404) throw new Gone("", { again: true }); // waited too long: it begins anew
  if (status === 409) throw new Busy();
  const sentence = sentenceIn(responseText);
  if (sentence) throw new Refused(sentence, { again: status >= 500 });
  throw new Error(`status ${status}`); // of a proxy: like a broken line
}

const pause = (ms, signal) =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
    addEventListener("online", resolve, { once: true });
    signal.addEventListener("abort", resolve, { once: true });
  });

// Who signed in again, in another window, has another token.
async function renewToken() {
  const answer = await fetch(location.href, { headers: { "X-Live": "1" }, cache: "no-store" });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const token = page.querySelector('meta[name="csrf-token"]')?.content;
  if (!answer.ok || !token) return;
  document.querySelector('meta[name="csrf-token"]').content = token;
  for (const field of document.querySelectorAll("input[name=csrf_token]")) field.value = token;
}

function form(values) {
  const body = new FormData();
  for (const [name, value] of Object.entries(values)) body.append(name, value);
  return body;
}

// `tell` has onShare(percent), onWaiting(whether the line is broken), onDone(fragment) and
// onRefused(the server's sentence or '', which word of the page stands for it, whether it may be tried again).
export class Sending {
  constructor(url, file, values, tell) {
    Object.assign(this, { url, file, values, tell, id: "", piece: 0, signedOut: false });
  }

  // Also goes on with what was given up.
  async start() {
    this.control = new AbortController();
    const { signal } = this.control;
    const sleep = stayAwake();
    try {
      if (this.signedOut) await renewToken().catch(() => {});
      this.tell.onDone(await this.send(signal));
    } catch (error) {
      if (signal.aborted) return;
      const { message, word, again } = error instanceof Refused ? error : new Refused("", { again: true });
      if (error instanceof Gone) this.id = "";
      this.signedOut = word === "signedOut";
      this.tell.onRefused(message, word, again);
    } finally {
      sleep();
    }
  }

  abort() {
    this.control.abort();
    if (this.id) ask("POST", `${this.url}${this.id}/drop`, null, new AbortController().signal).catch(() => {});
  }

  async send(signal) {
    const { file, values } = this;
    let there = this.id ? null : 0;
    if (!this.id) await this.begin(signal);
    while (there === null || there < file.size) there = await this.step(there, signal);
    this.tell.onShare(100);
    return this.persist(signal, async () => {
      const body = form({ ...values, name: file.name });
      return judged(await ask("POST", `${this.url}${this.id}/finish`, body, signal));
    });
  }

  async begin(signal) {
    const body = { area_id: this.values.area_id, size: this.file.size };
    const answer = await this.persist(signal, async () => judged(await ask("POST", this.url, form(body), signal)));
    ({ id: this.id, piece: this.piece } = JSON.parse(answer));
  }

  // Sends one piece; gives how much is there afterwards. Where that is not known it is asked first.
  step(there, signal) {
    return this.persist(signal, async (failures) => {
      const from = failures || there === null ? await this.asked(signal) : there;
      if (from >= this.file.size) return from;
      const bytes = this.file.slice(from, from + this.piece, "application/octet-stream");
      const show = (sent) => this.tell.onShare(Math.min(99, Math.floor((100 * (from + sent)) / this.file.size)));
      const url = `${this.url}${this.id}?offset=${from}`;
      return JSON.parse(judged(await ask("POST", url, bytes, signal, show))).received;
    });
  }

  async asked(signal) {
    return JSON.parse(judged(await ask("GET", this.url + this.id, null, signal))).received;
  }

  // Until it works, with growing pauses; what the server refuses is not tried again.
  async persist(signal, attempt) {
    let since = performance.now();
    for (let failures = 0; ; failures += 1) {
      try {
        const result = await attempt(failures);
        this.tell.onWaiting(false);
        return result;
      } catch (error) {
        if (error instanceof Busy) since = performance.now(); // it works on it
        else if (error instanceof Refused || performance.now() - since > PATIENCE_MS) throw error;
        else if (!signal.aborted) this.tell.onWaiting(true);
        await pause(PAUSES_MS[Math.min(failures, PAUSES_MS.length - 1)], signal);
        if (signal.aborted) throw error;
      }
    }
  }
}
