"""One script on its way to a clip: engines and their fallback, progress, and joining."""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, replace
from typing import Final, TypeGuard

from tts import cutting, ffmpeg, joining, mastering
from tts.composition import Layout, Line, Unit
from tts.engines.base import Engine
from tts.errors import (
    OF_THE_ENGINE,
    BadAudio,
    EngineUnavailable,
    MissingVoice,
    SpeechError,
    VoiceDamaged,
)
from tts.piece import Piece
from tts.types import AudioClip, Chime, Progress, Recorded, SentenceFailure, Voice
from tts.workshop import GIVEN_UP, Workshop

log = logging.getLogger(__name__)

RECORDED: Final = "recorded"  # the engine of a clip in which nothing is synthesised
_HEARTBEAT_S: Final = 5.0  # a recording of an hour says so often that it is still being worked on


@dataclass(frozen=True, slots=True)
class _Failed:
    """Why an engine could not speak, as it stands on the clip."""

    engine: str
    reason: str

    def __str__(self) -> str:
        return f"{self.engine}:{self.reason}"


class Rendering:
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
            if job.done() and not job.cancelled() and _is_of_the_sentence(error := job.exception())
        }
        self._failures += [
            SentenceFailure(place.part, place.sentence, engine.name, reasons[line])
            for place, line in self._layout.lines
            if line in reasons
        ]

    def _joined(self, key: str) -> AudioClip:
        made = joining.join(self._layout, self._pieces.__getitem__)
        clip = AudioClip(
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
            quiet=tuple(sorted(self._quiet())),
        )
        return replace(clip, cuts=cutting.cuts(clip, self._layout, made.stretches))

    def _quiet(self) -> set[int]:
        return {
            step.place.part
            for step in self._layout.steps
            if step.place
            and isinstance(step.unit, Recorded)
            and self._pieces[step.unit].loudness < mastering.QUIET
        }


def _is_of_the_sentence(error: BaseException | None) -> TypeGuard[BaseException]:
    """Whether the engine failed at this sentence, and not at every one."""
    if error is None or isinstance(error, VoiceDamaged):
        return False
    return _reason(error) not in OF_THE_ENGINE | {GIVEN_UP}


def _reason(error: BaseException) -> str:
    return str(getattr(error, "reason", "") or getattr(error, "code", type(error).__name__))


def _cancel(jobs: Iterable[Future[Piece]]) -> None:
    for job in jobs:
        job.cancel()
