// Shows the value of a slider while it is moved: input[data-shown-in] names the element.

function tell(slider) {
  const shown = document.getElementById(slider.dataset?.shownIn ?? "");
  if (shown) shown.textContent = `${slider.value}%`;
}

const tellAll = () => document.querySelectorAll("[data-shown-in]").forEach(tell);

document.addEventListener("input", (event) => tell(event.target));
addEventListener("pageshow", tellAll); // a browser that comes back gives the values back
tellAll();
