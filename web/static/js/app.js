// What every page needs: requests that carry the CSRF token, dialogs, toasts, busy buttons, live fragments.
import { startDialogs } from "./dialogs.js";
import { startForms } from "./forms.js";
import { startLive } from "./live.js";
import { startMenus } from "./menus.js";
import { startPlayers } from "./player.js";
import { showToast, startToasts } from "./toasts.js";

document.addEventListener("htmx:configRequest", (event) => {
  event.detail.headers["X-CSRFToken"] = document.querySelector('meta[name="csrf-token"]').content;
});

// An error answer shows itself where it says (HX-Retarget); without an answer we say that the network is gone.
document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.xhr.status >= 400 && event.detail.xhr.getResponseHeader("HX-Retarget")) {
    event.detail.shouldSwap = true;
  }
});
document.addEventListener("htmx:sendError", () => {
  showToast(document.getElementById("failure-text").dataset.text, "bad");
});
document.addEventListener("toast", (event) => {
  showToast(event.detail.text ?? event.detail.value, event.detail.tone ?? "ok");
});

// Where a row of tabs or filters is longer than the screen, the one that is open is in sight.
for (const current of document.querySelectorAll(".tabs [aria-current], .filters [aria-current]")) {
  const row = current.parentElement;
  row.scrollLeft = current.offsetLeft - row.offsetLeft - (row.clientWidth - current.offsetWidth) / 2;
}

startToasts();
startDialogs();
startForms();
startMenus();
startPlayers(document);
startLive();
document.addEventListener("htmx:load", (event) => startPlayers(event.target));
