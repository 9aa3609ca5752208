// Keeps the one line on the folded box of voice and reading true: what was chosen otherwise than the station has it.

function chosen(box) {
  const told = [...box.querySelectorAll("select")]
    .filter((select) => select.value && !/_from$|^language$/.test(select.name))
    .map((select) => select.selectedOptions[0].textContent.trim());
  told.push(...[...box.querySelectorAll("input:checked")].map((input) => input.closest("label").textContent.trim()));
  return told.join(", ");
}

function tell(box) {
  const line = box.querySelector("[data-voice-summary]");
  line.textContent = chosen(box) || line.dataset.asStation;
}

document.addEventListener("change", (event) => {
  const box = event.target.closest("[data-voice]");
  if (box) tell(box);
});
for (const box of document.querySelectorAll("[data-voice]")) {
  const first = chosen(box); // the server has told of it
  addEventListener("pageshow", () => chosen(box) !== first && tell(box)); // a browser that comes back gives the choice back
}
