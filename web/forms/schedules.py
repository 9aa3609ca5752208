"""The form of a schedule: which bulletins, in which area, when."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from schedules.types import Frequency, Rule

from .reading import FormReader


@dataclass(frozen=True, slots=True)
class ScheduleForm:
    """What stands in the page; ``rule`` is None while its fields are wrong."""

    title: str = ""
    area_id: int = 0
    bulletin_ids: tuple[int, ...] = ()
    frequency: Frequency = Frequency.DAILY
    starts_on: dt.date | None = None
    until: dt.date | None = None
    weekdays: frozenset[int] = frozenset()
    times: tuple[dt.time, ...] = ()
    accepted: bool = False  # the warnings were shown and the person goes on all the same
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def rule(self) -> Rule | None:
        if self.starts_on is None or self.errors.keys() & {"starts_on", "until", "weekday", "time"}:
            return None
        repeats = self.frequency is not Frequency.ONCE
        return Rule(
            frequency=self.frequency,
            starts_on=self.starts_on,
            times=self.times,
            weekdays=self.weekdays if self.frequency is Frequency.WEEKLY else frozenset(),
            until=self.until if repeats else None,
        )


def read_schedule(form: MultiDict[str, str]) -> ScheduleForm:
    reader = FormReader(form)
    frequency = reader.choice("frequency", Frequency, Frequency.DAILY)
    read = ScheduleForm(
        title=reader.text("title", longest=200, missing=_("Hãy đặt tên cho lịch phát.")),
        area_id=reader.integer("area_id", missing=_("Hãy chọn địa bàn.")),
        bulletin_ids=reader.integers("bulletin_id"),
        frequency=frequency,
        starts_on=reader.date("starts_on", missing=_("Hãy chọn ngày bắt đầu.")),
        until=reader.date("until"),
        weekdays=frozenset(day for day in reader.integers("weekday") if day < 7),
        times=reader.times("time", missing=_("Hãy chọn ít nhất một giờ phát.")),
        accepted=reader.raw("accepted") == "yes",
        errors=reader.errors,
    )
    _check(read, reader)
    return read


def _check(read: ScheduleForm, reader: FormReader) -> None:
    if not read.bulletin_ids:
        reader.refuse("bulletin_id", _("Hãy chọn ít nhất một bản tin đã duyệt."))
    if read.frequency is Frequency.WEEKLY and not read.weekdays:
        reader.refuse("weekday", _("Hãy chọn ít nhất một ngày trong tuần."))
    repeats = read.frequency is not Frequency.ONCE
    if repeats and read.starts_on and read.until and read.until < read.starts_on:
        reader.refuse("until", _("Ngày kết thúc đứng trước ngày bắt đầu."))
