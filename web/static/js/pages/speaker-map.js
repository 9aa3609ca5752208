// Ties the drawing and the list beside it together: pointing at one marks the other.

function mark(id, on) {
  for (const part of document.querySelectorAll(`[data-speaker="${CSS.escape(id)}"]`)) {
    part.classList.toggle("is-pointed", on);
  }
}

for (const [enter, leave] of [
  ["mouseover", "mouseout"],
  ["focusin", "focusout"],
]) {
  document.addEventListener(enter, (event) => {
    const part = event.target.closest?.("[data-speaker]");
    if (part) mark(part.dataset.speaker, true);
  });
  document.addEventListener(leave, (event) => {
    const part = event.target.closest?.("[data-speaker]");
    if (part) mark(part.dataset.speaker, false);
  });
}
