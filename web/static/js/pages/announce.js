// Puts a prepared text into the form without leaving the page, and names the places still to be filled in.

const title = document.getElementById("title");
const text = document.getElementById("text");
const note = document.querySelector("[data-blanks]");

function tell() {
  const blanks = text.value.match(/\[[^[\]]*\]/g) ?? [];
  note.hidden = !blanks.length;
  note.querySelector("[data-blanks-list]").textContent = [...new Set(blanks)].join(" ");
}

// The first bracket is selected, so that typing fills it in; Tab goes to the next one.
function selectBlank(from) {
  const start = text.value.indexOf("[", from);
  const end = text.value.indexOf("]", start);
  if (start < 0 || end < 0) return false;
  text.focus();
  text.setSelectionRange(start, end + 1);
  return true;
}

document.addEventListener("click", (event) => {
  const chip = event.target.closest("[data-announcement-text]");
  if (!chip) return;
  event.preventDefault();
  title.value = chip.dataset.announcementTitle;
  text.value = chip.dataset.announcementText;
  text.dispatchEvent(new Event("input", { bubbles: true }));
  selectBlank(0);
});
text.addEventListener("keydown", (event) => {
  if (event.key === "Tab" && !event.shiftKey && selectBlank(text.selectionEnd)) event.preventDefault();
});
text.addEventListener("input", tell);
addEventListener("pageshow", tell); // a browser that comes back gives the text back
tell();
