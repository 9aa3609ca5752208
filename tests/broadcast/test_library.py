"""The audio library: complete files or none, and a full disk has a name."""

from __future__ import annotations

import dataclasses
import errno
import hashlib
import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from broadcast.errors import DiskFull, FileDamaged, NotFound, StorageFailed
from broadcast.storage.library import COMPACT, RECORDING, Library
from tts.types import AudioClip


def clip(data=b"sound" * 1000, sha256=None):
    name = sha256 or hashlib.sha256(data).hexdigest()
    return AudioClip(
        data=data, sha256=name, media_type="audio/mpeg", duration=1.0, key="k", engine="e", engine_version="1"
    )


@pytest.fixture
def library(tmp_path):
    return Library(tmp_path / "library", reserve=0)


def files(library):
    return [path for path in library.root.rglob("*") if path.is_file()]


def test_a_clip_is_found_again_by_its_content(library):
    path = library.put(clip())
    assert library.path(clip().sha256, verify=True) == path
    assert path.read_bytes() == clip().data
    assert library.exists(clip().sha256)


def test_the_same_clip_is_kept_once(library):
    first = library.put(clip()).stat()
    assert library.put(clip()).stat().st_mtime_ns == first.st_mtime_ns
    assert len(files(library)) == 1


def test_a_file_cut_short_is_mended_when_its_clip_comes_again(library):
    path = library.put(clip())
    path.write_bytes(b"")
    library.put(clip())
    assert library.path(clip().sha256, verify=True)


def test_a_clip_that_is_not_there_is_named(library):
    for name in (clip().sha256, "", "../../etc/passwd", "A" * 64, "a" * 63):
        assert not library.exists(name)
        with pytest.raises(NotFound):
            library.path(name)


def test_a_damaged_file_is_noticed(library):
    path = library.put(clip())
    path.write_bytes(b"other" * 1000)
    assert library.path(clip().sha256)
    with pytest.raises(FileDamaged):
        library.path(clip().sha256, verify=True)


def test_a_clip_that_is_not_what_its_name_says_is_refused(library):
    with pytest.raises(FileDamaged):
        library.put(clip(sha256="0" * 64))


def test_the_reserve_of_the_disk_is_never_used_up(tmp_path):
    library = Library(tmp_path / "library", reserve=1 << 60)
    with pytest.raises(DiskFull) as caught:
        library.put(clip())
    assert caught.value.params == {"needed": 5000, "free": 0}
    assert files(library) == []


def test_a_disk_that_fills_up_while_writing_leaves_nothing_half_written(library, monkeypatch):
    def full(_):
        raise OSError(errno.ENOSPC, "no space")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DiskFull):
        library.put(clip())
    monkeypatch.undo()
    assert files(library) == []
    assert library.put(clip())


def test_a_folder_that_cannot_be_used_is_named(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageFailed):
        Library(tmp_path / "file").put(clip())


def test_workers_that_keep_the_same_clip_at_once_agree(library):
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(lambda _: library.put(clip()), range(16)))) == 1
    assert len(files(library)) == 1
    assert library.path(clip().sha256, verify=True)


def test_a_clip_brings_its_compact_form(library):
    both = dataclasses.replace(clip(), opus=b"small" * 100)
    library.put(both)
    assert library.path(hashlib.sha256(both.opus).hexdigest(), kind=COMPACT, verify=True).suffix == ".opus"
    assert not library.exists(clip().sha256, COMPACT)
    with pytest.raises(NotFound):
        library.path(clip().sha256, kind="wav")


def test_what_is_not_adopted_is_gone_and_what_is_stays(library):
    data = b"flac" * 100
    name = hashlib.sha256(data).hexdigest()
    with library.incoming() as folder:
        (folder / "left").write_bytes(data)
        (folder / "kept").write_bytes(data)
        library.adopt(folder / "kept", name)
    assert files(library) == [library.path(name, kind=RECORDING, verify=True)]
    library.remove(name, RECORDING)
    library.remove(name, RECORDING)
    assert files(library) == []
