"""The server's keys as a set with versions: one takes over from the other and nobody is lost."""

from __future__ import annotations

import dataclasses
import datetime as dt
import os
import shutil
import stat
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from broadcast.errors import DomainError, KeyDamaged, NotFound, WrongState
from broadcast.models import Loudspeaker
from broadcast.plans.documents import publish_plans
from broadcast.signing import keyring
from broadcast.signing.keyring import KeyFolder
from broadcast.storage.moments import to_ms
from devices.envelope import KeySet, open_order, seal
from devices.errors import BadSignature
from devices.messages import Action, Command, Desired

NOW = dt.datetime(2026, 3, 2, 1, 0, tzinfo=dt.UTC)
ORDER = Command(id="1", target="x", issued_at=0, expires_at=1, action=Action.REPORT)


@pytest.fixture
def folder(tmp_path: Any) -> Any:
    keyring.load(tmp_path)
    return tmp_path


def trusted(ring: keyring.Ring) -> KeySet:
    return KeySet([each.key for each in ring.keyset.keys])


def test_the_first_key_is_version_one_and_good_for_two_years(folder: Any) -> None:
    ring = keyring.load(folder)
    assert (ring.version, len(ring.keys)) == (1, 1)
    assert ring.newest.not_after - ring.newest.created_at == dt.timedelta(days=730)
    assert ring.keyset.keys[0].not_after == to_ms(ring.newest.not_after)


def test_during_a_rotation_a_box_with_the_old_set_and_one_with_the_new_both_follow(folder: Any) -> None:
    old, new = keyring.load(folder), keyring.rotate(folder, NOW)
    sealed = seal(ORDER, *new.signers)
    assert open_order(sealed, trusted(old)) == ORDER
    assert open_order(sealed, KeySet([new.newest.signing.public])) == ORDER
    assert open_order(sealed, trusted(new)) == ORDER
    assert new.version > old.version


def test_after_the_old_key_is_retired_nothing_is_signed_with_it_and_its_file_is_gone(folder: Any) -> None:
    old = keyring.load(folder)
    both = keyring.rotate(folder, NOW)
    alone = keyring.retire(folder, old.newest.signing.keyid)
    assert alone.version == both.version + 1
    with pytest.raises(BadSignature):
        open_order(seal(ORDER, *alone.signers), trusted(old))
    assert sorted(each.name for each in folder.iterdir()) == [
        "keyset.json",
        f"signing-{alone.newest.signing.keyid}",
    ]
    assert keyring.load(folder).public == alone.public


def test_private_keys_and_the_set_are_closed_to_others(folder: Any) -> None:
    keyring.rotate(folder, NOW)
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


def test_a_third_key_waits_until_the_first_is_retired(folder: Any) -> None:
    keyring.rotate(folder, NOW)
    with pytest.raises(WrongState):
        keyring.rotate(folder, NOW)


def test_keys_that_were_brought_back_from_a_backup_are_rotated_above_what_loudspeakers_hold(
    folder: Any, tmp_path_factory: Any
) -> None:
    first = keyring.load(folder).newest.signing.keyid
    backup = tmp_path_factory.mktemp("backup") / "keys"
    shutil.copytree(folder, backup)
    keyring.rotate(folder, NOW)
    held = keyring.retire(folder, first)
    assert keyring.rotate(backup, NOW + dt.timedelta(minutes=1)).version > held.version


def test_a_power_cut_after_a_change_of_the_keys_takes_nothing_back(
    folder: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new name is on the medium once its folder was written, after the file and before anybody is told."""
    written: list[set[str]] = []
    fsync = os.fsync

    def watch(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            written.append({each.name for each in folder.iterdir() if each.name.startswith("signing")})
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", watch)
    made = keyring.rotate(folder, NOW).newest.signing.keyid
    assert written == [{"signing", f"signing-{made}"}] * 2  # after the key, and after the set that names it
    keyring.retire(folder, keyring.load(folder).keys[0].signing.keyid)
    assert written[-1] == {f"signing-{made}"}


def test_the_key_that_signs_cannot_be_retired_and_a_strange_one_is_not_found(folder: Any) -> None:
    with pytest.raises(WrongState):
        keyring.retire(folder, keyring.load(folder).newest.signing.keyid)
    with pytest.raises(NotFound):
        keyring.retire(folder, "0" * 16)


def test_two_who_rotate_at_the_same_time_make_one_new_key(folder: Any) -> None:
    def attempt(_: int) -> int:
        try:
            return keyring.rotate(folder, NOW).version
        except DomainError:
            return 0

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(attempt, range(4)))[:3] == [0, 0, 0]
    assert len(keyring.load(folder).keys) == 2


def test_a_running_server_signs_with_a_new_key_without_a_restart(folder: Any) -> None:
    running = KeyFolder(folder)
    before = running.current
    made = keyring.rotate(folder, NOW)
    assert running.current.public == made.public != before.public
    keyring.retire(folder, before.newest.signing.keyid)
    assert running.current.public == (made.newest.signing.public,)


def test_a_set_that_became_unreadable_leaves_the_running_server_its_keys(folder: Any) -> None:
    running = KeyFolder(folder)
    before = running.current
    (folder / "keyset.json").write_text("{", "ascii")
    assert running.current == before
    with pytest.raises(KeyDamaged):
        keyring.load(folder)


def test_a_key_file_that_was_exchanged_is_refused(folder: Any, tmp_path_factory: Any) -> None:
    other = tmp_path_factory.mktemp("other")
    keyring.load(other)
    (folder / "signing").write_bytes((other / "signing").read_bytes())
    with pytest.raises(KeyDamaged):
        keyring.load(folder)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_desired_state_carries_the_keyset_and_the_end_of_the_box_s_own_key(
    stage: Any, folder: Any, now: dt.datetime
) -> None:
    stage.wire = with_keys_of(stage.wire, folder)
    [box] = stage.loudspeakers(1)
    with stage.database.transaction() as session:
        session.get_one(Loudspeaker, stage.loudspeaker(box).id).key_expires_at = now + dt.timedelta(days=90)
    first = desired(stage)
    keyring.rotate(folder, NOW)
    second = desired(stage)
    assert 1 == first.keyset.version < second.keyset.version
    assert [len(each.keyset.keys) for each in (first, second)] == [1, 2]
    assert second.rev == first.rev + 1
    assert second.key_expires == to_ms(now + dt.timedelta(days=90))


def with_keys_of(wire: Any, folder: Any) -> Any:
    """The same wire with the keys of the folder."""
    return dataclasses.replace(wire, keys=KeyFolder(folder))


def desired(stage: Any) -> Desired:
    with stage.database.transaction() as session:
        publish_plans(session, stage.wire, stage.now, 7)
    order = stage.outbox()[-1][1]
    assert isinstance(order, Desired)
    return order
