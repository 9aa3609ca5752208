// Sends what is typed to the server after a pause and shows its answer: [data-preview="URL"] inside a form.
// One question at a time; an answer that came too late is thrown away.

const PAUSE_MS = 450;

function question({ preview, previewMethod }, body, signal) {
  if (previewMethod !== "get") return fetch(preview, { method: "POST", body, signal });
  body.delete("csrf_token");
  return fetch(`${preview}?${new URLSearchParams(body)}`, { signal });
}

// What is written in the fields that matter (all, where none are named).
function written(form, watched) {
  const body = new FormData();
  for (const [name, value] of new FormData(form)) {
    if (typeof value === "string" && (!watched.length || watched.includes(name) || name === "csrf_token")) {
      body.append(name, value);
    }
  }
  return body;
}

const keyOf = (body) => JSON.stringify([...body]);

function attach(output) {
  const form = output.closest("form") ?? document.querySelector(output.dataset.previewForm);
  const watched = (output.dataset.previewFields ?? "").split(" ").filter(Boolean);
  let timer = 0;
  let asking = null;
  let last = "";
  const first = keyOf(written(form, watched)); // the page came with the answer to it

  const ask = async () => {
    const body = written(form, watched);
    const asked = keyOf(body);
    if (asked === last) return;
    asking?.abort();
    asking = new AbortController();
    output.setAttribute("aria-busy", "true");
    try {
      const answer = await question(output.dataset, body, asking.signal);
      if (answer.ok) {
        output.innerHTML = await answer.text();
        last = asked;
        output.dispatchEvent(new Event("preview:shown", { bubbles: true }));
      }
      output.classList.toggle("is-stale", !answer.ok);
    } catch (error) {
      if (error.name === "AbortError") return;
      output.classList.add("is-stale"); // no network: the old answer stays, marked as old
    }
    output.removeAttribute("aria-busy");
  };
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE_MS);
  };
  // A browser that comes back gives back what was written.
  addEventListener("pageshow", () => keyOf(written(form, watched)) !== first && later());
  form.addEventListener("input", later);
  form.addEventListener("change", later);
  form.addEventListener("preview:ask", (event) => {
    if (event.detail === "anew") last = ""; // the same words are read otherwise now
    ask();
  });
}

document.querySelectorAll("[data-preview]").forEach(attach);

// One answer for all that overlaps: every box of those that could give way.
document.addEventListener("change", (event) => {
  if (!event.target.matches("[data-over-all]")) return;
  for (const box of event.target.form.querySelectorAll("[name=over]")) box.checked = event.target.checked;
});
