"""Public holidays: the nation's by law and decree, the lunar ones against the table, and units' changes."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedules import lunar
from schedules.errors import RuleError
from schedules.holidays import MAX_CHANGES, NATIONAL, SWAPS, Calendar, Swap

days = st.dates(dt.date(2026, 4, 20), dt.date(2026, 5, 10)) | st.dates(
    dt.date(2025, 12, 25), dt.date(2026, 1, 12)
)
calendars = st.builds(
    Calendar,
    days_off=st.dictionaries(days, st.sampled_from(["Lễ hội", "Hội làng"]), max_size=4).map(
        lambda off: tuple(sorted(off.items()))
    ),
    worked=st.frozensets(days, max_size=4),
    own_years=st.frozensets(st.sampled_from([2025, 2026]), max_size=1),
)


def on(text: str) -> int:
    return dt.date.fromisoformat(text).toordinal()


@pytest.mark.parametrize(
    ("day", "name"),
    [
        ("2026-01-01", "Tết Dương lịch"),
        ("2026-01-02", "Ngày nghỉ (thay cho ngày 10/01/2026)"),
        ("2026-02-17", "Tết Nguyên Đán"),
        ("2026-04-26", "Ngày Giỗ Tổ Hùng Vương"),
        ("2026-04-27", "Ngày Giỗ Tổ Hùng Vương (nghỉ bù)"),  # the 26th was a Sunday
        ("2026-09-02", "Quốc khánh"),
        ("2026-11-24", "Ngày Văn hóa Việt Nam"),
        ("2025-11-24", ""),  # a holiday from 2026 on
        ("2026-03-02", ""),
    ],
)
def test_the_nation_keeps_its_holidays_under_their_names(day: str, name: str) -> None:
    assert NATIONAL.name(dt.date.fromisoformat(day)) == name
    assert NATIONAL.is_holiday(on(day)) == bool(name)


def test_a_saturday_that_makes_up_for_a_bridging_day_is_worked() -> None:
    assert NATIONAL.is_working(on("2026-08-22"))
    assert NATIONAL.is_working(on("2026-01-10"))
    assert not NATIONAL.is_working(on("2026-01-02"))
    assert not NATIONAL.is_working(on("2026-01-03"))
    assert not NATIONAL.is_working(on("2026-08-31"))
    assert not NATIONAL.is_working(on("2026-08-29"))
    assert NATIONAL.is_working(on("2026-09-03"))


@pytest.mark.parametrize("swap", SWAPS)
def test_a_unit_s_own_word_goes_before_what_was_decreed_of_a_bridging_day(swap: Swap) -> None:
    assert swap.source
    assert not NATIONAL.is_working(swap.off.toordinal())
    assert NATIONAL.is_working(swap.worked.toordinal())
    own = Calendar(((swap.worked, "Hội làng"),), frozenset({swap.off}))
    assert own.is_working(swap.off.toordinal())
    assert not own.is_working(swap.worked.toordinal())
    alone = Calendar(own_years=frozenset({swap.off.year, swap.worked.year}))
    assert alone.is_working(swap.off.toordinal())
    assert not alone.is_working(swap.worked.toordinal())


def test_tet_and_the_day_of_the_hung_kings_are_where_the_lunar_table_has_them() -> None:
    for year in range(1969, 2099):
        for month in lunar.months(dt.date(year, 1, 1).toordinal(), dt.date(year, 5, 31).toordinal()):
            if month.number == 1 and not month.leap and month.year == year:
                assert "Tết Nguyên Đán" in NATIONAL.name(dt.date.fromordinal(month.first))
            if month.number == 3 and not month.leap and month.year == year and year >= 2007:
                assert "Giỗ Tổ" in NATIONAL.name(dt.date.fromordinal(month.first + 9))


@given(calendars, calendars, days)
def test_what_a_unit_says_of_a_day_holds_and_of_other_days_what_is_said_above(
    upper: Calendar, own: Calendar, day: dt.date
) -> None:
    both = own.over(upper)
    off, is_own_year = dict(own.days_off), day.year in own.own_years
    if day in off:
        assert both.name(day) == off[day]
    elif day in own.worked or is_own_year:
        assert both.name(day) == ""
    else:
        assert both.name(day) == upper.name(day)
    if day in own.worked:
        assert both.is_working(day.toordinal())
    elif day in off:
        assert not both.is_working(day.toordinal())
    elif is_own_year:
        assert both.is_working(day.toordinal()) == (day.weekday() < 5)
    else:
        assert both.is_working(day.toordinal()) == upper.is_working(day.toordinal())


@given(calendars)
def test_a_calendar_survives_its_stored_form(calendar: Calendar) -> None:
    assert Calendar.from_dict(calendar.to_dict()) == calendar
    assert calendar.over(NATIONAL) == calendar


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ({"days_off": {"2026-02-30": "Lễ"}}, "malformed"),
        ({"days_off": {"2026-02-20": ""}}, "malformed"),
        ({"days_off": {"2026-02-20": None}}, "malformed"),
        ({"worked": ["hôm qua"]}, "malformed"),
        ({"worked": [None]}, "malformed"),
        ({"own_years": ["x"]}, "malformed"),
        ({"days_off": 5}, "malformed"),
        ({"worked": ["2026-01-10"] * (MAX_CHANGES + 1)}, "too_many_dates"),
    ],
)
def test_a_wrong_calendar_is_refused(data: dict[str, Any], code: str) -> None:
    with pytest.raises(RuleError) as caught:
        Calendar.from_dict(data)
    assert caught.value.code == code
