"""RRULE as strangers write it: the same occurrences as python-dateutil's, dialects, and what is refused."""

from __future__ import annotations

import datetime as dt
import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import _rrules as rrules
from schedules import recurrence, rrule_reading
from schedules.errors import RuleError
from schedules.series import Series
from schedules.types import LOCAL, Frequency, MonthEnd, Move, NthWeekday, Rule


def local(*at: int) -> dt.datetime:
    """A local time without a zone, as in rules and events."""
    return dt.datetime(*at)  # type: ignore[arg-type]  # noqa: DTZ001


START = local(2026, 3, 2, 5, 30)  # a Monday
FIVE_THIRTY = (dt.time(5, 30),)
HUGE = ",".join(["MO"] * 5000)


def read(rrule: str, start: dt.datetime = START) -> Rule:
    return rrule_reading.read(Series(start, rrule))


def expanded(rule: Rule, begin: dt.datetime, end: dt.datetime) -> list[dt.datetime]:
    found = recurrence.occurrences(rule, begin.replace(tzinfo=LOCAL), end.replace(tzinfo=LOCAL))
    return [occurrence.nominal for occurrence in found]


def read_or_refused(event: Series) -> Rule | str:
    try:
        return rrule_reading.read(event)
    except RuleError as error:
        return error.code


@settings(max_examples=300)
@given(st.integers(0, 2**32), st.integers(-400, 40_000), st.sampled_from([7, 31, 366]))
def test_a_random_rrule_expands_as_dateutil_does(seed: int, later: int, length: int) -> None:
    event = rrules.series(random.Random(seed))
    begin = min(event.start + dt.timedelta(days=later), local(2098, 1, 1))
    end = begin + dt.timedelta(days=length)
    theirs = [moment for moment in rrules.expansion(event).between(begin, end, inc=True) if moment < end]
    rule = read_or_refused(event)
    if isinstance(rule, Rule):
        assert expanded(rule, begin, end) == theirs
    else:
        assert rule == "rrule_unsupported" or (rule == "until_before_start" and theirs == [])


@pytest.mark.parametrize(
    ("rrule", "rule"),
    [
        ("FREQ=DAILY", Rule(Frequency.DAILY, START.date(), FIVE_THIRTY)),
        (
            "FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR",  # Outlook: every weekday
            Rule(Frequency.WEEKLY, START.date(), FIVE_THIRTY, frozenset(range(5))),
        ),
        ("FREQ=WEEKLY;WKST=SU", Rule(Frequency.WEEKLY, START.date(), FIVE_THIRTY, frozenset({0}))),
        (
            "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=1",  # Outlook: the first Monday
            Rule(Frequency.MONTHLY, START.date(), FIVE_THIRTY, nth_weekdays=(NthWeekday(1, 0),)),
        ),
        (
            "FREQ=MONTHLY;BYDAY=SU,MO,TU,WE,TH,FR,SA;BYSETPOS=-1",  # Outlook: the last day
            Rule(Frequency.MONTHLY, START.date(), FIVE_THIRTY, month_days=(-1,)),
        ),
        (
            "FREQ=MONTHLY;BYMONTHDAY=31",
            Rule(Frequency.MONTHLY, START.date(), FIVE_THIRTY, month_days=(31,), month_end=MonthEnd.SKIP),
        ),
        (
            "FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1",
            Rule(Frequency.MONTHLY, START.date(), FIVE_THIRTY, month_days=(31,)),
        ),
        (
            "FREQ=YEARLY;BYMONTH=9;BYMONTHDAY=2",
            Rule(Frequency.YEARLY, START.date(), FIVE_THIRTY, months=frozenset({9}), month_days=(2,)),
        ),
        (
            "freq=daily;until=20260310",
            Rule(Frequency.DAILY, START.date(), FIVE_THIRTY, until=dt.date(2026, 3, 10)),
        ),
        (
            "FREQ=DAILY;UNTIL=20260309T222959Z",  # a second before 05:30 of the 10th
            Rule(Frequency.DAILY, START.date(), FIVE_THIRTY, until=dt.date(2026, 3, 9)),
        ),
        (
            "FREQ=DAILY;UNTIL=20260309T223000Z",  # 05:30 of the 10th, which still belongs to it
            Rule(Frequency.DAILY, START.date(), FIVE_THIRTY, until=dt.date(2026, 3, 10)),
        ),
        ("FREQ=DAILY;COUNT=3", Rule(Frequency.DAILY, START.date(), FIVE_THIRTY, until=dt.date(2026, 3, 4))),
        (
            "FREQ=DAILY;UNTIL=99991231T235959Z",
            Rule(Frequency.DAILY, START.date(), FIVE_THIRTY, until=dt.date(9999, 12, 31)),
        ),
    ],
)
def test_what_calendars_write_is_read_as_people_mean_it(rrule: str, rule: Rule) -> None:
    assert read(rrule) == rule


@pytest.mark.parametrize(
    ("rrule", "code"),
    [
        ("FREQ=SECONDLY", "rrule_unsupported"),
        ("FREQ=HOURLY;INTERVAL=12", "rrule_unsupported"),
        ("INTERVAL=2", "rrule_unsupported"),
        ("FREQ=DAILY;INTERVAL=0", "rrule_out_of_range"),
        ("FREQ=DAILY;INTERVAL=1000000000", "rrule_out_of_range"),
        ("FREQ=DAILY;INTERVAL=" + "9" * 500, "rrule_malformed"),
        ("FREQ=DAILY;COUNT=1000000000", "rrule_out_of_range"),
        ("FREQ=DAILY;COUNT=0", "rrule_out_of_range"),
        ("FREQ=DAILY;COUNT=3;UNTIL=20270101", "rrule_malformed"),
        ("FREQ=DAILY;UNTIL=20270231", "rrule_malformed"),
        ("FREQ=DAILY;UNTIL=tomorrow", "rrule_malformed"),
        ("FREQ=DAILY;UNTIL=20200101", "until_before_start"),
        (f"FREQ=WEEKLY;BYDAY={HUGE}", "rrule_malformed"),
        ("FREQ=WEEKLY;BYDAY=1MO", "rrule_unsupported"),
        ("FREQ=WEEKLY;BYDAY=XX", "rrule_malformed"),
        ("FREQ=MONTHLY;BYDAY=9MO", "bad_nth"),
        ("FREQ=MONTHLY;BYMONTHDAY=0", "rrule_malformed"),
        ("FREQ=MONTHLY;BYMONTHDAY=32", "rrule_out_of_range"),
        ("FREQ=MONTHLY;BYMONTHDAY=13;BYDAY=FR", "rrule_unsupported"),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "rrule_unsupported"),
        ("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=1;BYHOUR=5,17", "rrule_unsupported"),  # positions count times too
        ("FREQ=YEARLY;BYDAY=MO", "rrule_unsupported"),
        ("FREQ=YEARLY;BYWEEKNO=20", "rrule_unsupported"),
        ("FREQ=YEARLY;BYYEARDAY=100", "rrule_unsupported"),
        ("FREQ=YEARLY;RSCALE=CHINESE", "rrule_unsupported"),
        ("FREQ=DAILY;BYMONTH=3", "rrule_unsupported"),
        ("FREQ=DAILY;FREQ=WEEKLY", "rrule_malformed"),
        ("FREQ=DAILY;WKST=", "rrule_malformed"),
        (
            "FREQ=DAILY;BYHOUR="
            + ",".join(map(str, range(24)))
            + ";BYMINUTE="
            + ",".join(map(str, range(60))),
            "too_many_times",
        ),
        ("☃", "rrule_malformed"),
    ],
)
def test_what_no_rule_says_is_refused_with_its_code(rrule: str, code: str) -> None:
    with pytest.raises(RuleError) as caught:
        read(rrule)
    assert caught.value.code == code


@given(st.text(alphabet="FREQ=DAILYWKMONTHUCBS;,-0123456789TZ", max_size=60))
def test_a_garbled_rrule_is_a_rule_or_a_rule_error(text: str) -> None:
    try:
        rule = read(text)
    except RuleError:
        return
    assert recurrence.validate(rule) == rule


def test_thousands_of_exceptions_and_dates_are_refused() -> None:
    many = tuple(START + dt.timedelta(days=n) for n in range(10_002))
    for series in (Series(START, "FREQ=DAILY", exdates=many), Series(START, rdates=many)):
        with pytest.raises(RuleError) as caught:
            rrule_reading.read(series)
        assert caught.value.code.startswith("too_many")


def test_dates_of_an_event_become_a_rule_and_its_changes_exceptions() -> None:
    later = START + dt.timedelta(days=2)
    listed = rrule_reading.read(Series(START, rdates=(later,)))
    assert (listed.frequency, listed.dates) == (Frequency.DATES, (START.date(), later.date()))
    move = Move(later, later + dt.timedelta(hours=3))
    daily = rrule_reading.read(Series(START, "FREQ=DAILY", exdates=(START,), moved=(move,)))
    assert (daily.skipped_days, daily.moved) == ((START.date(),), (move,))


def test_events_that_differ_in_their_time_of_day_only_become_one_rule() -> None:
    evening = START.replace(hour=17)
    both = rrule_reading.read_all([Series(START, "FREQ=DAILY"), Series(evening, "FREQ=DAILY")])
    assert [rule.times for rule in both] == [(dt.time(5, 30), dt.time(17, 30))]


@pytest.mark.parametrize("count", [1, 7, 10_000])
def test_a_count_ends_the_rule_with_its_last_occurrence(count: int) -> None:
    rule = read(f"FREQ=DAILY;INTERVAL=2;BYHOUR=5,17;COUNT={count}", local(1990, 3, 2, 17, 30))
    found = expanded(rule, local(1990, 1, 1), local(2099, 1, 1))
    assert len(found) == count


def test_a_week_costs_the_same_whenever_the_rule_began() -> None:
    """Thirty years of every third day would be 3,650 steps; the rule must jump over them."""
    begin = local(2026, 3, 2)

    def cost(year: int) -> float:
        rule = read("FREQ=DAILY;INTERVAL=3", START.replace(year=year))
        best = []
        for _ in range(20):
            began = time.process_time()
            for _ in range(20):
                expanded(rule, begin, begin + dt.timedelta(days=7))
            best.append(time.process_time() - began)
        return min(best)

    assert cost(1970) < 5 * cost(2026)
