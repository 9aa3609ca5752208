"""The form that says from when until when a bulletin holds, and how often it is to be heard in that time."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from schedules.errors import SlotError
from schedules.slots import Airings, validate_airings
from schedules.types import LOCAL
from web import slot_words

from .clock_time import clock_time
from .reading import FormReader

HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)
USUAL = 7 * DAY  # how long a bulletin with priority is suggested to hold


@dataclass(frozen=True, slots=True)
class AirtimeForm:
    """What stands in the page; without its hour the first day counts as a whole, and so does the last."""

    from_day: dt.date | None = None
    from_time: dt.time | None = None
    until_day: dt.date | None = None
    until_time: dt.time | None = None
    times: int = 0
    days: int = 0
    gap_h: int = 0
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def valid_from(self) -> dt.datetime | None:
        return _at(self.from_day, self.from_time or dt.time()) if self.from_day else None

    @property
    def valid_until(self) -> dt.datetime | None:
        if self.until_day is None:
            return None
        if self.until_time is None:
            return _at(self.until_day, dt.time()) + DAY
        return _at(self.until_day, self.until_time)

    @property
    def airings(self) -> Airings | None:
        return Airings(self.times, self.days, self.gap_h * HOUR) if self.times else None


def form_of(
    valid_from: dt.datetime | None, valid_until: dt.datetime | None, airings: Airings | None
) -> AirtimeForm:
    """The fields that say this again."""
    first, last = (each.astimezone(LOCAL) if each else None for each in (valid_from, valid_until))
    ends_with_day = last is not None and last.time() == dt.time()
    return AirtimeForm(
        from_day=first.date() if first else None,
        from_time=first.time() if first and first.time() != dt.time() else None,
        until_day=(last - DAY if ends_with_day else last).date() if last else None,
        until_time=last.time() if last and not ends_with_day else None,
        times=airings.times if airings else 0,
        days=airings.days if airings else 0,
        gap_h=round(airings.gap / HOUR) if airings else 0,
    )


def usual_end(now: dt.datetime) -> dt.date:
    """The last day that is suggested where a bulletin would else go into every slot for ever."""
    return (now.astimezone(LOCAL) + USUAL).date()


def read_airtime(form: MultiDict[str, str]) -> AirtimeForm:
    reader = FormReader(form)
    read = AirtimeForm(
        from_day=reader.date("from_day"),
        from_time=_time(reader, "from_time"),
        until_day=reader.date("until_day"),
        until_time=_time(reader, "until_time"),
        times=reader.integer("times"),
        days=reader.integer("days"),
        gap_h=reader.integer("gap_h"),
        errors=reader.errors,
    )
    _check(read, reader)
    return read


def _check(read: AirtimeForm, reader: FormReader) -> None:
    for name, time, day in (
        ("from", read.from_time, read.from_day),
        ("until", read.until_time, read.until_day),
    ):
        if time and not day and f"{name}_day" not in reader.errors:
            reader.refuse(f"{name}_day", _("Có giờ mà chưa có ngày. Hãy chọn ngày."))
    if read.valid_from and read.valid_until and read.valid_until <= read.valid_from:
        reader.refuse("until_day", _("Hết hiệu lực trước khi bắt đầu. Hãy sửa một trong hai."))
    if read.times and not read.days:
        reader.refuse("days", _("Phát số lần ấy trong mấy ngày?"))
    elif read.airings and "days" not in reader.errors:
        try:
            validate_airings(read.airings)
        except SlotError as error:
            reader.refuse("times", slot_words.sentence(error.code, error.params))


def _time(reader: FormReader, name: str) -> dt.time | None:
    value = reader.raw(name)
    if not value:
        return None
    found = clock_time(value)
    if found is None:
        reader.refuse(name, _("Giờ không đúng: “%(value)s”. Ví dụ: 05:30.", value=value[:20]))
        return None
    return dt.time.fromisoformat(found)


def _at(day: dt.date, time: dt.time) -> dt.datetime:
    return dt.datetime.combine(day, time, tzinfo=LOCAL).astimezone(dt.UTC)
