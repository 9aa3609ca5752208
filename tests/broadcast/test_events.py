"""Live events: each reader sees each event of its areas once, in order, and misses none."""

from __future__ import annotations

import datetime as dt
import threading
import time

from sqlalchemy import text

from broadcast.storage import events
from broadcast.storage.database import before_commit


def emit(database, now, area_id=None, kind="bulletin", **data):
    with database.transaction() as session:
        events.emit(session, now=now, kind=kind, area_id=area_id, subject=1, **data)


def since(database, after=0, areas=None, limit=100):
    with database.transaction(read_only=True) as session:
        return events.since(session, after, areas, limit)


def test_a_reader_sees_its_own_areas_and_what_concerns_all(database, now):
    emit(database, now, 1, number=1)
    emit(database, now, 2, number=2)
    emit(database, now, None, number=3)
    assert [event.data["number"] for event in since(database, areas={1})] == [1, 3]
    assert [event.data["number"] for event in since(database)] == [1, 2, 3]
    assert [event.data["number"] for event in since(database, areas=set(range(1, 6000)))] == [1, 2, 3]


def test_a_reader_of_very_many_areas_is_not_held_up_by_others_events(database, now):
    for _ in range(12):
        emit(database, now, 99_999)
    emit(database, now, 1, kind="alarm")
    assert [event.kind for event in since(database, areas=set(range(1, 6000)), limit=2)] == ["alarm"]


def test_a_reader_continues_where_it_stopped(database, now):
    for number in range(5):
        emit(database, now, 1, number=number)
    first = since(database, areas={1}, limit=2)
    rest = since(database, first[-1].id, {1})
    assert [event.data["number"] for event in [*first, *rest]] == [0, 1, 2, 3, 4]


def test_a_page_that_opens_now_hears_only_what_comes(database, now):
    emit(database, now)
    with database.transaction(read_only=True) as session:
        start = events.last_id(session)
    emit(database, now, kind="alarm")
    assert [event.kind for event in since(database, start)] == ["alarm"]


def test_ids_follow_the_order_of_the_commits(database, now):
    """A transaction that announced first but commits last must not slip past a reader."""
    if database.kind == "sqlite":  # writers take turns there: the second would only wait for the first
        emit(database, now, kind="first")
        emit(database, now, kind="second")
    else:
        announced, done = threading.Event(), threading.Event()

        def slow():
            with database.transaction() as session:
                session.execute(text("SELECT 1"))
                events.emit(session, now=now, kind="second")
                announced.set()
                assert done.wait(60)

        thread = threading.Thread(target=slow)
        thread.start()
        assert announced.wait(60)
        emit(database, now, kind="first")
        done.set()
        thread.join()
    assert [event.kind for event in since(database)] == ["first", "second"]


def test_a_reader_never_passes_an_event_that_is_still_being_committed(database, now):
    """Its id is already given: what gets a larger one must not become visible before it."""
    numbered = threading.Event()

    def pause(_):
        numbered.set()
        time.sleep(0.3)

    def slow():
        with database.transaction() as session:
            events.emit(session, now=now, kind="first")
            before_commit(session, "3 pause", pause)

    thread = threading.Thread(target=slow)
    thread.start()
    assert numbered.wait(60)
    emit(database, now, kind="second")
    assert [event.kind for event in since(database)] == ["first", "second"]
    thread.join()


def test_old_events_are_forgotten_and_readers_still_go_on(database, now):
    emit(database, now - dt.timedelta(days=2))
    last = since(database)[-1].id
    with database.transaction() as session:
        assert events.prune(session, now - dt.timedelta(days=1)) == 1
    emit(database, now, kind="new")
    assert [event.kind for event in since(database, last)] == ["new"]
