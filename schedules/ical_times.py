"""The times of foreign calendars in Vietnam's: zones by whatever name, floating times, whole days."""

from __future__ import annotations

import datetime as dt
import functools
import re
import zoneinfo
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from .errors import EventError, RuleError
from .ical_lines import Component, Line
from .types import LOCAL

_STAMP = re.compile(r"(\d{8})(?:T(\d{4}(?:\d\d)?)(Z?))?", re.ASCII)
_LENGTH = re.compile(
    r"[+]?P(?:(\d{1,4})W)?(?:(\d{1,4})D)?(?:T(?:(\d{1,4})H)?(?:(\d{1,5})M)?(?:(\d{1,6})S)?)?", re.ASCII
)
_SHOWN_OFFSET = re.compile(r"\((?:UTC|GMT)([+-])(\d\d)[:.]?(\d\d)\)")
_PLAIN_OFFSET = re.compile(r"(?:UTC|GMT)?([+-])(\d\d?)(?::?(\d\d))?", re.ASCII)
_WITHOUT_SUMMER = range(4, 10)  # hours ahead of UTC at which nobody puts the clock forward and back
_OFFSET = re.compile(r"([+-])(\d\d)(\d\d)(?:\d\d)?", re.ASCII)
_OTHER_NAMES = {
    "tzone://microsoft/utc": "UTC",
    "z": "UTC",
    "(utc) coordinated universal time": "UTC",
    "asia/hanoi": "Asia/Ho_Chi_Minh",
    "ict": "Asia/Ho_Chi_Minh",
    "indochina time": "Asia/Ho_Chi_Minh",
}
_FARTHEST = 14  # hours ahead of UTC, or behind it
_SAMPLES = 24  # months in which a zone is looked at


@dataclass(frozen=True, slots=True)
class Moment:
    """A time as it was written and as it is in Vietnam, neither with a zone."""

    written: dt.datetime
    local: dt.datetime
    whole_day: bool = False
    floating: bool = False

    @property
    def shift(self) -> dt.timedelta:
        return self.local - self.written


class Zones:
    """Finds a zone by its name in the database, in Windows, or by how the file describes it."""

    def __init__(self, described: Iterable[Component]) -> None:
        self._described: dict[str, list[Component]] = defaultdict(list)
        for each in described:
            self._described[each.text("TZID")].append(each)

    def find(self, name: str) -> dt.tzinfo:
        """Raises RuleError: ``unknown_zone``, ``zone_shifts``."""
        name = name.strip().strip('"')
        described = self._described.get(name, [])
        for candidate in (name, *(each.text("X-LIC-LOCATION") for each in described)):
            known = _known(candidate)
            if known is not None:
                return known
        offsets = {_fixed(name, each) for each in described}
        if len(offsets) == 1:
            return offsets.pop()
        shown = _SHOWN_OFFSET.search(name)
        if shown is not None and shown[1] == "+" and int(shown[2]) in _WITHOUT_SUMMER and not offsets:
            return _of_offset(*shown.groups())
        plain = _PLAIN_OFFSET.fullmatch(name.upper())
        if plain is None or int(plain[2]) > _FARTHEST or offsets:
            raise EventError("unknown_zone", zone=name[:60])
        return _of_offset(plain[1], plain[2], plain[3] or "0")

    def moment(self, line: Line, value: str = "") -> Moment:
        """Raises RuleError: also ``bad_time``."""
        value = (value or line.value).strip()
        stamp = _STAMP.fullmatch(value)
        if stamp is None:
            raise EventError("bad_time", part=line.name, value=value[:30])
        try:
            written = dt.datetime.fromisoformat(f"{stamp[1]}T{stamp[2] or '0000'}")
            return self._placed(line, stamp, written)
        except (ValueError, OverflowError) as error:
            if isinstance(error, RuleError):
                raise
            raise EventError("bad_time", part=line.name, value=value[:30]) from error

    def _placed(self, line: Line, stamp: re.Match[str], written: dt.datetime) -> Moment:
        if stamp[2] is None or line.params.get("VALUE", "").upper() == "DATE":
            written = dt.datetime.combine(written.date(), dt.time())
            return Moment(written, written, whole_day=True)
        if stamp[3]:
            return Moment(written, in_vietnam(written, dt.UTC))
        if "TZID" not in line.params:
            return Moment(written, written, floating=True)
        return Moment(written, in_vietnam(written, self.find(line.params["TZID"])))

    def moments(self, lines: Iterable[Line], most: int) -> list[Moment]:
        """Of lists of dates; of a period its beginning. Raises RuleError."""
        found: list[Moment] = []
        for line in lines:
            values = line.value.split(",")
            if len(found) + len(values) > most:
                raise RuleError("too_many_dates", limit=most)
            found += [self.moment(line, each.partition("/")[0]) for each in values if each.strip()]
        return found

    def shifts(self, line: Line) -> bool:
        """Whether the clock of the line's zone is put forward and back in the two years after it."""
        if "TZID" not in line.params or line.value.strip().endswith("Z"):
            return False
        zone, first = self.find(line.params["TZID"]), self.moment(line).written
        months = (first + dt.timedelta(days=30 * number) for number in range(_SAMPLES))
        return len({month.replace(tzinfo=zone).utcoffset() for month in months}) > 1


def in_vietnam(written: dt.datetime, zone: dt.tzinfo) -> dt.datetime:
    """Without a zone, and to the second."""
    return written.replace(tzinfo=zone).astimezone(LOCAL).replace(tzinfo=None, microsecond=0)


def length(text: str) -> dt.timedelta | None:
    """Of a DURATION; nothing of one that is none."""
    found = _LENGTH.fullmatch(text.strip().upper())
    if found is None or text.strip().upper().endswith(("P", "T")):
        return None
    weeks, days, hours, minutes, seconds = (int(each or 0) for each in found.groups())
    return dt.timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)


def _known(name: str) -> dt.tzinfo | None:
    parts = name.split("/")  # some programs put their own name before it: /mozilla.org/20050126_1/Asia/Saigon
    for candidate in (name, "/".join(parts[-2:]), "/".join(parts[-3:])):
        found = _names().get(candidate.lower().replace(" ", "_"))
        if found is not None:
            return dt.UTC if found in ("UTC", "GMT") else zoneinfo.ZoneInfo(found)
    return None


@functools.cache
def _names() -> Mapping[str, str]:
    """What a stranger names is compared with these and never looked for among files."""
    real = {name: name for name in zoneinfo.available_timezones()}
    known = {**_OTHER_NAMES, **WINDOWS_TO_OLSON, **real}
    return {key.lower().replace(" ", "_"): name for key, name in known.items()}


def _fixed(name: str, described: Component) -> dt.timezone:
    """The offset that a described zone has come to, if it stays there."""
    rows = [part for part in described.parts if part.name in ("STANDARD", "DAYLIGHT")]
    offsets = {part.text("TZOFFSETTO") for part in rows}
    if len(offsets) > 1 and any(part.first("RRULE") for part in rows):
        raise EventError("zone_shifts", zone=name[:60])
    last = max(rows, key=lambda part: part.text("DTSTART"), default=None)
    found = _OFFSET.fullmatch(last.text("TZOFFSETTO")) if last else None
    if found is None:
        raise EventError("unknown_zone", zone=name[:60])
    return _of_offset(*found.groups())


def _of_offset(sign: str, hours: str, minutes: str) -> dt.timezone:
    ahead = dt.timedelta(hours=int(hours), minutes=int(minutes))
    return dt.timezone(-ahead if sign == "-" else ahead)
