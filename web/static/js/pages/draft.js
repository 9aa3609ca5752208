// Keeps what is typed in the browser until the server has it: form[data-draft] names the draft.
// A draft is offered, never put back by itself; it goes when its form was accepted: then the page that
// answers has no such form, and must have this script.

const PREFIX = "tt-draft:";
const SENT = "tt-draft-sent";
const KEEP_DAYS = 30;

const store = {
  get: (key) => {
    try {
      return JSON.parse(localStorage.getItem(PREFIX + key));
    } catch {
      return null;
    }
  },
  // A full or forbidden store must not disturb the typing.
  set: (key, value) => {
    try {
      localStorage.setItem(PREFIX + key, JSON.stringify(value));
      return true;
    } catch {
      return false;
    }
  },
  drop: (key) => localStorage.removeItem(PREFIX + key),
};

const KEPT = "textarea, select, input:is([type=text], [type=date])";
const fieldsOf = (form) => [...form.elements].filter((field) => field.name && field.matches(KEPT));
const valuesOf = (form) => Object.fromEntries(fieldsOf(form).map((field) => [field.name, field.value]));
const differs = (a, b) => Object.keys(a).some((name) => (a[name] ?? "") !== (b[name] ?? ""));

function forgetAccepted(form) {
  const sent = sessionStorage.getItem(SENT);
  if (sent && sent !== form?.dataset.draft) store.drop(sent);
  sessionStorage.removeItem(SENT);
}

function forgetOld() {
  const oldest = Date.now() - KEEP_DAYS * 86_400_000;
  for (const key of Object.keys(localStorage).filter((name) => name.startsWith(PREFIX))) {
    const draft = store.get(key.slice(PREFIX.length));
    if (!draft || draft.at < oldest) localStorage.removeItem(key);
  }
}

function offer(form, draft) {
  const box = form.querySelector("[data-draft-offer]");
  box.querySelector("[data-draft-time]").textContent = new Date(draft.at).toLocaleString(document.documentElement.lang, {
    hour: "2-digit",
    minute: "2-digit",
    day: "2-digit",
    month: "2-digit",
  });
  box.hidden = false;
  // A browser that comes back gives the text back by itself.
  addEventListener("pageshow", () => (box.hidden ||= !differs(draft.values, valuesOf(form))));
  box.querySelector("[data-draft-take]").addEventListener("click", () => {
    for (const field of fieldsOf(form)) {
      if (!(field.name in draft.values)) continue;
      field.value = draft.values[field.name];
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }
    box.hidden = true;
  });
  box.querySelector("[data-draft-drop]").addEventListener("click", () => {
    store.drop(form.dataset.draft);
    box.hidden = true;
  });
}

function keep(form) {
  const key = form.dataset.draft;
  const note = form.querySelector("[data-draft-note]");
  const draft = store.get(key);
  if (draft && differs(draft.values, valuesOf(form))) offer(form, draft);
  let timer = 0;
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      const kept = store.set(key, { at: Date.now(), values: valuesOf(form) });
      if (note) note.textContent = kept ? note.dataset.kept : note.dataset.lost;
    }, 300);
  });
  form.addEventListener("submit", () => {
    store.set(key, { at: Date.now(), values: valuesOf(form) });
    sessionStorage.setItem(SENT, key);
  });
}

const form = document.querySelector("form[data-draft]");
forgetAccepted(form);
forgetOld();
if (form) keep(form);
