"""Cases of how airings are spread, and of the wish for them: by hand. Days count from 2 March 2026, a Monday."""

from __future__ import annotations

import datetime as dt
from typing import Any

from schedule_vectors_filling import MIDNIGHT, WHOLE, candidate, heard, several, slot
from schedule_vectors_solar import local

Case = dict[str, Any]

BOTH = "5:30 17:00"
SPREAD = (
    # name, times of the slot, days of the week, minutes, candidates, heard, airs (id, day and time), short
    ("three times in five days", BOTH, "0123456", 30, "a routine 5 airings=3/5", "", "a 0-5:30 2-5:30 3-17:00", ""),
    ("once", BOTH, "0123456", 30, "a routine 5 airings=1/5", "", "a 0-5:30", ""),
    ("twice: in the first half and in the second", BOTH, "0123456", 30, "a routine 5 airings=2/5", "", "a 0-5:30 2-17:00", ""),
    ("once a day", "5:30", "0123456", 30, "a routine 5 airings=5/5", "", "a 0-5:30 1-5:30 2-5:30 3-5:30 4-5:30", ""),
    ("at every occurrence", BOTH, "0123456", 30, "a routine 5 airings=4/2", "", "a 0-5:30 0-17:00 1-5:30 1-17:00", ""),
    ("whenever it holds", BOTH, "01", 30, "a routine 5", "", "a 0-5:30 0-17:00 1-5:30 1-17:00", ""),
    ("airings before count", BOTH, "0123456", 30, "a routine 5 airings=3/6 from=-29.5", "a -29.5", "a 1-5:30 3-5:30", ""),
    ("more are wanted than there are occurrences", "5:30", "0123456", 30, "a routine 5 airings=9/3", "", "a 0-5:30 1-5:30 2-5:30", "a 3 9"),
    ("the gap allows fewer", BOTH, "01", 30, "a routine 5 airings=4/2 gap=20", "", "a 0-5:30 1-5:30", "a 2 4"),
    ("validity ends before its days", BOTH, "0123456", 30, "a routine 5 airings=3/5 until=18", "", "a 0-5:30 0-17:00", "a 2 3"),
    ("days without a slot are made up for before them", BOTH, "0156", 30, "a routine 5 airings=4/5", "", "a 0-5:30 0-17:00 1-5:30 1-17:00", ""),
    ("it hurries only when it must", "5:30", "0123456", 30, "a routine 5 airings=3/4", "", "a 0-5:30 2-5:30 3-5:30", ""),
    ("without room it waits for the next", BOTH, "0123456", 10, "a routine 9 airings=1/5 position=0, b routine 9 airings=1/5 position=1", "", "a 0-5:30, b 0-17:00", ""),
    ("and goes on evenly from there", BOTH, "0123456", 10, "a priority 9 airings=1/5, b routine 9 airings=2/5", "", "a 0-5:30, b 0-17:00 3-5:30", ""),
    ("without an order they take turns", "5:30", "0123", 10, "a routine 9, b routine 9", "", "a 0-5:30 2-5:30, b 1-5:30 3-5:30", ""),
)  # fmt: skip


PACED = (
    # as above
    ("when just its share has passed", "5:30", "0123456", 30, "a routine 5 airings=2/5 until=96", "", "a 0-5:30 2-5:30", ""),
    ("in a hurry the gap counts too", "5:30 12:00 17:00", "01", 30, "a routine 5 airings=4/6 gap=11", "", "a 0-5:30 0-17:00 1-5:30 1-17:00", ""),
    ("no hurry for what can still come after the days planned", BOTH, "01", 30, "a routine 5 airings=3/10", "", "a 0-5:30", ""),
    ("its days end with those planned", "5:30", "0123456", 30, "a routine 5 airings=9/7", "", "a 0-5:30 1-5:30 2-5:30 3-5:30 4-5:30 5-5:30 6-5:30", "a 7 9"),
    ("occurrences in no order", "17:00 5:30", "40213", 30, "a routine 5 airings=3/5", "", "a 0-5:30 2-5:30 3-17:00", ""),
    ("what is too long for the slot never airs", BOTH, "01", 5, "a routine 6 airings=2/2, b routine 5 airings=1/2", "", "b 0-5:30", "a 0 2"),
    ("two that share each occurrence", BOTH, "01", 10, "a routine 5 airings=2/2, b routine 5 airings=2/2", "", "a 0-5:30 1-5:30, b 0-5:30 1-5:30", ""),
    ("two that take turns", BOTH, "01", 5, "a routine 5 airings=2/2, b routine 5 airings=2/2", "", "a 0-5:30 1-5:30, b 0-17:00 1-17:00", ""),
    ("from the middle of the week", "5:30", "0123456", 30, "a routine 5 airings=2/4 from=50", "", "a 3-5:30 5-5:30", ""),
    ("an airing of long ago and two to come", BOTH, "0123456", 30, "a routine 5 airings=3/10 gap=12 from=-77.5", "a -72 -1", "a 3-17:00", ""),
)  # fmt: skip


def airings() -> list[Case]:
    return [*spread(SPREAD), *spread(PACED), *wishes()]  # what is new at the end: ids are stable


Spread = tuple[str, str, str, int, str, str, str, str]


def spread(cases: tuple[Spread, ...]) -> list[Case]:
    return [
        {
            "name": name,
            "source": "hand",
            "slot": slot(minutes, WHOLE),
            "starts": [day_time(f"{day}-{time}") for day in days for time in times.split()],
            "horizon": local(MIDNIGHT + dt.timedelta(days=7)),
            "candidates": [candidate(each) for each in several(candidates)],
            "heard": heard(before),
            "airs": {
                words[0]: [day_time(each) for each in words[1:]] for words in map(str.split, several(airs))
            },
            "short": [short(each) for each in several(told)],
        }
        for name, times, days, minutes, candidates, before, airs, told in cases
    ]


def day_time(text: str) -> str:
    day, time = text.split("-")
    hour, minute = time.split(":")
    return local(MIDNIGHT + dt.timedelta(days=int(day), hours=int(hour), minutes=int(minute)))


def short(text: str) -> Case:
    identity, possible, wanted = text.split()
    return {"id": identity, "possible": int(possible), "wanted": int(wanted)}


WISHES = (
    # name, times, days, hours between them, code of the refusal
    ("once", 1, 1, 0, None),
    ("a thousand times in a year", 1000, 366, 0, None),
    ("never", 0, 5, 0, "bad_times"),
    ("1,001 times", 1001, 366, 0, "bad_times"),
    ("in no days", 1, 0, 0, "bad_days"),
    ("in 367 days", 1, 367, 0, "bad_days"),
    ("a gap that is negative", 2, 5, -1, "bad_gap"),
    ("a gap that leaves room for the last", 3, 5, 59, None),
    ("a gap that leaves none", 3, 5, 60, "gap_too_long"),
    ("a gap that a single airing never feels", 1, 1, 1000, None),
)


def wishes() -> list[Case]:
    return [
        {
            "name": name,
            "source": "hand",
            "airings": {"times": times, "days": days, "gap_s": gap * 3600},
            "airings_error": code,
        }
        for name, times, days, gap, code in WISHES
    ]
