"""What the children of neural voices share: a bounded session, samples, and an end when nobody asks.

Imported in child processes only: onnxruntime and its memory stay there.
"""

from __future__ import annotations

import json
import os
import select
import sys
from collections.abc import Callable, Iterator
from typing import Any, Final, Protocol

import numpy as np
import onnxruntime

from tts.engines.children import answer

_IDLE_S: Final = 600.0  # a voice holds hundreds of megabytes: they are given back when no bulletin is made
_QUIET: Final = 4  # onnxruntime's messages go nowhere: a child says what is wrong in its answer


class RefusedError(Exception):
    """``reason`` goes into the answer as it is."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.detail = detail[:200]


class Speaker(Protocol):
    def say(self, order: dict[str, Any]) -> tuple[Any, int]:
        """Samples from -1 to 1 and their rate. Raises RefusedError."""


def session(model: bytes, threads: int) -> onnxruntime.InferenceSession:
    """From bytes whose hash was checked, not from a file that may have changed since."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = min(threads, os.cpu_count() or 1)
    options.inter_op_num_threads = 1
    options.log_severity_level = _QUIET
    # Threads that wait would keep the cores busy on which other sentences are finished.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its errors share no base class
        raise RefusedError("not_a_model", str(error)) from error


def serve(make: Callable[[], Speaker]) -> None:
    """Answer orders until the input ends or nobody has asked for long."""
    speaker: Speaker | None = None
    for order in _orders():
        try:
            speaker = speaker or make()
            samples, rate = speaker.say(order)
            answer(sys.stdout.buffer, _pcm(samples), rate=rate)
        except RefusedError as refused:
            answer(sys.stdout.buffer, error=refused.reason, detail=refused.detail)


def _orders() -> Iterator[dict[str, Any]]:
    """One line waits at most: the parent sends the next when it has the answer."""
    while select.select([sys.stdin], [], [], _IDLE_S)[0]:
        line = sys.stdin.buffer.readline()
        if not line:
            return
        yield json.loads(line)


def _pcm(samples: Any) -> bytes:
    flat = np.nan_to_num(np.asarray(samples, dtype=np.float32).ravel())
    # just below full scale: what the model overdrives is limited, and still counts as clipped when heard
    return bytes((np.clip(flat, -1.0, 1.0) * 32767).astype("<i2").tobytes())
