"""The audio library: a folder of files named by their content and kind, complete or not there at all."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from broadcast.errors import DiskFull, FileDamaged, NotFound
from devices.folder import settle
from tts.types import AudioClip

from .files import translated

RESERVE = 64 * 1024 * 1024  # bytes that stay free for the database and the logs
NAME = re.compile(r"[0-9a-f]{64}")
CLIP, COMPACT, RECORDING = "mp3", "opus", "flac"  # what goes on air, the same for download, what was recorded
PHOTO = "jpg"  # where a loudspeaker hangs
PREVIEW = "preview.mp3"  # a recording made small for listening, under the name of the recording
KINDS = {  # how files end: media type
    CLIP: "audio/mpeg",
    COMPACT: "audio/ogg",
    RECORDING: "audio/flac",
    PREVIEW: "audio/mpeg",
    PHOTO: "image/jpeg",
}


class Library:
    """Clips by sha256; ``reserve`` is the free space in bytes that is never used up."""

    def __init__(self, root: Path, reserve: int = RESERVE) -> None:
        self.root = root
        self._reserve = reserve

    def put(self, clip: AudioClip) -> Path:
        """Keep a clip in its forms; a second time costs nothing.

        Errors: FileDamaged, DiskFull, StorageFailed.
        """
        if hashlib.sha256(clip.data).hexdigest() != clip.sha256:
            raise FileDamaged(sha256=clip.sha256)
        if clip.opus:
            self._keep(clip.opus, hashlib.sha256(clip.opus).hexdigest(), COMPACT)
        return self._keep(clip.data, clip.sha256, CLIP)

    def keep(self, data: bytes, kind: str) -> str:
        """Keep the bytes of another file; returns their sha256. Errors: DiskFull, StorageFailed."""
        sha256 = hashlib.sha256(data).hexdigest()
        self._keep(data, sha256, kind)
        return sha256

    def adopt(self, path: Path, sha256: str, kind: str = RECORDING) -> Path:
        """Take over a complete file that lies in ``incoming``. Errors: DiskFull, StorageFailed."""
        place = self._place(sha256, kind)
        with translated(place):
            place.parent.mkdir(parents=True, exist_ok=True)
            with path.open("rb") as file:
                os.fsync(file.fileno())
            path.chmod(0o644)
            path.replace(place)
            settle(place.parent)
        return place

    @contextlib.contextmanager
    def incoming(self) -> Iterator[Path]:
        """A folder for files that are still being made; what is left in it is removed.

        Errors: DiskFull, StorageFailed.
        """
        with translated(self.root):
            self.root.mkdir(parents=True, exist_ok=True)
            folder = tempfile.TemporaryDirectory(dir=self.root, prefix=".new-")
        with folder as name:
            yield Path(name)

    def remove(self, sha256: str, kind: str) -> None:
        """Forget a file; one that is not there is no error. Errors: StorageFailed."""
        path = self._place(sha256, kind)
        with translated(path):
            path.unlink(missing_ok=True)

    def path(self, sha256: str, *, verify: bool = False, kind: str = CLIP) -> Path:
        """Where a file lies; ``verify`` reads it and compares its hash.

        Errors: NotFound, FileDamaged, StorageFailed.
        """
        path = self._place(sha256, kind)
        if not path.is_file():
            raise NotFound(kind="clip", id=sha256)
        if verify:
            with translated(path), path.open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
            if found != sha256:
                raise FileDamaged(sha256=sha256)
        return path

    def exists(self, sha256: str, kind: str = CLIP) -> bool:
        return NAME.fullmatch(sha256) is not None and self._place(sha256, kind).is_file()

    def free(self) -> int:
        """Bytes that may still be written."""
        with translated(self.root):
            self.root.mkdir(parents=True, exist_ok=True)
            return max(0, shutil.disk_usage(self.root).free - self._reserve)

    def check_space(self, size: int) -> None:
        """Errors: DiskFull when ``size`` bytes would not leave the reserve."""
        free = self.free()
        if size > free:
            raise DiskFull(needed=size, free=free)

    def _keep(self, data: bytes, sha256: str, kind: str) -> Path:
        path = self._place(sha256, kind)
        if path.exists() and path.stat().st_size == len(data):
            return path
        with translated(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            self.check_space(len(data))
            _write_whole(path, data)
        return path

    def _place(self, sha256: str, kind: str) -> Path:
        if not NAME.fullmatch(sha256) or kind not in KINDS:
            raise NotFound(kind="clip", id=sha256[:64])
        return self.root / sha256[:2] / f"{sha256}.{kind}"


def _write_whole(path: Path, data: bytes) -> None:
    """Under its name there is all of it or nothing, also after a power cut."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(file.fileno(), 0o644)
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(temporary).unlink()
        raise
    settle(path.parent)
