// A form[data-keep] leaves only when the server answers and still knows the person: else what was typed would be
// gone with the page. Who signed in again in another window has another token, which is fetched here.
import { showToast } from "./toasts.js";

const PATIENCE_MS = 15_000; // a telephone does not notice that its line is gone
const reached = new WeakSet();

function renew(token) {
  document.querySelector('meta[name="csrf-token"]').content = token;
  for (const field of document.querySelectorAll("input[name=csrf_token]")) field.value = token;
}

// Whether the form may go; if not, the person is told why.
async function reach() {
  const failure = document.getElementById("failure-text").dataset;
  try {
    const answer = await fetch(document.body.dataset.tokenUrl, {
      headers: { "X-Live": "1" },
      cache: "no-store",
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    if (answer.ok) renew(await answer.text());
    if (answer.status !== 401) return true; // whatever else is wrong the server says itself
    const run = () => window.open(failure.signInUrl, "_blank");
    showToast(failure.signedOut, "bad", { label: failure.signIn, run });
  } catch {
    showToast(failure.text, "bad");
  }
  return false;
}

function send(form, button) {
  const { confirmed } = form.dataset;
  reached.add(form);
  form.dataset.confirmed = "yes"; // it was asked before
  form.requestSubmit(button?.form === form ? button : null);
  reached.delete(form);
  if (!confirmed) delete form.dataset.confirmed;
}

export function startReach(busy) {
  const waiting = new WeakSet();
  const hold = async (event) => {
    const { target: form, submitter } = event;
    if (!form.matches("[data-keep]") || !document.body.dataset.tokenUrl || reached.has(form)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (waiting.has(form)) return;
    waiting.add(form);
    busy(form, true);
    const may = await reach();
    waiting.delete(form);
    busy(form, false);
    if (may) send(form, submitter);
  };
  document.addEventListener("submit", hold, true);
  document.addEventListener("input", (event) => {
    const form = event.target.closest("form[data-keep]");
    if (form) form.dataset.typed = "yes";
  });
}
