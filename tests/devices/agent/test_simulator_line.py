"""The network of a simulated loudspeaker: it takes its time, loses packets, and is cut."""

import asyncio
import os
import random
import time

import pytest

from devices.errors import FetchUnreachable, LinkDown
from devices.simulator import Profile, run_virtual
from devices.simulator.line import Line, LineFetcher, LineLink
from devices.simulator.memory import MemoryBroker, MemoryFiles
from devices.simulator.profile import Traits
from devices.speaker.ports import Message

EPOCH = 1_790_000_000.0
MINUTE, DAY = 60, 86_400


def test_a_line_takes_the_time_of_its_bandwidth_delay_and_lost_packets():
    async def main(loop):
        line = Line(Traits(delay_s=0.1, bytes_per_s=1000), random.Random(1))
        await line.carry(2000)
        assert loop.time() == pytest.approx(2.1)
        await asyncio.gather(line.carry(1000), line.carry(1000))  # one after the other
        assert loop.time() == pytest.approx(4.2)
        lossy = Line(Traits(loss=1.0), random.Random(1))
        await lossy.carry(1000)
        assert loop.time() == pytest.approx(4.4)

    run_virtual(main, EPOCH)


def test_a_slow_line_delays_messages_but_the_delay_of_one_does_not_add_to_the_next():
    async def main(loop):
        broker = MemoryBroker()
        line = Line(Traits(delay_s=2.0), random.Random(1))
        link = LineLink(broker.link(), line)
        await link.connect(Message("will", b""), ["a"])
        begun = loop.time()
        for n in range(3):
            broker.publish(Message("a", bytes([n])))
        assert [(await link.receive()).payload[0] for _ in range(3)] == [0, 1, 2]
        assert loop.time() - begun == pytest.approx(2.0)

    run_virtual(main, EPOCH)


def test_a_cut_breaks_connections_and_downloads_and_sends_the_last_will(tmp_path):
    async def main(loop):
        said = []
        broker = MemoryBroker(said.append)
        line = Line(Traits(), random.Random(1))
        link = LineLink(broker.link(), line)
        await link.connect(Message("will", b"gone"), ["a"])
        line.cut("storm")
        with pytest.raises(LinkDown):
            await link.receive()
        with pytest.raises(LinkDown, match="storm"):
            await link.publish(Message("a", b""))
        with pytest.raises(FetchUnreachable):
            await LineFetcher(MemoryFiles(), line, None).fetch("u", "0" * 64, 5, tmp_path)
        assert [message.payload for message in said] == [b"gone"]

    run_virtual(main, EPOCH)


def test_who_connects_during_a_cut_gets_through_some_time_after_it_each_at_its_own():
    async def main(loop):
        line, broker = Line(Traits(), random.Random(1)), MemoryBroker()
        line.cut("storm")
        line.cut("flood")
        links = [LineLink(broker.link(), line) for _ in range(8)]
        connecting = [asyncio.create_task(link.connect(Message("will", b""), [])) for link in links]
        line.mend("storm")
        await asyncio.sleep(MINUTE)
        assert not any(task.done() for task in connecting)
        line.mend("flood")
        await asyncio.sleep(MINUTE / 2)
        assert {task.done() for task in connecting} == {True, False}
        line.cut("again")
        await asyncio.sleep(MINUTE)
        through = [task.done() for task in connecting]
        line.mend("again")
        await asyncio.gather(*connecting)
        assert not all(through)

    run_virtual(main, EPOCH)


def test_the_room_of_a_disk_follows_what_comes_and_goes(tmp_path):
    disk = LineFetcher(MemoryFiles(), Line(Traits(), random.Random(1)), 10_000)
    assert disk.free(tmp_path / "not yet there") == 10_000
    for name, left in (("a", 9_900), ("b", 9_800)):
        (tmp_path / name).write_bytes(bytes(100))
        assert disk.free(tmp_path) == left
    old = time.time() - 60
    os.utime(tmp_path, (old, old))
    assert disk.free(tmp_path) == disk.free(tmp_path) == 9_800
    (tmp_path / "a").unlink()
    assert disk.free(tmp_path) == 9_900


def test_cuts_come_at_their_times_and_by_their_rate():
    async def main(loop):
        profile = Profile.parse("[network]\ncuts = [{after_s = 60, lasts_s = 30}]\n")
        line = Line(profile.draw(["x"], random.Random(1))["x"], random.Random(1))
        line.follow_plan()
        assert await ups_and_downs(loop, line, 3 * MINUTE) == [60, 90]
        often = Line(Traits(cuts_per_day=24, cut_s=60), random.Random(2))
        often.follow_plan()
        cuts = len(await ups_and_downs(loop, often, 4 * DAY, step=30)) / 2
        often.forget_plan()
        assert 60 <= cuts <= 130

    run_virtual(main, EPOCH)


async def ups_and_downs(loop, line, seconds, step=10):
    begun, up, changes = loop.time(), line.is_up, []
    while loop.time() < begun + seconds:
        await asyncio.sleep(step)
        if line.is_up is not up:
            up = line.is_up
            changes.append(round(loop.time() - begun, -1))
    return changes
