"""Simulated loudspeakers carry streams in virtual time, with outages as long as they are."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from devices.messages import Item, Relay
from devices.simulator import Fault, run_virtual
from devices.speaker.ports import RATE
from tests.devices.agent.test_simulator_virtual import EPOCH, MINUTE, Village

LENGTH = 8 * MINUTE


class Carrying(Village):  # type: ignore[misc]
    def _item(self, start: int, number: int, clip: Any) -> Item:
        carried = (Relay(url="http://radio.vn/live", duration_ms=LENGTH * 1000),)
        return Item(
            id="r",
            title="x",
            start=start,
            not_before=start,
            expires=start + 300_000,
            clips=(),
            relays=carried,
        )


@pytest.fixture
def last_word(tmp_path: Path) -> Callable[..., Any]:
    """What the loudspeaker says at last of a relay that begins in ten minutes."""

    def run(break_it: Callable[[Any], Any]) -> Any:
        async def main(loop: Any) -> Any:
            village = Carrying(loop, tmp_path)
            async with village.fleet:
                village.program(10 * MINUTE)
                await asyncio.sleep(12 * MINUTE)  # it has sounded for two minutes
                await break_it(village.fleet)
                await asyncio.sleep(10 * MINUTE)
                return [event for event in village.journal() if event.item == "r"][-1]

        return run_virtual(main, EPOCH)

    return run


def test_a_station_that_sends_is_carried_to_the_last_sample(last_word: Any) -> None:
    async def nothing(_: Any) -> None:
        pass

    said = last_word(nothing)
    assert (said.event, said.samples, said.underruns) == ("done", LENGTH * RATE, 0)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [(Fault.NO_STREAM, "relay_stalled"), (Fault.NO_NETWORK, "relay_unreachable")],
)
def test_an_outage_of_two_minutes_costs_two_minutes_and_the_proof_of_the_whole(
    last_word: Any, fault: Fault, reason: str
) -> None:
    async def outage(fleet: Any) -> None:
        await fleet.break_("loa-0", fault)
        await asyncio.sleep(2 * MINUTE)
        await fleet.mend("loa-0", fault)

    said = last_word(outage)
    assert (said.event, said.reason, said.underruns) == ("partial", reason, 1)
    assert said.samples == pytest.approx((LENGTH - 2 * MINUTE) * RATE, abs=2 * RATE)
