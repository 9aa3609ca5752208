"""The lunar table against an ephemeris and two libraries, day by day from 1968 to 2099.

Prints one JSON object. ``--table`` prints the table itself, made anew from the ephemeris. Where they differ,
a new moon lies so near to midnight that the day hangs on terms which short formulas leave out, or on how fast
the Earth will turn: ``new_moons_nearest_to_midnight`` tells how near.
"""

from __future__ import annotations

import argparse
import datetime as dt
import itertools
import json
import math
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import ephem
import lunar_vn
import vnlunar

from schedules import lunar
from schedules.lunar import FIRST_DAY, LAST_DAY, LunarDate

ZONE = dt.timedelta(hours=7)
SOLSTICE = 9  # the twelfth of the sun's way that begins with the winter solstice
Source = Callable[[dt.date], LunarDate]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="lunar", description=__doc__)
    parser.add_argument("--table", action="store_true")
    if parser.parse_args(arguments).table:
        codes = list(table())
        print("\n".join(" ".join(codes[n : n + 14]) for n in range(0, len(codes), 14)))
    else:
        print(json.dumps(measure(), indent=2))


def measure() -> dict[str, Any]:
    """The whole measurement; takes a few seconds."""
    moons = new_moons()
    computed = dict(calendar(moons))
    sources: dict[str, Source] = {
        "ephem": computed.__getitem__,
        "lunar-vn": by_lunar_vn,
        "vnlunar": by_vnlunar,
    }
    days = [FIRST_DAY + dt.timedelta(n) for n in range((LAST_DAY - FIRST_DAY).days + 1)]
    ours = timed(lunar.lunar_date, days)
    others = {name: timed(source, days) for name, source in sources.items()}
    return {
        "benchmark": "lunar",
        "days": len(days),
        "ours_us_a_day": ours[1],
        "others": {
            name: {
                "days_that_differ": sum(a != b for a, b in zip(ours[0], found, strict=True)),
                "us_a_day": None if name == "ephem" else cost,
                "months": differing(days, ours[0], found, moons),
            }
            for name, (found, cost) in others.items()
        },
        "new_moons_nearest_to_midnight": nearest(moons),
    }


def timed(source: Source, days: Sequence[dt.date]) -> tuple[list[LunarDate], float]:
    began = time.process_time()
    found = [source(day) for day in days]
    return found, round((time.process_time() - began) * 1e6 / len(days), 2)


def differing(
    days: Sequence[dt.date],
    ours: Sequence[LunarDate],
    theirs: Sequence[LunarDate],
    moons: Sequence[dt.datetime],
) -> list[dict[str, Any]]:
    """Each run of days that differ, with the new moon that it comes from."""
    found = []
    before = None
    for day, mine, other in zip(days, ours, theirs, strict=True):
        if mine == other:
            continue
        if before is None or day - before > dt.timedelta(1):
            moon = min(moons, key=lambda moon: abs(moon - dt.datetime.combine(day, dt.time())))
            found.append({"from": str(day), "new_moon": moon.isoformat(" ", "seconds")})
        before = day
    return found


def nearest(moons: Sequence[dt.datetime]) -> list[dict[str, Any]]:
    ranked = sorted((round(from_midnight(moon)), moon) for moon in moons if moon.date() >= FIRST_DAY)
    return [
        {"new_moon": moon.isoformat(" ", "seconds"), "seconds_from_midnight": seconds}
        for seconds, moon in ranked[:6]
    ]


def from_midnight(moon: dt.datetime) -> float:
    since = (moon - dt.datetime.combine(moon.date(), dt.time())).total_seconds()
    return min(since, 86_400 - since)


def by_lunar_vn(day: dt.date) -> LunarDate:
    found = lunar_vn.solar_to_lunar(day)
    return LunarDate(found.year, found.month, found.day, bool(found.leap))


def by_vnlunar(day: dt.date) -> LunarDate:
    found = vnlunar.get_lunar_date(day.day, day.month, day.year)
    return LunarDate(found["year"], found["month"], found["day"], bool(found["leap"]))


def new_moons() -> list[dt.datetime]:
    """Every new moon in local time, from a winter solstice before the table to one after it."""
    found = []
    at = ephem.Date("1966/10/1")
    while not found or found[-1].year <= LAST_DAY.year + 1:
        at = ephem.next_new_moon(at)
        found.append(at.datetime() + ZONE)
        at = ephem.Date(at + 1)
    return found


def twelfth(day: dt.date) -> int:
    """Which twelfth of its way the sun is in when the day begins; 0 is spring."""
    midnight = ephem.Date(dt.datetime.combine(day, dt.time()) - ZONE)
    sun = ephem.Sun(midnight, epoch=midnight)
    return int(math.degrees(ephem.Ecliptic(sun, epoch=midnight).lon) % 360 // 30)


def months(moons: Sequence[dt.datetime]) -> Iterator[tuple[dt.date, int, LunarDate]]:
    """First day, length and lunar date of every month between two months 11."""
    firsts = [moon.date() for moon in moons]
    twelfths = [twelfth(day) for day in firsts]
    solstices = [n for n, (a, b) in enumerate(itertools.pairwise(twelfths)) if a < SOLSTICE <= b]
    for begin, end in itertools.pairwise(solstices):
        spans = range(begin, end)
        without_term = (n for n in spans if n > begin and twelfths[n] == twelfths[n + 1])
        leap = next(without_term) if len(spans) == 13 else None
        number = 10
        for n in spans:
            number += n != leap
            year = firsts[begin].year + (number > 12)
            date = LunarDate(year, (number - 1) % 12 + 1, 1, n == leap)
            yield firsts[n], (firsts[n + 1] - firsts[n]).days, date


def calendar(moons: Sequence[dt.datetime]) -> Iterator[tuple[dt.date, LunarDate]]:
    for first, length, date in months(moons):
        for n in range(length):
            yield first + dt.timedelta(n), LunarDate(date.year, date.month, n + 1, date.leap)


def table() -> Iterator[str]:
    """The codes of ``schedules.lunar``, one a year."""
    by_year = itertools.groupby(months(new_moons()), key=lambda month: month[2].year)
    for year, group in by_year:
        found = list(group)
        if not FIRST_DAY.year - 1 <= year <= LAST_DAY.year:
            continue
        leap = next((date.month for _, _, date in found if date.leap), 0)
        long = sum((length == 30) << place for place, (_, length, _) in enumerate(found))
        yield f"{found[0][0].timetuple().tm_yday << 17 | leap << 13 | long:06X}"


if __name__ == "__main__":
    main()
