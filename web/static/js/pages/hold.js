// [data-hold] submits its form only when pressed for a moment, by pointer or by key;
// a click of assistive technology counts at once, its dialog was the first of the two steps.

const HOLD_MS = 900;

let timer = 0;
let held = null;

function begin(button) {
  if (held || button.disabled) return;
  held = button;
  button.classList.add("is-held");
  timer = setTimeout(() => {
    cancel();
    button.form.requestSubmit(button);
    button.disabled = true;
  }, HOLD_MS);
}

function cancel() {
  clearTimeout(timer);
  held?.classList.remove("is-held");
  held = null;
}

const holdOf = (event) => event.target.closest?.("[data-hold]");

document.addEventListener("pointerdown", (event) => {
  const button = holdOf(event);
  if (button && event.button === 0) begin(button);
});
for (const name of ["pointerup", "pointercancel", "blur"]) window.addEventListener(name, cancel);
document.addEventListener("keydown", (event) => {
  const button = holdOf(event);
  if (!button || (event.key !== " " && event.key !== "Enter")) return;
  event.preventDefault();
  begin(button);
});
document.addEventListener("keyup", cancel);
document.addEventListener("click", (event) => {
  const button = holdOf(event);
  if (!button) return;
  const assisted = event.detail === 0 && event.pointerType === "";
  if (!assisted) event.preventDefault();
});
document.addEventListener("contextmenu", (event) => {
  if (holdOf(event)) event.preventDefault(); // a long press on a phone
});
