"""The server's signing keys: a set with a version, so that a new key takes over while the old one is valid.

A loudspeaker that was away for weeks knows only the old set: as long as the old key is in the
set every order carries a signature by it too, and the set itself travels in the desired state.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import fcntl
import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from broadcast.errors import DomainError, KeyDamaged, NotFound, WrongState
from broadcast.storage.files import translated
from broadcast.storage.moments import from_ms, to_ms
from devices.envelope import SigningKey
from devices.folder import settle
from devices.messages import Keyset, TrustedKey

from . import key_files

log = logging.getLogger(__name__)

VALID = dt.timedelta(days=730)
AT_MOST = 2  # the one that signs and the one it replaces
FIRST_FILE = "signing"
SET_FILE = "keyset.json"


@dataclass(frozen=True, slots=True)
class ServerKey:
    """One key of the server and the time it is good for."""

    signing: SigningKey
    created_at: dt.datetime
    not_after: dt.datetime


@dataclass(frozen=True, slots=True)
class Ring:
    """The keys of one version of the set, the newest last."""

    version: int
    keys: tuple[ServerKey, ...]

    @property
    def newest(self) -> ServerKey:
        return self.keys[-1]

    @property
    def signers(self) -> tuple[SigningKey, ...]:
        """What every order is signed with."""
        return tuple(each.signing for each in reversed(self.keys))

    @property
    def public(self) -> tuple[str, ...]:
        """The keys a new loudspeaker is given to trust, base64."""
        return tuple(each.signing.public for each in self.keys)

    @property
    def keyset(self) -> Keyset:
        """The set as loudspeakers are told it."""
        trusted = (TrustedKey(key=k.signing.public, not_after=to_ms(k.not_after)) for k in self.keys)
        return Keyset(version=self.version, keys=tuple(trusted))


class Keyring:
    """Where the server takes its keys from; this one keeps what it was given."""

    def __init__(self, ring: Ring) -> None:
        self._ring = ring

    @classmethod
    def of(cls, *keys: SigningKey, since: dt.datetime = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)) -> Keyring:
        """A ring in memory, the newest key last."""
        return cls(Ring(1, tuple(ServerKey(key, since, since + VALID) for key in keys)))

    @property
    def current(self) -> Ring:
        return self._ring


class KeyFolder(Keyring):
    """The keys in a folder, read anew when another process has changed them."""

    def __init__(self, directory: Path) -> None:
        """Read the keys; the first start makes one. Errors: KeyDamaged, StorageFailed, DiskFull."""
        super().__init__(load(directory))
        self._directory = directory
        self._mark = _mark(directory)

    @property
    def current(self) -> Ring:
        mark = _mark(self._directory)
        if mark != self._mark:
            try:
                self._ring = load(self._directory)
            except DomainError:  # the keys of before are better than none
                log.exception("The changed keys cannot be read", extra={"action": "keys.unreadable"})
            self._mark = mark
        return self._ring


class _Entry(msgspec.Struct, frozen=True):
    file: str
    public: str
    created_at: int
    not_after: int


class _Set(msgspec.Struct, frozen=True):
    version: int
    keys: tuple[_Entry, ...]


def load(directory: Path) -> Ring:
    """Errors: KeyDamaged, StorageFailed, DiskFull."""
    first, listed = directory / FIRST_FILE, directory / SET_FILE
    with translated(listed):
        if not listed.exists():
            _make_set(first, listed)
    stored = _read(listed)
    return Ring(stored.version, tuple(_key(directory, entry) for entry in stored.keys))


def rotate(directory: Path, now: dt.datetime) -> Ring:
    """Make a new key that signs from now on, beside the one before.

    The version follows the clock, so that it is above what loudspeakers hold also where the keys were
    brought back from a backup: they would refuse the new key else, and be lost when the old one goes.
    Errors: WrongState while the one before that is still in the set, KeyDamaged, StorageFailed, DiskFull.
    """
    with _alone(directory):
        ring = load(directory)
        if len(ring.keys) >= AT_MOST:
            raise WrongState(state="two_keys", action="rotate")
        key = SigningKey.generate()
        version = max(ring.version + 1, int(now.timestamp()))
        made = Ring(version, (*ring.keys, ServerKey(key, now, now + VALID)))
        path = directory / f"{FIRST_FILE}-{key.keyid}"
        with translated(path):
            key_files.write_first(path, key_files.as_text(key.private_bytes()))
        _write(directory, made)
    return made


def retire(directory: Path, keyid: str) -> Ring:
    """Take an old key out of the set: orders are no longer signed with it.

    Errors: NotFound, WrongState for the newest one, KeyDamaged, StorageFailed, DiskFull.
    """
    with _alone(directory):
        ring = load(directory)
        if keyid not in {each.signing.keyid for each in ring.keys}:
            raise NotFound(kind="key", id=keyid)
        if keyid == ring.newest.signing.keyid:
            raise WrongState(state="newest", action="retire")
        kept = tuple(each for each in ring.keys if each.signing.keyid != keyid)
        gone = {entry.file for entry in _read(directory / SET_FILE).keys} - {
            _file(directory, k) for k in kept
        }
        _write(directory, made := replace(ring, version=ring.version + 1, keys=kept))
        with translated(directory):
            for name in gone:
                (directory / name).unlink(missing_ok=True)
            settle(directory)
    return made


def _make_set(first: Path, listed: Path) -> None:
    key = SigningKey.from_bytes(key_files.read_or_make(first, lambda: SigningKey.generate().private_bytes()))
    since = dt.datetime.fromtimestamp(first.stat().st_mtime, dt.UTC)
    key_files.write_first(listed, _text(1, (ServerKey(key, since, since + VALID),), {key.keyid: first.name}))


def _write(directory: Path, ring: Ring) -> None:
    files = {each.signing.keyid: _file(directory, each) for each in ring.keys}
    with translated(directory / SET_FILE):
        key_files.write_over(directory / SET_FILE, _text(ring.version, ring.keys, files))


def _text(version: int, keys: tuple[ServerKey, ...], files: dict[str, str]) -> str:
    entries = (
        _Entry(files[k.signing.keyid], k.signing.public, to_ms(k.created_at), to_ms(k.not_after))
        for k in keys
    )
    content = msgspec.json.encode(_Set(version, tuple(entries)))
    return msgspec.json.format(content, indent=2).decode() + "\n"


def _file(directory: Path, key: ServerKey) -> str:
    """The first key's file has no id in its name: it was there before there were sets."""
    own = f"{FIRST_FILE}-{key.signing.keyid}"
    return own if (directory / own).exists() else FIRST_FILE


def _read(listed: Path) -> _Set:
    with translated(listed):
        key_files.close_to_others(listed)
        try:
            stored = msgspec.json.decode(listed.read_bytes(), type=_Set)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise KeyDamaged(path=str(listed)) from error
    if not stored.keys:
        raise KeyDamaged(path=str(listed))
    return stored


def _key(directory: Path, entry: _Entry) -> ServerKey:
    path = directory / Path(entry.file).name
    signing = SigningKey.from_bytes(key_files.read(path))
    if signing.public != entry.public:
        raise KeyDamaged(path=str(path))
    return ServerKey(signing, from_ms(entry.created_at), from_ms(entry.not_after))


def _mark(directory: Path) -> tuple[int, int]:
    """Changes whenever the set is replaced; (0, 0) while it cannot be seen."""
    try:
        found = (directory / SET_FILE).stat()
    except OSError:
        return 0, 0
    return found.st_ino, found.st_mtime_ns


@contextlib.contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """Two people who change the set at the same time do so one after the other."""
    with translated(directory):
        handle = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
