"""Makes the engines of the settings, in their order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from tts.engines.base import Engine
from tts.engines.espeak import EspeakEngine
from tts.engines.google import GoogleEngine
from tts.errors import MissingVoice


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
    }
    unknown = [name for name in names if name not in makers]
    if unknown:
        raise MissingVoice(unknown[0], "", "")
    return [makers[name]() for name in names]
