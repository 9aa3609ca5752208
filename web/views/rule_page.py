"""What the form of a rule needs besides its fields: kinds of rules, holidays, the day that was pointed at."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import request
from flask_babel import gettext as _

from schedules.types import LAST, LOCAL, Frequency, NthWeekday, OnHolidays
from web.edge import now

DEFAULT_TIME = dt.time(5, 30)


def values() -> dict[str, Any]:
    """For programme/_when.html, with ``form`` and ``when``."""
    return {
        "frequencies": _frequencies(),
        "holidays": _holidays(),
        "nths": _nths(),
        "last": LAST,
        "blank_nth": NthWeekday(0, 0),
    }


def _frequencies() -> list[tuple[str, str, str]]:
    named = {
        Frequency.ONCE: (_("Một lần"), ""),
        Frequency.DAILY: (_("Hằng ngày"), _("hoặc cách mấy ngày")),
        Frequency.WEEKLY: (_("Theo thứ trong tuần"), ""),
        Frequency.WORKDAYS: (_("Ngày làm việc"), _("trừ lễ, kể cả ngày làm bù")),
        Frequency.MONTHLY: (_("Hằng tháng"), _("ngày 15; thứ Hai đầu tháng")),
        Frequency.YEARLY: (_("Hằng năm"), _("ngày dương lịch")),
        Frequency.LUNAR_MONTHLY: (_("Hằng tháng âm lịch"), _("rằm, mùng một")),
        Frequency.LUNAR_YEARLY: (_("Hằng năm âm lịch"), _("giỗ tổ mùng 10 tháng Ba")),
        Frequency.DATES: (_("Những ngày tự chọn"), ""),
    }
    return [(kind.value, str(text), str(hint)) for kind, (text, hint) in named.items()]


def _holidays() -> list[tuple[str, str]]:
    named = {
        OnHolidays.KEEP: _("Vẫn phát"),
        OnHolidays.SKIP: _("Nghỉ, không phát"),
        OnHolidays.ONLY: _("Chỉ phát vào ngày lễ"),
        OnHolidays.NEXT_WORKING_DAY: _("Dời sang ngày làm việc kế tiếp"),
    }
    return [(kind.value, str(text)) for kind, text in named.items()]


def _nths() -> list[tuple[int, str]]:
    named = [_("đầu tiên"), _("thứ nhì"), _("thứ ba"), _("thứ tư"), _("thứ năm")]
    return [*((number, str(text)) for number, text in enumerate(named, start=1)), (LAST, str(_("cuối cùng")))]


def wanted_day() -> dt.date:
    """The day that was pointed at in the week, else tomorrow."""
    today = now().astimezone(LOCAL).date()
    try:
        return max(dt.date.fromisoformat(request.args.get("day", "")), today)
    except ValueError:
        return today + dt.timedelta(days=1)


def wanted_time() -> dt.time:
    try:
        return dt.time.fromisoformat(request.args.get("time", ""))
    except ValueError:
        return DEFAULT_TIME
