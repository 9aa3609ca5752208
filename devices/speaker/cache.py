"""The downloaded audio of one loudspeaker: files named by their sha256, kept while a plan wants them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from pathlib import Path

from devices.errors import DiskFull

from .health import free_bytes

JOURNAL_ROOM = 8 * 1024 * 1024  # bytes that no audio takes: without a journal nothing may sound
URGENT_ROOM = 32 * 1024 * 1024  # bytes on top that only an urgent announcement takes: some half an hour
_NAME = re.compile(r"[0-9a-f]{64}")
_LOOK_MS = 600_000  # between two looks for what is old: to list a folder wakes a sleeping card
_KEPT_MS = 24 * 3600 * 1000  # what was wanted yesterday is often wanted again


class Cache:
    """What something not yet over still wants is never deleted, however full the disk is.

    When room is needed the oldest of the rest goes first, before its day is over. When that would not
    be enough nothing is deleted and the new file is refused; what is not urgent is refused earlier.
    """

    def __init__(
        self,
        directory: Path,
        wanted: Callable[[], AbstractSet[str]],
        free: Callable[[Path], int | None] = free_bytes,
    ) -> None:
        """``wanted`` names the audio that something still needs; ``free`` the bytes left on the disk."""
        directory.mkdir(parents=True, exist_ok=True)
        self.directory = directory
        self._wanted = wanted
        self._refused: set[str] = set()
        self._free = free
        self._looked_at: int | None = None
        self._coming: dict[str, int] = {}  # bytes that downloads under way still bring

    def clips(self) -> set[str]:
        return {path.name for path in self.directory.iterdir() if _NAME.fullmatch(path.name)}

    @property
    def is_full(self) -> bool:
        """Whether something that is still wanted found no room, or the journal soon finds none."""
        if self._refused:
            self._refused &= self._wanted()
        free = self._free(self.directory)
        return bool(self._refused) or (free is not None and free < JOURNAL_ROOM)

    def evict(self, now: int) -> list[str]:
        """Delete what nothing wants and is older than a day; ``now`` in UTC ms. Says which clips went.

        May be called often: looks only every few minutes, and at once when the clock was set back.
        """
        if self._looked_at is not None and 0 <= now - self._looked_at < _LOOK_MS:
            return []
        self._looked_at = now
        old = [path for path, changed in self._unwanted() if changed < now - _KEPT_MS]
        return self._delete(old)

    def make_room(self, name: str, size: int, *, urgent: bool) -> list[str]:
        """See that a file fits; says which clips went for it. Raises DiskFull, having deleted nothing."""
        self._refused.discard(name)
        free = self._free(self.directory)
        if free is None or (self.directory / name).exists():
            return []
        kept_free = JOURNAL_ROOM if urgent else JOURNAL_ROOM + URGENT_ROOM
        lacking = size - _size(self._part(name)) + sum(self._coming.values()) + kept_free - free
        going = []
        for path, _ in sorted(self._unwanted(), key=lambda found: found[1]):
            if lacking <= 0:
                break
            going.append(path)
            lacking -= _size(path)
        if lacking > 0:
            self._refused.add(name)
            raise DiskFull(f"{lacking} bytes too few for {size} in {self.directory}")
        return self._delete(going)

    @contextmanager
    def bringing(self, name: str, size: int) -> Iterator[None]:
        """A download is under way: its room is taken, and what it has so far stays."""
        self._coming[name] = max(0, size - _size(self._part(name)))
        try:
            yield
        except DiskFull:
            self._refused.add(name)
            raise
        finally:
            self._coming.pop(name, None)

    def _unwanted(self) -> list[tuple[Path, float]]:
        """Files that nothing wants, and when they changed last (UTC ms)."""
        found = []
        wanted = self._wanted() | self._refused | self._coming.keys()
        for path in list(self.directory.iterdir()):
            name = path.name.removesuffix(".part")
            if _NAME.fullmatch(name) and name not in wanted:
                try:
                    found.append((path, path.stat().st_mtime * 1000))
                except FileNotFoundError:  # a download has ended in this moment
                    continue
        return found

    def _delete(self, paths: list[Path]) -> list[str]:
        for path in paths:
            path.unlink(missing_ok=True)
        return [path.name for path in paths if path.suffix != ".part"]

    def _part(self, name: str) -> Path:
        return self.directory / f"{name}.part"


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
