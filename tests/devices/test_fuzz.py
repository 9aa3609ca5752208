"""A few hundred inputs of the fuzzer: it runs, and nothing that it may not find is found."""

import random

import pytest

from benchmarks import fuzz
from devices.errors import StoreFailed
from devices.messages import JournalEvent
from devices.speaker.ports import JournalEntry
from devices.speaker.store import SqliteStore


def test_a_short_run_finds_nothing():
    found = fuzz.measure(minutes=1.0, rounds=15)
    assert found["shown"] == []
    assert all(found["outcomes"][name].get("taken") for name in fuzz.TARGETS)
    assert found["outcomes"]["decoder"]["refused"] > 100


def test_an_input_comes_again_by_its_number():
    target = fuzz.TARGETS["decoder"]
    assert [target(random.Random("decoder 7.1")) for _ in range(3)].count(
        target(random.Random("decoder 7.1"))
    ) == 3


def test_an_event_that_cannot_be_read_is_a_failed_store(tmp_path):
    store = SqliteStore(tmp_path / "store")
    store.append(JournalEntry("boot", JournalEvent(seq=1, at=1, event="done")))
    store._run("UPDATE journal SET body = ?", b'{"seq": 1, "at"')
    with pytest.raises(StoreFailed):
        store.pending(10)
    store.abandon()
