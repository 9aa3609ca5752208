// Opens <dialog id="x"> from [data-dialog-open="x"], closes from [data-dialog-close], asks before form[data-confirm].
let asked = null;

function ask(form, submitter) {
  const dialog = document.getElementById("confirm");
  const yes = document.getElementById("confirm-yes");
  const words = submitter?.textContent.trim();
  document.getElementById("confirm-text").textContent = form.dataset.confirm;
  yes.textContent = words || yes.dataset.label;
  yes.classList.toggle("btn--urgent", Boolean(submitter?.matches(".btn--danger, .btn--urgent")));
  asked = { form, submitter };
  dialog.returnValue = "";
  dialog.showModal();
}

export function startDialogs() {
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-dialog-open]");
    if (opener) document.getElementById(opener.dataset.dialogOpen)?.showModal();
    event.target.closest("[data-dialog-close]")?.closest("dialog").close();
    if (event.target.matches("dialog")) event.target.close(); // the backdrop
  });
  document.addEventListener(
    "submit",
    (event) => {
      const form = event.target;
      if (!form.dataset.confirm || form.dataset.confirmed) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      ask(form, event.submitter);
    },
    true,
  );
  document.getElementById("confirm").addEventListener("close", (event) => {
    const { form, submitter } = asked ?? {};
    asked = null;
    if (!form || event.target.returnValue !== "yes") return;
    form.dataset.confirmed = "yes";
    form.requestSubmit(submitter);
    delete form.dataset.confirmed;
  });
}
