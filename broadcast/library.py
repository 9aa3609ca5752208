"""The audio library: a folder of files named by their content, complete or not there at all."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tts.types import AudioClip

from .errors import DiskFull, FileDamaged, NotFound, StorageFailed

RESERVE = 64 * 1024 * 1024  # bytes that stay free for the database and the logs
FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
NAME = re.compile(r"[0-9a-f]{64}")


class Library:
    """Clips by sha256; ``reserve`` is the free space in bytes that is never used up."""

    def __init__(self, root: Path, reserve: int = RESERVE) -> None:
        self.root = root
        self._reserve = reserve

    def put(self, clip: AudioClip) -> Path:
        """Keep a clip; a second time costs nothing. Errors: FileDamaged, DiskFull, StorageFailed."""
        if hashlib.sha256(clip.data).hexdigest() != clip.sha256:
            raise FileDamaged(sha256=clip.sha256)
        path = self._place(clip.sha256)
        if path.exists() and path.stat().st_size == len(clip.data):
            return path
        with _translated(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._check_space(len(clip.data))
            _write_whole(path, clip.data)
        return path

    def path(self, sha256: str, *, verify: bool = False) -> Path:
        """Where a clip lies; ``verify`` reads it and compares its hash.

        Errors: NotFound, FileDamaged, StorageFailed.
        """
        path = self._place(sha256)
        if not path.is_file():
            raise NotFound(kind="clip", id=sha256)
        if verify:
            with _translated(path), path.open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
            if found != sha256:
                raise FileDamaged(sha256=sha256)
        return path

    def exists(self, sha256: str) -> bool:
        return NAME.fullmatch(sha256) is not None and self._place(sha256).is_file()

    def free(self) -> int:
        """Bytes that may still be written."""
        with _translated(self.root):
            self.root.mkdir(parents=True, exist_ok=True)
            return max(0, shutil.disk_usage(self.root).free - self._reserve)

    def _check_space(self, size: int) -> None:
        free = self.free()
        if size > free:
            raise DiskFull(needed=size, free=free)

    def _place(self, sha256: str) -> Path:
        if not NAME.fullmatch(sha256):
            raise NotFound(kind="clip", id=sha256[:64])
        return self.root / sha256[:2] / f"{sha256}.mp3"


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
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@contextlib.contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise DiskFull(path=str(path)) from error
        raise StorageFailed(path=str(path), cause=errno.errorcode.get(error.errno or 0, "")) from error
