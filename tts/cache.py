"""Keeps each finished piece on disk under the key of everything that decides its sound."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tts.errors import storage


class PieceCache:
    """Files appear whole or not at all, so any number of processes may share the folder."""

    def __init__(self, directory: Path, limit: int = 2_000_000_000) -> None:
        self._directory = directory
        self._limit = limit  # bytes
        self._written: int | None = None  # bytes since the last pruning; None before the first one

    def get(self, key: str) -> bytes | None:
        path = self._path(key)
        try:
            os.utime(path)  # what is used stays
            return path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise storage(error) from error

    def put(self, key: str, data: bytes) -> None:
        """Raises StorageFull when there is no room, StorageFailed otherwise."""
        path = self._path(key)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _write(path, data)
            self._make_room(len(data))
        except OSError as error:
            raise storage(error) from error

    def discard(self, key: str) -> None:
        """Forget a piece that proved to be damaged."""
        self._path(key).unlink(missing_ok=True)

    def _make_room(self, written: int) -> None:
        """Now and then drop the pieces that were not used for the longest time."""
        if self._written is not None and self._written + written < self._limit // 20:
            self._written += written
            return
        self._written = 0
        found = sorted(_files(self._directory), key=lambda file: file.used)
        size = sum(file.size for file in found)
        for file in found:
            if size <= self._limit:
                break
            file.path.unlink(missing_ok=True)
            size -= file.size

    def _path(self, key: str) -> Path:
        return self._directory / key[:2] / f"{key}.piece"


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    used: float
    size: int


def _files(directory: Path) -> Iterator[_File]:
    """All there is, so that what another version or a killed process left behind goes too."""
    for path in directory.glob("*/*"):
        with contextlib.suppress(FileNotFoundError):  # another process makes room too
            stat = path.stat()
            yield _File(path, stat.st_mtime, stat.st_size)


def _write(path: Path, data: bytes) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".part-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
