"""Recordings on their way here: files that grow piece by piece, so that a broken line costs one piece.

They lie in a folder of their own beside the library. The name of a file tells whose it is and how large it
will be, so nothing about it stands in the database before the recording does.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import secrets
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from broadcast.errors import (
    FileTooLarge,
    InvalidInput,
    NotAudio,
    NotFound,
    UploadBusy,
    UploadsFull,
    WrongState,
)
from broadcast.storage.files import translated
from broadcast.storage.library import Library

LARGEST = 700_000_000  # bytes: an hour of 48 kHz stereo as WAV
PIECE = 1_000_000  # bytes; what proxies let through unasked, and a minute on a poor telephone line
EACH = 4  # uploads that one person may have open: a bulletin in several languages
TOTAL = 7_000_000_000  # bytes that all open uploads together may ask for
KEPT_S = 24 * 3600  # seconds after the last piece
LISTENERS = threading.BoundedSemaphore(2)  # decoding takes long: the other threads are for pages
NAME = re.compile(r"(\d{1,12})-(\d{1,12})-[0-9a-f]{32}")
OPEN, DONE = ".part", ".done"


@dataclass(frozen=True, slots=True)
class _Upload:
    path: Path
    person_id: int
    size: int

    @property
    def id(self) -> str:
        return self.path.stem.split("-", 1)[1]

    @property
    def done(self) -> Path:
        return self.path.with_suffix(DONE)


class Uploads:
    """What people are sending; nobody reaches what another person sends."""

    def __init__(self, folder: Path, library: Library) -> None:
        self._folder = folder
        self._library = library

    def begin(self, person_id: int, size: int, *, now: float) -> str:
        """Open a file of ``size`` bytes; returns its id. ``now`` in seconds of the epoch.

        Errors: NotAudio, FileTooLarge, UploadsFull, DiskFull, StorageFailed.
        """
        if size < 1:
            raise NotAudio(name="")
        if size > LARGEST:
            raise FileTooLarge(limit=LARGEST)
        with translated(self._folder):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.prune(now)
            self._make_room(person_id, size)
            self._library.check_space(size)
            upload = self._named(f"{person_id}-{size}-{secrets.token_hex(16)}")
            upload.path.touch(mode=0o600, exist_ok=False)
        return upload.id

    def received(self, person_id: int, upload_id: str) -> int:
        """How many bytes are here. Errors: NotFound, StorageFailed."""
        upload = self._find(person_id, upload_id)
        with translated(upload.path), _present(upload_id):
            return upload.size if upload.done.exists() else upload.path.stat().st_size

    def add(self, person_id: int, upload_id: str, offset: int, data: bytes) -> int:
        """Append a piece where it belongs there; returns how many bytes are here now.

        A piece that came already, or too early, changes nothing: the answer says where to go on.
        Errors: NotFound, UploadBusy, InvalidInput, DiskFull, StorageFailed.
        """
        upload = self._find(person_id, upload_id)
        with translated(upload.path), _held(upload) as file:
            there = upload.size if upload.done.exists() else file.seek(0, os.SEEK_END)
            if offset != there:
                return there
            if there + len(data) > upload.size:
                raise InvalidInput(size=there + len(data))
            self._library.check_space(len(data))
            file.write(data)
            return file.tell()

    def finish(self, person_id: int, upload_id: str, take: Callable[[Path], int]) -> int:
        """What a whole upload became: the number that ``take`` gave for it, which is asked once.

        An upload that cannot be used is gone; where only the server failed, it may be finished again.
        Errors: NotFound, UploadBusy, WrongState, StorageFailed, those of ``take``.
        """
        upload = self._find(person_id, upload_id)
        with _held(upload) as file:
            if upload.done.exists():
                return int(upload.done.read_text())
            if file.seek(0, os.SEEK_END) != upload.size:
                raise WrongState(state="incomplete", action="finish")
            number = _taken(upload, take)
            with translated(upload.path):
                upload.done.write_text(str(number))
                os.truncate(upload.path, 0)
            return number

    def drop(self, person_id: int, upload_id: str) -> None:
        """Forget an upload; one that is gone is no error. Errors: StorageFailed."""
        with contextlib.suppress(NotFound):
            _remove(self._find(person_id, upload_id))

    def prune(self, now: float) -> int:
        """Remove what nobody sends any more; returns how many. Errors: StorageFailed."""
        with translated(self._folder):
            old = [each for each in self._all() if _touched(each) < now - KEPT_S]
            for upload in old:
                _remove(upload)
        return len(old)

    def _make_room(self, person_id: int, size: int) -> None:
        """Of one person's own, those that waited longest give way."""
        others = [each for each in self._all() if not each.done.exists()]
        own = sorted((each for each in others if each.person_id == person_id), key=_touched)
        gone = own[: max(0, len(own) - EACH + 1)]
        if sum(each.size for each in others if each not in gone) + size > TOTAL:
            raise UploadsFull()
        for upload in gone:
            _remove(upload)

    def _all(self) -> list[_Upload]:
        names = (path.stem for path in self._folder.glob(f"*{OPEN}"))
        return [self._named(name) for name in names if NAME.fullmatch(name)]

    def _find(self, person_id: int, upload_id: str) -> _Upload:
        name = f"{person_id}-{upload_id}"
        if not NAME.fullmatch(name):
            raise NotFound(kind="upload", id=upload_id[:64])
        upload = self._named(name)
        if not upload.path.exists():
            raise NotFound(kind="upload", id=upload_id)
        return upload

    def _named(self, name: str) -> _Upload:
        person_id, size, _ = name.split("-")
        return _Upload(self._folder / f"{name}{OPEN}", int(person_id), int(size))


def _taken(upload: _Upload, take: Callable[[Path], int]) -> int:
    if not LISTENERS.acquire(blocking=False):
        raise UploadBusy()
    try:
        return take(upload.path)
    except InvalidInput:
        upload.path.unlink()
        raise
    finally:
        LISTENERS.release()


@contextlib.contextmanager
def _held(upload: _Upload) -> Iterator[IO[bytes]]:
    """For one request at a time: the same piece may come twice at once when a line hangs."""
    with _present(upload.id):
        file = upload.path.open("r+b", buffering=0)
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UploadBusy() from error
        yield file


@contextlib.contextmanager
def _present(upload_id: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise NotFound(kind="upload", id=upload_id) from error


def _touched(upload: _Upload) -> float:
    with contextlib.suppress(FileNotFoundError):
        return upload.path.stat().st_mtime
    return 0.0


def _remove(upload: _Upload) -> None:
    with translated(upload.path):
        upload.path.unlink(missing_ok=True)
        upload.done.unlink(missing_ok=True)
