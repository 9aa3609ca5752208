"""The part of a schedule's form that says when: fields for every kind of rule, which need no scripts."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from schedules.types import (
    LAST,
    Frequency,
    LeapMonths,
    MonthEnd,
    Move,
    NthWeekday,
    OnHolidays,
    Rule,
)
from schedules.validation import MAX_INTERVAL

from .reading import FormReader

BY_DAY: Final = "day"
BY_WEEKDAY: Final = "weekday"
MOVED: Final = ">"  # parts the two times of a move in its field

SPACED = (Frequency.DAILY, Frequency.WEEKLY, Frequency.MONTHLY, Frequency.YEARLY)
SOLAR = (Frequency.MONTHLY, Frequency.YEARLY)
LUNAR = (Frequency.LUNAR_MONTHLY, Frequency.LUNAR_YEARLY)
IN_MONTHS = (Frequency.YEARLY, Frequency.LUNAR_YEARLY)
FIELDS = frozenset(
    {"starts_on", "until", "weekday", "time", "interval", "day", "lunar_day", "nth", "month", "date"}
    | {"skipped_day", "skipped", "moved", "on_holidays", "frequency"}
)


@dataclass(frozen=True, slots=True)
class RuleFields:
    """What stands in the fields; those of another frequency than the chosen one are kept, not used."""

    frequency: Frequency = Frequency.DAILY
    starts_on: dt.date | None = None
    until: dt.date | None = None
    times: tuple[dt.time, ...] = ()
    interval: int = 1
    weekdays: frozenset[int] = frozenset()
    week_start: int = 0
    by: str = BY_DAY
    days: tuple[int, ...] = ()
    lunar_days: tuple[int, ...] = ()
    nth_weekdays: tuple[NthWeekday, ...] = ()
    months: frozenset[int] = frozenset()
    month_end: MonthEnd = MonthEnd.LAST_DAY
    leap_months: LeapMonths = LeapMonths.FIRST
    dates: tuple[dt.date, ...] = ()
    on_holidays: OnHolidays = OnHolidays.KEEP
    skipped_days: tuple[dt.date, ...] = ()
    skipped: tuple[dt.datetime, ...] = ()
    moved: tuple[Move, ...] = ()

    @property
    def first(self) -> dt.date | None:
        """The first valid date; chosen dates need no other than themselves."""
        if self.frequency is Frequency.DATES:
            return min(self.dates, default=None)
        return self.starts_on

    def rule(self) -> Rule | None:
        """None where the fields are too few for any rule."""
        if self.first is None or not self.times:
            return None
        bare = Rule(self.frequency, self.first, self.times)
        if self.frequency is Frequency.ONCE:
            return replace(bare, skipped=self.skipped, moved=self.moved)
        return replace(
            bare,
            until=None if self.frequency is Frequency.DATES else self.until,
            on_holidays=self.on_holidays,
            skipped_days=self.skipped_days,
            skipped=self.skipped,
            moved=self.moved,
            **self._pattern(),
        )

    def _pattern(self) -> dict[str, Any]:
        kind = self.frequency
        pattern: dict[str, Any] = {"interval": self.interval} if kind in SPACED else {}
        if kind is Frequency.WEEKLY:
            pattern |= {"weekdays": self.weekdays, "week_start": self.week_start}
        if kind in SOLAR and self.by == BY_WEEKDAY:
            pattern |= {"nth_weekdays": self.nth_weekdays}
        elif kind in (*SOLAR, *LUNAR):
            days = self.lunar_days if kind in LUNAR else self.days
            pattern |= {"month_days": days, "month_end": self.month_end}
        if kind in IN_MONTHS:
            pattern |= {"months": self.months}
        if kind is Frequency.LUNAR_YEARLY:
            pattern |= {"leap_months": self.leap_months}
        if kind is Frequency.DATES:
            pattern |= {"dates": self.dates}
        return pattern

    @classmethod
    def of(cls, rule: Rule) -> RuleFields:
        """The fields that make this rule again."""
        lunar = rule.frequency in LUNAR
        return cls(
            frequency=rule.frequency,
            starts_on=rule.starts_on,
            until=rule.until,
            times=rule.times,
            interval=rule.interval,
            weekdays=rule.weekdays,
            week_start=rule.week_start,
            by=BY_WEEKDAY if rule.nth_weekdays else BY_DAY,
            days=() if lunar else rule.month_days,
            lunar_days=rule.month_days if lunar else (),
            nth_weekdays=rule.nth_weekdays,
            months=rule.months,
            month_end=rule.month_end,
            leap_months=rule.leap_months,
            dates=rule.dates,
            on_holidays=rule.on_holidays,
            skipped_days=rule.skipped_days,
            skipped=rule.skipped,
            moved=rule.moved,
        )


def read_rule(reader: FormReader) -> RuleFields:
    """What is wrong with a field that matters for the chosen frequency is in the reader's errors."""
    frequency = reader.choice("frequency", Frequency, Frequency.DAILY)
    uses_dates = frequency is Frequency.DATES
    read = RuleFields(
        frequency=frequency,
        starts_on=reader.date("starts_on", missing="" if uses_dates else _("Hãy chọn ngày bắt đầu.")),
        until=reader.date("until"),
        times=reader.times("time", missing=_("Hãy chọn ít nhất một giờ phát.")),
        interval=reader.integer("interval", default=1),
        weekdays=frozenset(day for day in reader.integers("weekday") if day < 7),
        week_start=min(reader.integer("week_start"), 6),
        by=reader.one_of("by", (BY_DAY, BY_WEEKDAY), BY_DAY),
        days=reader.numbers("day") if frequency in SOLAR else (),
        lunar_days=reader.numbers("lunar_day") if frequency in LUNAR else (),
        nth_weekdays=_nth(reader),
        months=frozenset(month for month in reader.integers("month") if 1 <= month <= 12),
        month_end=reader.choice("month_end", MonthEnd, MonthEnd.LAST_DAY),
        leap_months=reader.choice("leap_months", LeapMonths, LeapMonths.FIRST),
        dates=reader.dates("date") if uses_dates else (),
        on_holidays=reader.choice("on_holidays", OnHolidays, OnHolidays.KEEP),
        skipped_days=reader.dates("skipped_day"),
        skipped=tuple(at for text in reader.texts("skipped") if (at := _moment(text))),
        moved=tuple(move for text in reader.texts("moved") if (move := _move(text))),
    )
    _check(read, reader)
    return read


def _check(read: RuleFields, reader: FormReader) -> None:
    kind, solar = read.frequency, read.frequency in SOLAR
    by_day = solar and read.by == BY_DAY
    missing = {
        "weekday": kind is Frequency.WEEKLY and not read.weekdays,
        "interval": kind in SPACED and not 1 <= read.interval <= MAX_INTERVAL,
        "day": by_day and not read.days,
        "nth": solar and not by_day and not read.nth_weekdays,
        "lunar_day": kind in LUNAR and not read.lunar_days,
        "month": kind in IN_MONTHS and not read.months,
        "date": kind is Frequency.DATES and not read.dates,
    }
    for name in (name for name, wrong in missing.items() if wrong):
        reader.refuse(name, str(_MISSING[name]))
    for name, days, longest in (("day", read.days, 31), ("lunar_day", read.lunar_days, 30)):
        if any(not 1 <= abs(day) <= longest for day in days):
            reader.refuse(name, _("Ngày trong tháng phải từ 1 đến %(longest)s.", longest=longest))
    ends = read.until if kind not in (Frequency.ONCE, Frequency.DATES) else None
    if ends and read.starts_on and ends < read.starts_on:
        reader.refuse("until", _("Ngày kết thúc đứng trước ngày bắt đầu."))


_MISSING = {
    "weekday": _l("Hãy chọn ít nhất một ngày trong tuần."),
    "interval": _l("Hãy nhập một số từ 1 trở lên."),
    "day": _l("Hãy nhập ngày trong tháng, ví dụ 15, hoặc chọn ngày cuối tháng."),
    "nth": _l("Hãy chọn thứ mấy trong tháng, ví dụ thứ Hai đầu tiên."),
    "lunar_day": _l("Hãy chọn ít nhất một ngày âm lịch, ví dụ rằm."),
    "month": _l("Hãy chọn ít nhất một tháng."),
    "date": _l("Hãy chọn ít nhất một ngày phát."),
}


def _nth(reader: FormReader) -> tuple[NthWeekday, ...]:
    """Pairs of fields: which one of the month, of which weekday; a pair without the first is empty."""
    found = set()
    for nth, weekday in zip(reader.texts("nth"), reader.texts("nth_weekday"), strict=False):
        if nth in _NTH and weekday in _WEEKDAYS:
            found.add(NthWeekday(int(nth), int(weekday)))
    return tuple(sorted(found))


_NTH = {str(number) for number in (*range(1, 6), *range(LAST, -6, -1))}
_WEEKDAYS = {str(number) for number in range(7)}


def _moment(text: str) -> dt.datetime | None:
    """A local time as the page writes it; what is none was not written by the page."""
    try:
        found = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if found.tzinfo else found


def _move(text: str) -> Move | None:
    was, to = (_moment(part) for part in (*text.split(MOVED), "")[:2])
    return Move(was, to) if was and to else None
