"""Cases of exceptions, and of what is no rule: by hand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from schedule_vectors_solar import MONDAY, TWICE, local, of, span

WEEK = span(MONDAY, 7)


def exceptions() -> list[dict[str, Any]]:
    return [*left_out(), *moved(), *together(), *odd_moves()]  # what is new at the end: ids are stable


def by_hand(name: str, rule: dict[str, Any], asked: tuple[str, str], found: str) -> dict[str, Any]:
    """``found``: days of March 2026 and times, as "2 05:30"."""
    moments = [at(each.strip()) for each in found.split(",") if each.strip()]
    begin, end = (dt.datetime.fromisoformat(each) for each in asked)
    return {
        "name": name,
        "source": "hand",
        "rule": rule,
        "from": local(begin),
        "to": local(end),
        "occurrences": [local(dt.datetime.fromisoformat(moment)) for moment in sorted(moments)],
    }


def at(text: str) -> str:
    day, time = text.split()
    return f"2026-03-{int(day):02}T{time if len(time) > 5 else time + ':00'}"


def stored(text: str) -> str:
    day, time = text.split()
    return f"2026-03-{int(day):02}T{time}"


def move(was: str, to: str) -> dict[str, str]:
    return {"was": stored(was), "to": stored(to)}


def left_out() -> Iterator[dict[str, Any]]:
    daily = of("daily", times=TWICE, until="2026-03-05")
    all_days = "2 05:30, 2 17:00, 3 05:30, 3 17:00, 4 05:30, 4 17:00, 5 05:30, 5 17:00"
    yield by_hand("nothing is left out", daily, WEEK, all_days)
    for name, more, gone in (
        ("a day", {"skipped_days": ["2026-03-03"]}, ("3 05:30", "3 17:00")),
        ("the first day", {"skipped_days": ["2026-03-02"]}, ("2 05:30", "2 17:00")),
        ("the last day", {"skipped_days": ["2026-03-05"]}, ("5 05:30", "5 17:00")),
        ("a day on which nothing airs", {"skipped_days": ["2026-03-20"]}, ()),
        ("one morning", {"skipped": ["2026-03-03T05:30"]}, ("3 05:30",)),
        ("a time at which nothing airs", {"skipped": ["2026-03-03T06:30"]}, ()),
        ("a day and an evening", {"skipped_days": ["2026-03-03"], "skipped": ["2026-03-04T17:00"]}, ("3 05:30", "3 17:00", "4 17:00")),
        ("one time of it twice over", {"skipped_days": ["2026-03-03"], "skipped": ["2026-03-03T05:30"]}, ("3 05:30", "3 17:00")),
    ):  # fmt: skip
        kept = ", ".join(each for each in all_days.split(", ") if each not in gone)
        yield by_hand(f"left out: {name}", {**daily, **more}, WEEK, kept)
    weekly = of("weekly", weekdays=[0], skipped_days=["2026-03-09", "2026-03-10"])
    yield by_hand("left out: one Monday", weekly, span(MONDAY, 21), "2 05:30, 16 05:30")
    once = of("once", skipped_days=["2026-03-02"])
    yield by_hand("left out: the only day", once, WEEK, "")
    monthly = of("monthly", dt.date(2026, 2, 1), month_days=[31], skipped_days=["2026-02-28"])
    yield by_hand("left out: the last day of February", monthly, span(dt.date(2026, 2, 1), 59), "31 05:30")
    lunar = of("lunar_monthly", month_days=[1, 15], skipped_days=["2026-03-19"])  # 1 of month 2
    yield by_hand("left out: one first day of a lunar month", lunar, span(MONDAY, 30), "3 05:30")


def moved() -> Iterator[dict[str, Any]]:
    weekly = of("weekly", weekdays=[0, 2])  # 2, 4, 9, 11, 16, 18, 23, 25, 30 March
    for name, moves, found in (
        ("to the next day", [("4 05:30", "5 05:30")], "2 05:30, 5 05:30"),
        ("to another time of its day", [("4 05:30", "4 19:00")], "2 05:30, 4 19:00"),
        ("out of the range", [("4 05:30", "20 05:30")], "2 05:30"),
        ("into the range from after it", [("18 05:30", "6 05:30")], "2 05:30, 4 05:30, 6 05:30"),
        ("onto another occurrence: they are one", [("4 05:30", "2 05:30")], "2 05:30"),
        ("what does not air: nothing", [("3 05:30", "5 05:30")], "2 05:30, 4 05:30"),
        ("what airs at another time: nothing", [("4 06:30", "5 05:30")], "2 05:30, 4 05:30"),
        ("two of them, swapped", [("2 05:30", "4 05:30"), ("4 05:30", "2 05:30")], "2 05:30, 4 05:30"),
        ("two to one instant", [("2 05:30", "6 08:00"), ("4 05:30", "6 08:00")], "6 08:00"),
        (
            "not on from where it was put",
            [("2 05:30", "4 05:30"), ("4 05:30", "6 05:30")],
            "4 05:30, 6 05:30",
        ),
        ("to the very start of the range", [("18 05:30", "2 00:00")], "2 00:00, 2 05:30, 4 05:30"),
        ("to the very end of the range", [("4 05:30", "9 00:00")], "2 05:30"),
    ):
        rule = {**weekly, "moved": [move(was, to) for was, to in moves]}
        yield by_hand(f"moved {name}", rule, WEEK, found)
    before = {**weekly, "moved": [{"was": "2026-03-02T05:30", "to": "2026-02-27T05:30"}]}
    yield by_hand("moved to before the first valid day", before, WEEK, "4 05:30")
    until = {**weekly, "until": "2026-03-04", "moved": [move("4 05:30", "6 05:30")]}
    yield by_hand("moved to after the last valid day", until, WEEK, "2 05:30, 6 05:30")
    invalid = {**weekly, "until": "2026-03-08", "moved": [move("9 05:30", "6 05:30")]}
    yield by_hand("moved from after the last valid day: nothing", invalid, WEEK, "2 05:30, 4 05:30")
    two = of("daily", times=TWICE, until="2026-03-03", moved=[move("2 17:00", "2 18:00")])
    yield by_hand("moved: the evening, not the morning", two, WEEK, "2 05:30, 2 18:00, 3 05:30, 3 17:00")


def together() -> Iterator[dict[str, Any]]:
    weekly = of("weekly", weekdays=[0, 2], moved=[move("4 05:30", "5 05:30")])
    dropped = {**weekly, "skipped": ["2026-03-04T05:30"]}
    yield by_hand("what is left out is not moved", dropped, WEEK, "2 05:30")
    day = {**weekly, "skipped_days": ["2026-03-04"]}
    yield by_hand("nor what a left-out day would have had", day, WEEK, "2 05:30")
    target = {**weekly, "skipped_days": ["2026-03-05"]}
    yield by_hand("what is moved onto a left-out day airs", target, WEEK, "2 05:30, 5 05:30")
    same = {**weekly, "skipped": ["2026-03-05T05:30"]}
    yield by_hand("or onto a left-out time", same, WEEK, "2 05:30, 5 05:30")
    holiday = of("weekly", dt.date(2026, 1, 1), weekdays=[0], on_holidays="next_working_day")
    calendar = {"days_off": {"2026-03-09": "Lễ hội"}, "worked": [], "own_years": []}
    for name, more, found in (
        ("a holiday's is left out by where it went", {"skipped_days": ["2026-03-10"]}, "2 05:30"),
        ("not by where it came from", {"skipped_days": ["2026-03-09"]}, "2 05:30, 10 05:30"),
        ("nor is it moved from there", {"moved": [move("9 05:30", "12 05:30")]}, "2 05:30, 10 05:30"),
        (
            "a holiday's is moved from where it went",
            {"moved": [move("10 05:30", "12 05:30")]},
            "2 05:30, 12 05:30",
        ),
    ):
        yield {**by_hand(name, {**holiday, **more}, span(MONDAY, 14), found), "calendar": calendar}


def odd_moves() -> Iterator[dict[str, Any]]:
    """Onto what is moved itself, over midnight, out of what is valid and back, and what is told twice."""
    daily = of("daily", times=TWICE, until="2026-03-03")
    for name, moves, found in (
        ("told twice", [("2 05:30", "5 06:00")] * 2, "2 17:00, 3 05:30, 3 17:00, 5 06:00"),
        ("over midnight", [("2 17:00", "3 00:15")], "2 05:30, 3 00:15, 3 05:30, 3 17:00"),
        ("to midnight itself", [("2 17:00", "3 00:00")], "2 05:30, 3 00:00, 3 05:30, 3 17:00"),
        ("onto one that is moved away", [("2 17:00", "3 05:30"), ("3 05:30", "4 09:00")], "2 05:30, 3 05:30, 3 17:00, 4 09:00"),
        ("to where it is: it airs there", [("2 17:00", "2 17:00")], "2 05:30, 2 17:00, 3 05:30, 3 17:00"),
        ("behind others of its day, in the order of time", [("2 05:30", "2 19:30:30")], "2 17:00, 2 19:30:30, 3 05:30, 3 17:00"),
    ):  # fmt: skip
        rule = {**daily, "moved": [move(was, to) for was, to in moves]}
        yield by_hand(f"moved {name}", rule, WEEK, found)
    once = of("once", on_holidays="skip", moved=[move("2 05:30", "3 05:30")])
    festival = {"days_off": {"2026-03-03": "Lễ hội"}, "worked": [], "own_years": []}
    yield {**by_hand("moved onto a holiday, it airs", once, WEEK, "3 05:30"), "calendar": festival}
    eve = {**festival, "days_off": {"2026-03-02": "Lễ hội"}}
    yield {
        **by_hand("moved from a holiday on which it would not air: nothing", once, WEEK, ""),
        "calendar": eve,
    }


def refusals() -> list[dict[str, Any]]:
    many = [str(dt.date(2026, 1, 1) + dt.timedelta(n)) for n in range(1001)]
    return [
        {"name": name, "source": "hand", "rule": rule, "error": error}
        for name, rule, error in (
            ("no frequency", {"starts_on": "2026-03-02", "times": ["05:30"]}, "malformed"),
            ("an unknown frequency", of("hourly"), "malformed"),
            ("a date as people write it", {**of("daily"), "starts_on": "02/03/2026"}, "malformed"),
            ("a day that is none", {**of("daily"), "starts_on": "2026-02-30"}, "malformed"),
            ("no times", of("daily", times=()), "no_times"),
            ("a time twice", of("daily", times=("05:30", "05:30")), "repeated_time"),
            ("hour 24", of("daily", times=("24:00",)), "malformed"),
            ("a time with a zone", of("daily", times=("05:30+07:00",)), "zoned_time"),
            ("289 times", of("daily", times=[f"{n // 60:02}:{n % 60:02}" for n in range(289)]), "too_many_times"),
            ("it ends before it begins", of("daily", until="2026-03-01"), "until_before_start"),
            ("before the lunar table", of("daily", dt.date(1967, 12, 31)), "date_out_of_range"),
            ("after the lunar table", of("daily", dt.date(2100, 1, 1)), "date_out_of_range"),
            ("interval 0", of("daily", interval=0), "bad_interval"),
            ("a huge interval", of("daily", interval=10**9), "bad_interval"),
            ("half an interval", of("daily", interval=0.5), "malformed"),
            ("no weekdays", of("weekly"), "no_weekdays"),
            ("weekday 7", of("weekly", weekdays=[7]), "bad_weekday"),
            ("no days of the month", of("monthly"), "no_month_days"),
            ("days both by number and by weekday", of("monthly", month_days=[1], nth_weekdays=[[1, 0]]), "no_month_days"),
            ("day 32", of("monthly", month_days=[32]), "bad_month_day"),
            ("day 0", of("monthly", month_days=[0]), "bad_month_day"),
            ("lunar day 31", of("lunar_monthly", month_days=[31]), "bad_month_day"),
            ("the sixth Monday", of("monthly", nth_weekdays=[[6, 0]]), "bad_nth"),
            ("no months", of("yearly", month_days=[2]), "no_months"),
            ("month 13", of("yearly", month_days=[2], months=[13]), "bad_month"),
            ("no dates", of("dates"), "no_dates"),
            ("1,001 dates", of("dates", dates=many), "too_many_dates"),
            ("1,001 days left out", of("daily", skipped_days=many), "too_many_exceptions"),
            ("months of a daily rule", of("daily", months=[3]), "misplaced"),
            ("an interval of lunar months", of("lunar_monthly", month_days=[1], interval=2), "misplaced"),
            ("leap months of the solar year", of("yearly", month_days=[1], months=[1], leap_months="both"), "misplaced"),
            ("one occurrence moved twice", of("daily", moved=[move("3 05:30", "4 06:00"), move("3 05:30", "5 06:00")]), "moved_twice"),
            ("weekday -1", of("weekly", weekdays=[-1]), "bad_weekday"),
            ("a week that begins on day 7", of("weekly", weekdays=[0], interval=2, week_start=7), "bad_weekday"),
            ("the first of a weekday 7", of("monthly", nth_weekdays=[[1, 7]]), "bad_weekday"),
            ("month 0", of("yearly", month_days=[2], months=[0]), "bad_month"),
            ("the 0th Monday", of("monthly", nth_weekdays=[[0, 0]]), "bad_nth"),
            ("the sixth Monday from the end", of("monthly", nth_weekdays=[[-6, 0]]), "bad_nth"),
            ("day -32", of("monthly", month_days=[-32]), "bad_month_day"),
            ("lunar day -31", of("lunar_monthly", month_days=[-31]), "bad_month_day"),
            ("lunar month 13", of("lunar_yearly", months=[13], month_days=[1]), "bad_month"),
            ("an interval that is true", of("daily", interval=True), "malformed"),
            ("an interval of 1,001", of("daily", interval=1001), "bad_interval"),
            ("half a second", of("daily", times=("05:30:00.5",)), "zoned_time"),
            ("a listed date after the lunar table", of("dates", dates=["2100-01-01"]), "date_out_of_range"),
            ("a day left out after it", of("daily", skipped_days=["2100-01-01"]), "date_out_of_range"),
            ("a time left out before it", of("daily", skipped=["1967-12-31T05:30"]), "date_out_of_range"),
            ("moved to after it", of("daily", moved=[{"was": stored("3 05:30"), "to": "2100-01-01T05:30"}]), "date_out_of_range"),
            ("a time with a zone left out", of("daily", skipped=["2026-03-03T05:30+07:00"]), "zoned_time"),
            ("moved to a time with a zone", of("daily", moved=[{"was": stored("3 05:30"), "to": "2026-03-04T05:30Z"}]), "zoned_time"),
            ("moved to nowhere", of("daily", moved=[{"was": stored("3 05:30")}]), "malformed"),
            ("weekdays of a month's rule", of("monthly", month_days=[1], weekdays=[0]), "misplaced"),
            ("times that are a text", {**of("daily"), "times": "05:30"}, "malformed"),
            ("1,001 exceptions of all kinds together", of("daily", skipped_days=many[:999], skipped=["2026-03-03T05:30"], moved=[move("4 05:30", "5 06:00")]), "too_many_exceptions"),
        )
    ]  # fmt: skip
