"""Cases of public holidays: the days off of two years as the decrees have them, the rest reckoned by hand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from schedule_vectors_solar import case, of, span

OFF = {
    2025: "01-01 01-27 01-28 01-29 01-30 01-31 04-07 04-30 05-01 05-02 09-01 09-02",
    2026: "01-01 01-02 02-16 02-17 02-18 02-19 02-20 04-26 04-27 04-30 05-01 08-31 09-01 09-02 11-24",
}
WORKED = {2025: "04-26", 2026: "01-10 08-22"}  # Saturdays that make up for a bridging day
BEGIN = dt.date(2025, 1, 1)


def days(text: dict[int, str]) -> set[dt.date]:
    return {dt.date.fromisoformat(f"{year}-{day}") for year, listed in text.items() for day in listed.split()}


ALL_OFF, ALL_WORKED = days(OFF), days(WORKED)
# As it was decreed, nothing taken from elsewhere: whoever reads the vectors needs no library of holidays.
DECREED = {
    "own_years": sorted(OFF),
    "days_off": {str(day): "Nghỉ lễ" for day in sorted(ALL_OFF)},
    "worked": [str(day) for day in sorted(ALL_WORKED)],
}


def every_day(begin: dt.date, count: int) -> list[dt.date]:
    return [begin + dt.timedelta(n) for n in range(count)]


def is_working(day: dt.date, off: set[dt.date] = ALL_OFF, worked: set[dt.date] = ALL_WORKED) -> bool:
    return day in worked or (day.weekday() < 5 and day not in off)


def holidays() -> list[dict[str, Any]]:
    told = [*working_days(), *policies(), *next_working(), *changes(), *national()]
    return [*told, *long_holidays(), *at_the_end()]  # what is new at the end: ids are stable


def with_calendar(
    name: str, rule: dict[str, Any], begin: dt.date, count: int, found: Any, *, calendar: Any = DECREED
) -> dict[str, Any]:
    told = case(name, rule, span(begin, count), found, "hand")
    occurrences = told.pop("occurrences")
    return {**told, "calendar": calendar, "occurrences": occurrences}


PERIODS = {
    "New Year 2026 with a day worked instead": (dt.date(2025, 12, 29), 14),
    "Tết 2025": (dt.date(2025, 1, 20), 21),
    "Tết 2026": (dt.date(2026, 2, 9), 21),
    "30 April 2025 with a day worked instead": (dt.date(2025, 4, 21), 14),
    "30 April 2026": (dt.date(2026, 4, 20), 15),
    "2 September 2026 with a day worked instead": (dt.date(2026, 8, 17), 21),
    "24 November 2026": (dt.date(2026, 11, 20), 7),
}


def working_days() -> Iterator[dict[str, Any]]:
    for name, (begin, count) in PERIODS.items():
        found = [day for day in every_day(begin, count) if is_working(day)]
        yield with_calendar(f"working days around {name}", of("workdays", BEGIN), begin, count, found)


def policies() -> Iterator[dict[str, Any]]:
    for name, (begin, count) in PERIODS.items():
        around = every_day(begin, count)
        rule = of("daily", BEGIN, on_holidays="skip")
        found = [day for day in around if day not in ALL_OFF]
        yield with_calendar(f"not on holidays around {name}", rule, begin, count, found)
        rule = of("daily", BEGIN, on_holidays="only")
        found = [day for day in around if day in ALL_OFF]
        yield with_calendar(f"on holidays only around {name}", rule, begin, count, found)
        rule = of("weekly", BEGIN, weekdays=[0, 1, 2, 3, 4], on_holidays="skip")
        found = [day for day in around if day.weekday() < 5 and day not in ALL_OFF]
        yield with_calendar(f"Monday to Friday but no holidays around {name}", rule, begin, count, found)


def next_working() -> Iterator[dict[str, Any]]:
    for text, begin, count, rule, found in (
        ("Monday's goes to Tuesday", "2025-04-05", 7, of("weekly", BEGIN, weekdays=[0]), ["2025-04-08"]),
        ("all of Tết goes to one day", "2026-02-14", 14, of("weekly", BEGIN, weekdays=[0, 1]), ["2026-02-23", "2026-02-24"]),
        ("to a Saturday that is worked", "2026-01-01", 12, of("monthly", BEGIN, month_days=[2]), ["2026-01-05"]),
        ("from before the range into it", "2025-05-04", 3, of("monthly", BEGIN, month_days=[1]), ["2025-05-05"]),
        ("out of the range", "2025-05-01", 4, of("monthly", BEGIN, month_days=[1]), []),
        ("past the last valid day", "2025-05-01", 7, of("monthly", BEGIN, month_days=[1], until="2025-05-01"), ["2025-05-05"]),
        ("a Sunday that is no holiday stays", "2026-03-01", 8, of("weekly", BEGIN, weekdays=[6]), ["2026-03-01", "2026-03-08"]),
        ("a Sunday that is one goes past its Monday", "2026-04-26", 5, of("monthly", BEGIN, month_days=[26]), ["2026-04-28"]),
    ):  # fmt: skip
        rule["on_holidays"] = "next_working_day"
        expected = [dt.date.fromisoformat(day) for day in found]
        yield with_calendar(f"next working day: {text}", rule, dt.date.fromisoformat(begin), count, expected)


def changes() -> Iterator[dict[str, Any]]:
    """What a unit decides is laid over the nation's calendar."""
    begin = dt.date(2026, 3, 9)
    festival = {"days_off": {"2026-03-12": "Lễ hội của xã"}, "worked": ["2026-03-14"], "own_years": []}
    around = every_day(begin, 7)
    off, worked = {dt.date(2026, 3, 12)}, {dt.date(2026, 3, 14)}
    found = [day for day in around if is_working(day, off, worked)]
    yield with_calendar("a commune's festival", of("workdays", BEGIN), begin, 7, found, calendar=festival)
    only = of("daily", BEGIN, on_holidays="only")
    yield with_calendar("on the festival only", only, begin, 7, off, calendar=festival)
    begin = dt.date(2026, 9, 1)
    works = {"days_off": {}, "worked": ["2026-09-01"], "own_years": []}
    yield with_calendar("a holiday that is none here", only, begin, 3, [dt.date(2026, 9, 2)], calendar=works)
    none = {"days_off": {}, "worked": [], "own_years": [2026]}
    yield with_calendar("a year in which nothing is a holiday", only, begin, 30, [], calendar=none)
    skip = of("daily", BEGIN, on_holidays="skip")
    yield with_calendar("nor skipped", skip, begin, 4, every_day(begin, 4), calendar=none)
    both = {"days_off": {"2026-03-12": "Lễ hội"}, "worked": ["2026-03-12"], "own_years": []}
    begin = dt.date(2026, 3, 12)
    yield with_calendar("a festival on which offices work", only, begin, 1, [begin], calendar=both)
    yield with_calendar("and its working day", of("workdays", BEGIN), begin, 1, [begin], calendar=both)


def national() -> Iterator[dict[str, Any]]:
    """Without a calendar the nation's holds, by the labour code and the decrees of the year."""
    only = of("daily", BEGIN, on_holidays="only")
    for begin, count, found in (
        ("2025-04-25", 10, "2025-04-30 2025-05-01 2025-05-02"),
        ("2026-02-10", 20, "2026-02-16 2026-02-17 2026-02-18 2026-02-19 2026-02-20"),
        ("2026-08-17", 21, "2026-08-31 2026-09-01 2026-09-02"),
        ("2026-11-20", 7, "2026-11-24"),
        ("2030-04-01", 31, "2030-04-12 2030-04-30 2030-05-01"),
    ):
        days_off = [dt.date.fromisoformat(day) for day in found.split()]
        yield case(
            f"the nation's holidays from {begin}",
            only,
            span(dt.date.fromisoformat(begin), count),
            days_off,
            "hand",
        )
    begin = dt.date(2026, 8, 17)
    found = [day for day in every_day(begin, 21) if is_working(day)]
    yield case(
        "the nation's working days in August 2026", of("workdays", BEGIN), span(begin, 21), found, "hand"
    )


def long_holidays() -> Iterator[dict[str, Any]]:
    """A working day is looked for on 31 days; what finds none does not air."""
    begin = dt.date(2026, 3, 2)
    rule = of("once", begin, on_holidays="next_working_day")
    for count, found in ((31, [begin + dt.timedelta(31)]), (32, [])):
        off = {str(day): "Nghỉ dịch" for day in every_day(begin, count)}
        free = {"own_years": [2026], "days_off": off, "worked": []}
        name = f"next working day: after {count} days off"
        yield with_calendar(name, rule, begin, 40, found, calendar=free)
        late = begin + dt.timedelta(30)
        yield with_calendar(f"{name}, asked for late", rule, late, 10, found, calendar=free)


def at_the_end() -> Iterator[dict[str, Any]]:
    """The holidays of the last year that is known, and a decree that says otherwise than the nation's."""
    only = of("daily", BEGIN, on_holidays="only")
    begin = dt.date(2099, 4, 28)  # the 29th is the 10th of month 3
    found = [dt.date(2099, 4, day) for day in (29, 30)] + [dt.date(2099, 5, 1)]
    yield case("the nation's holidays in 2099", only, span(begin, 6), found, "hand")
    moved = {"days_off": {"2026-09-03": "Quốc khánh"}, "worked": ["2026-09-01"], "own_years": []}
    begin, found = dt.date(2026, 8, 30), [dt.date(2026, 8, 31), dt.date(2026, 9, 2), dt.date(2026, 9, 3)]
    yield with_calendar(
        "the day beside the national day put behind it", only, begin, 7, found, calendar=moved
    )
    work = [dt.date(2026, 9, 1), dt.date(2026, 9, 4)]
    yield with_calendar("and the working days then", of("workdays", BEGIN), begin, 7, work, calendar=moved)
    begin, count = PERIODS["New Year 2026 with a day worked instead"]
    found = [day for day in every_day(begin, count) if is_working(day)]
    yield case(
        "the nation's working days at New Year 2026", of("workdays", BEGIN), span(begin, count), found, "hand"
    )
