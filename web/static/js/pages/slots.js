// Lists put in order by dragging a row's grip or by its buttons: [data-sortable] > [data-row]. The form carries the
// order of the rows, so nothing is sent for it; without scripts the same buttons ask the server.

const form = document.querySelector("[data-slot-form]");
const changed = () => form.dispatchEvent(new Event("input", { bubbles: true }));

function tell(row) {
  const status = form.querySelector("[data-sort-status]");
  const rows = [...row.parentElement.children];
  status.textContent = status.dataset.words
    .replace("{title}", row.dataset.rowTitle)
    .replace("{place}", rows.indexOf(row) + 1)
    .replace("{count}", rows.length);
}

// The neighbour goes around the row: what has the focus or the pointer stays in the document.
function shift(row, step) {
  const other = step < 0 ? row.previousElementSibling : row.nextElementSibling;
  if (!other) return 0;
  if (step < 0) row.after(other);
  else row.before(other);
  return step * other.offsetHeight;
}

form.addEventListener("click", (event) => {
  const button = event.target.closest("[data-shift]");
  if (!button) return;
  event.preventDefault();
  const row = button.closest("[data-row]");
  if (shift(row, Number(button.dataset.shift))) changed();
  tell(row);
});

let drag = null;

function follow(event) {
  const { row } = drag;
  const by = event.clientY - drag.from;
  const next = by < 0 ? row.previousElementSibling : row.nextElementSibling;
  if (next && Math.abs(by) > next.offsetHeight / 2) {
    drag.from += shift(row, Math.sign(by));
    drag.moved = true;
  }
  row.style.translate = `0 ${event.clientY - drag.from}px`;
}

function drop() {
  const { row, moved } = drag;
  drag = null;
  row.style.translate = "";
  row.classList.remove("sort--held");
  if (moved) {
    changed();
    tell(row);
  }
}

form.addEventListener("pointerdown", (event) => {
  const grip = event.target.closest("[data-grip]");
  if (!grip || event.button !== 0) return;
  event.preventDefault(); // no text is marked meanwhile
  drag = { row: grip.closest("[data-row]"), from: event.clientY, moved: false };
  drag.row.classList.add("sort--held");
  grip.setPointerCapture(event.pointerId);
});
form.addEventListener("pointermove", (event) => drag && follow(event));
for (const end of ["pointerup", "pointercancel"]) form.addEventListener(end, () => drag && drop());

// Beside the list stands how full the first sitting is; a new row counts at once.
document.addEventListener("preview:shown", () => {
  const brief = form.querySelector("[data-brief]");
  brief.textContent = form.querySelector("[data-sitting-total]")?.textContent ?? "";
});
document.addEventListener("htmx:afterSettle", changed);
