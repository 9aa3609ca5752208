"""Cases by the lunar calendar of Vietnam: two libraries must agree on every day that a case rests on."""

from __future__ import annotations

import datetime as dt
import functools
import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import lunar_vn
import vnlunar
from schedule_vectors_solar import TWICE, case, of, span

Lunar = tuple[int, int, int, bool]  # year, month, day, whether the second month of its number
TET = [1968, 1969, 1975, 1985, *range(2005, 2035), 2053, 2099]


@functools.cache
def of_year(year: int) -> dict[dt.date, Lunar]:
    """Every day of a solar year on which both libraries agree."""
    found = {}
    for n in range((dt.date(year, 12, 31) - dt.date(year, 1, 1)).days + 1):
        day = dt.date(year, 1, 1) + dt.timedelta(n)
        one, other = lunar_vn.solar_to_lunar(day), vnlunar.get_lunar_date(day.day, day.month, day.year)
        date = (one.year, one.month, one.day, bool(one.leap))
        if date == (other["year"], other["month"], other["day"], bool(other["leap"])):
            found[day] = date
    return found


def where(wanted: Callable[[Lunar], bool], begin: dt.date, end: dt.date) -> list[dt.date]:
    years = range(begin.year, end.year + 1)
    known = (item for year in years for item in of_year(year).items())
    return [day for day, date in known if begin <= day < end and wanted(date)]


def is_last(day: dt.date) -> bool:
    after = day + dt.timedelta(1)
    return of_year(after.year)[after][2] == 1


def lunar_dates() -> list[dict[str, Any]]:
    """The first day of some months, and the days around every leap month, of each tenth year and of the near."""
    found = []
    for year in (*range(1968, 2100, 10), *range(2025, 2045)):
        begin, end = dt.date(year, 1, 1), dt.date(year, 12, 31)
        leaps = where(lambda date: date[3] and date[2] == 1, begin, end)
        chosen = {*where(lambda date: date[2] == 1, begin, end)[::6]}
        chosen |= {
            day + dt.timedelta(n) for day in leaps for n in (-1, 0, 29) if day + dt.timedelta(n) <= end
        }
        found += [lunar_date(day) for day in of_year(year) if day in chosen]
    ends = (
        dt.date(1968, 1, 1),
        dt.date(2099, 12, 31),
    )  # of the tables; ids are stable: what is new at the end
    return [*found, *(lunar_date(day) for day in ends)]


def lunar_date(day: dt.date) -> dict[str, Any]:
    date = told(of_year(day.year)[day])
    return {"name": str(day), "source": "lunar-vn and vnlunar", "date": str(day), "lunar": date}


def told(date: Lunar) -> dict[str, Any]:
    return dict(zip(("year", "month", "day", "leap"), date, strict=True))


def lunar() -> list[dict[str, Any]]:
    return [*tet(), *monthly(), *anniversaries(), *leap_months(), *months_of_29_days()]  # ids are stable


def lunar_case(
    name: str, rule: dict[str, Any], begin: dt.date, days: int, found: Iterable[dt.date]
) -> dict[str, Any]:
    return case(name, rule, span(begin, days), found, "lunar-vn and vnlunar")


def tet() -> Iterator[dict[str, Any]]:
    for year in TET:
        begin = dt.date(year, 1, 15)
        rule = of("lunar_yearly", dt.date(1968, 1, 1), months=[1], month_days=[1, 2, 3])
        found = where(lambda date: date[1] == 1 and date[2] <= 3, begin, begin + dt.timedelta(45))
        yield lunar_case(f"Tết {year}", rule, begin, 45, found)
    for year in range(2020, 2034):
        begin = dt.date(year, 1, 10)
        rule = of("lunar_yearly", dt.date(2000, 1, 1), ("20:00",), months=[12], month_days=[-1])
        found = [
            day
            for day in where(lambda date: date[1] == 12 and date[2] >= 29, begin, begin + dt.timedelta(45))
            if is_last(day)
        ]
        yield lunar_case(f"the last day of the year before Tết {year}", rule, begin, 45, found)


def monthly() -> Iterator[dict[str, Any]]:
    for year in (1984, 2023, 2025, 2026, 2033):
        begin = dt.date(year, 1, 1)
        end = begin + dt.timedelta(365)
        for days in ([15], [1, 15], [1]):
            rule = of("lunar_monthly", begin, TWICE, month_days=days)
            found = where(lambda date, days=days: date[2] in days, begin, end)
            yield lunar_case(f"days {days} of each lunar month of {year}", rule, begin, 365, found)
        last = [day for day in where(lambda date: date[2] >= 29, begin, end) if is_last(day)]
        rule = of("lunar_monthly", begin, month_days=[30])
        yield lunar_case(f"the 30th or else the 29th in {year}", rule, begin, 365, last)
        yield lunar_case(f"the last days in {year}", {**rule, "month_days": [-1]}, begin, 365, last)
        long = where(lambda date: date[2] == 30, begin, end)
        yield lunar_case(
            f"the 30th where there is one in {year}", {**rule, "month_end": "skip"}, begin, 365, long
        )


def anniversaries() -> Iterator[dict[str, Any]]:
    for year in (
        1993,
        2007,
        2025,
        2026,
        2027,
        2031,
        2050,
    ):  # of these 1993, 2031 and 2050 have a month 3 twice
        begin = dt.date(year, 3, 1)
        rule = of("lunar_yearly", dt.date(1990, 1, 1), months=[3], month_days=[10])
        found = where(lambda date: date[1:] == (3, 10, False), begin, begin + dt.timedelta(90))
        yield lunar_case(f"the Hùng kings' day of {year}", rule, begin, 90, found)
    for name, month, day in (("Trung thu", 8, 15), ("Vu lan", 7, 15), ("ông Công ông Táo", 12, 23)):
        begin = dt.date(2026, 1, 1)
        rule = of("lunar_yearly", begin, months=[month], month_days=[day])
        found = where(
            lambda date, m=month, d=day: date[1:] == (m, d, False), begin, begin + dt.timedelta(1095)
        )
        yield lunar_case(name, rule, begin, 1095, found)


def months_of_29_days() -> Iterator[dict[str, Any]]:
    """What day 30, and the 30th from the end, mean where a month has 29; and Vu lan in a year with two months 7."""
    begin = dt.date(2024, 1, 1)
    end = begin + dt.timedelta(800)  # the Tết of 2025 has no 30 of the month before it, that of 2026 neither
    ends = [day for day in where(lambda date: date[1] == 12 and date[2] >= 29, begin, end) if is_last(day)]
    rule = of("lunar_yearly", begin, ("20:00",), months=[12], month_days=[30])
    yield lunar_case("30 of month 12, else the 29th", rule, begin, 800, ends)
    long = where(lambda date: date[1:3] == (12, 30), begin, end)
    yield lunar_case("30 of month 12 where there is one", {**rule, "month_end": "skip"}, begin, 800, long)
    firsts = where(lambda date: date[2] == 1, begin, end)
    starts = [day for day, after in itertools.pairwise(firsts) if (after - day).days == 30]
    for month_end in ("last_day", "skip"):
        rule = of("lunar_monthly", begin, month_days=[-30], month_end=month_end)
        yield lunar_case(
            f"the 30th day from the end, {month_end}",
            rule,
            begin,
            760,
            [d for d in starts if d < begin + dt.timedelta(760)],
        )
    days = where(lambda date: date[2] in (1, 15), begin, end)
    last = [day for day in where(lambda date: date[2] >= 29, begin, end) if is_last(day)]
    rule = of("lunar_monthly", begin, month_days=[15, -1, 1])
    yield lunar_case("the first, the full moon and the last", rule, begin, 700, [*days, *last])
    for year in (2006, 2044):  # month 7 twice
        begin = dt.date(year, 7, 1)
        for policy, leap in (("first", (False,)), ("second", (True,)), ("both", (False, True))):
            rule = of("lunar_yearly", dt.date(2000, 1, 1), months=[7], month_days=[15], leap_months=policy)
            found = where(
                lambda date, leap=leap: date[1:3] == (7, 15) and date[3] in leap,
                begin,
                begin + dt.timedelta(120),
            )
            yield lunar_case(f"Vu lan of {year}, {policy} of two", rule, begin, 120, found)


def leap_months() -> Iterator[dict[str, Any]]:
    for year, month in ((2020, 4), (2023, 2), (2025, 6), (2028, 5), (2031, 3)):
        begin, days = dt.date(year - 1, 6, 1), 800
        end = begin + dt.timedelta(days)
        doubled = {year}
        wanted: dict[str, Callable[[Lunar], bool]] = {
            "first": lambda date: not date[3],
            "second": lambda date, doubled=doubled: date[3] == (date[0] in doubled),
            "both": lambda _date: True,
        }
        for policy, meant in wanted.items():
            rule = of("lunar_yearly", begin, months=[month], month_days=[10], leap_months=policy)
            found = where(lambda date, m=month, meant=meant: date[1:3] == (m, 10) and meant(date), begin, end)
            yield lunar_case(f"month {month} around {year}, {policy} of two", rule, begin, days, found)
