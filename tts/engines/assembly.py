"""Makes the engines of the settings, in their order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from tts.engines.base import Engine
from tts.engines.espeak import EspeakEngine
from tts.engines.google import GoogleEngine
from tts.engines.kokoro import KokoroEngine
from tts.engines.piper import PiperEngine
from tts.errors import MissingVoice

_MOST_CHILDREN: Final = 2  # of an engine whose every child holds a neural voice


def engines(
    names: Sequence[str],
    *,
    voices_dir: Path | None = None,
    google_host: str | None = None,
    timeout_s: float = 8.0,
    workers: int = 2,
) -> list[Engine]:
    """Raises MissingVoice for an unknown name, EngineUnavailable where a library is not installed."""
    makers: dict[str, Callable[[], Engine]] = {
        "google": lambda: GoogleEngine(google_host, timeout_s),
        "espeak": lambda: EspeakEngine(children=workers),
        "piper": lambda: PiperEngine(voices_dir or Path("voices"), children=min(workers, _MOST_CHILDREN)),
        "kokoro": KokoroEngine,
    }
    unknown = [name for name in names if name not in makers]
    if unknown:
        raise MissingVoice(unknown[0], "", "")
    return [makers[name]() for name in names]
