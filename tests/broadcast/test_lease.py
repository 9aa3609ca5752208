"""One leader at a time, and a paused one changes nothing when it wakes up."""

from __future__ import annotations

import datetime as dt
import threading

import pytest
from sqlalchemy import select

from broadcast.models import Event, Lease
from broadcast.storage import lease
from broadcast.storage.database import Database
from broadcast.storage.lease import Leadership, LeaseLost

TTL = dt.timedelta(seconds=5)


def acquire(database: Database, holder: str, now: dt.datetime) -> int | None:
    with database.transaction() as session:
        return lease.acquire(session, "air", holder, now, TTL)


def test_the_first_gets_it_and_the_second_does_not(database: Database, now: dt.datetime) -> None:
    assert acquire(database, "one", now) == 1
    assert acquire(database, "two", now) is None


def test_renewing_keeps_the_token(database: Database, now: dt.datetime) -> None:
    acquire(database, "one", now)
    for seconds in range(1, 30, 4):
        assert acquire(database, "one", now + dt.timedelta(seconds=seconds)) == 1


def test_a_new_holder_gets_a_larger_token_and_the_old_one_is_fenced(
    database: Database, now: dt.datetime
) -> None:
    acquire(database, "one", now)
    later = now + TTL
    assert acquire(database, "two", later) == 2
    assert acquire(database, "one", later) is None
    with database.transaction() as session:
        assert not lease.holds(session, "air", 1, later)
        assert lease.holds(session, "air", 2, later)


def test_a_paused_leader_that_wakes_up_writes_nothing(database: Database, now: dt.datetime) -> None:
    token = acquire(database, "one", now)
    assert token is not None
    asleep = Leadership("air", "one", token)
    acquire(database, "two", now + TTL)
    woke = now + TTL
    with pytest.raises(LeaseLost), lease.fenced(database, asleep, woke) as session:
        session.add(Event(at=now, kind="from the past"))
    with database.transaction(read_only=True) as session:
        assert session.scalars(select(Event)).all() == []


def test_even_alone_a_leader_whose_time_is_over_must_ask_again(database: Database, now: dt.datetime) -> None:
    acquire(database, "one", now)
    with database.transaction() as session:
        assert not lease.holds(session, "air", 1, now + TTL)
    assert acquire(database, "one", now + TTL) == 2


def test_a_released_lease_is_free_at_once_and_a_fenced_token_releases_nothing(
    database: Database, now: dt.datetime
) -> None:
    acquire(database, "one", now)
    with database.transaction() as session:
        lease.release(session, "air", 1, now)
    assert acquire(database, "two", now) == 2
    with database.transaction() as session:
        lease.release(session, "air", 1, now)
    assert acquire(database, "three", now) is None


def test_of_many_that_ask_at_once_exactly_one_leads(database_url: str, now: dt.datetime) -> None:
    barrier, tokens = threading.Barrier(6), []

    def ask(name: str) -> None:
        own = Database(database_url)
        barrier.wait()
        tokens.append(acquire(own, name, now))
        own.dispose()

    threads = [threading.Thread(target=ask, args=(str(n),)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(tokens, key=str) == [1, None, None, None, None, None]


def test_leases_of_different_names_do_not_meet(database: Database, now: dt.datetime) -> None:
    acquire(database, "one", now)
    with database.transaction() as session:
        assert lease.acquire(session, "other", "two", now, TTL) == 1
        assert len(session.scalars(select(Lease)).all()) == 2
