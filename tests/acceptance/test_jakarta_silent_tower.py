"""Jakarta: "the system says it was on", and the people below the towers heard nothing.

The flood of 1 January 2020; one of the flood towers had been dead for three years. Every tower here was sent
its bulletin, says that it has it, and renders it to the last sample. That is not yet sound: of one the horn
is open, of another the amplifier is mute, and only what a sensor felt and an ear heard counts as more.
"""

from __future__ import annotations

import datetime as dt
import time

import pytest
from sqlalchemy import select

from broadcast.care import monitoring
from broadcast.models import Broadcast, Loudspeaker
from broadcast.speakers import fleet
from devices.messages import Evidence, ItemState
from devices.simulator import Fault, Profile

EARS = Profile.parse("[sensors]\nload = true\nmicrophone = true")
DAYS, JUDGED_WITHIN_S = 3, 12.0
DAILY = "Bà con chú ý. Đây là bản tin hằng ngày của xã."


def test_a_dead_tower_is_found_by_the_daily_bulletin_long_before_the_flood(make_station, sqlite_url):
    station = make_station(sqlite_url, rate=1.0)
    station.serve_here()
    station.start_fleet(profile=EARS)
    dead, mute, well = [identity.device for identity in station.identities]
    station.fleet.break_(dead, Fault.DEAD_HORN)
    station.fleet.break_(mute, Fault.MUTED_AMPLIFIER)

    daily = on_air_and_judged(station)
    assert {each.state for each in station.deliveries(daily.id)} == {ItemState.DONE}
    assert reached(station, daily) == {
        dead: Evidence.ARMED,  # all samples were rendered, and no current flowed into the horn
        mute: Evidence.ELECTRICAL,  # current, and no sound
        well: Evidence.ACOUSTIC,
    }
    with station.database.transaction() as session:
        monitoring.watch(session, station.now())
        binh = station.person(session, station.cast.binh_id)
        found = fleet.search(session, binh, now=station.now()).items
        assert {row.device: row.faults for row in found} == {dead: ("dead_horn",), mute: (), well: ()}
    assert station.alarms() == {"dead_horn"}


def on_air_and_judged(station) -> Broadcast:
    """The first daily bulletin that every ear has heard: on a busy machine one may wake too late for it."""
    bulletin = station.approved_bulletin("Bản tin hằng ngày", DAILY)
    for _ in range(DAYS):
        start = station.now() + dt.timedelta(seconds=4)
        [daily] = station.planned(station.schedule(bulletin, [start]), 1)
        station.wait_over(daily.id)
        limit = time.monotonic() + JUDGED_WITHIN_S
        while time.monotonic() < limit:
            if scores(station, daily) == len(station.identities):
                return daily
            time.sleep(0.05)
    pytest.fail(f"not judged on any of {DAYS} days")


def reached(station, broadcast) -> dict[str, int]:
    """By device, the evidence of the as-run log."""
    with station.database.transaction(read_only=True) as session:
        devices = dict(session.execute(select(Loudspeaker.id, Loudspeaker.device)).all())
    return {devices[run.loudspeaker_id]: run.evidence for run in station.as_runs(broadcast.id)}


def scores(station, broadcast) -> int:
    """How many loudspeakers were judged by what was heard."""
    return sum(run.score is not None for run in station.as_runs(broadcast.id))
