"""Two workers share one PostgreSQL; the one that leads is paused and comes back."""

from __future__ import annotations

import datetime as dt
import os
import signal
import time

import pytest
from sqlalchemy import select

from broadcast.models import Broadcast, Lease

SLOTS = 60
ROLES = {"render", "air"}


@pytest.mark.timeout(240)
def test_sixty_slots_in_sixty_seconds_air_once_each_though_the_leader_is_paused(make_station, postgresql_url):
    station = make_station(postgresql_url, loudspeakers=2, rate=20.0)
    station.serve(roles={"broker"})
    workers = [station.serve(roles=ROLES, pages=False) for _ in range(2)]
    station.start_fleet()
    bulletin = station.approved_bulletin("Bản tin ngắn", "Bà con chú ý.")
    first = (dt.datetime.now(dt.UTC) + dt.timedelta(seconds=10)).replace(microsecond=0)
    schedule = station.schedule(bulletin, [first + dt.timedelta(seconds=n) for n in range(SLOTS)])
    slots = station.planned(schedule, SLOTS)

    sleep_until(first + dt.timedelta(seconds=15))
    paused, token = leader(station, workers)
    os.kill(paused, signal.SIGSTOP)
    station.wait_for(lambda: leader(station, workers)[0] != paused, "the other worker to lead")
    sleep_until(first + dt.timedelta(seconds=35))
    os.kill(paused, signal.SIGCONT)
    sleep_until(first + dt.timedelta(seconds=SLOTS))

    for slot in slots:
        station.wait_states(slot.id, {"done"})
        assert set(station.starts_heard(slot.occurrence).values()) == {1}
    with station.database.transaction(read_only=True) as session:
        rows = session.scalars(select(Broadcast.start).where(Broadcast.schedule_id == schedule)).all()
    assert sorted(rows) == [first + dt.timedelta(seconds=n) for n in range(SLOTS)]
    assert leader(station, workers)[1] > token


def leader(station, workers) -> tuple[int, int]:
    """The process that leads, and its fencing token."""
    with station.database.transaction(read_only=True) as session:
        lease = session.get_one(Lease, "air")
        found = [worker.pid for worker in workers if f".{worker.pid}." in lease.holder]
        return found[0], lease.token


def sleep_until(at: dt.datetime) -> None:
    time.sleep(max(0.0, (at - dt.datetime.now(dt.UTC)).total_seconds()))
