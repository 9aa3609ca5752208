// The audio player: one button, a waveform to seek on, the time; only one plays at a time.
const WIDTH = 320; // of the waveform's own coordinates

export const clock = (seconds) => {
  const whole = Math.floor(seconds || 0);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
};

function start(player) {
  const audio = player.querySelector("audio");
  const played = player.querySelector("[data-player-played]");
  const time = player.querySelector("[data-player-time]");
  const total = time.textContent.split("/")[1].trim();
  const wave = player.querySelector("[data-player-wave]");

  const show = () => {
    const share = audio.duration ? audio.currentTime / audio.duration : 0;
    played.setAttribute("width", String(WIDTH * share));
    played.setAttribute("viewBox", `0 0 ${Math.max(WIDTH * share, 0.01)} 40`);
    time.textContent = `${clock(audio.currentTime)} / ${total}`;
  };
  const seek = (event) => {
    const box = wave.getBoundingClientRect();
    const share = Math.min(Math.max((event.clientX - box.left) / box.width, 0), 1);
    if (audio.duration) audio.currentTime = share * audio.duration;
  };

  player.querySelector("[data-player-toggle]").addEventListener("click", () => {
    if (!audio.paused) audio.pause();
    else audio.play().catch(() => player.classList.add("is-broken"));
  });
  wave.addEventListener("pointerdown", seek);
  audio.addEventListener("timeupdate", show);
  audio.addEventListener("play", () => {
    document.querySelectorAll("[data-player] audio").forEach((other) => other !== audio && other.pause());
    player.classList.add("is-playing");
  });
  for (const event of ["pause", "ended"]) audio.addEventListener(event, () => player.classList.remove("is-playing"));
}

export function startPlayers(root) {
  root.querySelectorAll?.("[data-player]:not([data-started])").forEach((player) => {
    player.dataset.started = "";
    start(player);
  });
}
