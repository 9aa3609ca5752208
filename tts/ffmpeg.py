"""Runs the packaged ffmpeg on bytes; the only place that knows where it is."""

from __future__ import annotations

import functools
import subprocess

import imageio_ffmpeg

from tts.errors import MasteringFailed

_TIMEOUT_S = 600.0  # the longest bulletin is an hour of sound


@functools.cache
def executable() -> str:
    try:
        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError as error:
        raise MasteringFailed("ffmpeg is not installed") from error


def run(arguments: list[str], data: bytes) -> tuple[bytes, str]:
    """Pipe ``data`` through ffmpeg; returns (output, messages). Raises MasteringFailed."""
    command = [executable(), "-hide_banner", "-nostdin", "-nostats", "-threads", "1", *arguments]
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=_TIMEOUT_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise MasteringFailed(f"ffmpeg did not finish: {error}") from error
    messages = done.stderr.decode("utf-8", "replace")
    if done.returncode != 0:
        raise MasteringFailed(f"ffmpeg ended with {done.returncode}: {messages[-300:].strip()}")
    return done.stdout, messages
