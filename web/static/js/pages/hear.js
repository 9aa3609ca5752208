// Lets a form be heard instead of sent away: [data-hear] on the form or on the button that submits it.
// The server reads one sentence an answer and says in X-Sentences how many there are; a second press stops.
import { ask, wordsOf } from "../answers.js";
import { touch, voice } from "../speaking.js";
import { showToast } from "../toasts.js";

let pressed = null;
let run = 0;

function mark(button) {
  pressed?.classList.remove("is-sounding");
  pressed?.removeAttribute("aria-busy");
  pressed = button;
  pressed?.classList.add("is-sounding");
}

function stop() {
  run += 1;
  voice.pause();
  mark(null);
}

const toEnd = () =>
  new Promise((resolve, reject) => {
    voice.onended = resolve;
    voice.onpause = resolve;
    voice.play().catch(reject);
  });

async function play(url, body, button) {
  const mine = ++run;
  let count = 1;
  for (let sentence = 0; sentence < count && mine === run; sentence += 1) {
    body.set("sentence", sentence);
    button.setAttribute("aria-busy", "true");
    const answer = await ask(url, body);
    button.removeAttribute("aria-busy");
    count = Number(answer.headers.get("X-Sentences") ?? 1);
    const sound = URL.createObjectURL(await answer.blob());
    if (mine === run) {
      voice.src = sound;
      await toEnd();
    }
    URL.revokeObjectURL(sound);
  }
  if (mine === run) mark(null);
}

document.addEventListener(
  "submit",
  async (event) => {
    const button = event.submitter;
    const form = event.target;
    if (!button?.matches("[data-hear]") && !form.matches("[data-hear]")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const again = button === pressed;
    stop();
    if (again) return;
    touch();
    mark(button);
    try {
      await play(button.hasAttribute("formaction") ? button.formAction : form.action, new FormData(form), button);
    } catch (error) {
      if (error.name === "AbortError") return; // another press came first
      stop();
      showToast(wordsOf(error), "bad");
    }
  },
  true,
);
