// The week as a time grid: draws the blocks, and moves them by mouse, by touch on their handle, and by keyboard;
// those with a length of their own are made longer or shorter by their lower edge.
// Where an airing may go is the server's word; it answers with a sentence, its doubts, and the way to undo.
import { showToast } from "../toasts.js";
import { submit } from "./asking.js";

const STEP = 5; // minutes
const DAY = 24 * 60;
const SLACK = 6; // pixels before a press becomes a drag

const grid = document.querySelector("[data-grid]");
const status = () => document.querySelector("[data-grid-status]");
const columns = () => [...document.querySelectorAll("[data-grid] [data-day]")];
const ghost = () => document.querySelector("[data-ghost]");
const two = (number) => String(number).padStart(2, "0");
const clock = (minutes) => `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;

function draw() {
  const now = document.querySelector("[data-grid]");
  if (!now) return;
  document.documentElement.classList.add("is-drawn");
  now.style.setProperty("--first", now.dataset.first * 60);
  now.style.setProperty("--hours", now.dataset.last - now.dataset.first);
  for (const block of now.querySelectorAll("[data-block]")) {
    for (const name of ["top", "length", "lane", "lanes"]) block.style.setProperty(`--${name}`, block.dataset[name]);
    block.classList.toggle("block--movable", Boolean(block.dataset.at));
  }
}

const place = (block, to) =>
  submit(grid.dataset.moveUrl, { schedule_id: block.dataset.schedule, at: block.dataset.at, to });
const resize = (block, minutes) => submit(block.dataset.resizeUrl, { minutes });

// Where a block is while it moves: a column, a minute of the day, and how many minutes it lasts (0: as its audio).
function show(block, spot) {
  const mark = ghost();
  const stretched = spot.minutes !== spotOf(block).minutes;
  mark.hidden = false;
  mark.style.setProperty("--column", spot.column);
  mark.style.setProperty("--top", spot.top);
  mark.style.setProperty("--length", stretched ? spot.minutes : block.dataset.length);
  mark.querySelector("[data-ghost-time]").textContent = stretched ? spanOf(spot) : clock(spot.top);
  block.classList.add("block--moving");
  block.dataset.inHand = "";
}

async function settle(block, start, spot) {
  if (nameOf(spot) !== nameOf(start)) await place(block, nameOf(spot));
  if (spot.minutes !== start.minutes) await resize(block, spot.minutes);
}

const fixed = (block) => status().dataset.fixed.replace("{title}", block.dataset.title);

function leave(block) {
  ghost().hidden = true;
  block.classList.remove("block--moving");
  if (block.dataset.inHand === undefined) return;
  delete block.dataset.inHand;
  document.dispatchEvent(new Event("live:ask")); // what changed meanwhile was not shown
}

const spotOf = (block) => {
  const at = new Date(`${block.dataset.at}Z`);
  const day = block.dataset.at.slice(0, 10);
  const column = columns().findIndex((each) => each.dataset.day === day);
  return { column, top: at.getUTCHours() * 60 + at.getUTCMinutes(), minutes: Number(block.dataset.minutes ?? 0) };
};
const spanOf = ({ top, minutes }) => `${clock(top)}–${clock((top + minutes) % DAY)}`;
const lasting = (minutes, by) => limit(minutes + by, Math.min(STEP, minutes), DAY);
const nameOf = ({ column, top }) => `${columns()[column].dataset.day}T${clock(top)}`;
const limit = (value, low, high) => Math.min(Math.max(value, low), high);

function drag(event) {
  const block = event.target.closest("[data-block][data-at]");
  const edge = event.target.closest("[data-edge]");
  const handle = edge ?? event.target.closest("[data-move-block]");
  if (!block || event.button || (event.pointerType !== "mouse" && !handle)) return;
  const [x, y] = [event.clientX, event.clientY];
  const start = spotOf(block);
  const all = columns().map((each) => each.getBoundingClientRect());
  const tall = all[0].height / (grid.dataset.last - grid.dataset.first) / 60; // pixels a minute
  let spot = null;

  const move = (to) => {
    if (!spot && Math.hypot(to.clientX - x, to.clientY - y) < SLACK) return;
    to.preventDefault();
    const by = Math.round((to.clientY - y) / tall / STEP) * STEP;
    if (edge) return stretch(by);
    const column = all.findIndex((box) => to.clientX < box.right);
    spot = { ...start, column: column < 0 ? all.length - 1 : column, top: limit(start.top + by, 0, DAY - STEP) };
    show(block, spot);
  };
  const stretch = (by) => {
    spot = start;
    if (start.minutes) {
      spot = { ...start, minutes: lasting(start.minutes, by) };
      show(block, spot);
    } else {
      stop(false);
      showToast(fixed(block), "warn");
    }
  };
  const stop = (dropped) => {
    removeEventListener("pointermove", move);
    removeEventListener("pointerup", end);
    removeEventListener("pointercancel", cancel);
    removeEventListener("keydown", escape, true);
    leave(block);
    if (!spot) return;
    const swallow = (click) => click.preventDefault(); // the click that ends a drag opens nothing
    addEventListener("click", swallow, { once: true, capture: true });
    setTimeout(() => removeEventListener("click", swallow, true));
    if (dropped) settle(block, start, spot);
  };
  const end = () => stop(true);
  const cancel = () => stop(false);
  const escape = (key) => key.key === "Escape" && stop(false);
  addEventListener("pointermove", move);
  addEventListener("pointerup", end);
  addEventListener("pointercancel", cancel);
  addEventListener("keydown", escape, true);
}

const STEPS = { ArrowUp: [0, -STEP], ArrowDown: [0, STEP], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };

// The mode of the handle: arrows move, Enter puts down, Escape and leaving give up.
function moveByKeys(handle) {
  const block = handle.closest("[data-block]");
  const start = spotOf(block);
  let spot = start;
  const say = (text) => (status().textContent = text);
  const tell = () => {
    show(block, spot);
    const day = columns()[spot.column].getAttribute("aria-label");
    const stretched = spot.minutes !== start.minutes;
    const words = stretched ? status().dataset.lasts.replace("{minutes}", spot.minutes) : status().dataset.place;
    say(words.replace("{day}", day).replace("{time}", stretched ? spanOf(spot) : clock(spot.top)));
  };
  const stop = (text) => {
    handle.removeEventListener("keydown", press);
    handle.removeEventListener("blur", quit);
    handle.removeAttribute("aria-pressed");
    leave(block);
    say(text);
  };
  const quit = () => stop(status().dataset.left);
  const press = (event) => {
    const step = STEPS[event.key];
    if (step && event.shiftKey) {
      spot = { ...spot, minutes: spot.minutes && lasting(spot.minutes, step[1]) };
      if (spot.minutes) tell();
      else say(fixed(block));
    } else if (step) {
      spot = { ...spot, column: limit(spot.column + step[0], 0, 6), top: limit(spot.top + step[1], 0, DAY - STEP) };
      tell();
    } else if (event.key === "Escape") {
      quit();
    } else if (event.key === "Enter" || event.key === " ") {
      stop("");
      settle(block, start, spot);
    } else {
      return;
    }
    event.preventDefault();
  };
  handle.setAttribute("aria-pressed", "true");
  handle.addEventListener("keydown", press);
  handle.addEventListener("blur", quit);
  show(block, spot);
  const moving = status().dataset.moving.replace("{title}", block.dataset.title);
  say(start.minutes ? `${moving} ${status().dataset.longer}` : moving);
}

// An empty place of the grid opens the form of a new schedule there.
function write(event) {
  const column = event.target.closest("[data-day]");
  if (!column || event.target.closest("[data-block]") || !grid.dataset.newUrl) return;
  const box = column.getBoundingClientRect();
  const minute = ((event.clientY - box.top) / box.height) * (grid.dataset.last - grid.dataset.first) * 60;
  const at = grid.dataset.first * 60 + Math.floor(minute / 15) * 15;
  location.assign(`${grid.dataset.newUrl}?day=${column.dataset.day}&time=${clock(at)}`);
}

// What is on the air changes at a known moment, of which no event tells.
const LONGEST_MS = 3_600_000; // a longer wait is begun anew, so that a slept laptop is not far off
const AFTER_MS = 1500;
const AGAIN_MS = 15_000; // where this clock is ahead of the server's
let change = null;

function waitForChange() {
  clearTimeout(change);
  const at = Number(document.querySelector("[data-changes-at]")?.dataset.changesAt);
  if (!at) return;
  const ask = () => document.dispatchEvent(new Event("live:ask"));
  const rest = at - Date.now();
  change = setTimeout(ask, rest > 0 ? Math.min(rest + AFTER_MS, LONGEST_MS) : AGAIN_MS);
}

waitForChange();

if (grid) {
  draw();
  grid.addEventListener("pointerdown", drag);
  grid.addEventListener("dblclick", write);
  grid.addEventListener("click", (event) => {
    const handle = event.target.closest("[data-move-block]");
    if (!handle || event.defaultPrevented || handle.getAttribute("aria-pressed")) return;
    if (event.pointerType === "touch") location.assign(handle.dataset.way);
    else moveByKeys(handle);
  });
}
document.addEventListener("live:updated", draw);
document.addEventListener("live:updated", waitForChange);
