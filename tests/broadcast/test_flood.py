"""One loudspeaker that floods: bounded where its messages arrive, told once, and nobody else suffers."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from broadcast.evidence.flood import AT_ONCE, CALM, PIECE, Bounds, Watch
from broadcast.models import Alarm

SECOND = dt.timedelta(seconds=1)
TOPICS = ("tele", "state", "evt", "ack")


class Hand:
    """A clock that stands where it was put."""

    def __init__(self) -> None:
        self.at = 1_000.0

    def __call__(self) -> float:
        return self.at


def topic(device: str, leaf: str = "evt") -> str:
    return f"ttcs/1/xa-thu/d/{device}/{leaf}"


@given(
    waits=st.lists(st.floats(0, 30), min_size=1, max_size=200),
    rate=st.floats(0.5, 50),
    at_once=st.integers(1, 40),
)
def test_in_no_stretch_of_time_does_more_pass_than_the_bound(
    waits: list[float], rate: float, at_once: int
) -> None:
    clock = Hand()
    bounds, passed = Bounds(rate, at_once, clock=clock), []
    for wait in waits:
        clock.at += wait
        if bounds.admits(topic("loa-1"), 100):
            passed.append(clock.at)
    for first, begin in enumerate(passed):
        for last in range(first, len(passed)):
            assert last - first + 1 <= at_once + rate * (passed[last] - begin) + 1.001


@given(waits=st.lists(st.floats(0.2, 30), max_size=100))
def test_who_keeps_to_the_rate_is_never_refused_whatever_others_do(waits: list[float]) -> None:
    clock = Hand()
    bounds = Bounds(5.0, 10, clock=clock)
    for wait in waits:
        clock.at += wait
        for _ in range(30):
            bounds.admits(topic("flood"), 100)
        assert bounds.admits(topic("honest"), 100)


def test_all_topics_of_a_device_share_one_bound_and_large_messages_count_for_more() -> None:
    clock = Hand()
    bounds = Bounds(1.0, 8, clock=clock)
    assert sum(bounds.admits(topic("a", TOPICS[n % 4]), 10) for n in range(100)) == 8
    assert sum(bounds.admits(topic("b"), 4 * PIECE) for _ in range(100)) == 2
    assert bounds.dropped == {"a": 92, "b": 98}


def test_the_journal_of_weeks_passes_at_once() -> None:
    bounds = Bounds(clock=Hand())
    assert all(bounds.admits(topic("away"), PIECE) for _ in range(AT_ONCE))


def test_the_book_forgets_who_owes_nothing() -> None:
    clock = Hand()
    bounds = Bounds(clock=clock)
    for number in range(60_000):
        clock.at += 0.001
        bounds.admits(topic(f"loa-{number}"), 10)
    assert len(bounds._paid_until) <= 20_001


def test_a_message_costs_less_than_a_microsecond() -> None:
    """Or no more than some calls that do nothing: the machine may be busy with other things."""
    bounds, names, count = Bounds(), [topic(f"loa-{n:04}") for n in range(5_000)], 30_000
    flood = topic("flood")

    def a_message(admits: Callable[[str, int], object]) -> float:
        began = time.process_time()
        for n in range(count):
            admits(names[n % 5_000], 300)
            admits(flood, 300)
        return (time.process_time() - began) / (2 * count)

    nothing = min(a_message(lambda _, __: True) for _ in range(7))
    assert min(a_message(bounds.admits) for _ in range(7)) < max(1e-6, 20 * nothing)


def alarms_of(stage: Any) -> list[tuple[int | None, int, bool]]:
    with stage.database.transaction(read_only=True) as session:
        found = session.scalars(select(Alarm).where(Alarm.kind == "flooding").order_by(Alarm.id))
        return [(each.loudspeaker_id, each.count, each.well_at is None) for each in found]


def look(stage: Any, watch: Watch, at: dt.datetime) -> None:
    with stage.database.transaction() as session:
        watch.look(session, at)


def flood(bounds: Bounds, device: str, dropped: int) -> None:
    before = bounds.dropped.get(device, 0)
    while bounds.dropped.get(device, 0) < before + dropped:
        bounds.admits(topic(device), 100)


def test_a_flood_is_one_alarm_of_that_box_and_over_when_it_is_calm(stage: Any) -> None:
    (box,) = stage.loudspeakers(1)
    bounds = Bounds(clock=Hand())
    watch, now = Watch(bounds), stage.now
    look(stage, watch, now)
    assert alarms_of(stage) == []
    for second in range(0, 90, 5):
        flood(bounds, box.device, 100)
        look(stage, watch, now + second * SECOND)
    ((whose, count, lasts),) = alarms_of(stage)
    assert (whose is not None, count, lasts) == (True, 1_300, True)
    calm = now + 85 * SECOND + CALM
    look(stage, watch, calm - SECOND)
    assert alarms_of(stage)[0][2]
    look(stage, watch, calm)
    assert not alarms_of(stage)[0][2]
    flood(bounds, box.device, 1)
    look(stage, watch, calm + SECOND)
    assert [lasts for *_, lasts in alarms_of(stage)] == [False, True]


def test_an_alarm_of_an_earlier_process_is_ended_and_a_stranger_has_one_too(stage: Any) -> None:
    bounds = Bounds(clock=Hand())
    flood(bounds, "nobody", 7)
    look(stage, Watch(bounds), stage.now)
    assert alarms_of(stage) == [(None, 7, True)]
    look(stage, Watch(Bounds()), stage.now + SECOND)
    assert alarms_of(stage) == [(None, 7, False)]
