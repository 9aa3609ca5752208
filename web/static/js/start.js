// Runs before the first paint: marks that scripts work, so that controls that need them take their place at once.
// On a slow line those scripts come late: what is done before is held back, and happens once they are there.
document.documentElement.classList.add("js");

{
  const KINDS = ["click", "input", "change", "submit"];
  const PRESSED = "button[type=button], a[data-said], a[data-announcement-text]"; // these links would leave what is typed
  const SENT = "[data-confirm], [data-keep]"; // these forms ask first, or make sure of the line
  const held = new Map(); // of an impatient thumb only the last press of a kind counts

  // What is the same without scripts stays with the browser: a plain form is sent, a link is followed; Enter in a
  // field of search must not save the form around it.
  const waiting = ({ type, target }) => {
    if (type === "click") return target.closest(PRESSED);
    if (type !== "submit") return target;
    return target.matches(SENT) && document.activeElement?.type !== "search" ? target : null;
  };
  const busy = (button, on) => {
    button?.classList.toggle("is-busy", on);
    button?.setAttribute("aria-busy", String(on));
  };
  const pressed = ({ type, submitter }, target) => (type === "click" ? target : submitter);

  const hold = (event) => {
    const target = waiting(event);
    if (!target) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const kinds = held.get(target) ?? new Map();
    held.delete(target);
    kinds.delete(event.type);
    held.set(target, kinds.set(event.type, event));
    busy(pressed(event, target), true);
  };
  const repeat = (event, target) => {
    busy(pressed(event, target), false);
    if (event.type === "submit") event.submitter ? event.submitter.click() : target.requestSubmit();
    else target.dispatchEvent(new event.constructor(event.type, event));
  };

  for (const kind of KINDS) addEventListener(kind, hold, true);
  // All that the page names has run by now, or will not come; the window hears of it last.
  addEventListener("DOMContentLoaded", () => {
    for (const kind of KINDS) removeEventListener(kind, hold, true);
    for (const [target, kinds] of held) for (const event of kinds.values()) repeat(event, target);
  });

  // Where the page's own dialog did not come, the browser asks.
  addEventListener("submit", (event) => {
    const { confirm: question, confirmed } = event.target.dataset;
    if (question && !confirmed && !event.defaultPrevented && !confirm(question)) event.preventDefault();
  });
}
