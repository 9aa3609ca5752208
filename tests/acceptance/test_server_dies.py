"""The server dies by ``kill -9`` at every step of dispatch and in the middle of a broadcast."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import func, select

from broadcast.models import Broadcast, JournalRow
from broadcast.plans.dispatch import STEPS
from devices.messages import Evidence

TEXT = "Bà con chú ý. Đây là bản tin thử của xã."


def journal_is_complete(station) -> bool:
    """The server has every journal event that its loudspeakers wrote."""
    written = sum(len(speaker.journal) for speaker in station.fleet.fleet.speakers.values())
    with station.database.transaction(read_only=True) as session:
        return session.scalar(select(func.count(JournalRow.id))) == written


def assert_played_once_and_proved(station, broadcast: Broadcast) -> None:
    station.wait_states(broadcast.id, {"done"})
    assert set(station.starts_heard(broadcast.occurrence).values()) == {1}
    assert {each.evidence for each in station.deliveries(broadcast.id)} == {Evidence.ELECTRICAL}
    assert len(station.as_runs(broadcast.id)) == len(station.identities)


@pytest.mark.parametrize("step", STEPS)
def test_a_server_killed_at_a_step_of_dispatch_loses_nothing_and_plays_nothing_twice(
    make_station, sqlite_url, step
):
    station = make_station(sqlite_url)
    server = station.serve(die_at=step)
    station.start_fleet()
    bulletin = station.approved_bulletin("Bản tin thử", TEXT)
    announcement = station.prepared_urgent("Nước sông lên nhanh.")

    station.flag.touch()
    schedule = station.schedule(bulletin, [dt.datetime.now(dt.UTC) + dt.timedelta(seconds=22)])
    urgent = station.broadcast(station.send_urgent(announcement))
    assert server.wait(20) == -9
    station.serve()

    assert_played_once_and_proved(station, urgent)
    [slot] = station.planned(schedule, 1)
    assert_played_once_and_proved(station, slot)
    station.wait_for(lambda: journal_is_complete(station), "the whole journal")


def test_a_server_killed_in_the_middle_of_a_broadcast_finds_it_played_and_proved(make_station, sqlite_url):
    station = make_station(sqlite_url)
    server = station.serve()
    station.start_fleet()
    bulletin = station.approved_bulletin("Bản tin dài", TEXT * 8)
    schedule = station.schedule(bulletin, [dt.datetime.now(dt.UTC) + dt.timedelta(seconds=8)])
    [slot] = station.planned(schedule, 1)
    station.wait_states(slot.id, {"playing"})

    server.kill()
    assert server.wait(5) == -9
    station.serve()

    assert_played_once_and_proved(station, slot)
    station.wait_for(lambda: journal_is_complete(station), "the whole journal")
