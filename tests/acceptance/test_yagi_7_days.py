"""Typhoon Yagi: a week without a network and hours without mains; the programme plays, the log arrives whole.

The week passes in virtual time, by the stores and the drifting clocks of the loudspeakers alone. What was
before and what comes after is real: server, broker, downloads and journal.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import random
import time

from sqlalchemy import select

from broadcast.models import AsRun, Broadcast, JournalRow, Loudspeaker
from devices.messages import Evidence, ItemState
from devices.simulator import Fault, Fleet, Profile, Surroundings, Truth, run_virtual
from devices.simulator.memory import MemoryBroker, MemoryFiles
from schedules.types import LOCAL, Frequency, Rule

TEXT = "Bà con chú ý. Đây là bản tin bão của xã."
TIMES = (dt.time(5, 30), dt.time(17))
DAYS = 7
DRIFT_PPM = 30
WEEK = Profile.parse(f'faults = ["no_network"]\n[clock]\ndrift_ppm = [-{DRIFT_PPM}, {DRIFT_PPM}]')
HOUR = 3600.0


def test_yagi_7_days_of_programme_play_without_network_and_the_log_arrives_complete(make_station, sqlite_url):
    station = make_station(sqlite_url, loudspeakers=2, rate=1.0)
    station.serve_here()
    station.start_fleet()
    broadcasts = programme_of_the_week(station)

    cut_at = time.time()
    station.stop_fleet()
    station.stop_servers()
    week = Week(station, broadcasts, cut_at)
    ended = run_virtual(week.pass_by, cut_at)

    station.leap(dt.datetime.fromtimestamp(ended, dt.UTC))
    station.serve_here()
    station.start_fleet()
    journals = {device: tuple(journal) for device, journal in week.journals.items()}
    station.wait_for(lambda: holds_all(station, journals), "the journal of the week")
    assert_no_gap(station)
    assert_as_run_is_the_programme(station, broadcasts, week)
    week.assert_everything_sounded_at_its_time()


def programme_of_the_week(station) -> list[Broadcast]:
    """Two bulletins a day from tomorrow on, brought at once into every store: the typhoon is announced."""
    bulletin = station.approved_bulletin("Tin bão", TEXT)
    first = station.now().astimezone(LOCAL).date() + dt.timedelta(days=1)
    rule = Rule(Frequency.DAILY, first, TIMES, until=first + dt.timedelta(days=DAYS - 1))
    planned = station.planned(station.schedule_by(rule, [bulletin]), DAYS * len(TIMES))
    station.bring_into_every_store(len(planned))
    return planned


class Week:
    """Seven days in virtual time: where the mains fail, and what really sounded when."""

    def __init__(self, station, broadcasts, began: float) -> None:
        self._station = station
        self._began = began
        self._starts = [each.start.timestamp() for each in broadcasts]
        self._items = {each.occurrence: each.start.timestamp() for each in broadcasts}
        self.journals = {}
        self.sounded = {}  # (device, item) -> true instant of the first sample
        devices = [each.device for each in station.identities]
        flood, lightning = broadcasts[5], broadcasts[8]
        self.missed = {(device, flood.occurrence) for device in devices}
        self.interrupted = {(devices[1], lightning.occurrence)}
        starts = flood.start.timestamp(), lightning.start.timestamp()
        self._outages = [
            *((starts[0] - HOUR, starts[0] + 5 * HOUR, device) for device in devices),
            (starts[1] + 1.5, starts[1] + HOUR, devices[1]),
        ]

    async def pass_by(self, loop) -> float:
        """Returns when it ended."""
        folder = self._station.home / "boxes"
        around = Surroundings(
            folder,
            random.Random(2024),
            truth=Truth(loop.wall, loop.time),
            make_link=lambda _: MemoryBroker().link(),
            fetcher=MemoryFiles(),
        )
        fleet = Fleet(self._station.identities, folder, profile=WEEK, surroundings=around)
        for device, speaker in fleet.speakers.items():
            speaker.journal = self.journals[device] = Seen(device, loop, self.sounded)
        async with fleet:
            for at, back, device in self._outages:
                loop.call_at(at - self._began, lambda d=device: loop.create_task(power(fleet, d, "break_")))
                loop.call_at(back - self._began, lambda d=device: loop.create_task(power(fleet, d, "mend")))
            await sleep_until(loop, max(self._starts) + HOUR)
        return loop.wall()

    def assert_everything_sounded_at_its_time(self) -> None:
        expected = {(device, item) for device in self.journals for item in self._items} - self.missed
        assert set(self.sounded) == expected
        for (_, item), instant in self.sounded.items():
            drifted = (self._items[item] - self._began) * DRIFT_PPM * 1e-6
            assert abs(instant - self._items[item]) < drifted + 0.1


async def power(fleet, device: str, what: str) -> None:
    await getattr(fleet, what)(device, Fault.NO_POWER)


async def sleep_until(loop, instant: float) -> None:
    await asyncio.sleep(instant - loop.wall())


class Seen(list):
    """A journal that notes by the true clock when each item began to sound."""

    def __init__(self, device, loop, sounded) -> None:
        super().__init__()
        self._device, self._loop, self._sounded = device, loop, sounded

    def append(self, event) -> None:
        super().append(event)
        if event.event == ItemState.PLAYING:
            ago_ms = event.at - event.started
            self._sounded[self._device, event.item] = self._loop.wall() - ago_ms / 1000


def rows_of(station):
    query = select(Loudspeaker.device, JournalRow.seq, JournalRow.event, JournalRow.occurrence)
    with station.database.transaction(read_only=True) as session:
        return [tuple(row) for row in session.execute(query.join_from(JournalRow, Loudspeaker))]


def holds_all(station, journals) -> bool:
    written = {
        (device, each.seq, each.event, each.item) for device, all_ in journals.items() for each in all_
    }
    return written <= set(rows_of(station))


def assert_no_gap(station) -> None:
    for identity in station.identities:
        seqs = sorted(seq for device, seq, *_ in rows_of(station) if device == identity.device)
        assert seqs == list(range(1, len(seqs) + 1))


def assert_as_run_is_the_programme(station, broadcasts, week) -> None:
    """Row by row: what the mains took is missed or interrupted, everything else was heard to the end."""
    query = select(Loudspeaker.device, AsRun).join_from(AsRun, Loudspeaker)
    with station.database.transaction(read_only=True) as session:
        rows = {(device, run.occurrence): run for device, run in session.execute(query)}
    assert len(rows) == len(broadcasts) * len(station.identities)
    for broadcast in broadcasts:
        for identity in station.identities:
            key = identity.device, broadcast.occurrence
            run = rows[key]
            assert (run.planned_start, run.planned_ms) == (broadcast.start, broadcast.duration_ms)
            if key in week.missed:
                assert (run.result, run.started_at) == (ItemState.MISSED, None)
            elif key in week.interrupted:
                assert run.result is ItemState.INTERRUPTED
            else:
                assert (run.result, run.underruns) == (ItemState.DONE, 0)
                assert run.evidence >= Evidence.RENDERED
                assert abs(run.played_ms - run.planned_ms) <= 100
