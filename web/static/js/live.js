// Keeps elements with data-live="kind kind" up to date: the server names what changed, the page asks for itself
// once, and only the changed parts of those elements are replaced in place; a "live:ask" event asks at once.
// Where a dialog is open or a part is in the person's hand (data-in-hand) nothing is replaced.
const WAIT_MS = 250; // several changes at once are one request
const SLOW_MS = 15000; // without a stream
const RETRY_MS = 30000;

const wanted = new Set();
let timer = null;
let running = false;
let stream = null;
let slow = null;

const KEPT = ["open", "value", "checked"]; // what the person has opened or entered stays
const morphing = {
  ignoreActiveValue: true,
  callbacks: {
    beforeNodeMorphed: (node) => !(node instanceof Element && node.matches("[data-keep]")),
    beforeAttributeUpdated: (name, node) => !(KEPT.includes(name) && node.matches("details, dialog, input, select, textarea")),
  },
};

const shown = new Map(); // when a part with data-live-every was last asked for

// A part that costs the server much waits for its turn; what happens meanwhile is one request.
function waits(element) {
  const rest = (shown.get(element.id) ?? 0) + Number(element.dataset.liveEvery ?? 0) - Date.now();
  if (rest > 0) {
    setTimeout(() => ask(element.dataset.live.split(" ")[0]), rest);
    return true;
  }
  shown.set(element.id, Date.now());
  return false;
}

function groups(kinds) {
  const found = new Map();
  document.querySelectorAll("[data-live]").forEach((element) => {
    if (kinds && !element.dataset.live.split(" ").some((kind) => kinds.has(kind))) return;
    if (kinds && waits(element)) return;
    const url = element.dataset.liveSrc || location.pathname + location.search;
    found.set(url, [...(found.get(url) ?? []), element.id]);
  });
  return found;
}

async function fetchPage(url) {
  const answer = await fetch(url, { headers: { "X-Live": "1" }, cache: "no-store" });
  if (answer.status === 401 && !document.querySelector("form[data-typed]")) location.reload(); // reach.js asks there
  if (!answer.ok) return null;
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

function replace(page, id) {
  const [old, fresh] = [document.getElementById(id), page.getElementById(id)];
  if (!old || !fresh || old.querySelector("dialog[open], [data-in-hand]")) return;
  Idiomorph.morph(old, fresh, morphing);
  const now = document.getElementById(id);
  htmx.process(now);
  now.dispatchEvent(new CustomEvent("live:updated", { bubbles: true }));
}

async function refresh(kinds) {
  for (const [url, ids] of groups(kinds)) {
    const page = await fetchPage(url);
    if (page) ids.forEach((id) => replace(page, id));
  }
}

async function run() {
  timer = null;
  if (running || document.hidden) return;
  running = true;
  const kinds = wanted.has("*") ? null : new Set(wanted);
  wanted.clear();
  try {
    await refresh(kinds);
    offline(false);
  } catch {
    offline(true);
    wanted.add("*");
  }
  running = false;
  if (wanted.size && !document.getElementById("offline").dataset.on) soon();
}

function soon() {
  timer ??= setTimeout(run, WAIT_MS);
}

function ask(kind) {
  wanted.add(kind);
  soon();
}

function offline(is) {
  const sign = document.getElementById("offline");
  sign.hidden = !is;
  if (is) sign.dataset.on = "1";
  else delete sign.dataset.on;
}

function slowly(on) {
  clearInterval(slow);
  slow = on ? setInterval(() => ask("*"), SLOW_MS) : null;
}

function connect(url, again) {
  stream = new EventSource(url);
  stream.onopen = () => {
    slowly(false);
    offline(false);
    if (again) ask("*");
    again = true;
  };
  stream.onmessage = (event) => ask(JSON.parse(event.data).kind);
  stream.onerror = () => {
    slowly(true);
    if (!navigator.onLine) offline(true);
    ask("*"); // tells a lost network, an ended session and an ended stream apart
    if (stream.readyState === EventSource.CLOSED) setTimeout(connect, RETRY_MS, url, true); // refused: too many
  };
}

export function startLive() {
  const url = document.body.dataset.liveUrl;
  if (!url || !document.querySelector("[data-live]")) return;
  connect(url, false);
  document.addEventListener("live:ask", () => ask("*"));
  addEventListener("offline", () => offline(true));
  addEventListener("online", () => ask("*"));
  document.addEventListener("visibilitychange", () => !document.hidden && wanted.size && soon());
  addEventListener("pagehide", () => stream.close());
  addEventListener("pageshow", (event) => event.persisted && connect(url, true));
}
