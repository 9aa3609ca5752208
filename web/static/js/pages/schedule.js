// The schedule's form: bulletins in order, as many times and dates as needed, one tap to accept a correction.

const form = document.querySelector("[data-schedule-form]");
const changed = () => form.dispatchEvent(new Event("input", { bubbles: true }));

const isChosen = (row) => Boolean(row.querySelector("input:checked")); // the last row may be a word to the person

function placeRow(row) {
  const list = row.parentElement;
  const chosen = [...list.children].filter((other) => other !== row && isChosen(other));
  const before = chosen.length ? chosen.at(-1).nextElementSibling : list.firstElementChild;
  if (before !== row) list.insertBefore(row, before);
}

function move(row, step) {
  const other = step < 0 ? row.previousElementSibling : row.nextElementSibling;
  if (!other || !isChosen(other)) return;
  if (step < 0) other.before(row);
  else other.after(row);
  changed();
}

function addLine(kind) {
  const list = form.querySelector(`[data-lines="${kind}"]`);
  list.append(form.querySelector(`[data-template="${kind}"]`).content.cloneNode(true));
  list.lastElementChild.querySelector("input, select").focus();
}

function correct(from, to) {
  for (const input of form.querySelectorAll("input[name=time]")) {
    if (input.value.slice(0, 5) === from) input.value = to;
  }
  changed();
}

form.addEventListener("change", (event) => {
  const row = event.target.closest("[data-pick]");
  if (row && event.target.type === "checkbox") placeRow(row);
});

form.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  const row = button.closest("[data-pick]");
  if (button.dataset.move) {
    move(row, Number(button.dataset.move));
    button.focus();
  } else if (button.dataset.add) {
    event.preventDefault();
    addLine(button.dataset.add);
  } else if (button.dataset.dropLine !== undefined) {
    button.closest("[data-line]").remove();
    changed();
  } else if (button.name === "correct" && !button.value.includes("@")) { // other days: the server fills them in
    event.preventDefault();
    correct(...button.value.split(">"));
  }
});

// The server searches among the bulletins; what is chosen always stays in sight, and in its order.
const search = form.querySelector("[data-pick-search]");
const PAUSE_MS = 300;
let pause = 0;
let asking = null;

function showFound(rows) {
  const list = form.querySelector("[data-picks]");
  const kept = [...list.children].filter(isChosen);
  const chosen = new Set(kept.map((row) => row.querySelector("input").value));
  const found = document.createElement("template");
  found.innerHTML = rows;
  const others = [...found.content.children].filter((row) => !chosen.has(row.querySelector("input")?.value));
  list.replaceChildren(...kept, ...others);
}

async function find() {
  clearTimeout(pause);
  asking?.abort();
  asking = new AbortController();
  try {
    const query = new URLSearchParams({ find: search.value });
    const answer = await fetch(`${search.dataset.pickSearch}?${query}`, { signal: asking.signal });
    if (!answer.ok) return;
    showFound(await answer.text());
  } catch {
    // no network, or a newer question: the list stays as it is
  }
}

form.addEventListener("submit", () => {
  if (search) form.elements.found.value = search.value.trim(); // words that were not searched save nothing else
});
search?.addEventListener("input", (event) => {
  event.stopPropagation();
  clearTimeout(pause);
  pause = setTimeout(find, PAUSE_MS);
});
search?.addEventListener("keydown", (event) => {
  if (event.key !== "Enter") return;
  event.preventDefault(); // it would save the form
  find();
});
form.querySelector("[data-pick-find]")?.addEventListener("click", (event) => {
  event.preventDefault();
  find();
});
