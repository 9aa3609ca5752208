"""A box whose store is lost: it trusts no key and takes no order that is older than what it has seen."""

from __future__ import annotations

import base64
from pathlib import Path

import msgspec
import pytest

from devices.envelope import SigningKey
from devices.messages import Alerts, ClockQuality, Desired, GuardPolicy, Keyset, TrustedKey
from devices.speaker import core as c
from devices.speaker.identity import Identity
from devices.speaker.second_place import KeptTwice
from devices.speaker.store import SqliteStore
from devices.topics import Kind, Place

NOW = 1_800_000_000_000
FIRST, SECOND = SigningKey.generate().public, SigningKey.generate().public
BASE = Identity(
    device="loa-001",
    tenant="xa",
    broker="mqtt://127.0.0.1:1883",
    password="secret",
    private_key=base64.b64encode(bytes(32)).decode(),
    server_keys=(FIRST,),
)


class Box:
    """The real core over a real store, and the file beside the identity."""

    def __init__(self, folder: Path, identity: Identity = BASE) -> None:
        self._path = folder / "speaker.sqlite"
        self.store = KeptTwice(SqliteStore(self._path), folder / "loa.json.kept", identity)
        self.core = c.SpeakerCore(
            identity.device,
            "boot",
            c.recall(self.store.facts()),
            server_keys=identity.server_keys,
            clock=ClockQuality.SYNCED,
        )
        self.alarms: list[str] = []

    def hear(self, order: Desired | Alerts) -> None:
        kind = Kind.DESIRED if isinstance(order, Desired) else Kind.ALERTS
        place = Place(kind, order.device if isinstance(order, Desired) else order.group)
        for action in self.core.handle(c.OrderReceived(order, place), NOW):
            if isinstance(action, c.Keep):
                self.store.keep(action.kind, action.key, action.body)
            elif isinstance(action, c.Append):
                self.alarms.append(action.event.event)
        self.store.sync()

    def lose_store(self) -> None:
        self.store.abandon()
        for path in self._path.parent.glob("speaker.sqlite*"):
            path.unlink()


def keyset(version: int, *keys: str) -> Keyset:
    return Keyset(version=version, keys=tuple(TrustedKey(key=key, not_after=NOW + 10**9) for key in keys))


def desired(rev: int, keys: Keyset | None = None) -> Desired:
    return Desired(
        device="loa-001",
        epoch=1,
        rev=rev,
        issued_at=NOW,
        groups=("xa",),
        policy=GuardPolicy(),
        keyset=keys,
        volume=rev,
    )


def test_the_keys_of_the_first_day_do_not_come_back_with_an_empty_store(tmp_path: Path) -> None:
    box = Box(tmp_path)
    box.hear(desired(1, keyset(1, FIRST, SECOND)))
    box.hear(desired(2, keyset(2, SECOND)))
    box.lose_store()
    again = Box(tmp_path)
    assert again.core.trusted(NOW) == (SECOND,)
    again.hear(desired(3, keyset(1, FIRST, SECOND)))
    assert again.alarms == ["keyset_refused"]
    assert again.core.trusted(NOW) == (SECOND,)


def test_an_older_order_is_refused_and_the_newest_is_taken_again(tmp_path: Path) -> None:
    box = Box(tmp_path)
    for rev in (1, 5):
        box.hear(desired(rev))
        box.hear(Alerts(group="xa", epoch=1, rev=rev, issued_at=NOW))
    box.lose_store()
    again = Box(tmp_path)
    for old in (3, 4):
        again.hear(desired(old))
    assert again.alarms == ["replayed"]
    assert again.core.groups == ()  # neither was taken
    again.hear(desired(5))
    assert again.core.volume == 5
    again.hear(Alerts(group="xa", epoch=1, rev=4, issued_at=NOW))
    again.hear(Alerts(group="xa", epoch=1, rev=5, issued_at=NOW))
    assert again.core._memory.revision["alerts:xa"] == (1, 5)


@pytest.mark.parametrize("change", [{"device": "loa-002"}, {"tenant": "khac"}, {"server_keys": (SECOND,)}])
def test_who_was_enrolled_anew_begins_afresh(tmp_path: Path, change: dict[str, object]) -> None:
    box = Box(tmp_path)
    box.hear(desired(5, keyset(2, FIRST)))
    box.lose_store()
    other = msgspec.structs.replace(BASE, **change)
    assert Box(tmp_path, other).core.trusted(NOW) == other.server_keys


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b'{"tenant":1}'])
def test_a_second_place_that_cannot_be_read_or_written_stops_nobody(tmp_path: Path, content: bytes) -> None:
    kept = tmp_path / "loa.json.kept"
    kept.write_bytes(content)
    assert Box(tmp_path).core.trusted(NOW) == (FIRST,)
    kept.unlink()
    kept.mkdir()
    box = Box(tmp_path)
    box.hear(desired(5))
    assert box.core.volume == 5


def test_what_is_kept_is_private_and_written_only_when_it_changes(tmp_path: Path) -> None:
    box, kept = Box(tmp_path), tmp_path / "loa.json.kept"
    box.hear(desired(1))
    before = kept.stat()
    assert before.st_mode & 0o777 == 0o600
    for _ in range(3):
        box.hear(desired(1))
    assert kept.stat().st_ino == before.st_ino
