"""The simulator's store in memory behaves as the one in a file, power cuts included."""

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from devices.messages import JournalEvent
from devices.simulator.store import Medium, MemoryStore, Shelf
from devices.speaker.ports import JournalEntry
from devices.speaker.store import SqliteStore

STEPS = st.one_of(
    st.tuples(st.just("keep"), st.sampled_from("abc"), st.binary(max_size=300)),
    st.tuples(st.just("drop"), st.sampled_from("abc")),
    st.tuples(st.just("append"), st.sampled_from(["one", "two"])),
    st.tuples(st.just("pending"), st.integers(1, 5), st.integers(0, 20)),
    st.tuples(st.just("confirm"), st.sampled_from(["one", "two", "other"]), st.integers(0, 20)),
    st.tuples(st.just("sync")),
    st.tuples(st.just("close")),
    st.tuples(st.just("cut")),
)


@settings(max_examples=40)
@given(st.lists(STEPS, max_size=25))
def test_both_stores_answer_alike_whatever_is_done(steps):
    medium, shelf = Medium(), Shelf()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "store.sqlite"
        stores = [MemoryStore(medium, shelf), SqliteStore(path, fsync=False)]
        for step in steps:
            if step[0] in ("close", "cut"):
                for store in stores:
                    store.close() if step[0] == "close" else store.abandon()
                stores = [MemoryStore(medium, shelf), SqliteStore(path, fsync=False)]
            else:
                one, two = (carried_out(store, *step) for store in stores)
                assert one == two
            assert stores[0].last_seq() == stores[1].last_seq()
        assert stores[0].facts() == stores[1].facts()
        assert stores[0].pending(100) == stores[1].pending(100)
        for store in stores:
            store.close()


def carried_out(store, name, *arguments):
    match name:
        case "keep":
            return store.keep("kind", *arguments)
        case "drop":
            return store.drop("kind", *arguments)
        case "append":
            event = JournalEvent(seq=store.last_seq() + 1, at=1, event="armed")
            return store.append(JournalEntry(arguments[0], event))
        case "confirm":
            forgotten = store.confirm(*arguments)
            store.sync()  # the file may be given back what was forgotten without a sync
            return forgotten
        case _:
            return getattr(store, name)(*arguments)


def test_what_many_keep_alike_is_in_memory_once():
    shelf = Shelf()
    media = [Medium(), Medium()]
    for medium in media:
        store = MemoryStore(medium, shelf)
        store.keep("plan", "", b"x" * 1000)
        store.close()
    assert media[0].facts["plan", ""] is media[1].facts["plan", ""]
