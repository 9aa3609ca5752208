"""A full disk: what goes first, what is refused, and what is never touched."""

from __future__ import annotations

import asyncio
import os
import random
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.errors import DiskFull, FetchUnreachable
from devices.messages import ClipRef
from devices.speaker.cache import JOURNAL_ROOM, URGENT_ROOM, Cache
from devices.speaker.clock import SystemClock
from devices.speaker.core import ClipEvicted, ClipFailed, ClipFetched, FetchClip
from devices.speaker.faults import Faults
from devices.speaker.ports import World
from devices.speaker.supplies import Supplies

KEPT_FREE = JOURNAL_ROOM + URGENT_ROOM
NEW = "f" * 64


def name(number):
    return f"{number:064x}"


class Disk:
    """A disk of ``room`` bytes beside the journal's and the urgent part; a cache whose files are sparse."""

    def __init__(self, folder, room, wanted=()):
        self.room = room
        self.wanted = set(wanted)
        self.cache = Cache(Path(folder) / "audio", lambda: self.wanted, self.free)

    def free(self, directory):
        return KEPT_FREE + self.room - sum(path.stat().st_size for path in directory.iterdir())

    def put(self, file, size, age=0):
        path = self.cache.directory / file
        path.touch()
        os.truncate(path, size)
        os.utime(path, (1_000_000 - age, 1_000_000 - age))


def test_the_oldest_of_what_nothing_wants_goes_first(tmp_path):
    disk = Disk(tmp_path, 100, wanted={name(3)})
    for number, age in ((1, 5), (2, 9), (3, 99), (4, 1)):
        disk.put(name(number), 25, age)
    assert disk.cache.make_room(NEW, 30, urgent=False) == [name(2), name(1)]
    assert disk.cache.clips() == {name(3), name(4)}
    assert not disk.cache.is_full


def test_what_would_not_fit_anyway_is_refused_and_nothing_is_deleted_for_it(tmp_path):
    disk = Disk(tmp_path, 100, wanted={name(1), NEW})
    disk.put(name(1), 80)
    disk.put(name(2), 15)
    with pytest.raises(DiskFull):
        disk.cache.make_room(NEW, 30, urgent=False)
    assert disk.cache.clips() == {name(1), name(2)}
    assert disk.cache.is_full
    disk.wanted.discard(NEW)
    assert not disk.cache.is_full


def test_an_urgent_announcement_finds_room_where_the_programme_finds_none(tmp_path):
    disk = Disk(tmp_path, 100, wanted={name(1), NEW})
    disk.put(name(1), 100)
    with pytest.raises(DiskFull):
        disk.cache.make_room(NEW, URGENT_ROOM, urgent=False)
    assert disk.cache.make_room(NEW, URGENT_ROOM, urgent=True) == []
    with pytest.raises(DiskFull):
        disk.cache.make_room(NEW, URGENT_ROOM + 1, urgent=True)


def test_two_downloads_at_once_do_not_take_the_same_room(tmp_path):
    disk = Disk(tmp_path, 100)
    disk.put(f"{name(1)}.part", 20)
    with disk.cache.bringing(name(1), 80):
        with pytest.raises(DiskFull):
            disk.cache.make_room(NEW, 30, urgent=False)
        assert disk.cache.make_room(NEW, 20, urgent=False) == []
        assert (disk.cache.directory / f"{name(1)}.part").exists()


def test_what_a_cut_download_has_brought_counts(tmp_path):
    disk = Disk(tmp_path, 100, wanted={NEW})
    disk.put(f"{NEW}.part", 90)
    assert disk.cache.make_room(NEW, 100, urgent=False) == []


@given(
    st.lists(st.tuples(st.integers(1, 40), st.integers(0, 9), st.booleans()), max_size=12),
    st.integers(1, 120),
    st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_what_the_coming_days_need_is_never_touched(files, size, urgent):
    with tempfile.TemporaryDirectory() as folder:
        wanted = {name(number) for number, (_, _, keep) in enumerate(files) if keep}
        disk = Disk(folder, 100, wanted)
        for number, (length, age, _) in enumerate(files):
            disk.put(name(number), length, age)
        try:
            gone = set(disk.cache.make_room(NEW, size, urgent=urgent))
        except DiskFull:
            gone = set()
        else:
            kept_free = JOURNAL_ROOM if urgent else KEPT_FREE
            assert disk.free(disk.cache.directory) - size >= kept_free
        disk.cache.evict(10**15)
        assert not gone & wanted
        assert disk.cache.clips() & wanted == wanted


def fetched(disk, fetcher, *orders):
    """What the core hears of these orders, and the faults after each."""

    async def run():
        events, faults = [], Faults()
        world = World(None, fetcher, None, None, None, SystemClock())
        supplies = Supplies(world, disk.cache, None, events.append, rng=random.Random(1), faults=faults)
        codes = []
        for order in orders:
            await supplies.fetch_clip(order)
            codes.append(faults.codes)
        return events, codes

    return asyncio.run(run())


class Brings:
    """A fetcher that writes what it is asked for."""

    async def fetch(self, url, sha256, size, directory):
        (directory / sha256).touch()
        os.truncate(directory / sha256, size)
        return directory / sha256


def order(number, size):
    return FetchClip(ClipRef(sha256=name(number), size=size, duration_ms=1, url="http://s/x"), 0)


def test_a_full_disk_is_a_fault_until_there_is_room_again(tmp_path):
    disk = Disk(tmp_path, 100 - URGENT_ROOM, wanted={name(2), name(3)})
    disk.put(name(1), 60)
    events, codes = fetched(disk, Brings(), order(2, 120), order(2, 90), order(3, 20))
    kinds = [type(event) for event in events]
    assert kinds == [ClipFailed, ClipEvicted, ClipFetched, ClipFailed]
    assert codes == [("disk_full",), (), ("disk_full",)]
    assert disk.cache.clips() == {name(2)}


def test_a_disk_that_others_fill_during_a_download_is_told_too(tmp_path):
    class Filled:
        async def fetch(self, url, sha256, size, directory):
            raise DiskFull("no room")

    disk = Disk(tmp_path, 100, wanted={name(1)})
    assert fetched(disk, Filled(), order(1, 10))[1] == [("disk_full",)]


def test_a_line_that_is_down_is_no_full_disk(tmp_path):
    class Down:
        async def fetch(self, url, sha256, size, directory):
            raise FetchUnreachable("cut")

    disk = Disk(tmp_path, 100, wanted={name(1)})
    assert fetched(disk, Down(), order(1, 10))[1] == [()]


def test_an_order_to_fetch_now_ends_the_wait_for_a_turn(tmp_path):
    async def run():
        events = []
        world = World(None, Brings(), None, None, None, SystemClock())
        cache = Disk(tmp_path, 100).cache
        supplies = Supplies(world, cache, None, events.append, rng=random.Random(1), faults=Faults())
        later = SystemClock().utc_ms() + 86_400_000
        waiting = asyncio.create_task(supplies.fetch_clip(FetchClip(order(1, 5).clip, later)))
        await asyncio.sleep(0.05)
        assert events == []
        supplies.hurry()
        async with asyncio.timeout(10):
            await waiting
        return events

    assert asyncio.run(run()) == [ClipFetched(name(1))]
