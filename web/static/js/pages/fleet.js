// Choosing loudspeakers for an order: the whole page at once, all that the filters find, and how many it is.

const parts = () => {
  const form = document.querySelector("[data-fleet]");
  return {
    form,
    boxes: [...(form?.querySelectorAll(".pick__box:not(:disabled)") ?? [])],
    page: form?.querySelector("[data-pick-page]"),
    all: form?.querySelector("[data-pick-all]"),
    told: form?.querySelector("[data-picked]"),
  };
};

function tell() {
  const { form, boxes, page, all, told } = parts();
  if (!told) return;
  const picked = boxes.filter((box) => box.checked).length;
  const everyone = Boolean(all?.checked);
  const pattern = everyone ? told.dataset.all : picked ? told.dataset.some : told.dataset.none;
  told.textContent = pattern.replace("{n}", (everyone ? Number(told.dataset.total) : picked).toLocaleString(document.documentElement.lang));
  form.classList.toggle("has-picked", everyone || picked > 0);
  if (page) {
    page.checked = picked > 0 && picked === boxes.length;
    page.indeterminate = picked > 0 && picked < boxes.length;
  }
}

function pickPage({ boxes, page }) {
  for (const box of boxes) box.checked = page.checked;
}

document.addEventListener("change", (event) => {
  const { form, all } = parts();
  if (!form?.contains(event.target)) return;
  if (event.target.matches("[data-pick-page]")) pickPage(parts());
  if (all && event.target !== all && event.target.matches(".pick__box, [data-pick-page]") && !event.target.checked) {
    all.checked = false;
  }
  tell();
});

// From the last box to this one, as lists everywhere do it.
let last = null;
document.addEventListener("click", (event) => {
  if (!event.target.matches?.(".pick__box")) return;
  const { boxes } = parts();
  if (event.shiftKey && last && boxes.includes(last)) {
    const [from, to] = [boxes.indexOf(last), boxes.indexOf(event.target)].sort((a, b) => a - b);
    for (const box of boxes.slice(from, to + 1)) box.checked = event.target.checked;
    tell();
  }
  last = event.target;
});

document.addEventListener("live:updated", tell);
addEventListener("pageshow", tell); // a browser that comes back gives the choice back
if (parts().page?.checked) pickPage(parts()); // ticked before this was here
tell();
