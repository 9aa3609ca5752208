// Turns each [data-player] into a player with a waveform: a button, a slider over the drawing, the time.
// Without this script the browser's own controls are there.

const clock = (seconds) => {
  const whole = Math.max(0, Math.round(seconds || 0));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
};

function attach(player) {
  if (player.dataset.ready) return;
  player.dataset.ready = "yes";
  const audio = player.querySelector("audio");
  const button = player.querySelector("[data-play]");
  const slider = player.querySelector("[data-seek]");
  const time = player.querySelector("[data-time]");
  const played = player.querySelector("[data-played]");
  const duration = Number(player.dataset.duration);
  audio.controls = false;
  button.hidden = slider.hidden = false;

  const show = () => {
    const share = Math.min(1, audio.currentTime / duration);
    slider.value = String(Math.round(share * 1000));
    slider.setAttribute("aria-valuetext", `${clock(audio.currentTime)} / ${clock(duration)}`);
    time.textContent = `${clock(audio.currentTime)} / ${clock(duration)}`;
    played.setAttribute("width", String(share * Number(player.dataset.width)));
  };
  button.addEventListener("click", () => (audio.paused ? audio.play() : audio.pause()));
  slider.addEventListener("input", () => {
    audio.currentTime = (Number(slider.value) / 1000) * duration;
    show();
  });
  for (const name of ["play", "pause", "ended"]) {
    audio.addEventListener(name, () => {
      player.classList.toggle("is-playing", !audio.paused);
      button.setAttribute("aria-label", audio.paused ? button.dataset.labelPlay : button.dataset.labelPause);
    });
  }
  audio.addEventListener("timeupdate", show);
  audio.addEventListener("ended", () => heard(player));
  audio.addEventListener("error", () => player.classList.add("is-broken"));
}

// What must have been heard to the end before a decision: jumping over a part does not count.
function heard(player) {
  const ranges = player.querySelector("audio").played;
  let seconds = 0;
  for (let i = 0; i < ranges.length; i += 1) seconds += ranges.end(i) - ranges.start(i);
  if (seconds < Number(player.dataset.duration) * 0.95) return;
  for (const box of document.querySelectorAll(`[data-heard="${player.dataset.clip}"]`)) box.checked = true;
}

const attachAll = (root) => root.querySelectorAll?.("[data-player]").forEach(attach);
attachAll(document);
document.addEventListener("htmx:load", (event) => attachAll(event.target.parentElement ?? document));
