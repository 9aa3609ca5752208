"""Runs the packaged ffmpeg; the only place that knows where it is."""

from __future__ import annotations

import contextlib
import functools
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from typing import IO, Final

import imageio_ffmpeg

from tts.errors import MasteringFailed, Stopped, StorageFull

_TIMEOUT_S: Final = 1_800.0  # the longest recording is an hour of sound, and the machine may be slow and busy
# Our own threads are the ones that share the cores; to start more of them in each process only costs.
_ALWAYS: Final = (
    "-hide_banner", "-nostdin", "-nostats", "-threads", "1", "-filter_threads", "1",
    "-filter_complex_threads", "1",
)  # fmt: skip
_NO_ROOM: Final = ("No space left on device", "Disk quota exceeded", "File too large")


class Stop:
    """Ends the processes of the threads that are bound to it, at once and for good."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._stopped = False

    def bind(self) -> None:
        """Whatever this thread starts from now on ends with this."""
        _STOPS.set((*_STOPS.get(), self))

    @contextlib.contextmanager
    def bound(self) -> Iterator[None]:
        """Whatever this thread starts in here ends with this."""
        token = _STOPS.set((*_STOPS.get(), self))
        try:
            yield
        finally:
            _STOPS.reset(token)

    def set(self) -> None:
        with self._lock:
            self._stopped = True
            for process in self._running:
                process.kill()

    def check(self) -> None:
        """Raises Stopped once it is set."""
        if self._stopped:
            raise Stopped("the sound is not wanted any more")

    @contextlib.contextmanager
    def over(self, process: subprocess.Popen[bytes]) -> Iterator[None]:
        """Raises Stopped when it was set before the process had ended."""
        with self._lock:
            self._running.add(process)
            if self._stopped:
                process.kill()
        try:
            yield
        finally:
            with self._lock:
                self._running.discard(process)
            self.check()


_STOPS: ContextVar[tuple[Stop, ...]] = ContextVar("stops", default=())


@functools.cache
def executable() -> str:
    try:
        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError as error:
        raise MasteringFailed("ffmpeg is not installed") from error


def run(arguments: Sequence[str], data: bytes = b"", *, timeout: float = _TIMEOUT_S) -> tuple[bytes, str]:
    """Pipe ``data`` through ffmpeg; returns (output, messages).

    Raises MasteringFailed, StorageFull, and Stopped where the thread is bound to a Stop.
    """
    with _started(arguments, subprocess.PIPE, subprocess.PIPE, timeout) as process:
        output, errors = process.communicate(data)
    return output, _checked(process.returncode, errors)


def read(
    arguments: Sequence[str], block: int, take: Callable[[bytes], None], *, timeout: float = _TIMEOUT_S
) -> str:
    """Hand ffmpeg's output to ``take`` in blocks of this many bytes, the last one may be shorter.

    However long the sound is, a block of it is in memory. Returns the messages, raises like ``run``.
    """
    with tempfile.TemporaryFile() as log:
        with _started(arguments, subprocess.DEVNULL, log, timeout) as process:
            while process.stdout and (part := process.stdout.read(block)):
                take(part)
        log.seek(0)
        return _checked(process.returncode, log.read())


@contextlib.contextmanager
def _started(
    arguments: Sequence[str], data: int, errors: int | IO[bytes], timeout: float
) -> Iterator[subprocess.Popen[bytes]]:
    """The process is over when this ends, whichever way."""
    try:
        process = subprocess.Popen(
            [executable(), *_ALWAYS, *arguments], stdin=data, stdout=subprocess.PIPE, stderr=errors
        )
    except OSError as error:
        raise MasteringFailed(f"ffmpeg did not start: {error}") from error
    overdue = threading.Timer(timeout, process.kill)
    overdue.start()
    with contextlib.ExitStack() as ends:
        for stop in _STOPS.get():
            ends.enter_context(stop.over(process))
        ends.enter_context(process)
        ends.callback(overdue.cancel)
        try:
            yield process
        except BaseException:
            process.kill()
            raise


def _checked(code: int, errors: bytes) -> str:
    messages = errors.decode("utf-8", "replace")
    if code == -signal.SIGXFSZ or (code != 0 and any(reason in messages for reason in _NO_ROOM)):
        raise StorageFull("no room for the sound while it is made")
    if code == -signal.SIGKILL:
        raise MasteringFailed("ffmpeg did not finish: its time was over, or the system ended it")
    if code != 0:
        raise MasteringFailed(f"ffmpeg ended with {code}: {messages[-300:].strip()}")
    return messages
