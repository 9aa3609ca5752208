"""A box that becomes another loudspeaker starts afresh; one that is taken in again goes on."""

from __future__ import annotations

import base64
import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest

from devices.envelope import SigningKey
from devices.messages import Keyset, TrustedKey
from devices.speaker.identity import Identity
from devices.speaker.ownership import settle
from devices.speaker.store import SqliteStore

FIRST, SECOND = SigningKey.generate().public, SigningKey.generate().public
BASE = Identity(
    device="loa-001",
    tenant="xa",
    broker="mqtt://127.0.0.1:1883",
    password="secret",
    private_key=base64.b64encode(bytes(32)).decode(),
    server_keys=(FIRST,),
)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store that the box of BASE has used."""
    path = tmp_path / "speaker.sqlite"
    settle(BASE, path)
    SqliteStore(path).close()
    return path


def learn(path: Path, *keys: str) -> None:
    kept = SqliteStore(path)
    keyset = Keyset(version=2, keys=tuple(TrustedKey(key=key, not_after=2**52) for key in keys))
    kept.keep("keyset", "", msgspec.json.encode(keyset))
    kept.close()


@pytest.mark.parametrize(
    ("changes", "learned", "goes_on"),
    [
        ({}, (), True),
        ({"password": "new", "private_key": base64.b64encode(b"1" * 32).decode()}, (SECOND,), True),
        ({"server_keys": (FIRST, SECOND)}, (), True),
        ({"server_keys": (SECOND,)}, (SECOND,), True),
        ({"server_keys": (SECOND,)}, (FIRST,), False),
        ({"server_keys": (SECOND,)}, (), False),
        ({"device": "loa-002"}, (), False),
        ({"tenant": "xa-khac"}, (), False),
    ],
)
def test_the_store_goes_on_where_it_is_the_same_loudspeaker_of_a_server_it_trusts(
    store: Path, changes: dict[str, Any], learned: tuple[str, ...], goes_on: bool
) -> None:
    if learned:
        learn(store, *learned)
    settle(msgspec.structs.replace(BASE, **changes), store)
    assert store.exists() is goes_on
    assert store.with_name("speaker.sqlite.of-loa-001").exists() is not goes_on


def test_data_from_before_there_were_marks_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "speaker.sqlite"
    SqliteStore(path).close()
    settle(BASE, path)
    assert path.exists()


def test_a_mark_that_cannot_be_read_keeps_nobody_from_starting(store: Path) -> None:
    store.with_name("owner.json").write_text("{")
    settle(msgspec.structs.replace(BASE, device="loa-002"), store)
    assert store.exists()


@pytest.mark.parametrize(
    ("changes", "kept"),
    [
        ({"server_keys": (FIRST, SECOND)}, False),
        ({"server_keys": (SECOND,)}, False),
        ({"password": "new", "private_key": base64.b64encode(b"1" * 32).decode()}, True),
    ],
)
def test_a_box_that_was_enrolled_anew_begins_with_the_keys_of_that_day(
    store: Path, changes: dict[str, Any], kept: bool
) -> None:
    """Had the server's key ended before another was made, nothing else would make the box listen again."""
    learn(store, FIRST, SECOND)
    settle(msgspec.structs.replace(BASE, **changes), store)
    opened = SqliteStore(store, read_only=True)
    assert (("keyset", "") in opened.facts()) is kept
    opened.close()


class PowerCutError(Exception):
    pass


@pytest.mark.parametrize("moves", [1, 2])
def test_a_power_cut_while_data_is_put_aside_loses_nothing_of_it(
    store: Path, tmp_path: Path, moves: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    used, box = SqliteStore(store), tmp_path / "box"
    used.keep("number", "volume", b"70")
    used.sync()
    shutil.copytree(tmp_path, box)  # what lies beside the store while it is used, as a power cut leaves it
    used.close()
    left, replace, moved = box / store.name, Path.replace, []

    def cut(path: Path, target: Path) -> Path:
        if len(moved) == moves:
            raise PowerCutError
        moved.append(path)
        return replace(path, target)

    other = msgspec.structs.replace(BASE, device="loa-002")
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", cut)
        with pytest.raises(PowerCutError):
            settle(other, left)
    settle(other, left)
    assert not left.exists()
    kept = SqliteStore(box / "speaker.sqlite.of-loa-001", read_only=True)
    assert kept.facts()["number", "volume"] == b"70"
    kept.close()
