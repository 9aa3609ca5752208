"""Screentinker: 1,040 plays are lost because the server was away for six hours.

There the log was written by the server. Here each loudspeaker keeps its own until the server says that it
has it: the six hours pass in virtual time without server and broker, and when both are back the server dies
once more, in the middle of what the loudspeakers have to tell.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import random
import signal

from sqlalchemy import func, select

from broadcast.models import AsRun, JournalRow
from devices.messages import ItemState
from devices.simulator import Fleet, Profile, Surroundings, Truth, run_virtual
from devices.simulator.memory import MemoryBroker, MemoryFiles
from schedules.types import LOCAL, Frequency, Rule

LOUDSPEAKERS, PLAYS = 5, 52
ALL = LOUDSPEAKERS * PLAYS  # a quarter of the 1,040
OUTAGE = dt.timedelta(hours=6)
NO_NETWORK = Profile.parse('faults = ["no_network"]')


def test_every_play_of_six_hours_without_a_server_is_in_the_log_and_none_is_twice(make_station, sqlite_url):
    station = make_station(sqlite_url, loudspeakers=LOUDSPEAKERS)
    tomorrow = station.now().astimezone(LOCAL) + dt.timedelta(days=1)
    morning = dt.datetime.combine(tomorrow, dt.time(7, 58), tzinfo=LOCAL)
    station.leap(morning)
    station.serve_here()
    station.start_fleet()
    bulletin = station.approved_bulletin("Tin bão", "Bà con chú ý.")
    plays = station.planned(station.schedule_by(every_few_minutes(morning), [bulletin]), PLAYS)
    station.bring_into_every_store(PLAYS)
    station.stop_fleet()
    station.stop_servers()

    begin = station.now()
    played = run_virtual(lambda loop: outage(station, loop), begin.timestamp())
    assert played == {each.occurrence: LOUDSPEAKERS for each in plays}

    station.leap(begin + OUTAGE)
    server = station.serve(ahead_s=station.ahead.total_seconds())
    station.start_fleet()
    station.wait_for(lambda: rows(station, JournalRow) > 0, "the first of the log")
    server.send_signal(signal.SIGKILL)
    assert server.wait(10) == -signal.SIGKILL
    station.serve_here()

    station.wait_for(lambda: rows(station, AsRun) == ALL, f"{ALL} plays in the log")
    with station.database.transaction(read_only=True) as session:
        runs = session.scalars(select(AsRun)).all()
    assert {run.result for run in runs} == {ItemState.DONE}
    assert len({(run.loudspeaker_id, run.occurrence) for run in runs}) == ALL
    assert all(run.started_at < run.ended_at < begin + OUTAGE for run in runs)


def every_few_minutes(morning: dt.datetime) -> Rule:
    first = morning + dt.timedelta(minutes=2)
    gap = dt.timedelta(minutes=6)
    times = tuple((first + each * gap).time() for each in range(PLAYS))
    return Rule(Frequency.ONCE, morning.date(), times)


async def outage(station, loop) -> dict[str, int]:
    """Six hours on what is stored; returns how often each item began to play, over all loudspeakers."""
    folder = station.home / "boxes"
    around = Surroundings(
        folder,
        random.Random(1040),
        truth=Truth(loop.wall, loop.time),
        make_link=lambda _: MemoryBroker().link(),
        fetcher=MemoryFiles(),
    )
    fleet = Fleet(station.identities, folder, profile=NO_NETWORK, surroundings=around)
    async with fleet:
        await asyncio.sleep(OUTAGE.total_seconds())
    begun: dict[str, int] = {}
    for speaker in fleet.speakers.values():
        for event in speaker.journal:
            if event.event == ItemState.PLAYING:
                begun[event.item] = begun.get(event.item, 0) + 1
    return begun


def rows(station, table: type[AsRun] | type[JournalRow]) -> int:
    with station.database.transaction(read_only=True) as session:
        return session.scalar(select(func.count()).select_from(table)) or 0
