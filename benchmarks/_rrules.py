"""Random recurring events of the subset that rules can say, and what python-dateutil makes of them."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Sequence
from typing import TypeVar

from dateutil import rrule

from schedules.series import Series

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
NTH = (1, 2, 3, 4, 5, -1, -2, -3, -4, -5)
Value = TypeVar("Value")
EARLIEST = dt.datetime(1976, 1, 1)  # noqa: DTZ001  local time without a zone
UTC_OFFSET = dt.timedelta(hours=7)


def series(rng: random.Random) -> Series:
    """An event that began between 1976 and 2060; some end, some leave dates out."""
    start = EARLIEST + dt.timedelta(minutes=rng.randrange(84 * 365 * 24 * 60))
    parts = rng.choice(KINDS)(rng)
    if rng.random() < 0.5 and "INTERVAL=1" not in parts:
        parts.append(f"INTERVAL={rng.choice((1, 2, 2, 3, 4, 5, 7, 12, 13, 52, rng.randint(1, 1000)))}")
    if rng.random() < 0.15:
        parts.append(f"BYHOUR={','.join(str(hour) for hour in sample(rng, range(24), 3))}")
    if rng.random() < 0.1:
        parts.append(f"BYMINUTE={','.join(str(minute) for minute in sample(rng, range(60), 2))}")
    parts += ending(rng, start)
    rng.shuffle(parts)
    return Series(start, ";".join(parts), exdates=left_out(rng, start))


def ending(rng: random.Random, start: dt.datetime) -> list[str]:
    chance = rng.random()
    if chance < 0.2:
        return [f"COUNT={rng.choice((1, 2, 3, 10, 100, rng.randint(1, 10_000)))}"]
    if chance < 0.4:
        end = start + dt.timedelta(minutes=rng.randrange(rng.choice((1, 60, 4000)) * 24 * 60))
        return [f"UNTIL={end - UTC_OFFSET:%Y%m%dT%H%M%SZ}"]
    return []


def left_out(rng: random.Random, start: dt.datetime) -> tuple[dt.datetime, ...]:
    if rng.random() < 0.8:
        return ()
    return tuple({start + dt.timedelta(days=rng.randrange(400)) for _ in range(rng.randint(1, 20))})


def daily(rng: random.Random) -> list[str]:
    return ["FREQ=DAILY"]


def on_weekdays(rng: random.Random) -> list[str]:
    """Daily on some weekdays, or monthly on all of one kind: weekly in other words."""
    return [rng.choice(("FREQ=DAILY", "FREQ=MONTHLY")), byday(rng), "INTERVAL=1"]


def weekly(rng: random.Random) -> list[str]:
    more = [byday(rng)] if rng.random() < 0.9 else []
    return ["FREQ=WEEKLY", *more, *([f"WKST={rng.choice(WEEKDAYS)}"] if rng.random() < 0.5 else [])]


def monthly(rng: random.Random) -> list[str]:
    return ["FREQ=MONTHLY", *in_month(rng)]


def yearly(rng: random.Random) -> list[str]:
    if rng.random() < 0.3:
        return ["FREQ=YEARLY"]
    months = ",".join(str(month) for month in sample(rng, range(1, 13), 3))
    days = [part for part in in_month(rng) if "BYSETPOS" not in part]
    return ["FREQ=YEARLY", f"BYMONTH={months}", *days]


def in_month(rng: random.Random) -> list[str]:
    match rng.randrange(6):
        case 0:
            return []
        case 1 | 2:
            days = sample(rng, [*range(1, 32), *range(-31, 0)], 4)
            return [f"BYMONTHDAY={','.join(str(day) for day in days)}"]
        case 3:
            return [f"BYDAY={rng.choice(WEEKDAYS)};BYSETPOS={rng.choice(NTH)}"]
        case 4:
            last = rng.randint(29, 31)
            return [f"BYMONTHDAY={','.join(str(day) for day in range(28, last + 1))};BYSETPOS=-1"]
    days = {f"{rng.choice(NTH)}{rng.choice(WEEKDAYS)}" for _ in range(rng.randint(1, 3))}
    return [f"BYDAY={','.join(sorted(days))}"]


def byday(rng: random.Random) -> str:
    return f"BYDAY={','.join(sample(rng, WEEKDAYS, 5))}"


def sample(rng: random.Random, values: Sequence[Value], most: int) -> list[Value]:
    return rng.sample(values, rng.randint(1, most))


KINDS: tuple[Callable[[random.Random], list[str]], ...] = (daily, on_weekdays, weekly, monthly, yearly)


def expansion(event: Series) -> rrule.rruleset:
    """The event as dateutil reads it, in local time without a zone."""
    found = rrule.rruleset()
    found.rrule(rrule.rrulestr(local(event.rrule), dtstart=event.start))
    for moment in event.exdates:
        found.exdate(moment)
    return found


def local(text: str) -> str:
    """The rule for a start without a zone: UNTIL as the same local time."""
    parts = []
    for part in text.split(";"):
        name, _, value = part.partition("=")
        if name == "UNTIL":
            moment = dt.datetime.strptime(value, "%Y%m%dT%H%M%SZ") + UTC_OFFSET  # noqa: DTZ007  it is local
            value = f"{moment:%Y%m%dT%H%M%S}"
        parts.append(f"{name}={value}")
    return ";".join(parts)
