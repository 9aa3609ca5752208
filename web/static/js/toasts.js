// Short notices at the edge of the page; they leave on their own unless they tell of a failure.
const STAY_MS = 6000;

function leave(toast) {
  if (toast.classList.contains("toast--bad")) return;
  setTimeout(() => toast.remove(), STAY_MS);
}

export function showToast(text, tone) {
  const template = document.getElementById("toast-template");
  const toast = template.content.firstElementChild.cloneNode(true);
  toast.querySelector("[data-toast-text]").textContent = text;
  if (tone !== "ok") toast.classList.add(`toast--${tone}`);
  document.getElementById("toasts").append(toast);
  leave(toast);
}

export function startToasts() {
  const area = document.getElementById("toasts");
  area.querySelectorAll("[data-toast]").forEach(leave);
  area.addEventListener("click", (event) => {
    event.target.closest("[data-toast-close]")?.closest("[data-toast]").remove();
  });
}
