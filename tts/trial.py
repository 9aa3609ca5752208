"""Hearing one voice by itself: does it speak, and how fast is it on this machine."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final

from tts import audio
from tts.engines.base import Engine
from tts.types import Voice

SENTENCES: Final = {
    "vi": "mời bà con nhân dân trong thôn đến họp tại nhà văn hóa lúc bảy giờ tối nay",
    "en": "people of the village are invited to a meeting at seven this evening",
}
_ANYWHERE: Final = "1, 2, 3, 4, 5"


@dataclass(frozen=True, slots=True)
class Trial:
    """``took`` is measured on the second sentence: the first one pays for loading the voice."""

    seconds: float  # of sound
    took: float
    loading: float

    @property
    def pace(self) -> float:
        """Seconds of sound for each second of work."""
        return self.seconds / max(self.took, 0.001)


def sentence(language: str) -> str:
    return SENTENCES.get(language, _ANYWHERE)


def hear(engine: Engine, voice: Voice) -> Trial:
    """Raises EngineUnavailable, VoiceDamaged, MissingVoice, and BadAudio for what must not go on air."""
    text = sentence(voice.language)
    began = time.monotonic()
    _sound(engine, text, voice)
    loaded = time.monotonic()
    seconds = _sound(engine, text, voice)
    ended = time.monotonic()
    return Trial(seconds=seconds, took=ended - loaded, loading=max(0.0, (loaded - began) - (ended - loaded)))


def _sound(engine: Engine, text: str, voice: Voice) -> float:
    sound = audio.from_wav(engine.synthesise(text, voice))
    audio.check(sound, text)
    return float(sound.duration_seconds)
