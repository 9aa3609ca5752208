"""Public holidays and working days of Vietnam: by law, and as decided for a year."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .errors import RuleError
from .lunar import FIRST_DAY, LAST_DAY

MAX_CHANGES = 1000

_SATURDAY = 5


@dataclass(frozen=True, slots=True)
class Swap:
    """A working day that the government put on a Saturday, as ``source`` says."""

    off: dt.date
    worked: dt.date
    source: str


# What was decreed and the library does not have. A unit's own word on these days goes before it.
SWAPS = (
    Swap(
        dt.date(2026, 1, 2),
        dt.date(2026, 1, 10),
        "Công văn 12729/VPCP-KGVX, 25/12/2025: https://baohiemxahoi.gov.vn/tintuc/audio/Pages/default.aspx?ItemID=25908",
    ),
)


@dataclass(frozen=True, slots=True)
class Calendar:
    """Which days are holidays and which are worked; an empty one is the nation's.

    ``days_off`` adds holidays by name. ``worked`` are days on which people work all the same: a Saturday that
    makes up for a bridging day (làm bù), or a holiday of the nation's that is none here. For the years in
    ``own_years`` nothing is taken from the nation's, so that a year can be written down as it was decreed.
    """

    days_off: tuple[tuple[dt.date, str], ...] = ()
    worked: frozenset[dt.date] = frozenset()
    own_years: frozenset[int] = frozenset()

    def is_holiday(self, day: int) -> bool:
        """Whether the day of that ordinal is a public holiday."""
        return bool(self.name(dt.date.fromordinal(day)))

    def is_working(self, day: int) -> bool:
        """Whether offices work on the day of that ordinal: Monday to Friday and days that make up."""
        date = dt.date.fromordinal(day)
        if date in self.worked:
            return True
        if self.name(date):
            return False
        return date.weekday() < _SATURDAY or (date.year not in self.own_years and date in _made_up(date.year))

    def name(self, date: dt.date) -> str:
        """The Vietnamese name of the holiday, or nothing."""
        own = _by_date(self.days_off).get(date, "")
        if own or date in self.worked or date.year in self.own_years:
            return own
        return _national(date.year).get(date, "")

    def over(self, upper: Calendar) -> Calendar:
        """This unit's changes on top of those of the unit above."""
        off = dict(upper.days_off) | dict(self.days_off)
        kept = {
            day: name
            for day, name in off.items()
            if day in dict(self.days_off) or (day not in self.worked and day.year not in self.own_years)
        }
        worked = {day for day in upper.worked if day.year not in self.own_years} - {
            d for d, _ in self.days_off
        }
        return Calendar(tuple(sorted(kept.items())), self.worked | worked, self.own_years | upper.own_years)

    def to_dict(self) -> dict[str, Any]:
        return {
            "days_off": {day.isoformat(): name for day, name in sorted(self.days_off)},
            "worked": [day.isoformat() for day in sorted(self.worked)],
            "own_years": sorted(self.own_years),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Calendar:
        """Raises RuleError."""
        try:
            off, worked, years = (data.get(name, ()) for name in ("days_off", "worked", "own_years"))
            if len(off) + len(worked) + len(years) > MAX_CHANGES:
                raise RuleError("too_many_dates", limit=MAX_CHANGES)
            return cls(
                tuple(sorted((dt.date.fromisoformat(day), _named(name)) for day, name in dict(off).items())),
                frozenset(dt.date.fromisoformat(day) for day in worked),
                frozenset(int(year) for year in years),
            )
        except (AttributeError, TypeError, ValueError) as error:
            if isinstance(error, RuleError):
                raise
            raise RuleError("malformed", detail=str(error)) from error


NATIONAL = Calendar()


def _named(name: object) -> str:
    if not isinstance(name, str) or not name.strip():
        raise ValueError("a holiday has no name")
    return name.strip()


@functools.lru_cache(maxsize=64)
def _by_date(days_off: tuple[tuple[dt.date, str], ...]) -> dict[dt.date, str]:
    return dict(days_off)


@functools.cache
def _national(year: int) -> dict[dt.date, str]:
    if not FIRST_DAY.year <= year <= LAST_DAY.year:
        return {}
    swapped = {each.off: f"Ngày nghỉ (thay cho ngày {each.worked:%d/%m/%Y})" for each in SWAPS}
    return {day: name for day, name in swapped.items() if day.year == year} | dict(_library(year).items())


@functools.cache
def _made_up(year: int) -> frozenset[dt.date]:
    if not FIRST_DAY.year <= year <= LAST_DAY.year:
        return frozenset()
    worked = {*_library(year).weekend_workdays, *(each.worked for each in SWAPS)}
    return frozenset(day for day in worked if day.year == year)


def _library(year: int) -> Any:
    import holidays  # noqa: PLC0415  a tenth of a second that a rule without holidays need not pay

    return holidays.country_holidays("VN", years=year, language="vi")
