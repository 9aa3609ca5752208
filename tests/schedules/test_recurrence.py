"""Rules against a brute-force evaluator, and their stored and spoken forms."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedules import recurrence
from schedules.errors import RuleError
from schedules.types import LOCAL, Frequency, Rule

DAY = dt.date(2026, 3, 2)  # a Monday
UTC = dt.UTC

dates = st.dates(dt.date(2025, 1, 1), dt.date(2027, 12, 31))
times = st.times().map(lambda t: t.replace(microsecond=0))


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    frequency = draw(st.sampled_from([Frequency.ONCE, Frequency.DAILY, Frequency.WEEKLY]))
    weekdays = (
        draw(st.frozensets(st.integers(0, 6), min_size=1)) if frequency is Frequency.WEEKLY else frozenset()
    )
    starts_on = draw(dates)
    length = draw(st.none() | st.integers(0, 60))
    until = None if length is None else starts_on + dt.timedelta(days=length)
    chosen = draw(st.lists(times, min_size=1, max_size=4, unique=True))
    return Rule(frequency, starts_on, tuple(sorted(chosen)), frozenset(weekdays), until)


def brute_force(rule: Rule, start: dt.datetime, end: dt.datetime) -> list[dt.datetime]:
    """Every local day around the range, every time of the rule, kept when all conditions hold."""
    found = []
    for offset in range(-2, (end - start).days + 3):
        day = start.date() + dt.timedelta(days=offset)
        if day < rule.starts_on or (rule.until and day > rule.until):
            continue
        if rule.frequency is Frequency.ONCE and day != rule.starts_on:
            continue
        if rule.frequency is Frequency.WEEKLY and day.weekday() not in rule.weekdays:
            continue
        for time in rule.times:
            instant = dt.datetime.combine(day, time, tzinfo=LOCAL).astimezone(UTC)
            if start <= instant < end:
                found.append(instant)
    return sorted(found)


@given(rules(), dates, times, st.integers(0, 40 * 24 * 60))
def test_a_rule_expands_as_the_brute_force_does(
    rule: Rule, day: dt.date, time: dt.time, minutes: int
) -> None:
    start = dt.datetime.combine(day, time, tzinfo=UTC)
    end = start + dt.timedelta(minutes=minutes)

    found = list(recurrence.occurrences(rule, start, end))

    assert [o.start for o in found] == brute_force(rule, start, end)
    assert all(o.nominal == o.start.astimezone(LOCAL).replace(tzinfo=None) for o in found)


@given(rules(), dates, st.integers(0, 20), st.integers(0, 20))
def test_two_adjoining_ranges_give_what_the_whole_gives(rule: Rule, day: dt.date, a: int, b: int) -> None:
    start = dt.datetime.combine(day, dt.time(), tzinfo=UTC)
    middle, end = start + dt.timedelta(days=a), start + dt.timedelta(days=a + b)
    halves = [*recurrence.occurrences(rule, start, middle), *recurrence.occurrences(rule, middle, end)]
    assert halves == list(recurrence.occurrences(rule, start, end))


@given(rules())
def test_a_rule_survives_its_stored_form(rule: Rule) -> None:
    assert recurrence.from_dict(recurrence.to_dict(rule)) == rule


@given(rules())
def test_every_rule_can_be_said_within_a_column(rule: Rule) -> None:
    assert 0 < len(recurrence.describe(rule)) <= 200


def test_half_past_five_in_vietnam_is_half_past_ten_the_evening_before_in_utc() -> None:
    rule = Rule(Frequency.DAILY, DAY, (dt.time(5, 30),))
    start = dt.datetime(2026, 3, 1, 17, tzinfo=UTC)  # midnight of DAY in Vietnam
    first = next(recurrence.occurrences(rule, start, start + dt.timedelta(days=1)))
    assert first.start == dt.datetime(2026, 3, 1, 22, 30, tzinfo=UTC)
    assert first.nominal.isoformat() == "2026-03-02T05:30:00"


def test_the_start_of_the_range_belongs_to_it_and_the_end_does_not() -> None:
    rule = Rule(Frequency.DAILY, DAY, (dt.time(5, 30),))
    at = dt.datetime(2026, 3, 3, 5, 30, tzinfo=LOCAL)
    found = list(recurrence.occurrences(rule, at, at + dt.timedelta(days=1)))
    assert [o.start for o in found] == [at]


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (Rule(Frequency.ONCE, DAY, (dt.time(15, 15),)), "Một lần, ngày 02/03/2026, lúc 15:15"),
        (
            Rule(Frequency.DAILY, DAY, (dt.time(17), dt.time(5, 30))),
            "Hằng ngày, lúc 05:30 và 17:00, từ 02/03/2026",
        ),
        (
            Rule(Frequency.WEEKLY, DAY, (dt.time(5),), frozenset({0, 2, 6}), dt.date(2026, 4, 1)),
            "Thứ Hai, thứ Tư và Chủ Nhật hằng tuần, lúc 05:00, từ 02/03/2026 đến hết 01/04/2026",
        ),
        (
            Rule(Frequency.WEEKLY, DAY, (dt.time(5),), frozenset(range(5))),
            "Thứ Hai đến thứ Sáu hằng tuần, lúc 05:00, từ 02/03/2026",
        ),
        (
            Rule(Frequency.ONCE, DAY, tuple(dt.time(9, 0, s) for s in range(60))),
            "Một lần, ngày 02/03/2026, 60 lần trong khoảng 09:00–09:00:59",
        ),
    ],
)
def test_a_rule_is_told_in_vietnamese(rule: Rule, words: str) -> None:
    assert recurrence.describe(rule) == words


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"times": []}, "no_times"),
        ({"times": ["05:00", "05:00"]}, "repeated_time"),
        ({"times": ["25:00"]}, "malformed"),
        ({"times": ["05:00+07:00"]}, "zoned_time"),
        ({"times": [f"{m // 60:02}:{m % 60:02}" for m in range(289)]}, "too_many_times"),
        ({"frequency": "hourly"}, "malformed"),
        ({"frequency": "weekly"}, "no_weekdays"),
        ({"frequency": "weekly", "weekdays": [7]}, "bad_weekday"),
        ({"frequency": "weekly", "weekdays": ["0"]}, "malformed"),
        ({"until": "2026-03-01"}, "until_before_start"),
        ({"starts_on": None}, "malformed"),
        ({"starts_on": "02/03/2026"}, "malformed"),
    ],
)
def test_a_wrong_rule_is_refused_with_its_reason(change: dict[str, object], code: str) -> None:
    stored = {"frequency": "daily", "starts_on": "2026-03-02", "times": ["05:30"], "weekdays": []}
    with pytest.raises(RuleError) as caught:
        recurrence.from_dict(stored | change)
    assert caught.value.code == code


@given(
    st.dictionaries(
        st.sampled_from(["frequency", "starts_on", "times", "weekdays", "until"]), st.text() | st.none()
    )
)
def test_garbage_is_never_anything_but_a_rule_error(data: dict[str, object]) -> None:
    with pytest.raises(RuleError):
        recurrence.from_dict(data)
