// Sends a change of the programme; where the server doubts it the person is asked, and may undo what was done.
import { showToast } from "../toasts.js";

const failure = () => document.getElementById("failure-text").dataset.text;

async function send(url, fields) {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) [value].flat().forEach((each) => body.append(name, each));
  const token = document.querySelector('meta[name="csrf-token"]').content;
  const answer = await fetch(url, {
    method: "POST",
    body,
    headers: { Accept: "application/json", "X-CSRFToken": token },
  });
  return answer.json();
}

async function undo(url) {
  try {
    const answer = await send(url, {});
    showToast(answer.text ?? answer.error, answer.ok ? "ok" : "bad");
  } catch {
    showToast(failure(), "bad");
  }
  document.dispatchEvent(new Event("live:ask"));
}

function listed(parent, texts, tag) {
  parent.replaceChildren(
    ...texts.map((text) => {
      const element = document.createElement(tag);
      element.textContent = text;
      return element;
    }),
  );
}

// Asks what to do about the doubts; answers with the fields to send again, or nothing.
function consider({ doubts, choices, overs, over, blocked }) {
  const dialog = document.getElementById("move-doubts");
  listed(dialog.querySelector("[data-doubts]"), doubts, "li");
  const buttons = dialog.querySelector("[data-choices]");
  const offered = [...choices, ...overs];
  listed(buttons, offered.map((choice) => choice.text), "button");
  [...buttons.children].forEach((button, place) => {
    button.className = "btn";
    button.value = offered[place].to ?? `over ${offered[place].over}`;
  });
  dialog.querySelector("[data-all-the-same]").hidden = blocked;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    const closed = () => {
      const said = dialog.returnValue;
      if (said === "yes") resolve({ accepted: "yes" });
      else if (said.startsWith("over ")) resolve({ over: [...over, said.slice(5)] });
      else resolve(said && said !== "no" ? { to: said, over: [] } : null);
    };
    dialog.addEventListener("close", closed, { once: true });
  });
}

export async function submit(url, fields) {
  try {
    for (;;) {
      const answer = await send(url, fields);
      if (answer.ok) {
        const label = document.getElementById("undo-text").dataset.text;
        showToast(answer.text, "ok", { label, run: () => undo(answer.undo) });
        break;
      }
      if (!answer.doubts) {
        showToast(answer.error ?? failure(), "bad");
        break;
      }
      const choice = await consider(answer);
      if (!choice) break;
      fields = { ...fields, ...choice };
    }
  } catch {
    showToast(failure(), "bad");
  }
  document.dispatchEvent(new Event("live:ask"));
}
