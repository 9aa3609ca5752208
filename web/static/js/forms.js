// A form that is on its way cannot be sent twice; one whose text would be lost asks before leaving;
// select and radio of form[data-autosubmit] send it at once; [data-copy] copies the text of a field;
// beside a date stand its words ([data-date-words]), beside a file its name ([data-file-name]); in [data-hour]
// an hour is written out in 24 hours, as the server reads it.
import { startReach } from "./reach.js";
import { showToast } from "./toasts.js";

function busy(form, on) {
  form.querySelectorAll("button:not([type=button])").forEach((button) => {
    button.classList.toggle("is-busy", on);
    button.setAttribute("aria-busy", String(on));
  });
}

async function copy(button) {
  const field = document.getElementById(button.dataset.copy);
  field.select();
  try {
    await navigator.clipboard.writeText(field.value);
  } catch {
    document.execCommand("copy"); // plain http: the clipboard interface is closed there
  }
  showToast(button.dataset.copied, "ok");
}

const partOf = (name, id) => document.querySelector(`[data-${name}="${CSS.escape(id)}"]`);

function tellDate(input) {
  const words = partOf("date-words", input.id);
  if (!words) return;
  const date = input.valueAsDate;
  const weekday = date?.toLocaleDateString(document.documentElement.lang, { weekday: "long", timeZone: "UTC" });
  words.textContent = date ? `${weekday}, ${input.value.split("-").reverse().join("/")}` : "";
}

const HOUR = /^(\d{1,2})(?:\s*[:.hg]\s*(\d{2})?|(\d{2}))?$/i;

function writeHour(input) {
  const [, hour, after, bare] = HOUR.exec(input.value.trim()) ?? [];
  const minute = after ?? bare ?? "0";
  if (hour < 24 && minute < 60) input.value = `${hour.padStart(2, "0")}:${minute.padStart(2, "0")}`;
}

function tellFile(input) {
  const name = partOf("file-name", input.id);
  if (name) name.textContent = input.files[0]?.name ?? name.dataset.empty;
}

// What the browser gives back when one comes back, it gives back without a word.
function comeBack(event) {
  document.querySelectorAll("form.is-sent").forEach((form) => {
    form.classList.remove("is-sent");
    busy(form, false);
  });
  document.querySelectorAll("input[type=date]").forEach((input) => input.value !== input.defaultValue && tellDate(input));
  document.querySelectorAll("input[type=file]").forEach(tellFile);
  const again = event.persisted || performance.getEntriesByType("navigation")[0]?.type !== "navigate";
  // What was chosen here led to another page; this one is still about the former choice.
  if (again) document.querySelectorAll("form[data-autosubmit]").forEach((form) => form.reset());
}

export function startForms() {
  startReach(busy);
  document.addEventListener("submit", (event) => {
    if (event.defaultPrevented || event.target.method === "dialog") return;
    if (event.target.classList.contains("is-sent")) {
      event.preventDefault();
      return;
    }
    event.target.dataset.dirty = "";
    event.target.classList.add("is-sent");
    setTimeout(() => busy(event.target, true)); // after the browser has read the pressed button
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const form = event.target.closest?.("form");
    form?.classList.remove("is-sent");
    if (form) busy(form, false);
  });
  window.addEventListener("pageshow", comeBack);
  document.addEventListener("input", (event) => {
    const form = event.target.closest("form[data-guard]");
    if (form) form.dataset.dirty = "yes";
    if (event.target.type === "date") tellDate(event.target);
  });
  window.addEventListener("beforeunload", (event) => {
    if (document.querySelector('form[data-dirty="yes"]')) event.preventDefault();
  });
  document.addEventListener("change", (event) => {
    if (event.target.type === "file") tellFile(event.target);
    if (event.target.dataset.hour !== undefined) writeHour(event.target);
    event.target.closest("form[data-autosubmit]")?.requestSubmit();
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy]");
    if (button) copy(button);
  });
}
