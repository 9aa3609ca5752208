"""How values are written on the pages: times of Vietnam, durations, sizes, waveforms."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence

from flask import Flask
from flask_babel import get_locale, gettext, ngettext

from broadcast.models import Area
from schedules.types import LOCAL

VI_DAYS = ("Thứ Hai", "Thứ Ba", "Thứ Tư", "Thứ Năm", "Thứ Sáu", "Thứ Bảy", "Chủ Nhật")
EN_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def local(at: dt.datetime) -> dt.datetime:
    return at.astimezone(LOCAL)


def clock(at: dt.datetime | None, *, seconds: bool = False) -> str:
    """``05:30``, or ``05:30:07`` with seconds."""
    if at is None:
        return "–"
    return local(at).strftime("%H:%M:%S" if seconds else "%H:%M")


def day(value: dt.date | dt.datetime | None) -> str:
    """``23/11/2026``; a datetime is taken in local time."""
    if value is None:
        return "–"
    date = local(value).date() if isinstance(value, dt.datetime) else value
    return f"{date.day:02d}/{date.month:02d}/{date.year}"


def weekday(value: dt.date | dt.datetime) -> str:
    date = local(value).date() if isinstance(value, dt.datetime) else value
    return (EN_DAYS if str(get_locale()) == "en" else VI_DAYS)[date.weekday()]


def long_day(value: dt.date | dt.datetime) -> str:
    """``Thứ Hai, 23/11/2026``."""
    return f"{weekday(value)}, {day(value)}"


def moment(at: dt.datetime | None) -> str:
    """``05:30, 23/11/2026``."""
    return "–" if at is None else f"{clock(at)}, {day(at)}"


def near_day(at: dt.datetime, now: dt.datetime) -> str:
    """The day of something that comes, seen from ``now``: nothing for today, else in words."""
    days = (local(at).date() - local(now).date()).days
    if days == 0:
        return ""
    return str(gettext("ngày mai")) if days == 1 else long_day(at)


def place(area: Area) -> str:
    """The name of an area; of one that became a part of another, since when."""
    if area.merged_at is None:
        return area.name
    return str(gettext("%(name)s (sáp nhập %(day)s)", name=area.name, day=day(area.merged_at)))


def place_then(area: Area, at: dt.datetime) -> str:
    """As it was called at that time: before it became a part of another one, by its name alone."""
    return area.name if area.merged_at is not None and at < area.merged_at else place(area)


def ago(at: dt.datetime | None, now: dt.datetime) -> str:
    """How long ago, in the largest whole unit."""
    if at is None:
        return str(gettext("chưa lần nào"))
    seconds = int((now - at).total_seconds())
    if seconds < 60:
        return str(gettext("vừa xong"))
    for size, one in ((86400, _days), (3600, _hours), (60, _minutes)):
        if seconds >= size:
            return one(seconds // size)
    return str(gettext("vừa xong"))


def _minutes(count: int) -> str:
    return str(ngettext("%(num)s phút trước", "%(num)s phút trước", count))


def _hours(count: int) -> str:
    return str(ngettext("%(num)s giờ trước", "%(num)s giờ trước", count))


def _days(count: int) -> str:
    return str(ngettext("%(num)s ngày trước", "%(num)s ngày trước", count))


def duration(milliseconds: float | None) -> str:
    """``4:07`` or ``1:02:45``."""
    seconds = round((milliseconds or 0) / 1000)
    hours, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"


def lasting(milliseconds: float | None) -> str:
    """``12 phút``, ``45 giây``: how long something sounds, in words, never like an hour of the day."""
    seconds = round((milliseconds or 0) / 1000)
    if seconds < 90:
        return str(gettext("%(count)s giây", count=seconds))
    minutes = round(seconds / 60)
    if minutes < 60:
        return str(gettext("%(count)s phút", count=minutes))
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return str(gettext("%(hours)s giờ %(minutes)s phút", hours=hours, minutes=minutes))
    return str(ngettext("%(num)s ngày", "%(num)s ngày", hours // 24))


def size(count: int) -> str:
    """Bytes as KB, MB or GB, decimal comma in Vietnamese."""
    if count < 1_000_000:
        text = f"{count / 1000:.0f} KB"
    elif count < 1_000_000_000:
        text = f"{count / 1_000_000:.1f} MB"
    else:
        text = f"{count / 1_000_000_000:.1f} GB"
    return text if str(get_locale()) == "en" else text.replace(".", ",")


def decimal(value: float) -> str:
    """One digit after the decimal sign of the language, with a real minus."""
    text = f"{value:.1f}".replace("-", "\N{MINUS SIGN}")
    return text if str(get_locale()) == "en" else text.replace(".", ",")


def whole(count: int) -> str:
    """A whole number with its thousands set apart as the language does."""
    text = f"{count:,}"
    return text if str(get_locale()) == "en" else text.replace(",", ".")


def bars(peaks: Sequence[int] | None, count: int = 80) -> list[int]:
    """``count`` bar heights of 2 to 38 for a waveform, each the loudest of its share of ``peaks``."""
    if not peaks:
        return [2] * count
    shares = (
        peaks[i * len(peaks) // count : max((i + 1) * len(peaks) // count, i * len(peaks) // count + 1)]
        for i in range(count)
    )
    return [2 + round(36 * min(max(share), 100) / 100) for share in shares]


def fingerprint(text: str) -> str:
    """A short stable name for an element that belongs to ``text``."""
    return hashlib.sha256(text.encode()).hexdigest()[:10]


def initials(name: str) -> str:
    """The first letter of the given name, which comes last in Vietnamese."""
    words = name.split()
    return words[-1][0].upper() if words else "?"


FILTERS = (
    local,
    clock,
    day,
    weekday,
    long_day,
    moment,
    near_day,
    place,
    place_then,
    ago,
    duration,
    lasting,
    size,
    decimal,
    whole,
    bars,
    fingerprint,
    initials,
)


def install(app: Flask) -> None:
    for function in FILTERS:
        app.add_template_filter(function)
