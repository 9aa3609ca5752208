// Shows the value of a slider while it is moved: input[data-shown-in] names the element.

document.addEventListener("input", (event) => {
  const shown = document.getElementById(event.target.dataset?.shownIn ?? "");
  if (shown) shown.textContent = `${event.target.value}%`;
});
