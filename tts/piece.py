"""A piece: one sentence, signal or recording, finished, encoded and measured, as it lies in the cache."""

from __future__ import annotations

import hashlib
import json
from array import array
from dataclasses import dataclass, field
from typing import Final

FRAME: Final = 576  # samples of an MP3 frame at 24 kHz
FRAME_BYTES: Final = 144  # at 48 kb/s every frame has the same size
RATE: Final = 24_000
FRAME_S: Final = FRAME / RATE
PEAKS_A_FRAME: Final = 2

_MAGIC: Final = b"TTP1"
_DIGEST: Final = 32


@dataclass(frozen=True, slots=True)
class Piece:
    """Begins and ends in silence, so that pieces may follow one another without decoding them.

    Times are in seconds and count from the first sample that was given to the encoders.
    """

    mp3: bytes = field(repr=False)  # whole frames
    opus: tuple[bytes, ...] = field(repr=False)  # packets of 20 ms
    energies: array[float] = field(repr=False)  # K-weighted, one for each MP3 frame
    peaks: bytes = field(repr=False)  # 0..100, PEAKS_A_FRAME for each MP3 frame
    head: float  # silence before the sound
    length: float  # of the sound
    loudness: float  # LUFS, of the decoded MP3
    true_peak: float  # dBTP, the higher one of the decoded MP3 and Opus

    def to_bytes(self) -> bytes:
        head = {
            "mp3": len(self.mp3),
            "opus": len(self.opus),
            "frames": len(self.energies),
            "times": [self.head, self.length, self.loudness, self.true_peak],
        }
        sizes = array("H", map(len, self.opus))
        body = b"".join(
            [
                json.dumps(head).encode(), b"\n", self.mp3, sizes.tobytes(), b"".join(self.opus),
                self.energies.tobytes(), self.peaks,
            ]
        )  # fmt: skip
        return _MAGIC + hashlib.sha256(body).digest() + body

    @classmethod
    def from_bytes(cls, data: bytes) -> Piece:
        """Raises ValueError for anything but the whole of what ``to_bytes`` gave."""
        start = len(_MAGIC) + _DIGEST
        body = memoryview(data)[start:]
        if data[: len(_MAGIC)] != _MAGIC or hashlib.sha256(body).digest() != data[len(_MAGIC) : start]:
            raise ValueError("the piece is damaged")
        line = data.index(b"\n", start) + 1
        head = json.loads(data[start:line])
        rest = _Reader(data, line)
        mp3, sizes = rest.take(head["mp3"]), array("H", rest.take(2 * head["opus"]))
        opus = tuple(rest.take(size) for size in sizes)
        energies = array("f", rest.take(4 * head["frames"]))
        return cls(mp3, opus, energies, rest.take(PEAKS_A_FRAME * head["frames"]), *head["times"])


class _Reader:
    def __init__(self, data: bytes, position: int) -> None:
        self._data = data
        self._position = position

    def take(self, size: int) -> bytes:
        part = self._data[self._position : self._position + size]
        self._position += size
        return part
