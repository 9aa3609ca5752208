"""What a broken box tells the server: its faults come with its state, and at worst as its last words."""

import asyncio

import pytest

from devices.errors import StoreFailed
from devices.speaker import assembly
from devices.speaker.assembly import assemble
from devices.speaker.sink_silent import SilentSink


def test_a_box_whose_store_fails_says_so_with_its_last_words(make_station, eventually, tmp_path):
    station = make_station("loa-1")

    def fail():
        raise StoreFailed("the card is dead")

    async def live_and_die():
        agent = assemble(station.identities["loa-1"], tmp_path, SilentSink())
        running = asyncio.create_task(agent.run())
        await agent.session.connected.wait()
        agent._world.store.sync = fail
        station.program("loa-1")
        with pytest.raises(StoreFailed):
            await running
        await agent.power_off()

    asyncio.run(asyncio.wait_for(live_and_die(), 60))
    eventually(lambda: station.states["loa-1"].faults == ("store_failed",))
    assert not station.states["loa-1"].online


def test_a_box_without_its_card_says_so_at_once_and_again_when_it_has_one(
    make_station, tmp_path, monkeypatch
):
    station = make_station("loa-1")
    card = {"there": False}

    async def run():
        monkeypatch.setattr(assembly, "DeviceSink", SilentSink)
        monkeypatch.setattr(assembly, "has_sound_card", lambda: card["there"])
        agent = assemble(station.identities["loa-1"], tmp_path, SilentSink())
        running = asyncio.create_task(agent.run())
        async with asyncio.timeout(60):
            while "loa-1" not in station.states or not station.states["loa-1"].faults:
                await asyncio.sleep(0.02)
            assert station.states["loa-1"].faults == ("no_sound_card",)
            card["there"] = True
            agent._hands.look(0)
            while station.states["loa-1"].faults:
                await asyncio.sleep(0.02)
        await agent.stop()
        await running

    asyncio.run(run())
