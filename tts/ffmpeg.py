"""Runs the packaged ffmpeg; the only place that knows where it is."""

from __future__ import annotations

import functools
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Sequence
from typing import Final

import imageio_ffmpeg

from tts.errors import MasteringFailed, StorageFull

_TIMEOUT_S: Final = 600.0  # the longest bulletin is an hour of sound
_NO_ROOM: Final = ("No space left on device", "Disk quota exceeded", "File too large")


@functools.cache
def executable() -> str:
    try:
        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError as error:
        raise MasteringFailed("ffmpeg is not installed") from error


def run(arguments: Sequence[str], data: bytes = b"", *, timeout: float = _TIMEOUT_S) -> tuple[bytes, str]:
    """Pipe ``data`` through ffmpeg; returns (output, messages). Raises MasteringFailed, StorageFull."""
    try:
        done = subprocess.run(
            _command(arguments), input=data, capture_output=True, timeout=timeout, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise MasteringFailed(f"ffmpeg did not finish: {error}") from error
    return done.stdout, _checked(done.returncode, done.stderr)


def read(
    arguments: Sequence[str], block: int, take: Callable[[bytes], None], *, timeout: float = _TIMEOUT_S
) -> str:
    """Hand ffmpeg's output to ``take`` in blocks of this many bytes, the last one may be shorter.

    However long the sound is, a block of it is in memory. Returns the messages, raises like ``run``.
    """
    with tempfile.TemporaryFile() as log:
        try:
            process = subprocess.Popen(
                _command(arguments), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log
            )
        except OSError as error:
            raise MasteringFailed(f"ffmpeg did not start: {error}") from error
        overdue = threading.Timer(timeout, process.kill)
        overdue.start()
        with process:
            try:
                while process.stdout and (part := process.stdout.read(block)):
                    take(part)
            except BaseException:
                process.kill()
                raise
            finally:
                overdue.cancel()
        log.seek(0)
        return _checked(process.returncode, log.read())


def _command(arguments: Sequence[str]) -> list[str]:
    return [executable(), "-hide_banner", "-nostdin", "-nostats", "-threads", "1", *arguments]


def _checked(code: int, errors: bytes) -> str:
    messages = errors.decode("utf-8", "replace")
    if code == -signal.SIGXFSZ or (code != 0 and any(reason in messages for reason in _NO_ROOM)):
        raise StorageFull("no room for the sound while it is made")
    if code != 0:
        raise MasteringFailed(f"ffmpeg ended with {code}: {messages[-300:].strip()}")
    return messages
