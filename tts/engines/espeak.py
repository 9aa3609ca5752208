"""espeak-ng, the offline voice that is always there, kept in child processes."""

from __future__ import annotations

import contextlib
import json
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Final

from tts.audio import segment, to_wav
from tts.errors import EngineUnavailable, MissingVoice
from tts.types import Voice

_VOICES: Final = {
    "vi": {"north": "vi", "centre": "vi-vn-x-central", "south": "vi-vn-x-south"},
    "en": {"standard": "gmw/en"},
}
# 3.5 to 4 syllables a second, an announcer's pace, with a small gap between the words: echoes between
# loudspeakers and wind smear what is denser. espeak's own 175 is made for screen readers.
_WORDS_PER_MINUTE: Final = 150
_WORD_GAP: Final = 1  # 10 ms
_VOLUME: Final = 70  # espeak clips at its default of 100; mastering sets the loudness
_COMMAND: Final = (sys.executable, "-P", "-m", "tts.engines.espeak_child")


class EspeakEngine:
    """Up to ``children`` processes, started when first needed; a crashed one is replaced."""

    name = "espeak"

    def __init__(self, children: int = 2, timeout: float = 20.0, command: tuple[str, ...] = _COMMAND) -> None:
        try:
            self.version = version("espeakng-loader")
        except PackageNotFoundError as error:
            raise EngineUnavailable(self.name, "not_installed", permanent=True) from error
        self._free: queue.LifoQueue[_Child] = queue.LifoQueue()
        for _ in range(children):
            self._free.put(_Child(command, timeout))

    def voices(self) -> Mapping[str, tuple[str, ...]]:
        return {language: tuple(names) for language, names in _VOICES.items()}

    def synthesise(self, text: str, voice: Voice) -> bytes:
        try:
            code = _VOICES[voice.language][voice.name]
        except KeyError as error:
            raise MissingVoice(self.name, voice.name, voice.language) from error
        order = {
            "text": text,
            "voice": code,
            "words_per_minute": round(_WORDS_PER_MINUTE * voice.speed),
            "volume": _VOLUME,
            "word_gap": _WORD_GAP,
        }
        with self._child() as child:
            try:
                return child.ask(order)
            except _ChildDiedError:
                return self._second_try(child, order)

    def close(self) -> None:
        """End the children; the engine starts new ones if it is used again."""
        with contextlib.ExitStack() as held:
            for child in [held.enter_context(self._child()) for _ in range(self._free.qsize())]:
                child.stop()

    def _second_try(self, child: _Child, order: dict[str, object]) -> bytes:
        try:
            return child.ask(order)
        except _ChildDiedError as error:
            raise EngineUnavailable(self.name, "crashed", permanent=True, detail=str(error)) from error

    @contextlib.contextmanager
    def _child(self) -> Iterator[_Child]:
        child = self._free.get()
        try:
            yield child
        finally:
            self._free.put(child)


class _ChildDiedError(Exception):
    """The process ended, or was ended because it did not answer in time."""


class _Child:
    """One process; used by one thread at a time."""

    def __init__(self, command: tuple[str, ...], timeout: float) -> None:
        self._command = command
        self._timeout = timeout
        self._process: subprocess.Popen[bytes] | None = None

    def ask(self, order: dict[str, object]) -> bytes:
        """WAV bytes. Raises _ChildDiedError; the next call then starts a new process."""
        process = self._running()
        overdue = threading.Timer(self._timeout, process.kill)
        overdue.start()
        try:
            return self._exchange(process, json.dumps(order).encode() + b"\n")
        except (OSError, ValueError) as error:
            self.stop()
            raise _ChildDiedError(str(error) or type(error).__name__) from error
        finally:
            overdue.cancel()

    def _exchange(self, process: subprocess.Popen[bytes], line: bytes) -> bytes:
        if process.stdin is None or process.stdout is None:
            raise OSError("the child has no pipes")
        process.stdin.write(line)
        process.stdin.flush()
        header = json.loads(process.stdout.readline())  # an empty line at the end: ValueError
        if header["error"]:
            raise MissingVoice("espeak", header["error"], "")
        samples = process.stdout.read(header["size"])
        if len(samples) != header["size"]:
            raise OSError("the child ended in the middle of an answer")
        return to_wav(segment(samples, header["rate"]))

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self.stop()
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            )
        return self._process

    def stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        for pipe in (process.stdin, process.stdout):
            if pipe:
                _close(pipe)
        process.wait()


def _close(pipe: object) -> None:
    try:
        pipe.close()  # type: ignore[attr-defined]
    except OSError:  # what could not be written any more
        return
