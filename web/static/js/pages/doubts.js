// How a word is read, and how it shall be read: what belongs together lights up on both sides, F8 goes to the
// next doubt, and a mark opens the dialog (#entry) that puts the word into the lexicon.
import { Refusal, wordsOf } from "../answers.js";
import { touch, voice } from "../speaking.js";
import { showToast } from "../toasts.js";
import { fetchSound, question, stop } from "./sentences.js";

const dialog = document.getElementById("entry");
const form = dialog?.querySelector("form");
const part = (name) => dialog.querySelector(`[data-entry-${name}]`);
const tokenOf = (event) => event.target.closest?.("[data-token]");

function link(token) {
  document.querySelectorAll(".is-linked").forEach((each) => each.classList.remove("is-linked"));
  const row = token?.closest("[data-sentence]");
  row?.querySelectorAll(`[data-token="${token.dataset.token}"]`).forEach((each) => each.classList.add("is-linked"));
}

function focus(element, scroll = true) {
  if (!element.matches("a, button")) {
    element.tabIndex = -1;
    element.setAttribute("role", "button");
  }
  element.focus({ preventScroll: true });
  if (scroll) element.scrollIntoView({ block: "center" });
}

function nextDoubt(by) {
  const all = [...document.querySelectorAll("[data-doubt]")];
  if (!all.length) return;
  const at = all.indexOf(document.activeElement.closest("[data-doubt]") ?? document.querySelector("a.is-last"));
  const next = all[(at + by + all.length + (at < 0 && by < 0 ? 1 : 0)) % all.length];
  document.querySelector("a.is-last")?.classList.remove("is-last");
  next.classList.add("is-last"); // the button that was pressed takes the focus away
  focus(next);
}

// The arrows walk through a sentence from its button: every piece that is said otherwise than written.
function walk(event) {
  const row = event.target.closest("[data-sentence]");
  const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!row || !by || event.altKey || event.ctrlKey || event.metaKey) return;
  const stops = [...row.querySelectorAll("[data-say], [data-said]")];
  const next = stops[stops.indexOf(event.target.closest("[data-say], [data-said]")) + by];
  if (!next) return;
  event.preventDefault();
  focus(next);
}

let opened = null; // the row and the token whose dialog is open
let changed = null; // the same after it was saved, until the person goes on: what is read anew takes the focus away

function place(token) {
  const { part: section, sentence } = token.closest("[data-sentence]").dataset;
  return { row: `[data-part="${section}"][data-sentence="${sentence}"]`, token: `[data-token="${token.dataset.token}"]` };
}

function comeBack() {
  if (!changed || document.activeElement !== document.body) return;
  const row = document.querySelector(changed.row);
  const back = row?.querySelector(changed.token) ?? row?.querySelector("[data-say]");
  if (back) focus(back, false);
}

let asking = null;
async function tellImpact() {
  asking?.abort();
  asking = new AbortController();
  try {
    const body = new FormData(form);
    const answer = await fetch(form.dataset.impact, { method: "POST", body, signal: asking.signal });
    part("impact").innerHTML = answer.ok ? await answer.text() : "";
  } catch (error) {
    if (error.name !== "AbortError") part("impact").replaceChildren();
  }
}

function open(token) {
  const row = token.closest("[data-sentence]");
  opened = place(token);
  part("written").textContent = token.textContent;
  part("now").textContent = token.dataset.said || "–";
  part("why").textContent = token.dataset.doubt ?? "";
  part("why").hidden = !token.dataset.doubt;
  form.elements.written.value = token.textContent;
  form.elements.spoken.value = token.dataset.said;
  form.elements.language.value = row.querySelector("[lang]")?.lang ?? "vi";
  fail("");
  part("impact").replaceChildren();
  dialog.showModal();
  form.elements.spoken.select();
  tellImpact();
}

function fail(text) {
  part("failure").textContent = text;
  part("failure").hidden = !text;
}

async function tryIt(button) {
  fail("");
  stop();
  touch();
  button.setAttribute("aria-busy", "true");
  try {
    const words = form.elements.spoken.value.trim() || form.elements.written.value;
    const sound = await fetchSound(question({ words, area_id: form.elements.area_id.value }));
    voice.src = sound;
    voice.onended = () => URL.revokeObjectURL(sound);
    await voice.play();
  } catch (error) {
    if (error.name !== "AbortError") fail(wordsOf(error));
  }
  button.removeAttribute("aria-busy");
}

function readAnew() {
  const draft = document.querySelector("form[data-draft]");
  if (document.querySelector("[data-preview]")) draft?.dispatchEvent(new CustomEvent("preview:ask", { detail: "anew" }));
  document.dispatchEvent(new Event("live:ask"));
}

async function post(url, body) {
  const answer = await fetch(url, { method: "POST", body, headers: { Accept: "application/json" } });
  const told = await answer.json();
  if (!told.ok) throw new Refusal(told.error);
  return told;
}

async function undo(url) {
  const body = new FormData();
  body.set("csrf_token", form.elements.csrf_token.value);
  try {
    showToast((await post(url, body)).message, "ok");
  } catch (error) {
    showToast(wordsOf(error), "bad");
  }
  readAnew();
}

async function save(event) {
  event.preventDefault();
  try {
    const told = await post(form.action, new FormData(form));
    dialog.close();
    changed = opened;
    comeBack(); // the text may have been read anew before the dialog closed
    showToast(told.message, "ok", told.undo && { label: dialog.dataset.undo, run: () => undo(told.undo) });
    readAnew();
  } catch (error) {
    fail(wordsOf(error));
  }
}

document.addEventListener("pointerover", (event) => link(tokenOf(event) ?? document.activeElement.closest("[data-token]")));
document.addEventListener("focusin", (event) => link(tokenOf(event)));
document.addEventListener("keydown", (event) => {
  if (document.querySelector("dialog[open]")) return;
  const list = event.target.closest?.("select"); // Alt with an arrow opens it
  const vertical = event.altKey && !list && { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const by = event.key === "F8" ? (event.shiftKey ? -1 : 1) : vertical;
  if (by && document.querySelector("[data-doubt]")) {
    event.preventDefault();
    nextDoubt(by);
    return;
  }
  walk(event);
  const token = event.key === "Enter" && tokenOf(event);
  if (token && token.matches("span[data-said]") && dialog) open(token);
});
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-next-doubt]")) nextDoubt(1);
  const token = tokenOf(event)?.closest("[data-said]");
  if (!token || !dialog || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  open(token);
});
if (dialog) {
  let timer = 0;
  form.addEventListener("submit", save);
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(tellImpact, 400);
  });
  for (const shown of ["preview:shown", "live:updated"]) document.addEventListener(shown, comeBack);
  for (const goesOn of ["pointerdown", "keydown"]) document.addEventListener(goesOn, () => (changed = null), true);
  part("try").addEventListener("click", (event) => tryIt(event.currentTarget));
}
