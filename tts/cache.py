"""Keeps each spoken sentence on disk under the key of everything that decides its sound."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

from tts.errors import StorageFailed, StorageFull


class SentenceCache:
    """Files appear whole or not at all, so any number of processes may share the folder."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def get(self, key: str) -> bytes | None:
        try:
            return self._path(key).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StorageFailed(str(error)) from error

    def put(self, key: str, data: bytes) -> None:
        """Raises StorageFull when there is no room, StorageFailed otherwise."""
        path = self._path(key)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _write(path, data)
        except OSError as error:
            if error.errno in {errno.ENOSPC, errno.EDQUOT}:
                raise StorageFull("no room for the speech cache") from error
            raise StorageFailed(str(error)) from error

    def discard(self, key: str) -> None:
        """Forget a sentence that proved to be damaged."""
        self._path(key).unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        return self._directory / key[:2] / f"{key}.wav"


def _write(path: Path, data: bytes) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".part-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
