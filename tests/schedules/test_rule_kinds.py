"""Rules of every kind: stored and read, told, expanded piece by piece, written as RRULE and read again."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from schedules import recurrence, rrule_reading, rrule_writing
from schedules.errors import RuleError
from schedules.holidays import Calendar
from schedules.types import (
    LOCAL,
    Frequency,
    LeapMonths,
    MonthEnd,
    Move,
    NthWeekday,
    OnHolidays,
    Rule,
)

UTC = dt.UTC
BEGIN = dt.date(2024, 1, 1)
WEEKDAYS = st.frozensets(st.integers(0, 6), min_size=1)
MONTHS = st.frozensets(st.integers(1, 12), min_size=1, max_size=4)
NTH = st.builds(NthWeekday, st.sampled_from([1, 2, 3, 4, 5, -1, -2, -5]), st.integers(0, 6))
dates = st.dates(BEGIN, dt.date(2027, 12, 31))
times = st.times().map(lambda t: t.replace(microsecond=0))


SAID_BY_RRULE = [Frequency.ONCE, Frequency.DAILY, Frequency.WEEKLY, Frequency.MONTHLY, Frequency.YEARLY]


def numbered(longest: int) -> st.SearchStrategy[tuple[int, ...]]:
    days = st.integers(1, longest) | st.integers(-longest, -1)
    return st.lists(days, min_size=1, max_size=4).map(tuple)


@st.composite
def rules(
    draw: st.DrawFn, kinds: Iterable[Frequency] = Frequency, holidays: Iterable[OnHolidays] = OnHolidays
) -> Rule:
    """Any rule that may be saved, exceptions included, of which some name what is not there."""
    frequency = draw(st.sampled_from(list(kinds)))
    fields = draw(PATTERNS[frequency])
    starts_on = draw(dates)
    length = draw(st.none() | st.integers(0, 800))
    at = tuple(draw(st.lists(times, min_size=1, max_size=3, unique=True)))
    moments = st.builds(dt.datetime.combine, dates, st.sampled_from(at))
    moves = draw(st.lists(st.builds(Move, moments, moments), max_size=3, unique_by=lambda move: move.was))
    return recurrence.validate(
        Rule(
            frequency,
            starts_on,
            at,
            until=None if length is None else starts_on + dt.timedelta(days=length),
            on_holidays=draw(st.sampled_from(list(holidays))),
            skipped_days=tuple(draw(st.lists(dates, max_size=3))),
            skipped=tuple(draw(st.lists(moments, max_size=3))),
            moved=tuple(moves),
            **fields,
        )
    )


ENDS, INTERVALS = st.sampled_from(MonthEnd), st.integers(1, 5)
PATTERNS: dict[Frequency, st.SearchStrategy[dict[str, object]]] = {
    Frequency.ONCE: st.just({}),
    Frequency.WORKDAYS: st.just({}),
    Frequency.DAILY: st.fixed_dictionaries({"interval": INTERVALS}),
    Frequency.WEEKLY: st.fixed_dictionaries(
        {"interval": INTERVALS, "weekdays": WEEKDAYS, "week_start": st.integers(0, 6)}
    ),
    Frequency.MONTHLY: st.fixed_dictionaries(
        {"interval": INTERVALS, "month_days": numbered(31), "month_end": ENDS}
    )
    | st.fixed_dictionaries(
        {"interval": INTERVALS, "nth_weekdays": st.lists(NTH, min_size=1, max_size=3).map(tuple)}
    ),
    Frequency.YEARLY: st.fixed_dictionaries(
        {"months": MONTHS, "month_days": numbered(31), "month_end": ENDS, "interval": st.integers(1, 2)}
    )
    | st.fixed_dictionaries(
        {"months": MONTHS, "nth_weekdays": st.lists(NTH, min_size=1, max_size=3).map(tuple)}
    ),
    Frequency.DATES: st.fixed_dictionaries({"dates": st.lists(dates, min_size=1, max_size=9).map(tuple)}),
    Frequency.LUNAR_MONTHLY: st.fixed_dictionaries({"month_days": numbered(30), "month_end": ENDS}),
    Frequency.LUNAR_YEARLY: st.fixed_dictionaries(
        {
            "months": MONTHS,
            "month_days": numbered(30),
            "month_end": ENDS,
            "leap_months": st.sampled_from(LeapMonths),
        }
    ),
}


def midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), tzinfo=UTC)


@given(rules())
def test_a_rule_of_any_kind_survives_its_stored_form(rule: Rule) -> None:
    assert recurrence.from_dict(recurrence.to_dict(rule)) == rule
    assert recurrence.validate(rule) == rule


@given(rules())
def test_a_rule_of_any_kind_can_be_said_within_a_column(rule: Rule) -> None:
    words = recurrence.describe(rule)
    assert 0 < len(words) <= 200
    assert words[0].isupper() or words[0].isdigit()
    assert "  " not in words


@given(rules(), dates, st.lists(st.integers(0, 90), min_size=1, max_size=3))
def test_adjoining_ranges_of_any_kind_give_what_the_whole_gives(
    rule: Rule, day: dt.date, lengths: list[int]
) -> None:
    bounds = [midnight(day + dt.timedelta(days=n)) for n in itertools.accumulate(lengths, initial=0)]
    parts = [o for a, b in itertools.pairwise(bounds) for o in recurrence.occurrences(rule, a, b)]
    whole = list(recurrence.occurrences(rule, bounds[0], bounds[-1]))
    assert parts == whole
    assert whole == sorted(set(whole))
    assert all(o.nominal == o.start.astimezone(LOCAL).replace(tzinfo=None) for o in whole)


@given(rules(), dates)
def test_what_is_left_out_never_airs_and_what_is_moved_airs_only_where_it_was_put(
    rule: Rule, day: dt.date
) -> None:
    start, end = midnight(day), midnight(day + dt.timedelta(days=60))
    bare = replace(rule, skipped_days=(), skipped=(), moved=())
    found = {o.nominal for o in recurrence.occurrences(rule, start, end)}
    plain = {o.nominal for o in recurrence.occurrences(bare, start, end)}
    to = {move.to for move in rule.moved}
    assert found - to <= plain
    assert not (found - to) & ({*rule.skipped} | {move.was for move in rule.moved})
    assert not {moment.date() for moment in found - to} & set(rule.skipped_days)


@settings(max_examples=60)
@given(rules(SAID_BY_RRULE, [OnHolidays.KEEP]))
def test_what_rrule_can_say_comes_back_the_same(rule: Rule) -> None:
    written = rrule_writing.write(rule, dt.date(2030, 1, 1))
    assume(written and rrule_writing.is_exact(rule))
    (again,) = rrule_reading.read_all(written)
    wanted = replace(rule, starts_on=written[0].start.date())
    if rule.frequency is Frequency.ONCE:
        wanted = replace(wanted, until=None)
    assert again == _with_whole_days(wanted)


def _with_whole_days(rule: Rule) -> Rule:
    """A day of which every time is left out is left out as a day."""
    moments = {
        *rule.skipped,
        *(dt.datetime.combine(*each) for each in itertools.product(rule.skipped_days, rule.times)),
    }
    days = {m.date() for m in moments if {dt.datetime.combine(m.date(), t) for t in rule.times} <= moments}
    single = tuple(sorted(moment for moment in moments if moment.date() not in days))
    return replace(rule, skipped_days=tuple(sorted(days)), skipped=single)


@given(rules())
def test_every_rule_is_written_with_the_same_occurrences(rule: Rule) -> None:
    through = dt.date(2025, 6, 30)
    start, end = midnight(BEGIN), dt.datetime.combine(through, dt.time(23, 59, 59), tzinfo=LOCAL)
    found = {
        occurrence.nominal
        for again in rrule_reading.read_all(rrule_writing.write(rule, through))
        for occurrence in recurrence.occurrences(again, start, end)
    }
    assert found == {o.nominal for o in recurrence.occurrences(rule, start, end)}


def test_what_rrule_cannot_say_is_written_as_dates() -> None:
    """BYSETPOS counts the days of a year, not of each of its months; a move may go before the start."""
    at = (dt.time(5, 30),)
    rule = Rule(Frequency.YEARLY, BEGIN, at, months=frozenset({2, 4}), month_days=(30,))
    (series,) = rrule_writing.write(rule, dt.date(2024, 12, 31))
    assert (series.rrule, [moment.day for moment in (series.start, *series.rdates)]) == ("", [29, 30])
    early = dt.datetime.combine(dt.date(2023, 12, 30), at[0])
    move = Move(dt.datetime.combine(dt.date(2024, 1, 25), at[0]), early)
    lunar = Rule(Frequency.LUNAR_MONTHLY, BEGIN, at, month_days=(15,), moved=(move,))
    (series,) = rrule_writing.write(lunar, dt.date(2024, 2, 1))
    assert (series.start, series.rdates) == (early, ())


@pytest.mark.parametrize(
    ("many", "code"),
    [
        ({"dates": tuple(BEGIN + dt.timedelta(n) for n in range(1001))}, "too_many_dates"),
        ({"skipped_days": tuple(BEGIN + dt.timedelta(n) for n in range(1001))}, "too_many_exceptions"),
    ],
)
def test_a_rule_made_in_code_is_bounded_too(many: dict[str, Any], code: str) -> None:
    fields = {"dates": (BEGIN,)} | many
    with pytest.raises(RuleError) as caught:
        recurrence.validate(Rule(Frequency.DATES, BEGIN, (dt.time(7),), **fields))
    assert caught.value.code == code


def test_a_calendar_of_a_unit_changes_what_rules_do() -> None:
    rule = Rule(Frequency.WORKDAYS, BEGIN, (dt.time(7),))
    start, end = midnight(dt.date(2026, 8, 30)), midnight(dt.date(2026, 9, 6))
    nation = [o.nominal.day for o in recurrence.occurrences(rule, start, end)]
    own = Calendar(worked=frozenset({dt.date(2026, 8, 31)}), days_off=((dt.date(2026, 9, 4), "Lễ hội"),))
    assert nation == [3, 4]
    assert [o.nominal.day for o in recurrence.occurrences(rule, start, end, own)] == [31, 3]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"frequency": Frequency.DAILY, "interval": 3}, "Cứ 3 ngày một lần"),
        (
            {"frequency": Frequency.WEEKLY, "weekdays": frozenset({0, 2}), "interval": 2},
            "Thứ Hai và thứ Tư, 2 tuần một lần",
        ),
        ({"frequency": Frequency.MONTHLY, "month_days": (1, 15)}, "Ngày 1 và 15 hằng tháng"),
        (
            {"frequency": Frequency.MONTHLY, "month_days": (31,)},
            "Ngày 31 hằng tháng (tháng thiếu: ngày cuối tháng)",
        ),
        (
            {"frequency": Frequency.MONTHLY, "month_days": (31,), "month_end": MonthEnd.SKIP},
            "Ngày 31 hằng tháng (bỏ qua tháng thiếu ngày)",
        ),
        ({"frequency": Frequency.MONTHLY, "month_days": (-1,)}, "Ngày cuối mỗi tháng"),
        (
            {"frequency": Frequency.MONTHLY, "nth_weekdays": (NthWeekday(-1, 4), NthWeekday(1, 0))},
            "Thứ Hai đầu tiên và thứ Sáu cuối cùng hằng tháng",
        ),
        (
            {"frequency": Frequency.YEARLY, "months": frozenset({9}), "month_days": (2,)},
            "Ngày 02/09 hằng năm",
        ),
        (
            {"frequency": Frequency.YEARLY, "months": frozenset({6}), "nth_weekdays": (NthWeekday(1, 6),)},
            "Chủ Nhật đầu tiên của tháng 6 hằng năm",
        ),
        ({"frequency": Frequency.WORKDAYS}, "Các ngày làm việc"),
        (
            {"frequency": Frequency.LUNAR_MONTHLY, "month_days": (1, 15)},
            "Mùng 1 và ngày rằm âm lịch hằng tháng",
        ),
        (
            {"frequency": Frequency.LUNAR_YEARLY, "months": frozenset({3}), "month_days": (10,)},
            "Mùng 10 tháng Ba âm lịch hằng năm",
        ),
        (
            {"frequency": Frequency.LUNAR_YEARLY, "months": frozenset({12}), "month_days": (23,)},
            "Ngày 23 tháng Chạp âm lịch hằng năm",
        ),
        (
            {"frequency": Frequency.LUNAR_YEARLY, "months": frozenset({12}), "month_days": (-1,)},
            "Ngày cuối năm âm lịch (29 hoặc 30 Tết) hằng năm",
        ),
    ],
)
def test_every_kind_is_told_as_people_say_it(fields: dict[str, Any], words: str) -> None:
    rule = Rule(starts_on=dt.date(2026, 3, 2), times=(dt.time(5, 30),), **fields)
    assert recurrence.describe(rule) == f"{words}, lúc 05:30, từ 02/03/2026"


def test_holidays_and_exceptions_are_told_after_all_else() -> None:
    day = dt.date(2026, 3, 2)
    moment = dt.datetime.combine(day, dt.time(5, 30))
    rule = Rule(
        Frequency.DAILY, day, (dt.time(5, 30),), on_holidays=OnHolidays.SKIP, skipped_days=(day,),
        moved=(Move(moment, moment),),
    )  # fmt: skip
    assert recurrence.describe(rule).endswith("từ 02/03/2026, trừ ngày lễ, bỏ 1 ngày, dời 1 lượt")
