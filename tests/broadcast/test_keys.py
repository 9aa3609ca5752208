"""The server's own secrets."""

from __future__ import annotations

import errno
import logging
import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from broadcast.errors import DiskFull, KeyDamaged, StorageFailed
from broadcast.signing import keys
from devices.envelope import KeySet, open_order, seal
from devices.messages import Action, Command


def test_the_first_start_makes_keys_that_later_starts_find(tmp_path):
    first, second = keys.load(tmp_path / "keys"), keys.load(tmp_path / "keys")
    assert first.public == second.public
    assert first.session == second.session
    assert len(first.session) == 32


def test_the_keys_are_closed_to_others(tmp_path):
    keys.load(tmp_path / "keys", tmp_path / "other" / "session")
    for path in (tmp_path / "keys" / "signing", tmp_path / "other" / "session"):
        assert path.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o700


def test_a_key_that_was_left_open_is_closed_and_reported(tmp_path, caplog):
    keys.load(tmp_path)
    (tmp_path / "signing").chmod(0o644)
    with caplog.at_level(logging.WARNING):
        keys.load(tmp_path)
    assert (tmp_path / "signing").stat().st_mode & 0o777 == 0o600
    assert "key file" in caplog.text


def test_what_the_server_signs_the_given_public_keys_verify(tmp_path):
    made = keys.load(tmp_path)
    order = Command(id="1", target="x", issued_at=0, expires_at=1, action=Action.REPORT)
    assert open_order(seal(order, made.signing), KeySet(made.public)) == order


@pytest.mark.parametrize("content", ["", "zz", "00" * 31, "00" * 33, "é"])
def test_a_damaged_key_stops_the_start_and_is_not_replaced(tmp_path, content):
    (tmp_path / "signing").write_text(content, "utf-8")
    with pytest.raises(KeyDamaged):
        keys.load(tmp_path)
    assert (tmp_path / "signing").read_text("utf-8") == content


def test_processes_that_start_together_agree_on_one_key(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        assert len({made.public for made in pool.map(lambda _: keys.load(tmp_path / "keys"), range(16))}) == 1
    assert sorted(path.name for path in (tmp_path / "keys").iterdir()) == [
        "keyset.json",
        "session",
        "signing",
    ]


def test_a_full_disk_leaves_no_half_key(tmp_path, monkeypatch):
    def full(_):
        raise OSError(errno.ENOSPC, "no space")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DiskFull):
        keys.load(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_used_is_named(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageFailed):
        keys.load(tmp_path / "file")
