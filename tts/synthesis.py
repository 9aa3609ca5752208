"""From a script to its finished clip: engine, sentence cache, fallback, mastering."""

from __future__ import annotations

import hashlib
import json
import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from tts import audio, mastering, normalise
from tts.cache import SentenceCache
from tts.engines import assembly
from tts.engines.base import Engine
from tts.errors import BadAudio, EmptyText, EngineUnavailable, MissingVoice, SpeechError, SpeedOutOfRange
from tts.types import AudioClip, Progress, Script, Speech, Voice

log = logging.getLogger(__name__)

AUTO: Final = "auto"
_SLOWEST, _FASTEST = 0.5, 2.0  # beyond these nobody understands the voice


@dataclass(frozen=True, slots=True)
class _Failure:
    """Why an engine could not speak the script, as it stands on the clip."""

    engine: str
    reason: str

    def __str__(self) -> str:
        return f"{self.engine}:{self.reason}"


class Synthesiser:
    """Renders scripts; safe to use from several threads. ``engines`` stand in order of preference."""

    def __init__(self, engines: Sequence[Engine], cache_dir: Path, workers: int = 2) -> None:
        self._engines = {engine.name: engine for engine in engines}
        self._cache = SentenceCache(cache_dir)
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="speech")

    def close(self) -> None:
        """End the threads and the engines' processes."""
        self._pool.shutdown(cancel_futures=True)
        for engine in self._engines.values():
            engine.close()

    def voices(self) -> dict[str, dict[str, tuple[str, ...]]]:
        """Engine -> language -> voice names, engines in order of preference."""
        return {name: dict(engine.voices()) for name, engine in self._engines.items()}

    def key(self, script: Script) -> str:
        """Names the sound of a script: equal keys, equal clips (as long as no engine falls back)."""
        speech = _speech(script)
        candidates = self._candidates(speech.voice)
        return _digest(
            mastering=mastering.VERSION,
            engines=[(engine.name, engine.version, voice.name) for engine, voice in candidates],
            normaliser=normalise.VERSION,
            language=speech.voice.language,
            speed=speech.voice.speed,
            chime=script.chime,
            lead_in=script.lead_in,
            sentences=[(s.spoken, s.pause_after) for s in speech.text.sentences],
        )

    def render(self, script: Script, on_progress: Callable[[Progress], None] = lambda _: None) -> AudioClip:
        """Speak the whole script with one voice.

        Falls back to the next engine of the same language; ``fallback`` on the clip is then
        ``engine:reason``. Raises EmptyText, MissingVoice, SpeedOutOfRange, StorageFull, StorageFailed,
        MasteringFailed, and EngineUnavailable or BadAudio of the last engine.
        """
        speech = _speech(script)
        if not any(sentence.spoken for sentence in speech.text.sentences):
            raise EmptyText("nothing in the script can be said")
        failures: list[_Failure] = []
        last: SpeechError | None = None
        for engine, voice in self._candidates(speech.voice):
            try:
                sentences = self._speak(engine, voice, script, on_progress)
            except (EngineUnavailable, BadAudio) as error:
                last = error
                failures.append(_Failure(engine.name, getattr(error, "reason", error.code)))
                log.warning(
                    "An engine could not speak a text: %s",
                    error,
                    extra={"action": "speech.engine_failed", "engine": engine.name},
                )
                continue
            return self._clip(script, engine, sentences, failures)
        raise last or MissingVoice(speech.voice.engine, speech.voice.name, speech.voice.language)

    def _candidates(self, wish: Voice) -> list[tuple[Engine, Voice]]:
        """The engines to try, the wished one first, each with its voice in the wished language."""
        if not _SLOWEST <= wish.speed <= _FASTEST:
            raise SpeedOutOfRange(f"speed {wish.speed} is outside {_SLOWEST}..{_FASTEST}")
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

    def _speak(
        self, engine: Engine, voice: Voice, script: Script, on_progress: Callable[[Progress], None]
    ) -> list[mastering.Spoken]:
        sentences = [s for s in _speech(script).text.sentences if s.spoken]
        given_up = threading.Event()
        jobs = {
            text: self._pool.submit(self._sentence, engine, voice, text, given_up)
            for text in dict.fromkeys(s.spoken for s in sentences)
        }
        try:
            for done, job in enumerate(as_completed(jobs.values()), start=1):
                job.result()
                on_progress(Progress(done, len(jobs)))
        finally:  # after a failure the sentences that wait must not cost anything
            given_up.set()
            for job in jobs.values():
                job.cancel()
        return [mastering.Spoken(jobs[s.spoken].result(), s.pause_after) for s in sentences]

    def _sentence(self, engine: Engine, voice: Voice, text: str, given_up: threading.Event) -> audio.Segment:
        key = _digest(
            text=text, engine=engine.name, version=engine.version, voice=voice.name,
            language=voice.language, speed=voice.speed, normaliser=normalise.VERSION,
        )  # fmt: skip
        kept = self._kept(key, text)
        if kept is not None:
            return kept
        if given_up.is_set():
            raise EngineUnavailable(engine.name, "given_up", detail="another sentence failed")
        data = engine.synthesise(text, voice)
        sound = audio.from_wav(data)
        audio.check(sound, text)
        self._cache.put(key, audio.to_wav(sound))
        return audio.trim(sound)

    def _kept(self, key: str, text: str) -> audio.Segment | None:
        data = self._cache.get(key)
        if data is None:
            return None
        try:
            sound = audio.from_wav(data)
            audio.check(sound, text)
        except BadAudio:  # a power cut can leave a file without its content
            self._cache.discard(key)
            return None
        return audio.trim(sound)

    def _clip(
        self,
        script: Script,
        engine: Engine,
        sentences: list[mastering.Spoken],
        failures: list[_Failure],
    ) -> AudioClip:
        made = mastering.master(sentences, script.chime, script.lead_in)
        return AudioClip(
            data=made.data,
            sha256=hashlib.sha256(made.data).hexdigest(),
            media_type=mastering.MEDIA_TYPE,
            duration=made.duration,
            key=self.key(script),
            engine=engine.name,
            engine_version=engine.version,
            fallback=", ".join(map(str, failures)),
            loudness=made.loudness,
            true_peak=made.true_peak,
            peaks=made.peaks,
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


def _digest(**parts: object) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _speech(script: Script) -> Speech:
    return next(part for part in script.parts if isinstance(part, Speech))


def _nearest(name: str, names: tuple[str, ...]) -> str:
    return name if name in names else names[0]
