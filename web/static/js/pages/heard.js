// Ticks "I have heard it" ([data-heard]) once a player of the page was heard to its end, or each
// of those that play a part of it ([data-alone]); what was jumped over does not count.

const seconds = (ranges) => {
  let sum = 0;
  for (let i = 0; i < ranges.length; i += 1) sum += ranges.end(i) - ranges.start(i);
  return sum;
};

const whole = new WeakSet();

const isAll = (audio) => {
  if (!audio.closest("[data-alone]")) return true;
  whole.add(audio);
  return [...document.querySelectorAll("[data-alone] audio")].every((part) => whole.has(part));
};

document.addEventListener(
  "ended",
  (event) => {
    const audio = event.target;
    const box = document.querySelector("[data-heard]");
    if (!box || !audio.closest?.("[data-player]")) return;
    if (seconds(audio.played) >= audio.duration * 0.95 && isAll(audio)) {
      box.checked = true;
      box.dispatchEvent(new Event("change", { bubbles: true }));
    }
  },
  true, // media events do not bubble
);
