"""Cases by the solar calendar: the days are python-dateutil's, month ends those of its relativedelta."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Any
from zoneinfo import ZoneInfo

from dateutil import rrule
from dateutil.relativedelta import FR, MO, SA, SU, TH, TU, WE, relativedelta

WEEKDAYS = (MO, TU, WE, TH, FR, SA, SU)
MORNING = ("05:30",)
TWICE = ("05:30", "17:00")
MONDAY = dt.date(2026, 3, 2)
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")


def case(
    name: str, rule: dict[str, Any], span: tuple[str, str], days: Iterable[dt.date], source: str = "dateutil"
) -> dict[str, Any]:
    """A case whose rule airs on ``days``, as far as they lie in the span of local times."""
    begin, end = (dt.datetime.fromisoformat(each) for each in span)
    moments = sorted(
        moment
        for day in set(days)
        for time in rule["times"]
        if begin <= (moment := dt.datetime.combine(day, dt.time.fromisoformat(time))) < end
    )
    return {
        "name": name,
        "source": source,
        "rule": rule,
        "from": local(begin),
        "to": local(end),
        "occurrences": [local(moment) for moment in moments],
    }


def local(moment: dt.datetime) -> str:
    """With the offset that the zone had: until 13 June 1975 that of Saigon, an hour more."""
    return moment.replace(tzinfo=ZONE).isoformat()


def of(
    frequency: str, starts_on: dt.date = MONDAY, times: Iterable[str] = MORNING, **more: Any
) -> dict[str, Any]:
    """A stored rule."""
    rule = {"frequency": frequency, "starts_on": str(starts_on), "times": list(times)}
    return {**rule, "weekdays": more.pop("weekdays", []), "until": more.pop("until", None), **more}


def span(begin: dt.date, days: int) -> tuple[str, str]:
    return f"{begin}T00:00:00", f"{begin + dt.timedelta(days)}T00:00:00"


def by_dateutil(freq: int, starts_on: dt.date, asked: tuple[str, str], **more: Any) -> list[dt.date]:
    begin, end = (dt.datetime.fromisoformat(each) for each in asked)
    rule = rrule.rrule(freq, dtstart=dt.datetime.combine(starts_on, dt.time()), **more)
    return [moment.date() for moment in rule.between(begin - dt.timedelta(1), end, inc=True)]


def solar() -> list[dict[str, Any]]:
    told = [*daily(), *weekly(), *monthly_by_day(), *monthly_by_weekday(), *yearly(), *listed()]
    return [
        *told,
        *over_years(),
        *from_the_end(),
        *ends_of_the_tables(),
    ]  # what is new at the end: ids are stable


def daily() -> Iterator[dict[str, Any]]:
    starts = (MONDAY, dt.date(1996, 2, 29))
    for interval in (1, 2, 3, 7, 10, 30, 365, 1000):
        for begin in starts:
            for asked in (span(begin - dt.timedelta(3), 14), span(dt.date(2026, 12, 25), 40)):
                rule = of("daily", begin, TWICE, **({"interval": interval} if interval > 1 else {}))
                days = by_dateutil(rrule.DAILY, begin, asked, interval=interval)
                yield case(f"every {interval} days from {begin}", rule, asked, days)


def weekly() -> Iterator[dict[str, Any]]:
    for days in ([0], [6], [0, 2, 4], [5, 6], [0, 1, 2, 3, 4], [0, 1, 2, 3, 4, 5, 6]):
        asked = span(dt.date(2026, 2, 27), 21)
        rule = of("weekly", weekdays=days)
        yield case(f"weekdays {days}", rule, asked, by_dateutil(rrule.WEEKLY, MONDAY, asked, byweekday=days))
    for interval, begin, days, week_start in (
        (2, MONDAY, [0], 0),
        (2, dt.date(2026, 3, 4), [0, 2], 0),  # begins on a Wednesday
        (2, dt.date(2026, 3, 8), [0, 6], 0),  # begins on a Sunday: the week's last day
        (2, dt.date(2026, 3, 8), [0, 6], 6),  # or its first
        (3, dt.date(2024, 2, 29), [3], 0),
        (4, dt.date(1990, 1, 1), [1, 5], 6),
        (52, MONDAY, [0], 0),
    ):
        asked = span(dt.date(2026, 3, 1), 70)
        more = {"week_start": week_start} if week_start else {}
        rule = of("weekly", begin, weekdays=days, interval=interval, **more)
        found = by_dateutil(
            rrule.WEEKLY, begin, asked, byweekday=days, interval=interval, wkst=WEEKDAYS[week_start].weekday
        )
        yield case(f"weekdays {days} every {interval} weeks, week from {week_start}", rule, asked, found)


def months(begin: dt.date, end: dt.date, step: int = 1) -> Iterator[dt.date]:
    month = begin.replace(day=1)
    while month < end:
        yield month
        month += relativedelta(months=step)


def of_month(month: dt.date, day: int) -> dt.date:
    """The day as people mean it: one beyond the end is the last; relativedelta does the same."""
    if day > 0:
        return month + relativedelta(day=day)
    return month + relativedelta(months=1) - relativedelta(days=-day)


def monthly_by_day() -> Iterator[dict[str, Any]]:
    for year in (2027, 2028):  # February has 28 days, and 29
        begin, asked = dt.date(year, 1, 1), span(dt.date(year, 1, 1), 182)
        for days in (
            [1],
            [15],
            [28],
            [29],
            [30],
            [31],
            [-1],
            [-2],
            [1, 15],
            [30, 31],
            [15, -1],
            [29, 30, 31],
        ):
            found = {of_month(month, day) for month in months(begin, dt.date(year, 8, 1)) for day in days}
            yield case(f"days {days} of each month", of("monthly", begin, month_days=days), asked, found)
            if max(days) > 28:
                rule = of("monthly", begin, month_days=days, month_end="skip")
                found = by_dateutil(rrule.MONTHLY, begin, asked, bymonthday=days)
                yield case(f"days {days} of each month that has them", rule, asked, found)
    for interval, begin, day in (
        (2, dt.date(2025, 12, 31), 31),
        (3, dt.date(2025, 11, 30), 30),
        (12, MONDAY, 2),
    ):
        asked = span(dt.date(2026, 1, 1), 500)
        found = {of_month(month, day) for month in months(begin, dt.date(2027, 9, 1), interval)}
        rule = of("monthly", begin, month_days=[day], interval=interval)
        yield case(
            f"day {day} every {interval} months", rule, asked, {each for each in found if each >= begin}
        )


def monthly_by_weekday() -> Iterator[dict[str, Any]]:
    for pairs in (
        [[1, 0]], [[2, 1]], [[3, 2]], [[4, 3]], [[5, 4]], [[-1, 5]], [[-2, 6]], [[-5, 0]], [[1, 6], [3, 6]],
        [[1, 0], [-1, 4]],
    ):  # fmt: skip
        asked = span(MONDAY, 184)
        found = by_dateutil(
            rrule.MONTHLY, MONDAY, asked, byweekday=[WEEKDAYS[day](nth) for nth, day in pairs]
        )
        yield case(f"weekdays {pairs} of each month", of("monthly", nth_weekdays=pairs), asked, found)
    asked = span(MONDAY, 400)
    found = by_dateutil(rrule.MONTHLY, MONDAY, asked, byweekday=SU(1), interval=3)
    yield case("first Sunday every 3 months", of("monthly", nth_weekdays=[[1, 6]], interval=3), asked, found)


def yearly() -> Iterator[dict[str, Any]]:
    begin, asked = dt.date(2020, 1, 1), span(dt.date(2023, 6, 1), 5 * 365 + 10)
    for month_numbers, days in (([9], [2]), ([12], [31]), ([1], [1]), ([4, 5], [1, 30]), ([2], [28])):
        rule = of("yearly", begin, months=month_numbers, month_days=days)
        found = by_dateutil(rrule.YEARLY, begin, asked, bymonth=month_numbers, bymonthday=days)
        yield case(f"days {days} of months {month_numbers}", rule, asked, found)
    years = [dt.date(year, 2, 1) for year in range(2020, 2030)]
    rule = of("yearly", begin, months=[2], month_days=[29])
    yield case("29 February, else the 28th", rule, asked, [of_month(month, 29) for month in years])
    found = by_dateutil(rrule.YEARLY, begin, asked, bymonth=2, bymonthday=29)
    yield case("29 February where there is one", {**rule, "month_end": "skip"}, asked, found)
    rule = of("yearly", begin, months=[2], month_days=[-1])
    yield case("last day of February", rule, asked, [of_month(month, -1) for month in years])
    rule = of("yearly", begin, months=[6], nth_weekdays=[[1, 6]])
    found = by_dateutil(rrule.YEARLY, begin, asked, bymonth=6, byweekday=SU(1))
    yield case("first Sunday of June", rule, asked, found)
    rule = of("yearly", dt.date(2021, 11, 20), months=[11], month_days=[20], interval=2)
    found = by_dateutil(rrule.YEARLY, dt.date(2021, 11, 20), asked, interval=2)
    yield case("20 November every second year", rule, asked, found)


def listed() -> Iterator[dict[str, Any]]:
    dates = [dt.date(2026, 3, 3), dt.date(2026, 3, 9), dt.date(2026, 3, 31), dt.date(2026, 12, 31)]
    rule = of("dates", times=TWICE, dates=[str(day) for day in dates])
    yield case("listed dates", rule, span(MONDAY, 30), dates, "hand")
    yield case("listed dates, none in the range", rule, span(dt.date(2026, 4, 1), 30), dates, "hand")
    yield case("once", of("once", times=TWICE), span(MONDAY, 7), [MONDAY], "hand")
    yield case("once, asked for the week after", of("once"), span(dt.date(2026, 3, 9), 7), [], "hand")


def over_years() -> Iterator[dict[str, Any]]:
    """Every n months where twelve is no multiple of n, every n years from a leap day."""
    asked = span(dt.date(2027, 1, 1), 730)
    for interval, begin, day in (
        (5, dt.date(2025, 11, 30), 30),
        (7, dt.date(2024, 12, 15), 15),
        (11, MONDAY, 2),
    ):
        found = {of_month(month, day) for month in months(begin, dt.date(2029, 1, 1), interval)}
        rule = of("monthly", begin, month_days=[day], interval=interval)
        yield case(f"day {day} every {interval} months, over years", rule, asked, found)
    begin, asked = dt.date(2024, 2, 29), span(dt.date(2026, 1, 1), 3000)
    rule = of("yearly", begin, months=[2], month_days=[29], interval=3)
    found = {dt.date(year, 2, 1) + relativedelta(day=29) for year in range(2024, 2035, 3)}
    yield case("29 February every third year, else the 28th", rule, asked, found)


def from_the_end() -> Iterator[dict[str, Any]]:
    """A day counted from the end that a month has not is none, whatever is done about day 31."""
    begin, asked = dt.date(2027, 1, 1), span(dt.date(2027, 1, 1), 365)
    for day in (-29, -30, -31):
        for month_end in ("last_day", "skip"):
            rule = of("monthly", begin, month_days=[day], month_end=month_end)
            found = by_dateutil(rrule.MONTHLY, begin, asked, bymonthday=day)
            yield case(f"day {day} of each month, {month_end}", rule, asked, found)


def ends_of_the_tables() -> Iterator[dict[str, Any]]:
    first, last = dt.date(1968, 1, 1), dt.date(2099, 12, 31)
    yield case("the first day of the tables", of("once", first), span(first, 2), [first], "hand")
    yield case(
        "the last day of the tables", of("daily", last), span(last - dt.timedelta(2), 3), [last], "hand"
    )
    times = [f"{n // 12:02}:{n % 12 * 5:02}" for n in range(288)]
    asked = ("2026-03-02T23:50:00", "2026-03-03T00:05:00")
    days = [MONDAY, MONDAY + dt.timedelta(1)]
    yield case("every five minutes of a day", of("daily", times=times), asked, days, "hand")
    many = [str(MONDAY + dt.timedelta(n)) for n in range(1000)]
    rule = of("dates", dates=many)
    yield case(
        "1,000 dates",
        rule,
        span(MONDAY + dt.timedelta(998), 9),
        [MONDAY + dt.timedelta(998), MONDAY + dt.timedelta(999)],
        "hand",
    )
    rule = of("dates", times=("17:00", "05:30"), dates=["2026-03-09", "2026-03-03", "2026-03-09"])
    days = [dt.date(2026, 3, 3), dt.date(2026, 3, 9)]
    yield case("dates and times in no order, one twice", rule, span(MONDAY, 14), days, "hand")


def validity() -> list[dict[str, Any]]:
    """Both edges of validity, and of the range: its start belongs to it, its end does not."""
    until = dt.date(2026, 3, 6)
    days = [MONDAY + dt.timedelta(n) for n in range(5)]
    rule = of("daily", times=("00:00", "23:59:59"), until=str(until))
    found = [
        case("both edges belong to the validity", rule, span(dt.date(2026, 2, 27), 14), days, "hand"),
        case("one day is valid", {**rule, "until": str(MONDAY)}, span(MONDAY, 7), [MONDAY], "hand"),
        case("asked for after the last valid day", rule, span(dt.date(2026, 3, 7), 7), [], "hand"),
        case("asked for before the first valid day", rule, span(dt.date(2026, 2, 20), 10), [], "hand"),
    ]
    for begin, end in (
        ("2026-03-02T05:30:00", "2026-03-03T05:30:00"),
        ("2026-03-02T05:30:01", "2026-03-03T05:30:01"),
        ("2026-03-02T05:29:59", "2026-03-02T05:30:00"),
        ("2026-03-02T05:30:00", "2026-03-02T05:30:01"),
        ("2026-03-02T05:30:00", "2026-03-02T05:30:00"),
        ("2026-03-02T23:00:00", "2026-03-03T01:00:00"),
    ):
        name = f"a range from {begin[11:]} to {end[11:]}"
        found.append(case(name, of("daily", times=("00:30", "05:30", "23:30")), (begin, end), days, "hand"))
    late = of("weekly", times=("23:30",), weekdays=[4], until=str(until))
    night = ("2026-03-06T22:00:00", "2026-03-07T06:00:00")
    found.append(case("late on the last valid day", late, night, [until], "hand"))
    for frequency, more in (
        ("monthly", {"month_days": [6]}),
        ("weekly", {"weekdays": [4]}),
        ("dates", {"dates": [str(until), "2026-03-07"]}),
    ):
        rule = of(frequency, until=str(until), **more)
        found.append(case(f"{frequency}: the last valid day", rule, span(MONDAY, 30), [until], "hand"))
    return found
