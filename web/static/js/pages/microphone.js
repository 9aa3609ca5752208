// The microphone: opened when asked for, recorded with its level and time, closed when done.

import { stayAwake } from "./awake.js";

const KINDS = ["audio/webm;codecs=opus", "audio/mp4", "audio/ogg;codecs=opus"];
const ENDINGS = { "audio/webm": "webm", "audio/mp4": "m4a", "audio/ogg": "ogg" };
const BITS = 64000; // a second: twice what speech needs, since the server encodes once more
const PIECE_MS = 1000;
const TICK_MS = 100;
const REASONS = {
  NotAllowedError: "denied",
  SecurityError: "denied",
  NotFoundError: "missing",
  OverconstrainedError: "missing",
  NotReadableError: "occupied",
  AbortError: "occupied",
};

class Impossible extends Error {}

// Which of the page's words explains why there is no recording.
export const whyNot = (error) => (error instanceof Impossible ? error.message : (REASONS[error.name] ?? "unsupported"));

async function ask() {
  if (!window.isSecureContext) throw new Impossible("insecure");
  if (!navigator.mediaDevices?.getUserMedia || !window.MediaRecorder) throw new Impossible("unsupported");
  return navigator.mediaDevices.getUserMedia({
    audio: { channelCount: 1, echoCancellation: false, noiseSuppression: true, autoGainControl: true },
  });
}

function listen(stream) {
  const context = new AudioContext();
  context.resume(); // some telephones begin it asleep
  const analyser = context.createAnalyser();
  analyser.fftSize = 2048;
  context.createMediaStreamSource(stream).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  return {
    level: () => {
      analyser.getFloatTimeDomainData(samples);
      const peak = samples.reduce((highest, sample) => Math.max(highest, Math.abs(sample)), 0);
      return Math.round(100 * Math.sqrt(Math.min(peak, 1))); // as loud as it seems
    },
    close: () => context.close(),
  };
}

function nameOf(type) {
  const at = new Date();
  const two = (number) => String(number).padStart(2, "0");
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `ghi-am-${day}-${two(at.getHours())}${two(at.getMinutes())}.${ENDINGS[type.split(";")[0]] ?? "webm"}`;
}

export async function openMicrophone({ onTick, onEnd, onLost }) {
  const stream = await ask();
  const type = KINDS.find((kind) => MediaRecorder.isTypeSupported(kind)) ?? "";
  const recorder = new MediaRecorder(stream, { mimeType: type, audioBitsPerSecond: BITS });
  const ear = listen(stream);
  const sleep = stayAwake();
  const pieces = [];
  let [before, since, wanted] = [0, performance.now(), true];
  const spent = () => before + (recorder.state === "recording" ? performance.now() - since : 0);
  const timer = setInterval(() => onTick(spent(), recorder.state === "recording" ? ear.level() : 0), TICK_MS);
  const finish = () => recorder.state !== "inactive" && recorder.stop();

  recorder.addEventListener("dataavailable", (event) => event.data.size && pieces.push(event.data));
  recorder.addEventListener("stop", () => {
    clearInterval(timer);
    sleep();
    ear.close();
    stream.getTracks().forEach((track) => track.stop());
    if (wanted) onEnd(new File(pieces, nameOf(recorder.mimeType), { type: recorder.mimeType }));
  });
  stream.getAudioTracks()[0].addEventListener("ended", () => {
    onLost();
    finish();
  });
  recorder.start(PIECE_MS);

  return {
    finish,
    drop: () => {
      wanted = false;
      finish();
    },
    // Gives whether it pauses now.
    toggle: () => {
      if (recorder.state === "paused") {
        since = performance.now();
        recorder.resume();
        return false;
      }
      before = spent();
      recorder.pause();
      return true;
    },
  };
}
