"""The loudspeaker's store: what was synced survives a power cut, the journal has no gaps."""

import pytest

from devices.errors import StoreFailed
from devices.messages import JournalEvent
from devices.speaker.ports import JournalEntry
from devices.speaker.store import SqliteStore


def entry(seq, boot="b1"):
    return JournalEntry(boot, JournalEvent(seq=seq, at=seq * 10, event="armed", item=f"i{seq}"))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "speaker.sqlite"


@pytest.fixture
def open_store(path):
    made = []

    def make(**options):
        made.append(SqliteStore(path, **options))
        return made[-1]

    yield make
    for store in made:
        store.abandon()


@pytest.mark.parametrize("fsync", [True, False])
def test_what_was_synced_survives_a_power_cut_and_the_rest_does_not(open_store, fsync):
    store = open_store(fsync=fsync)
    store.keep("item", "a", b"1")
    store.append(entry(1))
    store.sync()
    store.keep("item", "a", b"2")
    store.append(entry(2))
    store.abandon()
    again = open_store()
    assert again.facts() == {("item", "a"): b"1"}
    assert [e.event.seq for e in again.pending(10)] == [1]
    assert again.last_seq() == 1


def test_a_fact_is_replaced_and_dropped(open_store):
    store = open_store()
    store.keep("number", "hold", b"1")
    store.keep("number", "hold", b"2")
    assert store.facts() == {("number", "hold"): b"2"}
    store.drop("number", "hold")
    assert store.facts() == {}


def test_the_numbers_go_on_over_boots_and_after_everything_was_confirmed(open_store):
    store = open_store()
    store.append(entry(1))
    store.append(entry(2))
    assert store.confirm("b1", 2) == 2
    store.close()
    again = open_store()
    assert again.last_seq() == 2
    again.append(entry(3, "b2"))
    assert again.pending(10) == [entry(3, "b2")]


def test_a_gap_in_the_journal_is_a_bug(open_store):
    store = open_store()
    store.append(entry(1))
    with pytest.raises(AssertionError, match="3 after 1"):
        store.append(entry(3))


def test_a_cursor_confirms_also_the_boots_before_its_own(open_store):
    store = open_store()
    store.append(entry(1, "b1"))
    store.append(entry(2, "b2"))
    store.append(entry(3, "b2"))
    assert store.confirm("b2", 2) == 2
    assert store.pending(10) == [entry(3, "b2")]


def test_a_cursor_of_a_store_that_is_no_more_confirms_nothing(open_store):
    store = open_store()
    store.append(entry(1, "b9"))
    assert store.confirm("before-the-card-was-replaced", 500) == 0
    assert len(store.pending(10)) == 1


def test_pending_entries_can_be_read_on_from_a_number(open_store):
    store = open_store()
    for seq in range(1, 8):
        store.append(entry(seq))
    assert [e.event.seq for e in store.pending(2, after=3)] == [4, 5]


def test_what_is_told_to_the_server_was_synced_before(open_store):
    store = open_store()
    store.append(entry(1))
    assert store.pending(10)
    store.abandon()
    assert open_store().last_seq() == 1


def test_a_store_in_use_can_be_looked_at(open_store, path):
    store = open_store()
    store.append(entry(1))
    store.sync()
    onlooker = SqliteStore(path, read_only=True)
    assert onlooker.last_seq() == 1
    with pytest.raises(StoreFailed):
        onlooker.keep("item", "a", b"1")
    onlooker.abandon()
    store.append(entry(2))
    store.sync()


def test_a_file_that_is_no_database_is_a_clear_error(path):
    path.write_bytes(b"this is not SQLite" * 100)
    with pytest.raises(StoreFailed, match="not a database"):
        SqliteStore(path)


def test_a_folder_that_is_not_there_is_a_clear_error(tmp_path):
    with pytest.raises(StoreFailed):
        SqliteStore(tmp_path / "nowhere" / "speaker.sqlite")


def test_a_simulation_may_keep_everything_in_memory():
    store = SqliteStore(":memory:")
    store.append(entry(1))
    assert store.pending(5) == [entry(1)]
    store.close()


def test_a_closed_store_may_be_closed_again_and_refuses_everything_else(open_store):
    store = open_store()
    store.keep("item", "a", b"1")
    store.close()
    store.close()
    for use in (store.sync, store.facts, lambda: store.pending(1), lambda: store.keep("item", "a", b"2")):
        with pytest.raises(StoreFailed):
            use()
