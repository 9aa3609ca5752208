"""Uploads: how much may be under way, who gives way, and what is forgotten."""

from __future__ import annotations

import os
import threading

import pytest

from broadcast.authoring import uploads
from broadcast.authoring.uploads import EACH, KEPT_S, LARGEST, TOTAL, Uploads
from broadcast.errors import DatabaseBusy, DiskFull, FileTooLarge, NotAudio, NotFound, UploadBusy, UploadsFull
from broadcast.storage.library import Library

LAN, MAI, NOW = 1, 2, 1_700_000_000.0


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "uploads"


@pytest.fixture
def open_uploads(folder, tmp_path):
    return Uploads(folder, Library(tmp_path / "library", reserve=0))


def begin(open_uploads, folder, person_id=LAN, size=3, at=NOW):
    upload_id = open_uploads.begin(person_id, size, now=at)
    os.utime(folder / f"{person_id}-{upload_id}.part", (at, at))
    return upload_id


def exists(open_uploads, upload_id, person_id=LAN):
    try:
        open_uploads.received(person_id, upload_id)
    except NotFound:
        return False
    return True


def test_of_one_persons_uploads_the_one_that_waited_longest_gives_way(open_uploads, folder):
    mais = begin(open_uploads, folder, MAI, at=NOW - 100)
    first, *others = [begin(open_uploads, folder, at=NOW + n) for n in range(EACH)]
    last = begin(open_uploads, folder, at=NOW + EACH)
    assert not exists(open_uploads, first)
    assert all(exists(open_uploads, each) for each in (*others, last))
    assert exists(open_uploads, mais, MAI)


def test_all_together_may_not_ask_for_more_than_the_total(open_uploads, folder):
    for person_id in range(TOTAL // LARGEST):
        begin(open_uploads, folder, person_id, LARGEST)
    with pytest.raises(UploadsFull):
        begin(open_uploads, folder, 99)


def test_what_nobody_sends_any_more_is_removed_after_a_day(open_uploads, folder):
    old, done = (begin(open_uploads, folder, at=NOW - KEPT_S - 1) for _ in range(2))
    assert open_uploads.add(LAN, done, 0, b"abc") == 3
    assert open_uploads.finish(LAN, done, lambda _: 7) == 7
    assert open_uploads.prune(NOW) == 1
    assert not exists(open_uploads, old)
    assert open_uploads.finish(LAN, done, lambda _: 8) == 7
    assert open_uploads.prune(10 * NOW) == 1
    assert list(folder.iterdir()) == []


def test_an_upload_that_cannot_be_used_is_gone_and_one_that_the_server_failed_is_not(open_uploads, folder):
    def fail(error):
        def take(_):
            raise error

        return take

    upload_id = begin(open_uploads, folder)
    open_uploads.add(LAN, upload_id, 0, b"abc")
    with pytest.raises(DatabaseBusy):
        open_uploads.finish(LAN, upload_id, fail(DatabaseBusy()))
    with pytest.raises(NotAudio):
        open_uploads.finish(LAN, upload_id, fail(NotAudio(name="a")))
    assert not exists(open_uploads, upload_id)


def test_one_request_at_a_time_writes_or_finishes(open_uploads, folder):
    upload_id = begin(open_uploads, folder)
    open_uploads.add(LAN, upload_id, 0, b"abc")
    busy, free = threading.Event(), threading.Event()

    def take(_):
        busy.set()
        free.wait(60)
        return 7

    first = threading.Thread(target=open_uploads.finish, args=(LAN, upload_id, take))
    first.start()
    assert busy.wait(60)
    with pytest.raises(UploadBusy):
        open_uploads.finish(LAN, upload_id, take)
    with pytest.raises(UploadBusy):
        open_uploads.add(LAN, upload_id, 0, b"abc")
    free.set()
    first.join()
    assert open_uploads.finish(LAN, upload_id, take) == 7


def test_while_others_are_listened_to_one_waits_and_comes_again(open_uploads, folder):
    upload_id = begin(open_uploads, folder)
    open_uploads.add(LAN, upload_id, 0, b"abc")
    with uploads.LISTENERS, uploads.LISTENERS, pytest.raises(UploadBusy):
        open_uploads.finish(LAN, upload_id, lambda _: 7)
    assert open_uploads.finish(LAN, upload_id, lambda _: 7) == 7


def test_sizes_that_cannot_be_and_a_full_disk_are_refused_at_once(folder, tmp_path):
    full = Uploads(folder, Library(tmp_path / "library", reserve=1 << 60))
    for size, error in ((0, NotAudio), (-1, NotAudio), (LARGEST + 1, FileTooLarge), (1, DiskFull)):
        with pytest.raises(error):
            full.begin(LAN, size, now=NOW)
    assert list(folder.iterdir()) == []
    assert uploads.PIECE < 1 << 20  # the limit of a proxy that nobody has configured
