"""The lunar calendar against two libraries, and against dates that everybody in Vietnam knows."""

from __future__ import annotations

import datetime as dt
import itertools

import lunar_vn
import pytest
import vnlunar

from schedules import lunar
from schedules.errors import RuleError
from schedules.lunar import FIRST_DAY, LAST_DAY, LunarDate

DAYS = [FIRST_DAY + dt.timedelta(n) for n in range((LAST_DAY - FIRST_DAY).days + 1)]
# Months whose new moon lies seconds from midnight, where the libraries' formulas fall on the other side.
OF_LUNAR_VN = [(2072, 11), (2077, 10)]
OF_VNLUNAR = [(2054, 4)]


def by_lunar_vn(day: dt.date) -> LunarDate:
    found = lunar_vn.solar_to_lunar(day)
    return LunarDate(found.year, found.month, found.day, bool(found.leap))


def by_vnlunar(day: dt.date) -> LunarDate:
    found = vnlunar.get_lunar_date(day.day, day.month, day.year)
    return LunarDate(found["year"], found["month"], found["day"], bool(found["leap"]))


def test_every_day_of_the_table_is_what_at_least_one_library_says_and_the_other_nearly_always() -> None:
    assert len(DAYS) == 48_213
    ours = [lunar.lunar_date(day) for day in DAYS]
    one, other = [by_lunar_vn(day) for day in DAYS], [by_vnlunar(day) for day in DAYS]
    assert all(mine in theirs for mine, theirs in zip(ours, zip(one, other, strict=True), strict=True))
    for theirs, months in ((one, OF_LUNAR_VN), (other, OF_VNLUNAR)):
        wrong = [mine for mine, their in zip(ours, theirs, strict=True) if mine != their]
        assert {(date.year, date.month) for date in wrong} <= {
            each for year, month in months for each in ((year, month), (year, month - 1))
        }
        assert len(wrong) == 30 * len(months)


@pytest.mark.parametrize(
    ("tet", "year"),
    [
        ("1968-01-29", 1968),  # a day before China's, the first year by UTC+7
        ("1985-01-21", 1985),  # a month before China's
        ("2007-02-17", 2007),  # a day before China's
        ("2023-01-22", 2023),
        ("2024-02-10", 2024),
        ("2025-01-29", 2025),
        ("2026-02-17", 2026),
        ("2027-02-06", 2027),
        ("2030-02-02", 2030),  # a day before China's
    ],
)
def test_tet_is_when_vietnam_keeps_it(tet: str, year: int) -> None:
    assert lunar.lunar_date(dt.date.fromisoformat(tet)) == LunarDate(year, 1, 1)


def test_a_leap_month_follows_the_month_of_its_number() -> None:
    second = [month for month in lunar.months(*_year(2025)) if month.doubled]
    assert [(month.number, month.leap, month.length) for month in second] == [(6, False, 30), (6, True, 29)]
    assert lunar.lunar_date(dt.date(2025, 7, 25)) == LunarDate(2025, 6, 1, leap=True)


def test_months_join_without_gap_and_no_year_has_more_than_thirteen() -> None:
    table = list(lunar.months(FIRST_DAY.toordinal(), LAST_DAY.toordinal()))
    assert all(a.first + a.length == b.first for a, b in itertools.pairwise(table))
    years = [month.year for month in table]
    assert {years.count(year) for year in range(1968, 2099)} == {12, 13}


@pytest.mark.parametrize("day", [dt.date(1967, 12, 31), dt.date(2100, 1, 1)])
def test_a_day_outside_the_table_is_refused(day: dt.date) -> None:
    with pytest.raises(RuleError) as caught:
        lunar.lunar_date(day)
    assert caught.value.code == "date_out_of_range"


def _year(year: int) -> tuple[int, int]:
    return dt.date(year, 1, 1).toordinal(), dt.date(year, 12, 31).toordinal()
