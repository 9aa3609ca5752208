"""What speaks: the engines, the cache and the threads that make clips of scripts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Final

from tts import cutting, ffmpeg
from tts.cache import PieceCache
from tts.composition import SLOWEST, Line, Place, Unit, lay_out, voice
from tts.engines import assembly
from tts.engines.base import Engine
from tts.errors import (
    BadAudio,
    EmptyText,
    EngineUnavailable,
    MissingVoice,
    SpeechError,
    SpeedOutOfRange,
    Stopped,
)
from tts.piece import Piece
from tts.rendering import Rendering
from tts.types import AudioClip, Preset, Progress, Recorded, Script, Voice
from tts.workshop import Workshop, digest

AUTO: Final = "auto"
_FASTEST: Final = 2.0  # beyond this nobody understands the voice


class Synthesiser:
    """Renders scripts; safe to use from several threads. ``engines`` stand in order of preference."""

    def __init__(self, engines: Sequence[Engine], cache_dir: Path, workers: int = 2) -> None:
        self._engines = {engine.name: engine for engine in engines}
        self._stop = ffmpeg.Stop()
        self._workshop = Workshop(PieceCache(cache_dir), self._stop)
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="speech", initializer=self._stop.bind)

    def close(self) -> None:
        """End the threads and all processes at once; whoever is rendering gets Stopped, as later calls do."""
        self._stop.set()
        self._end_engines()
        self._pool.shutdown()
        self._end_engines()  # a sentence may have been begun in between

    def voices(self) -> dict[str, dict[str, tuple[str, ...]]]:
        """Engine -> language -> voice names, engines in order of preference."""
        return {name: dict(engine.voices()) for name, engine in self._engines.items()}

    def key(self, script: Script) -> str:
        """Names the sound of a script: equal keys, equal clips (as long as no engine falls back).

        Raises MissingVoice, SpeedOutOfRange.
        """
        layout = lay_out(script)
        return digest(
            engines={repr(wish): self._names(wish) for wish in _wishes(layout.lines)},
            lead_in=layout.lead_in,
            tail=layout.tail,
            steps=[(_name(step.unit), step.pause) for step in layout.steps],
        )

    def cut_keys(self, script: Script) -> dict[int, str]:
        """By section, what names its cut: equal keys, equal cuts. Raises MissingVoice, SpeedOutOfRange."""
        return cutting.keys(lay_out(script), self.key(script))

    def render(self, script: Script, on_progress: Callable[[Progress], None] = lambda _: None) -> AudioClip:
        """Make every sentence, signal and recording of the script and join them.

        One voice of the script is one engine's: where that fails, the next one of the same language speaks
        all of it; ``fallback`` on the clip is then ``engine:reason`` and ``failures`` names the sentences.
        ``on_progress`` is called for each piece, and every few seconds while one takes long.
        Raises EmptyText, MissingVoice, SpeedOutOfRange, NotAudio, StorageFull, StorageFailed,
        MasteringFailed, Stopped, and EngineUnavailable or BadAudio of the last engine, with ``failures``.
        """
        self._stop.check()
        layout = lay_out(script)
        body = range(len(script.parts))
        if not layout.recordings and all(place.part not in body for place, _ in layout.lines):
            raise EmptyText("nothing in the script can be said")
        return Rendering(self._workshop, self._submit, layout, on_progress).clip(
            self.key(script), {wish: self._candidates(wish) for wish in _wishes(layout.lines)}
        )

    def sentence(self, text: str, wish: Voice, preset: Preset = Preset.STANDARD) -> bytes:
        """One mastered sentence as MP3, also while its script is still being rendered.

        It waits for no other sentence. Raises like ``render``.
        """
        last: SpeechError = MissingVoice(wish.engine, wish.name, wish.language)
        for engine, found in self._candidates(voice(wish, preset)):
            try:
                return self._workshop.spoken(engine, Line(text, found)).mp3
            except (EngineUnavailable, BadAudio) as error:
                last = error
        raise last

    def _submit(self, make: Callable[..., Piece], *arguments: object) -> Future[Piece]:
        try:
            return self._pool.submit(make, *arguments)
        except RuntimeError as error:  # what the pool says when it is shut down
            raise Stopped("the threads have ended") from error

    def _end_engines(self) -> None:
        for engine in self._engines.values():
            engine.close()

    def _names(self, wish: Voice) -> list[tuple[str, str, str]]:
        return [(engine.name, engine.version, found.name) for engine, found in self._candidates(wish)]

    def _candidates(self, wish: Voice) -> list[tuple[Engine, Voice]]:
        """The engines to try, the wished one first, each with its voice in the wished language."""
        if not SLOWEST <= wish.speed <= _FASTEST:
            raise SpeedOutOfRange(f"speed {wish.speed} is outside {SLOWEST}..{_FASTEST}")
        if wish.engine != AUTO and wish.engine not in self._engines:
            raise MissingVoice(wish.engine, wish.name, wish.language)
        able = [engine for engine in self._engines.values() if wish.language in engine.voices()]
        names = {engine.name: engine.voices()[wish.language] for engine in able}
        if not able or (wish.name != Voice().name and all(wish.name not in of for of in names.values())):
            raise MissingVoice(wish.engine, wish.name, wish.language)
        able.sort(key=lambda engine: (engine.name != wish.engine, wish.name not in names[engine.name]))
        return [
            (engine, replace(wish, engine=engine.name, name=_nearest(wish.name, names[engine.name])))
            for engine in able
        ]


def default_synthesiser(
    cache_dir: Path,
    *,
    engines: Sequence[str] = ("google", "espeak"),
    voices_dir: Path | None = None,
    google_host: str | None = None,
    timeout_s: float = 8.0,
    workers: int = 2,
) -> Synthesiser:
    """The engines of the settings in their order. Raises MissingVoice for an unknown engine."""
    made = assembly.engines(
        engines, voices_dir=voices_dir, google_host=google_host, timeout_s=timeout_s, workers=workers
    )
    return Synthesiser(made, cache_dir, workers)


def _wishes(lines: Iterable[tuple[Place, Line]]) -> list[Voice]:
    return list(dict.fromkeys(line.voice for _, line in lines))


def _name(unit: Unit | None) -> object:
    if isinstance(unit, Line):
        return [unit.text, repr(unit.voice)]
    return unit.sha256 if isinstance(unit, Recorded) else unit


def _nearest(name: str, names: tuple[str, ...]) -> str:
    return name if name in names else names[0]
