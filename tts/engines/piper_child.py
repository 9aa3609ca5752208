"""The child process that holds Piper voices: numbers of sounds in, samples out."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from pathlib import Path
from typing import Any, Final

import numpy as np

from tts.engines.neural import RefusedError, serve, session

_THREADS: Final = 1  # several sentences are spoken at the same time, each in a child of its own
_KEPT: Final = 2  # voices in memory; a station rarely uses more
_INPUTS: Final = ("input", "input_lengths", "scales")
_SPEAKER: Final = "sid"


class Piper:
    """Keeps the voices used last."""

    def __init__(self) -> None:
        self._voices: OrderedDict[str, Any] = OrderedDict()

    def say(self, order: dict[str, Any]) -> tuple[Any, int]:
        voice = self._voice(Path(order["model"]), order["sha256"])
        numbers = np.array([order["numbers"]], dtype=np.int64)
        feed = {
            "input": numbers,
            "input_lengths": np.array([numbers.shape[1]], dtype=np.int64),
            "scales": np.array(order["scales"], dtype=np.float32),
        }
        if _SPEAKER in {each.name for each in voice.get_inputs()}:
            feed[_SPEAKER] = np.array([order["speaker"] or 0], dtype=np.int64)
        try:
            samples, *_ = voice.run(None, feed)
        except Exception as error:  # its errors share no base class
            raise RefusedError("garbage", str(error)) from error
        return samples, order["rate"]

    def _voice(self, model: Path, sha256: str) -> Any:
        if sha256 not in self._voices:
            self._voices[sha256] = _load(model, sha256)
        self._voices.move_to_end(sha256)
        while len(self._voices) > _KEPT:
            self._voices.popitem(last=False)
        return self._voices[sha256]


def _load(model: Path, sha256: str) -> Any:
    try:
        data = model.read_bytes()
    except OSError as error:
        raise RefusedError("no_file", str(error)) from error
    if hashlib.sha256(data).hexdigest() != sha256:
        raise RefusedError("wrong_hash", model.name)
    voice = session(data, _THREADS)
    inputs = [each.name for each in voice.get_inputs()]
    if not set(_INPUTS) <= set(inputs) <= {*_INPUTS, _SPEAKER}:
        raise RefusedError("wrong_inputs", ", ".join(inputs))
    return voice


if __name__ == "__main__":
    serve(Piper)
