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

// What overlaps, each with a box for the one that gives way, where there are several that could.
function row({ text, over, label }, several) {
  const item = document.createElement("li");
  item.textContent = text;
  if (over && several) {
    const box = Object.assign(document.createElement("input"), { type: "checkbox", value: over, name: "over" });
    const words = document.createElement("span");
    words.textContent = label;
    const field = document.createElement("label");
    field.className = "check";
    field.append(box, words);
    item.append(field);
  }
  return item;
}

// One way out for all: the others give way, or another time.
function waysOut({ choices, overlaps }, dialog) {
  const able = overlaps.filter((each) => each.over);
  const all = dialog.dataset.overAll.replace("{count}", able.length);
  const text = able.length === 1 ? able[0].label : all;
  const over = able.length ? [{ text, value: `over ${able.map((each) => each.over)}` }] : [];
  return [...choices.map((choice) => ({ text: choice.text, value: choice.to })), ...over];
}

// Asks once what to do about all doubts and overlaps; answers with the fields to send again, or nothing.
function consider(asked) {
  const { doubts, overlaps, over, blocked } = asked;
  const dialog = document.getElementById("move-doubts");
  listed(dialog.querySelector("[data-doubts]"), doubts, "li");
  const several = overlaps.filter((each) => each.over).length > 1;
  dialog.querySelector("[data-overlaps]").replaceChildren(...overlaps.map((each) => row(each, several)));
  const buttons = dialog.querySelector("[data-choices]");
  const offered = waysOut(asked, dialog);
  listed(buttons, offered.map((choice) => choice.text), "button");
  [...buttons.children].forEach((button, place) => {
    button.className = "btn";
    button.value = offered[place].value;
  });
  dialog.querySelector("[data-all-the-same]").hidden = blocked;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    const closed = () => {
      const said = dialog.returnValue;
      const chosen = [...dialog.querySelectorAll("[name=over]:checked")].map((box) => box.value);
      if (said === "yes") resolve({ accepted: "yes", over: [...over, ...chosen] });
      else if (said.startsWith("over ")) {
        const accepted = doubts.length ? {} : { accepted: "yes" }; // other doubts are still to be looked at
        resolve({ over: [...over, ...said.slice(5).split(",")], ...accepted });
      } else resolve(said && said !== "no" ? { to: said, over: [] } : null);
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
