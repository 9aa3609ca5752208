"""Makes pieces and keeps them: what was made once, by whichever process, is not made again."""

from __future__ import annotations

import contextlib
import hashlib
import json
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Final

from tts import audio, ffmpeg, mastering
from tts.cache import PieceCache
from tts.chimes import chime
from tts.composition import Line
from tts.engines.base import Engine
from tts.errors import EngineUnavailable, NotAudio, Stopped
from tts.piece import RATE, Piece
from tts.types import Chime, Recorded

GIVEN_UP: Final = "given_up"  # the reason of a sentence that was not spoken because another one failed


class Workshop:
    """Safe to use from several threads; who needs a piece that another thread is making waits for it.

    What is there is given out also after the ``stop``, but nothing is made any more: Stopped is raised.
    """

    def __init__(self, cache: PieceCache, stop: ffmpeg.Stop) -> None:
        self._cache = cache
        self.stop = stop
        self._lock = threading.Lock()
        self._making: dict[str, Future[Piece]] = {}

    def spoken(self, engine: Engine, line: Line, given_up: threading.Event | None = None) -> Piece:
        """Raises EngineUnavailable, BadAudio, MasteringFailed, StorageFull, StorageFailed."""
        if given_up is not None and given_up.is_set():
            raise EngineUnavailable(engine.name, GIVEN_UP, detail="another sentence failed")

        def make() -> Piece:
            sound = audio.from_wav(engine.synthesise(line.text, line.voice))
            audio.check(sound, line.text)
            return mastering.finish(mastering.sentence(audio.trim(sound)))

        key = digest(
            text=line.text, engine=engine.name, version=engine.version, voice=line.voice.name,
            language=line.voice.language, speed=line.voice.speed,
        )  # fmt: skip
        return self._piece(key, make)

    def recorded(self, recording: Recorded, given_up: ffmpeg.Stop) -> Piece:
        """Raises NotAudio for a file that is not the accepted one any more, Stopped when it is given up."""

        def make() -> Piece:
            try:
                with recording.path.open("rb") as file:
                    found = hashlib.file_digest(file, "sha256").hexdigest()
            except OSError as error:
                raise NotAudio(f"the recording cannot be read: {error}") from error
            if found != recording.sha256:
                raise NotAudio("the recording is not the file that was accepted")
            return mastering.finish(mastering.recording(recording.path))

        with given_up.bound():
            return self._piece(digest(recording=recording.sha256), make)

    def signal(self, kind: Chime) -> Piece:
        return self._piece(
            digest(signal=kind), lambda: mastering.finish(mastering.attention(chime(kind, RATE)))
        )

    def _piece(self, key: str, make: Callable[[], Piece]) -> Piece:
        while (kept := self._kept(key)) is None:
            with self._lock:
                other = self._making.get(key)
                if other is None:
                    mine = self._making[key] = Future[Piece]()
            if other is None:
                return self._made(key, make, mine)
            with contextlib.suppress(Stopped):  # what nobody wants there may be wanted here
                return other.result()
        return kept

    def _made(self, key: str, make: Callable[[], Piece], mine: Future[Piece]) -> Piece:
        """Make the piece; those who wait for it get it, or the error, as well."""
        try:
            self.stop.check()
            piece = make()
            self._cache.put(key, piece.to_bytes())
        except BaseException as error:
            mine.set_exception(error)
            raise
        finally:
            with self._lock:
                del self._making[key]
        mine.set_result(piece)
        return piece

    def _kept(self, key: str) -> Piece | None:
        data = self._cache.get(key)
        if data is None:
            return None
        try:
            return Piece.from_bytes(data)
        except ValueError:  # a power cut can leave a file without its content
            self._cache.discard(key)
            return None


def digest(**parts: object) -> str:
    """Names a sound by everything that decides it, the mastering included."""
    named = {**parts, "mastering": mastering.VERSION}
    return hashlib.sha256(json.dumps(named, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
