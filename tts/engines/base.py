"""What a speech engine is, and the breaker that keeps a dead one from costing time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Protocol

from tts.errors import EngineUnavailable
from tts.types import Voice


class Engine(Protocol):
    """Engines are called from several threads at once."""

    name: str

    @property
    def version(self) -> str:
        """Another one whenever the same text may sound different."""

    def voices(self) -> Mapping[str, tuple[str, ...]]:
        """Voice names by language; the first is the language's ordinary voice."""

    def synthesise(self, text: str, voice: Voice) -> bytes:
        """Say ``text``; returns a mono 16-bit WAV. Raises EngineUnavailable or MissingVoice."""

    def close(self) -> None: ...


class Breaker:
    """Remembers that an engine is out of reach, so that only one sentence pays for finding out."""

    def __init__(self, cool_down: float = 60.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._cool_down = cool_down  # seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._failure: EngineUnavailable | None = None
        self._until = 0.0

    def check(self) -> None:
        """Raise the failure that opened the breaker while it is open."""
        with self._lock:
            failure = self._failure if self._clock() < self._until else None
        if failure:
            raise EngineUnavailable(failure.engine, failure.reason, detail="not tried again yet")

    def opened(self, failure: EngineUnavailable, cool_down: float | None = None) -> None:
        with self._lock:
            self._failure = failure
            self._until = self._clock() + (cool_down or self._cool_down)

    def closed(self) -> None:
        with self._lock:
            self._failure = None
            self._until = 0.0
