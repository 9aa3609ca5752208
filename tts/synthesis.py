"""From a script to its finished clip: layout, engines and fallback, pieces, joining."""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from tts import ffmpeg, joining, mastering
from tts.cache import PieceCache
from tts.composition import SLOWEST, Layout, Line, Place, Unit, lay_out, voice
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
from tts.types import AudioClip, Chime, Preset, Progress, Recorded, Script, SentenceFailure, Voice
from tts.workshop import GIVEN_UP, Workshop, digest

log = logging.getLogger(__name__)

AUTO: Final = "auto"
RECORDED: Final = "recorded"  # the engine of a clip in which nothing is synthesised
_FASTEST: Final = 2.0  # beyond this nobody understands the voice
_HEARTBEAT_S: Final = 5.0  # a recording of an hour says so often that it is still being worked on


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
        return _Rendering(self._workshop, self._submit, layout, on_progress).clip(
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


@dataclass(frozen=True, slots=True)
class _Failed:
    """Why an engine could not speak, as it stands on the clip."""

    engine: str
    reason: str

    def __str__(self) -> str:
        return f"{self.engine}:{self.reason}"


class _Rendering:
    """One script on its way to a clip."""

    def __init__(
        self,
        workshop: Workshop,
        submit: Callable[..., Future[Piece]],
        layout: Layout,
        on_progress: Callable[[Progress], None],
    ) -> None:
        self._workshop = workshop
        self._submit = submit
        self._layout = layout
        self._on_progress = on_progress
        self._pieces: dict[Unit, Piece] = {}
        self._total = len({line for _, line in layout.lines}) + len(layout.recordings)
        self._engines: dict[Engine, None] = {}
        self._fallback: list[_Failed] = []
        self._failures: list[SentenceFailure] = []

    def clip(self, key: str, candidates: Mapping[Voice, Sequence[tuple[Engine, Voice]]]) -> AudioClip:
        given_up = ffmpeg.Stop()
        recordings = {
            self._submit(self._workshop.recorded, each, given_up): each for each in self._layout.recordings
        }
        try:
            for wish, able in candidates.items():
                self._speak(wish, able)
            self._collect(recordings)
        finally:
            given_up.set()
            _cancel(recordings)
        for step in self._layout.steps:
            if isinstance(step.unit, Chime):
                self._pieces.setdefault(step.unit, self._workshop.signal(step.unit))
        return self._joined(key)

    def _speak(self, wish: Voice, able: Sequence[tuple[Engine, Voice]]) -> None:
        """Let the first engine that can say all the lines of a voice."""
        last: SpeechError = MissingVoice(wish.engine, wish.name, wish.language)
        for engine, found in able:
            try:
                self._say(wish, engine, found)
            except (EngineUnavailable, BadAudio) as error:
                self._workshop.stop.check()  # whoever stops us ends the engines too
                last = error
                self._fallback.append(_Failed(engine.name, _reason(error)))
                log.warning(
                    "An engine could not speak a text: %s",
                    error,
                    extra={"action": "speech.engine_failed", "engine": engine.name},
                )
            else:
                self._engines[engine] = None
                return
        last.failures = tuple(self._failures)
        raise last

    def _say(self, wish: Voice, engine: Engine, found: Voice) -> None:
        given_up = threading.Event()
        lines = dict.fromkeys(line for _, line in self._layout.lines if line.voice == wish)
        jobs = {
            self._submit(self._workshop.spoken, engine, Line(line.text, found), given_up): line
            for line in lines
        }
        try:
            self._collect(jobs)
        except (EngineUnavailable, BadAudio):
            self._note_failures(engine, jobs)
            for line in lines:
                self._pieces.pop(line, None)
            raise
        finally:  # after a failure the sentences that wait must not cost anything
            given_up.set()
            _cancel(jobs)

    def _collect(self, jobs: Mapping[Future[Piece], Unit]) -> None:
        waiting: set[Future[Piece]] = set(jobs)
        while waiting:
            done, waiting = wait(waiting, _HEARTBEAT_S, FIRST_COMPLETED)
            for job in done:
                self._pieces[jobs[job]] = job.result()
                self._on_progress(Progress(len(self._pieces), self._total))
            if not done:
                self._on_progress(Progress(len(self._pieces), self._total))

    def _note_failures(self, engine: Engine, jobs: Mapping[Future[Piece], Line]) -> None:
        reasons = {
            line: _reason(error)
            for job, line in jobs.items()
            if job.done() and not job.cancelled() and (error := job.exception()) is not None
        }
        self._failures += [
            SentenceFailure(place.part, place.sentence, engine.name, reasons[line])
            for place, line in self._layout.lines
            if reasons.get(line, GIVEN_UP) != GIVEN_UP
        ]

    def _joined(self, key: str) -> AudioClip:
        made = joining.join(self._layout, self._pieces.__getitem__)
        return AudioClip(
            data=made.mp3,
            sha256=hashlib.sha256(made.mp3).hexdigest(),
            media_type=mastering.MEDIA_TYPE,
            duration=made.duration,
            key=key,
            engine=", ".join(engine.name for engine in self._engines) or RECORDED,
            engine_version=", ".join(engine.version for engine in self._engines),
            fallback=", ".join(map(str, dict.fromkeys(self._fallback))),
            loudness=made.loudness,
            true_peak=made.true_peak,
            peaks=made.peaks,
            marks=made.marks,
            failures=tuple(self._failures),
            opus=made.opus,
        )


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


def _reason(error: BaseException) -> str:
    return str(getattr(error, "reason", "") or getattr(error, "code", type(error).__name__))


def _cancel(jobs: Iterable[Future[Piece]]) -> None:
    for job in jobs:
        job.cancel()


def _nearest(name: str, names: tuple[str, ...]) -> str:
    return name if name in names else names[0]
