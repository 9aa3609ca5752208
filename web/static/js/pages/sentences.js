// Hearing from any sentence: the player jumps to its time where the clip is there; until then the server
// reads one sentence after the other, the next one fetched while this one sounds. [data-reading] holds the
// sentences and says where to ask; what sounds is marked and kept in view.
import { ask, wordsOf } from "../answers.js";
import { touch, voice } from "../speaking.js";

const region = () => document.querySelector("[data-reading]");
const rows = () => [...document.querySelectorAll("[data-sentence]")].filter((row) => row.querySelector("[data-say]"));
const rowOf = (part, sentence) => document.querySelector(`[data-part="${part}"][data-sentence="${sentence}"]`);
const clip = () => document.querySelector("[data-player][data-marks] audio");
const marksOf = (audio) => JSON.parse(audio.closest("[data-player]").dataset.marks);
const markOf = (audio, row) =>
  audio && marksOf(audio).find(([part, sentence]) => part === +row.dataset.part && sentence === +row.dataset.sentence);

let now = null; // { part, sentence }: a live update may replace the row itself
let run = 0;
let ahead = null; // { key, sound }: the sentence that is fetched before it is wanted

function show(row) {
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  document.querySelectorAll(".is-heard").forEach((other) => other !== row && other.classList.remove("is-heard"));
  if (!row || row.classList.contains("is-heard")) return;
  row.classList.add("is-heard");
  row.scrollIntoView({ block: "nearest", behavior: calm ? "auto" : "smooth" });
}

function press(row) {
  document.querySelectorAll("[data-say][aria-pressed=true]").forEach((button) => button.removeAttribute("aria-pressed"));
  row?.querySelector("[data-say]").setAttribute("aria-pressed", "true");
}

function tell(row, text) {
  const note = row.querySelector("[data-failure]");
  if (text) note.setAttribute("role", "alert");
  note.querySelector("span").textContent = text;
  note.hidden = !text;
}

// What is asked: the saved bulletin by its number, what is being written by the form itself.
export function question(extra) {
  const body = new FormData();
  const { bulletin, fields } = region().dataset;
  const form = document.querySelector(fields ?? "form[data-draft]");
  if (bulletin) body.append("bulletin_id", bulletin);
  else if (form) new FormData(form).forEach((value, name) => typeof value === "string" && body.append(name, value));
  for (const [name, value] of Object.entries(extra)) body.set(name, value);
  body.set("csrf_token", document.querySelector('meta[name="csrf-token"]').content);
  return body;
}

export async function fetchSound(body) {
  const answer = await ask(region().dataset.hear, body);
  return URL.createObjectURL(await answer.blob());
}

function soundOf(row) {
  const body = question({ part: row.dataset.part, sentence: row.dataset.sentence });
  const key = JSON.stringify([...body]);
  if (ahead?.key === key) return ahead.sound;
  const sound = fetchSound(body);
  ahead = { key, sound };
  sound.catch(() => ahead?.key === key && (ahead = null)); // asked again, it is tried again
  return sound;
}

function following(row) {
  const all = rows();
  return all[all.indexOf(row) + 1];
}

async function hear(row) {
  const mine = ++run;
  now = { part: row.dataset.part, sentence: row.dataset.sentence };
  show(row);
  press(row);
  tell(row, "");
  row.setAttribute("aria-busy", "true");
  let url = "";
  try {
    const sound = soundOf(row);
    url = await sound;
    if (ahead?.sound === sound) ahead = null; // its address is good for one hearing
  } catch (error) {
    if (mine === run) stop();
    tell(row, region().dataset.failed.replace("{reason}", wordsOf(error)));
    return;
  } finally {
    row.removeAttribute("aria-busy");
  }
  if (mine !== run) return;
  voice.src = url;
  voice.onended = () => {
    const next = rowOf(now.part, now.sentence);
    URL.revokeObjectURL(url);
    const after = next && following(next);
    if (after) hear(after);
    else stop();
  };
  voice.play().catch(() => mine === run && stop());
  const next = following(row);
  if (next) soundOf(next);
}

export function stop() {
  run += 1;
  now = null;
  voice.pause();
  clip()?.pause();
  show(null);
  press(null);
}

function playFrom(row) {
  const audio = clip();
  const mark = markOf(audio, row);
  if (!mark) {
    audio?.pause();
    touch();
    hear(row);
    return;
  }
  stop();
  audio.currentTime = mark[2] / 1000;
  audio.play().catch(() => {}); // a second press may stop it before it has begun
  show(row);
}

const heardRow = () => (now ? rowOf(now.part, now.sentence) : document.querySelector(".is-heard"));

function step(by) {
  const all = rows();
  if (!all.length) return;
  const at = all.indexOf(heardRow());
  playFrom(all[Math.min(Math.max(at + by, 0), all.length - 1)]);
}

function follow(event) {
  const audio = event.target;
  if (audio !== clip() || audio.paused) return;
  const at = audio.currentTime * 1000;
  const mark = marksOf(audio).findLast(([, , start]) => start <= at + 60);
  const row = mark && at <= mark[3] + 900 ? rowOf(mark[0], mark[1]) : null;
  show(row);
  press(row);
}

const typing = (target) => target.closest("input, textarea, select, [contenteditable]");
const KEYS = { j: 1, k: -1, ArrowRight: 1, ArrowLeft: -1 };

function onKey(event) {
  if (event.ctrlKey || event.altKey || event.metaKey || document.querySelector("dialog[open]")) return;
  if (event.key === "Escape" && (now || (clip() && !clip().paused))) {
    stop();
    return;
  }
  const player = event.target.closest("[data-player]");
  const by = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!by || !rows().length || typing(event.target) || (event.key.startsWith("Arrow") && !player)) return;
  event.preventDefault();
  step(by);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-say]");
  if (button) {
    if (button.getAttribute("aria-pressed") === "true") stop();
    else playFrom(button.closest("[data-sentence]"));
  }
  if (event.target.closest("[data-hear-all]") && rows().length) playFrom(rows()[0]);
});
document.addEventListener("keydown", onKey);
document.addEventListener("timeupdate", follow, true);
document.addEventListener(
  "play",
  (event) => {
    if (event.target !== clip()) return;
    run += 1;
    voice.pause();
    now = null;
  },
  true,
);
document.addEventListener("pause", (event) => event.target === clip() && press(null), true);
