"""The lunar calendar of Vietnam, computed for UTC+7, from 1968 (when the North took that zone) to 2099.

The table was written by ``python -m benchmarks.lunar --table`` from the new moons and the sun's longitude of
an ephemeris; the rules are those that Hồ Ngọc Đức published in "Thuật toán tính âm lịch": a month begins on
the day of its new moon, the winter solstice lies in month 11, and in a year of thirteen months the first
without a principal term is the leap month. The same measurement compares it with other libraries.
"""

from __future__ import annotations

import bisect
import datetime as dt
import functools
from collections.abc import Iterator
from dataclasses import dataclass

from .errors import RuleError

FIRST_DAY = dt.date(1968, 1, 1)
LAST_DAY = dt.date(2099, 12, 31)

_FIRST_YEAR = 1967  # the lunar year in which the first day lies

# One number a lunar year: the day of the solar year that is its first (from bit 17), the number of its leap
# month or 0 (bits 13–16), and for each month in turn from bit 0 on whether it has 30 days.
_YEARS = """
50049B 3AE55B 5E056B 4A0B69 36B752 5C0B52 440B25 2E9A4B 540A4D 3F14AB 6202AD 4C05AD 38CB6A 5E0DA9
480D92 329D25 580D25 420A55 2A54AD 5004B6 3AE5B5 6006D5 4A0EC9 36BE92 5C0E92 460D26 2E6A56 520A57
3F1556 64056A 4C0B55 38B6C9 5E0749 480693 30952B 56052B 400A5B 2C555A 50056A 3AEB65 600BA5 4C0D49
34BA95 5A0A95 44052D 2E8AAD 520AB5 3F35AA 6405D2 4E0DA5 38DD4A 5E0E4A 480C96 32992E 560556 400AB5
2C55B2 5206D2 3ACEA5 600725 4A064B 34AC97 5804AB 42055B 2E6ADA 540B6A 3F7752 640B92 4E0B25 38DA4B
5C0A4D 4604AD 30A95B 5605AD 400BAA 2C5B52 520D92 3CFD25 600D25 4A0A55 34B4AD 5A04B6 4206B5 2E6DAA
540ECA 410E92 620E93 4E0D26 38CA56 5C0A5B 46055A 308AD5 560B55 42074A 2A6E93 500A93 3AF52B 60052B
480A9B 34B55A 5A056A 440B65 2E974A 540D4A 3F1A95 640C95 4C092D 36CAAD 5C0AB5 4805AA 308DA5 560EA5
420D4A 2C7D15 500C96 3AF956 600556 4A0AB5 34B6B4 5A06D4 440EA5 308E8A 52068B 3D1497 6204AB 4C095B
36CADA 5C0B6A 480754 329725 560B45 400A8B 2A552B
"""


@dataclass(frozen=True, slots=True)
class LunarDate:
    """A day of the lunar calendar; ``leap`` in the second of two months of one number."""

    year: int
    month: int
    day: int
    leap: bool = False


@dataclass(frozen=True, slots=True)
class LunarMonth:
    """A month of 29 or 30 days; ``doubled`` when its year has two of its number."""

    first: int  # the ordinal of its first day
    length: int
    year: int
    number: int
    leap: bool
    doubled: bool


def lunar_date(day: dt.date) -> LunarDate:
    """The lunar date of a day in Vietnam; raises RuleError outside the table."""
    if not FIRST_DAY <= day <= LAST_DAY:
        raise RuleError("date_out_of_range", date=str(day), first=str(FIRST_DAY), last=str(LAST_DAY))
    month = next(months(day.toordinal(), day.toordinal()))
    return LunarDate(month.year, month.number, day.toordinal() - month.first + 1, month.leap)


def months(first: int, last: int) -> Iterator[LunarMonth]:
    """The months, as far as the table goes, that have a day from ordinal ``first`` to ``last``."""
    starts, table = _table()
    for month in table[max(bisect.bisect_right(starts, first) - 1, 0) :]:
        if month.first > last:
            return
        if month.first + month.length > first:
            yield month


@functools.cache
def _table() -> tuple[list[int], list[LunarMonth]]:
    table = [
        month
        for number, code in enumerate(_YEARS.split())
        for month in _months_of(_FIRST_YEAR + number, int(code, 16))
    ]
    return [month.first for month in table], table


def _months_of(year: int, code: int) -> Iterator[LunarMonth]:
    first = dt.date(year, 1, 1).toordinal() + (code >> 17) - 1
    doubled = code >> 13 & 0xF
    numbers = [(number, False) for number in range(1, 13)]
    if doubled:
        numbers.insert(doubled, (doubled, True))
    for place, (number, leap) in enumerate(numbers):
        length = 29 + (code >> place & 1)
        yield LunarMonth(first, length, year, number, leap, number == doubled)
        first += length
