// Short notices at the edge of the page; they leave on their own unless they tell of a failure.
// One that offers to undo something stays longer.
const STAY_MS = 6000;
const STAY_TO_UNDO_MS = 20_000;

function leave(toast, after = STAY_MS) {
  if (toast.classList.contains("toast--bad")) return;
  setTimeout(() => toast.remove(), after);
}

function offer(toast, { label, run }) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn btn--small";
  button.textContent = label;
  button.addEventListener("click", () => {
    toast.remove();
    run();
  });
  toast.querySelector("[data-toast-text]").after(button);
}

export function showToast(text, tone, action) {
  const template = document.getElementById("toast-template");
  const toast = template.content.firstElementChild.cloneNode(true);
  toast.querySelector("[data-toast-text]").textContent = text;
  if (tone !== "ok") toast.classList.add(`toast--${tone}`);
  if (action) offer(toast, action);
  document.getElementById("toasts").append(toast);
  leave(toast, action ? STAY_TO_UNDO_MS : STAY_MS);
}

export function startToasts() {
  const area = document.getElementById("toasts");
  area.querySelectorAll("[data-toast]").forEach((toast) => leave(toast));
  area.addEventListener("click", (event) => {
    event.target.closest("[data-toast-close]")?.closest("[data-toast]").remove();
  });
}
