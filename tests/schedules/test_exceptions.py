"""Moving, leaving out and bringing back agree with a set of times that people would write on a board."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schedules import exceptions, recurrence
from schedules.errors import NotAiring, RuleError
from schedules.holidays import Calendar
from schedules.types import LOCAL, Frequency, Move, OnHolidays, Rule
from schedules.validation import validate

MONDAY = dt.date(2026, 3, 2)
DAYS = 12
TIMES = (dt.time(5, 30), dt.time(17))
RULES = (
    Rule(Frequency.DAILY, MONDAY, TIMES),
    Rule(Frequency.WEEKLY, MONDAY, TIMES[:1], weekdays=frozenset({0, 3})),
    Rule(Frequency.DATES, MONDAY, TIMES, dates=(MONDAY, MONDAY + dt.timedelta(days=5))),
    Rule(Frequency.ONCE, MONDAY + dt.timedelta(days=1), TIMES[:1]),
    Rule(Frequency.DAILY, MONDAY, TIMES, interval=2, skipped_days=(MONDAY + dt.timedelta(days=4),)),
)


def at(day: int, time: str) -> dt.datetime:
    return dt.datetime.combine(MONDAY + dt.timedelta(days=day), dt.time.fromisoformat(time))


def aired(rule: Rule) -> set[dt.datetime]:
    start = dt.datetime.combine(MONDAY, dt.time(), tzinfo=LOCAL)
    found = recurrence.occurrences(rule, start, start + dt.timedelta(days=DAYS))
    return {each.nominal for each in found}


def silent(rule: Rule) -> set[dt.datetime]:
    return set(exceptions.left_out(rule, MONDAY, MONDAY + dt.timedelta(days=DAYS)))


moments = st.builds(at, st.integers(0, DAYS - 1), st.sampled_from(["05:30", "17:00", "09:15"]))
steps = st.lists(
    st.tuples(st.sampled_from(["move", "move", "skip", "back"]), st.integers(0, 99), moments), max_size=14
)


@settings(max_examples=250, deadline=None)
@given(rule=st.sampled_from(RULES), steps=steps)
def test_any_sequence_of_changes_airs_what_stands_on_the_board(rule, steps):
    rule = validate(rule)
    board, gone = aired(rule), silent(rule)
    for action, which, to in steps:
        if action == "back" and gone:
            chosen = sorted(gone)[which % len(gone)]
            rule = exceptions.bring_back(rule, chosen)
            board.add(chosen)
        elif action != "back" and board:
            chosen = sorted(board)[which % len(board)]
            board.discard(chosen)
            if action == "move":
                rule = exceptions.move(rule, {chosen: to})
                board.add(to)
            else:
                rule = exceptions.leave_out(rule, [chosen])
                gone.add(chosen)
        gone -= board
        assert aired(rule) == board
        assert silent(rule) >= gone
        gone = silent(rule)
        assert rule == recurrence.from_dict(recurrence.to_dict(rule))


def test_many_are_moved_at_once_not_one_after_the_other():
    """An hour later each: what arrives where another one was must not be moved a second time."""
    rule = validate(Rule(Frequency.ONCE, MONDAY, (dt.time(5), dt.time(6), dt.time(7))))
    later = {at(0, f"0{hour}:00"): at(0, f"0{hour + 1}:00") for hour in (5, 6, 7)}
    assert aired(exceptions.move(rule, later)) == set(later.values())


def test_an_airing_that_is_moved_back_leaves_no_exception():
    rule = validate(RULES[0])
    there = exceptions.move(rule, {at(1, "17:00"): at(1, "18:00")})
    assert there.moved == (Move(at(1, "17:00"), at(1, "18:00")),)
    assert exceptions.move(there, {at(1, "18:00"): at(1, "17:00")}) == rule


def test_the_only_airing_of_a_rule_is_moved_by_changing_the_rule():
    moved = exceptions.move(validate(RULES[3]), {at(1, "05:30"): at(3, "18:00")})
    assert moved == Rule(Frequency.ONCE, MONDAY + dt.timedelta(days=3), (dt.time(18),))


@pytest.mark.parametrize("policy", OnHolidays)
def test_the_only_airing_of_a_rule_sounds_where_it_is_put_also_on_a_holiday(policy):
    day = MONDAY if policy is OnHolidays.ONLY else MONDAY + dt.timedelta(days=1)
    once = Rule(Frequency.ONCE, day, TIMES[:1], on_holidays=policy)
    festival = Calendar(days_off=((MONDAY, "Lễ hội"),))
    was, to = at((day - MONDAY).days, "05:30"), at(1 if policy is OnHolidays.ONLY else 0, "17:00")
    moved = exceptions.move(once, {was: to}, festival)
    assert exceptions.airs(moved, to, festival)
    assert not exceptions.airs(moved, was, festival)


def test_what_was_moved_and_left_out_comes_back_where_it_had_been_moved_to():
    rule = exceptions.move(validate(RULES[0]), {at(1, "17:00"): at(1, "18:00")})
    rule = exceptions.leave_out(rule, [at(1, "18:00")])
    assert silent(rule) == {at(1, "18:00")}
    assert at(1, "18:00") in aired(exceptions.bring_back(rule, at(1, "18:00")))


def test_one_time_of_a_day_that_is_left_out_comes_back_alone():
    rule = validate(replace(RULES[0], skipped_days=(MONDAY,)))
    rule = exceptions.bring_back(rule, at(0, "17:00"))
    assert at(0, "17:00") in aired(rule)
    assert silent(rule) == {at(0, "05:30")}


@pytest.mark.parametrize("change", [exceptions.move, exceptions.leave_out, exceptions.bring_back])
def test_nothing_is_changed_where_nothing_airs(change):
    never = at(0, "12:00")
    wanted = {exceptions.move: {never: at(0, "13:00")}, exceptions.leave_out: [never]}.get(change, never)
    with pytest.raises(NotAiring):
        change(validate(RULES[0]), wanted)


def test_a_time_with_a_zone_is_refused():
    with pytest.raises((RuleError, NotAiring)):
        exceptions.move(validate(RULES[0]), {at(0, "17:00"): at(0, "18:00").replace(tzinfo=dt.UTC)})
