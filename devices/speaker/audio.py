"""From the clips of an item on disk to one stretch of samples: verified, decoded, repeated."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from devices.errors import AudioUnreadable
from devices.messages import ClipRef

from .ports import RATE, Decoder, Samples

_LONGEST = 2 * 60 * 60 * RATE  # samples of an item with its repetitions: 690 MB, all that a box can hold


class ClipsLost(AudioUnreadable):
    """Files are gone or no longer what was fetched; ``lost`` are their hashes."""

    code = "clips_lost"

    def __init__(self, lost: tuple[str, ...]) -> None:
        super().__init__(f"{len(lost)} clips are gone or altered")
        self.lost = lost


class Audio:
    """Brings the sound of items into memory; all methods block."""

    def __init__(self, decode: Decoder) -> None:
        self._decode = decode

    def load(self, directory: Path, clips: Sequence[ClipRef], repeat: int, gap_ms: int) -> Samples:
        """Verify and decode; raises ClipsLost, AudioUnreadable."""
        verify(directory, clips)
        return self.assemble(directory, clips, repeat, gap_ms)

    def assemble(self, directory: Path, clips: Sequence[ClipRef], repeat: int, gap_ms: int) -> Samples:
        """Decode clips that were verified; raises AudioUnreadable, also when it is too long to hold."""
        parts = [self._decode(directory / clip.sha256) for clip in clips]
        gap_samples = gap_ms * RATE // 1000
        total = repeat * sum(len(part) for part in parts) + (repeat - 1) * gap_samples
        if total > _LONGEST:
            raise AudioUnreadable(f"{repeat} repetitions last {total // RATE} s")
        if len(parts) == 1 and repeat == 1:
            return parts[0]
        once = b"".join(parts)
        gap = bytes(2 * gap_samples) if repeat > 1 else b""
        return memoryview(gap.join([once] * repeat)).cast("h")


def verify(directory: Path, clips: Sequence[ClipRef]) -> None:
    """Compare every clip with its signed hash: cards forget, strangers swap. Raises ClipsLost."""
    lost = tuple(clip.sha256 for clip in clips if not _is_whole(directory / clip.sha256, clip.sha256))
    if lost:
        for sha256 in lost:
            (directory / sha256).unlink(missing_ok=True)
        raise ClipsLost(lost)


def _is_whole(path: Path, sha256: str) -> bool:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == sha256
    except OSError:
        return False
