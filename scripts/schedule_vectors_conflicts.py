"""Cases of what plays at once and of the next free time: by hand. Times are of 2 March 2026, a Monday."""

from __future__ import annotations

import datetime as dt
from typing import Any

from schedule_vectors_precedence import LEVELS, decision
from schedule_vectors_solar import local

MIDNIGHT = dt.datetime(2026, 3, 2)  # noqa: DTZ001  local time
Case = dict[str, Any]


def conflicts() -> list[Case]:
    return [*overlapping(OVERLAPPING), *free(FREE), *overlapping(LOST), *free(FOUND)]  # ids are stable


def at(text: str) -> str:
    """As "17:05", "17:05:30", or "3+06:00" three days later."""
    day, _, time = text.rpartition("+")
    hour, minute, *second = (int(each) for each in time.split(":"))
    moment = dt.timedelta(days=int(day or 0), hours=hour, minutes=minute, seconds=sum(second))
    return local(MIDNIGHT + moment)


def booking(text: str) -> Case:
    """As "a 17:00 17:30 t1+t2 routine commune"."""
    identity, start, end, where, klass, unit = text.split()
    return {
        "id": identity,
        "start": at(start),
        "end": at(end),
        "where": where.split("+"),
        "class": klass,
        "level": LEVELS[unit],
    }


NEW = "n 17:10 17:20 t1+t2 routine commune"
URGENT = NEW.replace("routine", "priority")
OVERLAPPING = (
    # name, new, taken, decisions, displaced: id, from, to, where, part, minutes left, by whose word
    ("nothing else there", NEW, "", "", ""),
    ("ends when it begins", NEW, "a 17:00 17:10 t1 routine commune", "", ""),
    ("begins when it ends", NEW, "a 17:20 17:30 t1 routine commune", "", ""),
    ("on other loudspeakers", NEW, "a 17:00 17:30 t3 routine commune", "", ""),
    ("on some of them", NEW, "a 17:10 17:20 t2+t3 routine commune", "", "a 17:10 17:20 t2 all 0 unit"),
    ("all of it", URGENT, "a 17:12 17:18 t1 routine commune", "", "a 17:12 17:18 t1 all 0 rule"),
    ("its beginning", URGENT, "a 17:15 17:45 t1 routine commune", "", "a 17:15 17:20 t1 beginning 25 rule"),
    ("its end", URGENT, "a 17:00 17:15 t1 routine commune", "", "a 17:10 17:15 t1 end 10 rule"),
    ("its middle", URGENT, "a 17:00 18:00 t1 routine commune", "", "a 17:10 17:20 t1 middle 50 rule"),
    ("own routine in the way of own routine", NEW, "a 17:10 17:20 t1 routine commune", "", "a 17:10 17:20 t1 all 0 unit"),
    ("own priority in the way of own routine", NEW, "a 17:10 17:20 t1 priority commune", "", "a 17:10 17:20 t1 all 0 nobody"),
    ("priority from above", NEW, "a 17:10 17:20 t1 priority province", "", "a 17:10 17:20 t1 all 0 unit"),
    ("routine from above", NEW, "a 17:10 17:20 t1 routine province", "", "a 17:10 17:20 t1 all 0 nobody"),
    ("what is a village's", NEW, "a 17:10 17:20 t1 routine village", "", "a 17:10 17:20 t1 all 0 rule"),
    ("an emergency", URGENT, "a 17:10 17:20 t1 emergency village", "", "a 17:10 17:20 t1 all 0 nobody"),
    ("from above, where the commune decided", "n 17:10 17:20 t1 priority province", "a 17:10 17:20 t1 routine commune", "a<n commune", "a 17:10 17:20 t1 all 0 nobody"),
    ("two, in the order of time", URGENT, "b 17:15 17:45 t1 routine commune, a 17:00 17:15 t2 routine commune", "", "a 17:10 17:15 t2 end 10 rule, b 17:15 17:20 t1 beginning 25 rule"),
)  # fmt: skip


LOST = (
    # as above
    ("own emergency in the way of own emergency", NEW.replace("routine", "emergency"), "a 17:10 17:20 t1 emergency commune", "", "a 17:10 17:20 t1 all 0 nobody"),
    ("one that began long before those after it", URGENT, "a 16:00 17:15 t1 routine commune, b 17:00 17:05 t1 routine commune", "", "a 17:10 17:15 t1 end 70 rule"),
    ("a decision of a unit without a say takes none back", "n 17:10 17:20 t1 priority province", "a 17:10 17:20 t1 routine commune", "a<n commune, n<a village", "a 17:10 17:20 t1 all 0 nobody"),
)  # fmt: skip


def overlapping(told: tuple[tuple[str, str, str, str, str], ...]) -> list[Case]:
    return [
        {
            "name": name,
            "source": "hand",
            "new": booking(new),
            "taken": [booking(each) for each in taken.split(", ") if each],
            "decisions": [decision(each, minute) for minute, each in enumerate(decided.split(", ")) if each],
            "displaced": [loss(each) for each in displaced.split(", ") if each],
        }
        for name, new, taken, decided, displaced in told
    ]


def loss(text: str) -> Case:
    identity, start, end, where, part, minutes, word = text.split()
    return {
        "id": identity,
        "from": at(start),
        "to": at(end),
        "where": where.split("+"),
        "part": part,
        "left_ms": int(minutes) * 60_000,
        "say": word,
    }


DAY = "05:00-07:00 17:00-19:00"
NIGHT = "22:00-04:00"
FREE = (
    # name, wanted start, minutes, taken (from, to), windows, weekdays, days to look ahead, next free
    ("it is free", "17:00", 30, "", DAY, "0123456", 14, "17:00"),
    ("free at an odd second", "17:00:30", 30, "", DAY, "0123456", 14, "17:00:30"),
    ("before the hours", "04:00", 30, "", DAY, "0123456", 14, "05:00"),
    ("between them", "12:00", 30, "", DAY, "0123456", 14, "17:00"),
    ("to the end of the hours", "18:30", 30, "", DAY, "0123456", 14, "18:30"),
    ("past their end", "18:31", 30, "", DAY, "0123456", 14, "1+05:00"),
    ("behind what plays, at a whole minute", "17:00", 30, "16:50 17:12:18", DAY, "0123456", 14, "17:13"),
    ("right behind what ends at one", "17:00", 30, "16:50 17:12", DAY, "0123456", 14, "17:12"),
    ("in a gap that is just long enough", "17:00", 30, "17:00 17:10, 17:40 18:00", DAY, "0123456", 14, "17:10"),
    ("not in one that is shorter", "17:00", 31, "17:00 17:10, 17:40 18:00", DAY, "0123456", 14, "18:00"),
    ("too little is left of the hours", "05:00", 30, "05:00 06:31", DAY, "0123456", 14, "17:00"),
    ("on a weekday that is allowed", "18:31", 30, "", DAY, "02", 14, "2+05:00"),
    ("a night belongs to the day it begins on", "1+02:00", 30, "", NIGHT, "0", 14, "1+02:00"),
    ("and not to the day it ends on", "1+02:00", 30, "", NIGHT, "1", 14, "1+22:00"),
    ("over midnight", "23:50", 30, "", NIGHT, "0123456", 14, "23:50"),
    ("longer than any opening", "17:00", 121, "", DAY, "0123456", 14, ""),
    ("no hours at all", "17:00", 30, "", "", "0123456", 14, ""),
    ("no weekday", "17:00", 30, "", DAY, "", 14, ""),
    ("not within the days", "08:00", 30, "08:00 2+08:00", "05:00-07:00", "0123456", 2, ""),
    ("within one more", "08:00", 30, "08:00 2+08:00", "05:00-07:00", "0123456", 3, "3+05:00"),
    ("a window of a whole day", "23:50", 30, "23:00 1+00:10", "00:00-00:00", "0123456", 14, "1+00:10"),
)  # fmt: skip


FOUND = (
    # as above
    ("what plays is told in no order", "17:00", 30, "17:30 18:00, 17:00 17:30", DAY, "0123456", 14, "18:00"),
    ("behind what began long before the rest", "17:00", 30, "12:00 17:20, 16:00 16:30", DAY, "0123456", 14, "17:20"),
    ("the next day in the same hours", "18:31", 30, "", "17:00-19:00", "0123456", 14, "1+17:00"),
    ("the end of the days does not belong to them", "17:00", 30, "17:00 1+17:00", "00:00-00:00", "0123456", 1, ""),
    ("its first instant does, though it is short", "17:00", 30, "", "00:00-00:00", "0123456", 1, "17:00"),
    ("a whole day does not end at midnight", "23:50", 30, "", "00:00-00:00", "0123456", 14, "23:50"),
)  # fmt: skip

Free = tuple[str, str, int, str, str, str, int, str]


def free(told: tuple[Free, ...]) -> list[Case]:
    return [
        {
            "name": name,
            "source": "hand",
            "wanted": at(wanted),
            "length_ms": minutes * 60_000,
            "taken": [
                dict(zip(("start", "end"), map(at, each.split()), strict=True))
                for each in taken.split(", ")
                if each
            ],
            "windows": [each.split("-") for each in windows.split()],
            "weekdays": [int(each) for each in weekdays],
            "within_days": days,
            "next_free": at(found) if found else None,
        }
        for name, wanted, minutes, taken, windows, weekdays, days, found in told
    ]
