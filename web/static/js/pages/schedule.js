// The schedule's form: bulletins in order, as many times and dates as needed, one tap to accept a correction.

const form = document.querySelector("[data-schedule-form]");
const changed = () => form.dispatchEvent(new Event("input", { bubbles: true }));

function placeRow(row) {
  const list = row.parentElement;
  const chosen = [...list.children].filter((other) => other !== row && other.querySelector("input").checked);
  const before = chosen.length ? chosen.at(-1).nextElementSibling : list.firstElementChild;
  if (before !== row) list.insertBefore(row, before);
}

function move(row, step) {
  const other = step < 0 ? row.previousElementSibling : row.nextElementSibling;
  if (!other || !other.querySelector("input").checked) return;
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
  } else if (button.name === "correct") {
    event.preventDefault();
    correct(...button.value.split(">"));
  }
});

// A long list of bulletins is narrowed by typing; what is chosen always stays in sight.
form.querySelector("[data-pick-search]")?.addEventListener("input", (event) => {
  event.stopPropagation();
  const wanted = event.target.value.trim().toLocaleLowerCase();
  for (const row of form.querySelectorAll("[data-pick]")) {
    row.hidden = !row.querySelector("input").checked && !row.textContent.toLocaleLowerCase().includes(wanted);
  }
});
