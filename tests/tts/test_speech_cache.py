"""Sentences on disk: whole or absent, and never more than the limit."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from tts.cache import PieceCache
from tts.errors import StorageFailed


def test_what_was_put_comes_back(cache_dir: Path) -> None:
    cache = PieceCache(cache_dir)
    assert cache.get("ab12") is None
    cache.put("ab12", b"sound")
    assert PieceCache(cache_dir).get("ab12") == b"sound"
    cache.discard("ab12")
    assert cache.get("ab12") is None


def test_the_sentences_not_used_for_longest_make_room(cache_dir: Path) -> None:
    cache = PieceCache(cache_dir, limit=2_500)
    for number in range(3):
        cache.put(f"aa{number}", bytes(800))
        os.utime(cache_dir / "aa" / f"aa{number}.piece", (number, number))
    assert cache.get("aa0") is not None  # used again: now the newest
    cache.put("aa3", bytes(800))
    assert [cache.get(f"aa{number}") is not None for number in range(4)] == [True, False, True, True]


def test_many_writers_of_one_sentence_leave_one_whole_file(cache_dir: Path) -> None:
    data = os.urandom(200_000)
    threads = [threading.Thread(target=PieceCache(cache_dir).put, args=("cd34", data)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [path.name for path in cache_dir.rglob("*") if path.is_file()] == ["cd34.piece"]
    assert PieceCache(cache_dir).get("cd34") == data


def test_a_folder_that_cannot_be_made_is_a_typed_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageFailed):
        PieceCache(tmp_path / "file").put("ab12", b"sound")
    with pytest.raises(StorageFailed):
        PieceCache(tmp_path / "file").get("ab12")
