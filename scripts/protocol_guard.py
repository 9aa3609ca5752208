"""Vectors of the guard: each row was decided by reading the policy, with a watch in the hand."""

from __future__ import annotations

import datetime as dt
from typing import Any

_ICT = dt.timezone(dt.timedelta(hours=7))
_MONDAY = dt.date(2026, 3, 2)
_KINDS: dict[str, dict[str, Any]] = {
    "routine": {"class": "routine", "status": "actual"},
    "priority": {"class": "priority", "status": "actual"},
    "emergency": {"class": "emergency", "status": "actual"},
    "exercise": {"class": "emergency", "status": "exercise"},
    "test": {"class": "emergency", "status": "test"},
}
_OUT, _FULL = "outside_hours", "daily_limit"


def _hours(*pairs: str) -> list[dict[str, str]]:
    return [dict(zip(("start", "end"), pair.split("-"), strict=True)) for pair in pairs]


def _caps(**caps: str) -> list[dict[str, Any]]:
    """``p30="22:00-04:00"``: 30 percent in those hours."""
    return [_hours(hours)[0] | {"percent": int(name[1:])} for name, hours in caps.items()]


_DAY = {"windows": _hours("05:00-21:30")}
_OPEN = {"windows": _hours("00:00-24:00")}

# a name, the policy, then rows: kind, local time, expected refusal
_HOURS: list[tuple[str, dict[str, Any], list[tuple[str, str, str | None]]]] = [
    (
        "one window",
        _DAY,
        [
            ("routine", "04:59:59.999", _OUT),
            ("routine", "05:00:00", None),
            ("routine", "12:00:00", None),
            ("routine", "21:29:59.999", None),
            ("routine", "21:30:00", _OUT),
            ("priority", "04:59:59", _OUT),
            ("priority", "05:00:00", None),
            ("emergency", "03:15:00", None),
            ("emergency", "23:59:59.999", None),
            ("exercise", "03:15:00", _OUT),
            ("exercise", "10:00:00", None),
            ("test", "03:15:00", _OUT),
            ("test", "10:00:00", None),
        ],
    ),
    (
        "two windows",
        {"windows": _hours("05:00-06:30", "16:30-18:30")},
        [
            ("routine", "06:29:59", None),
            ("routine", "06:30:00", _OUT),
            ("routine", "16:29:59.999", _OUT),
            ("routine", "16:30:00", None),
            ("routine", "18:30:00", _OUT),
        ],
    ),
    (
        "two windows that overlap",
        {"windows": _hours("05:00-08:00", "07:00-09:00")},
        [
            ("routine", "08:30:00", None),
            ("routine", "09:00:00", _OUT),
        ],
    ),
    (
        "a window over midnight",
        {"windows": _hours("22:00-02:00")},
        [
            ("routine", "21:59:59.999", _OUT),
            ("routine", "22:00:00", None),
            ("routine", "23:59:59.999", None),
            ("routine", "00:00:00", None),
            ("routine", "01:59:59.999", None),
            ("routine", "02:00:00", _OUT),
            ("routine", "12:00:00", _OUT),
        ],
    ),
    (
        "a window from midnight to midnight",
        _OPEN,
        [
            ("routine", "00:00:00", None),
            ("routine", "23:59:59.999", None),
        ],
    ),
    (
        "a window whose end is its start is the whole day",
        {"windows": _hours("08:00-08:00")},
        [
            ("routine", "07:59:59.999", None),
            ("routine", "08:00:00", None),
            ("routine", "20:00:00", None),
        ],
    ),
    (
        "a window up to midnight",
        {"windows": _hours("18:00-24:00")},
        [
            ("routine", "23:59:59.999", None),
            ("routine", "00:00:00", _OUT),
        ],
    ),
    (
        "no window",
        {"windows": []},
        [
            ("routine", "12:00:00", _OUT),
            ("exercise", "12:00:00", _OUT),
            ("emergency", "12:00:00", None),
        ],
    ),
    (
        "windows that cannot be read open nothing",
        {"windows": _hours("5:00-21:30", "05:00-25:00", "ab:cd-ef:gh", "05:00-24:30")},
        [
            ("routine", "12:00:00", _OUT),
            ("emergency", "12:00:00", None),
        ],
    ),
    (
        "one window that can be read beside one that cannot",
        {"windows": _hours("morning-noon", "10:00-11:00")},
        [
            ("routine", "10:30:00", None),
            ("routine", "11:30:00", _OUT),
        ],
    ),
    (
        "quiet at noon",
        _DAY | {"quiet": _hours("11:30-13:30")},
        [
            ("routine", "11:29:59.999", None),
            ("routine", "11:30:00", _OUT),
            ("priority", "12:30:00", _OUT),
            ("exercise", "12:30:00", _OUT),
            ("emergency", "12:30:00", None),
            ("routine", "13:29:59.999", _OUT),
            ("routine", "13:30:00", None),
        ],
    ),
    (
        "quiet over midnight",
        _OPEN | {"quiet": _hours("21:00-05:00")},
        [
            ("routine", "20:59:59.999", None),
            ("routine", "21:00:00", _OUT),
            ("routine", "00:00:00", _OUT),
            ("routine", "04:59:59.999", _OUT),
            ("routine", "05:00:00", None),
            ("emergency", "00:00:00", None),
        ],
    ),
    (
        "quiet hours that cannot be read keep everything quiet",
        _OPEN | {"quiet": _hours("noon-13:00")},
        [
            ("routine", "20:00:00", _OUT),
            ("emergency", "20:00:00", None),
        ],
    ),
    (
        "another offset from UTC",
        _DAY | {"utc_offset_minutes": 0},
        [
            ("routine", "11:59:59.999", _OUT),  # 04:59:59.999 in UTC
            ("routine", "12:00:00", None),
            ("routine", "05:00:00", _OUT),
        ],
    ),
    (
        "an offset of half an hour",
        _DAY | {"utc_offset_minutes": 450},
        [
            ("routine", "04:29:59.999", _OUT),
            ("routine", "04:30:00", None),
            ("routine", "21:00:00", _OUT),
        ],
    ),
]

# minutes a day, kind, seconds long, milliseconds used, refusal
_MINUTES: list[tuple[int, str, int, int, str | None]] = [
    (60, "routine", 60, 0, None),
    (60, "routine", 60, 59 * 60_000, None),
    (60, "routine", 60, 59 * 60_000 + 1, _FULL),
    (60, "routine", 3600, 0, None),
    (60, "routine", 3601, 0, _FULL),
    (60, "priority", 60, 60 * 60_000, _FULL),
    (60, "exercise", 60, 60 * 60_000, _FULL),
    (60, "emergency", 3600, 60 * 60_000, None),
    (0, "routine", 1, 0, _FULL),
    (0, "emergency", 1, 0, None),
]

# policy, kind, local time, base volume, the item's volume, expected volume
_VOLUMES: list[tuple[dict[str, Any], str, str, int, int, int]] = [
    ({}, "routine", "12:00:00", 80, 100, 80),
    ({}, "routine", "12:00:00", 80, 50, 40),
    ({}, "routine", "12:00:00", 0, 100, 0),
    ({}, "routine", "12:00:00", 80, 0, 0),
    ({}, "routine", "12:00:00", 150, 100, 100),
    ({}, "routine", "12:00:00", 80, 200, 80),
    ({}, "routine", "12:00:00", -5, 100, 0),
    ({"max_volume": 60}, "routine", "12:00:00", 80, 100, 60),
    ({"max_volume": 60}, "routine", "12:00:00", 50, 100, 50),
    ({"max_volume": 60}, "emergency", "12:00:00", 80, 100, 60),
    ({"max_volume": -1}, "routine", "12:00:00", 80, 100, 0),
    ({"night_volume": 40}, "routine", "20:59:59.999", 80, 100, 80),
    ({"night_volume": 40}, "routine", "21:00:00", 80, 100, 40),
    ({"night_volume": 40}, "routine", "05:59:59.999", 80, 100, 40),
    ({"night_volume": 40}, "routine", "06:00:00", 80, 100, 80),
    ({"night_volume": 40}, "emergency", "02:00:00", 80, 100, 80),
    ({"night_volume": 40}, "exercise", "02:00:00", 80, 100, 40),
    ({"volumes": _caps(p30="11:00-14:00")}, "routine", "10:59:59.999", 80, 100, 80),
    ({"volumes": _caps(p30="11:00-14:00")}, "routine", "11:00:00", 80, 100, 30),
    ({"volumes": _caps(p30="11:00-14:00")}, "routine", "14:00:00", 80, 100, 80),
    ({"volumes": _caps(p30="11:00-14:00")}, "emergency", "12:00:00", 80, 100, 80),
    ({"volumes": _caps(p30="22:00-04:00"), "night_volume": 70}, "routine", "23:00:00", 80, 100, 30),
    ({"volumes": _caps(p90="22:00-04:00"), "night_volume": 70}, "routine", "23:00:00", 80, 100, 70),
    ({"volumes": _caps(p50="08:00-12:00", p20="10:00-11:00")}, "routine", "10:30:00", 80, 100, 20),
    ({"volumes": _caps(p50="08:00-12:00", p20="10:00-11:00")}, "routine", "11:30:00", 80, 100, 50),
    ({"volumes": _caps(p10="whenever-never")}, "routine", "10:30:00", 80, 100, 10),
]


_MONDAY_TO_FRIDAY = [1, 2, 3, 4, 5]
_NOT_TODAY = "weekday"

# weekdays, days after Monday 2 March 2026, kind, local time, offset from UTC, refusal
_DAYS: list[tuple[list[int], int, str, str, int, str | None]] = [
    (_MONDAY_TO_FRIDAY, 0, "routine", "00:00:00", 420, None),
    (_MONDAY_TO_FRIDAY, 4, "routine", "23:59:59.999", 420, None),
    (_MONDAY_TO_FRIDAY, 5, "routine", "00:00:00", 420, _NOT_TODAY),
    (_MONDAY_TO_FRIDAY, 5, "priority", "12:00:00", 420, _NOT_TODAY),
    (_MONDAY_TO_FRIDAY, 5, "exercise", "12:00:00", 420, _NOT_TODAY),
    (_MONDAY_TO_FRIDAY, 5, "emergency", "12:00:00", 420, None),
    (_MONDAY_TO_FRIDAY, 6, "routine", "23:59:59.999", 420, _NOT_TODAY),
    (_MONDAY_TO_FRIDAY, 7, "routine", "00:00:00", 420, None),
    (_MONDAY_TO_FRIDAY, 5, "routine", "06:59:59.999", 0, None),  # still Friday in UTC
    (_MONDAY_TO_FRIDAY, 5, "routine", "07:00:00", 0, _NOT_TODAY),
    ([7], 6, "routine", "12:00:00", 420, None),
    ([7], 5, "routine", "12:00:00", 420, _NOT_TODAY),
    ([], 0, "routine", "12:00:00", 420, _NOT_TODAY),
    ([], 0, "emergency", "12:00:00", 420, None),
    ([0, 8, 9], 0, "routine", "12:00:00", 420, _NOT_TODAY),  # no such days
]

_TOO_MANY, _TOO_LONG = "session_limit", "session_minutes"

# policy, kind, minutes long, sessions begun, minutes since the latest ended, minutes that it used, refusal
_SESSIONS: list[tuple[dict[str, int], str, float, int, float, float, str | None]] = [
    ({}, "routine", 60, 9, 60, 60, None),
    ({"sessions_a_day": 2}, "routine", 1, 0, 0, 0, None),
    ({"sessions_a_day": 2}, "routine", 1, 1, 60, 15, None),
    ({"sessions_a_day": 2}, "routine", 1, 2, 60, 15, _TOO_MANY),
    ({"sessions_a_day": 2}, "priority", 1, 2, 60, 15, _TOO_MANY),
    ({"sessions_a_day": 2}, "exercise", 1, 2, 60, 15, _TOO_MANY),
    ({"sessions_a_day": 2}, "emergency", 1, 2, 60, 15, None),
    ({"sessions_a_day": 2}, "routine", 1, 2, 0, 15, None),  # goes on with the second
    ({"sessions_a_day": 2}, "routine", 1, 2, 10, 15, None),
    ({"sessions_a_day": 2}, "routine", 1, 2, 10.001, 15, _TOO_MANY),
    ({"sessions_a_day": 2}, "routine", 1, 2, -5, 15, None),  # while it sounds
    ({"sessions_a_day": 2}, "routine", 1, 3, 0, 15, _TOO_MANY),  # the limit came after the third had begun
    ({"sessions_a_day": 0}, "routine", 1, 0, 0, 0, _TOO_MANY),
    ({"sessions_a_day": 0}, "emergency", 1, 0, 0, 0, None),
    ({"minutes_a_session": 15}, "routine", 15, 0, 0, 0, None),
    ({"minutes_a_session": 15}, "routine", 15.001, 0, 0, 0, _TOO_LONG),
    ({"minutes_a_session": 15}, "routine", 5, 1, 1, 10, None),
    ({"minutes_a_session": 15}, "routine", 5, 1, 1, 10.001, _TOO_LONG),
    ({"minutes_a_session": 15}, "routine", 15, 1, 11, 15, None),  # another session
    ({"minutes_a_session": 15}, "priority", 16, 0, 0, 0, _TOO_LONG),
    ({"minutes_a_session": 15}, "emergency", 60, 1, 1, 15, None),
    ({"minutes_a_session": 0}, "routine", 1, 0, 0, 0, _TOO_LONG),
    ({"sessions_a_day": 2, "minutes_a_session": 15}, "routine", 20, 2, 60, 15, _TOO_MANY),
]


def files() -> dict[str, Any]:
    cases = [*_by_hours(), *_by_minutes(), *_by_volume(), *_by_day(), *_by_session()]
    return {
        "vectors/guard.json": {
            "about": "May an item of this class and status start at this instant, and how loud? A field that "
            "a policy leaves out has its default. refused null: it may; volume is what it then sounds with. "
            "sessions are those of that day: how many have begun, when the latest ended, what sounded in it.",
            "cases": cases,
        }
    }


def _case(name: str, policy: dict[str, Any], kind: str, at: str, **more: Any) -> dict[str, Any]:
    date = _MONDAY + dt.timedelta(days=more.pop("days", 0))
    local = dt.datetime.combine(date, dt.time.fromisoformat(at), _ICT)
    return {
        "name": name,
        "policy": policy,
        "item": _KINDS[kind] | {"volume": more.pop("own", 100)},
        "local": local.isoformat(timespec="milliseconds"),
        "at": round(local.timestamp() * 1000),
        "duration_ms": more.pop("seconds", 60) * 1000,
        "used_ms": more.pop("used", 0),
        "base_volume": more.pop("base", 80),
    } | more


def _by_hours() -> list[dict[str, Any]]:
    return [
        _case(f"{name}: {kind} at {at}", policy, kind, at, refused=refused)
        for name, policy, rows in _HOURS
        for kind, at, refused in rows
    ]


def _by_minutes() -> list[dict[str, Any]]:
    return [
        _case(
            f"{limit} minutes a day: {kind} of {seconds} s after {used} ms",
            _OPEN | {"minutes_a_day": limit},
            kind,
            "12:00:00",
            seconds=seconds,
            used=used,
            refused=refused,
        )
        for limit, kind, seconds, used, refused in _MINUTES
    ]


def _by_volume() -> list[dict[str, Any]]:
    return [
        _case(
            f"volume: {kind} at {at}, {base} % of {own} %",
            {"windows": _hours("00:00-24:00"), "night_volume": 100} | policy,
            kind,
            at,
            base=base,
            own=own,
            refused=None,
            volume=volume,
        )
        for policy, kind, at, base, own, volume in _VOLUMES
    ]


def _by_day() -> list[dict[str, Any]]:
    return [
        _case(
            f"days {weekdays}: {kind} on day {days + 1} at {at}, {offset} minutes from UTC",
            _OPEN | {"weekdays": weekdays, "utc_offset_minutes": offset},
            kind,
            at,
            days=days,
            refused=refused,
        )
        for weekdays, days, kind, at, offset, refused in _DAYS
    ]


def _by_session() -> list[dict[str, Any]]:
    cases = []
    for policy, kind, minutes, begun, since, used, refused in _SESSIONS:
        name = f"{policy}: {kind} of {minutes} min, {begun} begun, the latest {since} min ago with {used} min"
        case = _case(
            name.replace("'", ""),
            _OPEN | {"minutes_a_day": 1440} | policy,
            kind,
            "12:00:00",
            seconds=minutes * 60,
            refused=refused,
        )
        until = case["at"] - round(since * 60_000) if begun else 0
        case["duration_ms"] = round(case["duration_ms"])
        case["sessions"] = {"begun": begun, "until": until, "used_ms": round(used * 60_000)}
        cases.append(case)
    return cases
