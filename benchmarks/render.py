"""Seconds of finished sound per second of work on one and two cores, against two baselines in the same run.

Prints one JSON object. The first baseline is the bare engine: it speaks the same sentences and does nothing
else, no check, no mastering, no encoding, no file. The second one then has ffmpeg encode all of them at once
to the same MP3 and Opus and does nothing else: the least that anybody pays who wants a file.
espeak-ng is so fast that encoding alone costs many times its speech, so the same measurement stands beside
it with an engine that needs as much work as a small neural voice, and with Kokoro where it is installed.
The three take turns for some rounds, and the least of each counts: a neural voice's threads wait for each
other busily, so that one run of it may take a quarter more than the next.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import resource
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tts import audio, ffmpeg, mastering
from tts.engines.base import Engine
from tts.engines.espeak import EspeakEngine
from tts.engines.kokoro import KokoroEngine
from tts.errors import EngineUnavailable
from tts.piece import RATE
from tts.synthesis import Synthesiser
from tts.types import Script, Sentence, Speech, SpokenText, Voice

NEURAL = 0.4  # seconds of one core for a second of sound, as measured for small neural voices
KOKORO_SENTENCES = 3  # each takes several seconds
ROUNDS = 3
SENTENCE = "Thôn {name} tổ chức họp dân về việc làm đường và thu gom rác vào tối thứ bảy tuần sau."
SYLLABLES = ("an", "bình", "cao", "đông", "giang", "hà", "khê", "lâm", "mai", "nam")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="render", description=__doc__)
    parser.add_argument("--sentences", type=int, default=30)
    parser.add_argument("--neural-sentences", type=int, default=4)
    options = parser.parse_args(arguments)
    print(json.dumps(measure(options.sentences, options.neural_sentences), indent=2))


def measure(sentences: int = 30, neural_sentences: int = 4) -> dict[str, Any]:
    """The whole measurement; takes some three minutes, and four more with Kokoro."""
    measured = {
        "benchmark": "render",
        "espeak": on_cores(lambda cores: EspeakEngine(children=cores), sentences),
        f"{NEURAL} s of work a second": on_cores(Busy, neural_sentences),
    }
    with contextlib.suppress(EngineUnavailable):
        KokoroEngine().close()
        measured["kokoro"] = on_cores(lambda _: KokoroEngine(), KOKORO_SENTENCES)
    return measured


def on_cores(make: Callable[[int], Engine], sentences: int) -> dict[str, Any]:
    there = sorted(os.sched_getaffinity(0))
    return {f"{n} cores": compared(make, n, there[:n], sentences) for n in (1, 2) if n <= len(there)}


def compared(make: Callable[[int], Engine], workers: int, cores: list[int], sentences: int) -> dict[str, Any]:
    words = texts(sentences)

    def spoken(engine: Engine) -> list[audio.Segment]:
        with ThreadPoolExecutor(workers) as pool:
            wavs = list(pool.map(lambda text: engine.synthesise(text, ordinary(engine)), words))
        return [audio.from_wav(wav) for wav in wavs]

    def speak(engine: Engine) -> float:
        return float(sum(sound.duration_seconds for sound in spoken(engine)))

    def encode(engine: Engine) -> float:
        whole = audio.join(spoken(engine))
        plainly_encoded(audio.to_wav(whole))
        return float(whole.duration_seconds)

    def render(engine: Engine) -> float:
        with contextlib.ExitStack() as ending:
            folder = Path(ending.enter_context(tempfile.TemporaryDirectory()))
            synthesiser = ending.enter_context(contextlib.closing(Synthesiser([engine], folder, workers)))
            return synthesiser.render(script(words)).duration

    with pinned(cores):
        start = used(make, workers, lambda _: 0.0)
        rounds = [[used(make, workers, action) for action in (speak, encode, render)] for _ in range(ROUNDS)]
    bare, encoded, ours = (least(of_one) for of_one in zip(*rounds, strict=True))
    return {
        "bare": bare.told(start),
        "encoded": encoded.told(start),
        "rendered": ours.told(start),
        "overhead_on_bare": ours.over(bare, start),
        "overhead_on_encoded": ours.over(encoded, start),
    }


def plainly_encoded(wav: bytes) -> None:
    """To both forms, by one process."""
    with tempfile.TemporaryDirectory() as folder:
        outputs = [
            *("-map", "0:a", "-ar", str(RATE), *mastering.MP3, f"{folder}/whole.mp3"),
            *("-map", "0:a", "-ar", str(RATE), *mastering.OPUS, f"{folder}/whole.opus"),
        ]
        ffmpeg.run(["-v", "error", "-f", "wav", "-i", "pipe:0", *outputs], wav)


@dataclass(frozen=True, slots=True)
class Used:
    """What an action took: seconds on the clock, and of all cores, which a busy machine does not lengthen."""

    wall: float
    work: float
    sound: float

    def told(self, start: Used) -> dict[str, float]:
        work = self.work - start.work
        return {
            "sound_s": round(self.sound, 1),
            "wall_s": round(self.wall, 3),
            "work_s": round(work, 3),
            "sound_per_s_of_work": round(self.sound / work, 1),
        }

    def over(self, baseline: Used, start: Used) -> dict[str, float]:
        """How much more this took, as a share."""
        return {
            "wall": round(self.wall / baseline.wall - 1, 3),
            "work": round((self.work - start.work) / (baseline.work - start.work) - 1, 3),
        }


def least(rounds: Sequence[Used]) -> Used:
    """The least on the clock and the least work, which need not be of one round."""
    return Used(min(it.wall for it in rounds), min(it.work for it in rounds), rounds[0].sound)


def used(make: Callable[[int], Engine], workers: int, action: Callable[[Engine], float]) -> Used:
    """The engine is started before the clock; its processes are ended before the work is counted."""
    before = spent()
    with contextlib.closing(make(workers)) as engine:
        warm_up(engine, workers)
        began = time.monotonic()
        sound = action(engine)
        wall = time.monotonic() - began
    return Used(wall, spent() - before, sound)


def spent() -> float:
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


class Busy:
    """espeak, and a process that works for as long as a neural voice would."""

    name = "busy"
    version = "1"

    def __init__(self, workers: int) -> None:
        self._espeak = EspeakEngine(children=workers)
        self._pool = ProcessPoolExecutor(workers)

    def voices(self) -> Mapping[str, tuple[str, ...]]:
        return self._espeak.voices()

    def synthesise(self, text: str, voice: Voice) -> bytes:
        wav = self._espeak.synthesise(text, voice)
        self._pool.submit(work, audio.from_wav(wav).duration_seconds * NEURAL).result()
        return wav

    def close(self) -> None:
        self._pool.shutdown()
        self._espeak.close()


def work(seconds: float) -> None:
    """Use this much of a core, however long that takes."""
    began = time.process_time()
    while time.process_time() - began < seconds:
        sum(range(10_000))


@contextlib.contextmanager
def pinned(cores: list[int]) -> Iterator[None]:
    """Threads and processes that are started in here stay on these cores."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def warm_up(engine: Engine, workers: int) -> None:
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(lambda text: engine.synthesise(text, ordinary(engine)), ["Một.", "Hai."] * workers))


def ordinary(engine: Engine) -> Voice:
    return Voice(name=engine.voices()["vi"][0])


def texts(count: int) -> list[str]:
    names = (f"{first} {second}" for first in SYLLABLES for second in SYLLABLES)
    return [SENTENCE.format(name=name) for name, _ in zip(names, range(count), strict=False)]


def script(words: Sequence[str]) -> Script:
    return Script((Speech(SpokenText("", tuple(Sentence(text, (), 0.5) for text in words))),))


if __name__ == "__main__":
    main()
