"""Cases of daily windows: by hand."""

from __future__ import annotations

import datetime as dt
from typing import Any

from schedule_vectors_solar import local

DAY, NIGHT, WHOLE = ("05:00", "21:30"), ("22:00", "04:00"), ("00:00", "00:00")
SHIFT = ("06:00", "06:00")  # the whole day, which begins at six

# window, instant of March 2026 (the 6th is a Friday), the day it opened on, and until when it is open
CASES = (
    ("its first instant", DAY, "6 05:00", "6", "6 21:30"),
    ("inside", DAY, "6 12:00", "6", "6 21:30"),
    ("its last second", DAY, "6 21:29:59", "6", "6 21:30"),
    ("its end does not belong to it", DAY, "6 21:30", "", "7 05:00"),
    ("a second before it opens", DAY, "6 04:59:59", "", "6 05:00"),
    ("before midnight", NIGHT, "6 23:00", "6", "7 04:00"),
    ("at midnight it is still Friday's", NIGHT, "7 00:00", "6", "7 04:00"),
    ("after midnight it is still Friday's", NIGHT, "7 03:59:59", "6", "7 04:00"),
    ("the end of the night", NIGHT, "7 04:00", "", "7 22:00"),
    ("the start of the night", NIGHT, "6 22:00", "6", "7 04:00"),
    ("noon is not night", NIGHT, "6 12:00", "", "6 22:00"),
    ("a second before the night", NIGHT, "6 21:59:59", "", "6 22:00"),
    ("all day, at midnight", WHOLE, "6 00:00", "6", "7 00:00"),
    ("all day, a second before midnight", WHOLE, "6 23:59:59", "6", "7 00:00"),
    ("all day from six, at six", SHIFT, "6 06:00", "6", "7 06:00"),
    ("all day from six, at five it is the day before", SHIFT, "7 05:00", "6", "7 06:00"),
    ("over a month's end", NIGHT, "31 23:00", "31", "32 04:00"),
    ("a minute around midnight", ("23:59", "00:01"), "7 00:00", "6", "7 00:01"),
    ("a minute around midnight, after it", ("23:59", "00:01"), "7 00:01", "", "7 23:59"),
    ("up to midnight", ("18:00", "00:00"), "6 23:59:59", "6", "7 00:00"),
    ("up to midnight, at midnight", ("18:00", "00:00"), "7 00:00", "", "7 18:00"),
)


def at(text: str) -> dt.datetime:
    day, time = text.split()
    midnight = dt.datetime(2026, 3, 1) + dt.timedelta(int(day) - 1)  # noqa: DTZ001  local time
    return dt.datetime.combine(midnight.date(), dt.time.fromisoformat(time))


def windows() -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "source": "hand",
            "window": list(window),
            "at": local(at(instant)),
            "opened_on": f"2026-03-{int(opened):02}" if opened else None,
            ("closes" if opened else "opens"): local(at(then)),
        }
        for name, window, instant, opened, then in CASES
    ]
