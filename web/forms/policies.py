"""The form of an area's policy: when, how often, how loudly, who approves; empty is as the area above."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from broadcast.models import Approvers, AreaPolicy, StartMode
from broadcast.units.policies import EVERY_DAY, LIMITS

from .clock_time import clock_time
from .reading import FormReader

ROWS = 2  # empty ones to write in, beside those that are filled
ABOVE = ""
NUMBERS = tuple(LIMITS)


@dataclass(frozen=True, slots=True)
class Line:
    """One stretch of the day as it stands in the form; ``percent`` only for volumes."""

    start: str = ""
    end: str = ""
    percent: str = ""

    @property
    def empty(self) -> bool:
        return not (self.start or self.end or self.percent)


@dataclass(frozen=True, slots=True)
class PolicyForm:
    windows: tuple[Line, ...] = ()
    quiet: tuple[Line, ...] = ()
    volumes: tuple[Line, ...] = ()
    max_volume: str = ABOVE
    minutes_a_day: str = ABOVE
    start_mode: str = ABOVE
    weekdays: tuple[int, ...] = ()  # none: as the area above
    sessions_a_day: str = ABOVE
    minutes_a_session: str = ABOVE
    approvers: str = ABOVE
    keep_audio_days: str = ABOVE
    keep_reports_days: str = ABOVE
    keep_journals_days: str = ABOVE
    errors: dict[str, str] = field(default_factory=dict)

    def lines(self, name: str) -> tuple[Line, ...]:
        """The filled lines with empty ones behind them."""
        filled: tuple[Line, ...] = getattr(self, name)
        return (*filled, *(Line() for _number in range(ROWS)))

    @property
    def values(self) -> dict[str, Any]:
        """By column; None is inherited."""
        return {
            "windows": _stored(self.windows),
            "quiet": _stored(self.quiet),
            "volumes": _stored(self.volumes),
            "weekdays": list(self.weekdays) or None,
            "start_mode": StartMode(self.start_mode) if self.start_mode else None,
            "approvers": Approvers(self.approvers) if self.approvers else None,
            **{name: int(text) if (text := getattr(self, name)) else None for name in NUMBERS},
        }

    @classmethod
    def of(cls, own: AreaPolicy | None) -> PolicyForm:
        if own is None:
            return cls()
        numbers: dict[str, Any] = {
            name: str(value) for name in NUMBERS if (value := getattr(own, name)) is not None
        }
        form = cls(
            windows=_shown(own.windows),
            quiet=_shown(own.quiet),
            volumes=_shown(own.volumes),
            weekdays=tuple(own.weekdays or ()),
            start_mode=own.start_mode.value if own.start_mode else ABOVE,
            approvers=own.approvers.value if own.approvers else ABOVE,
        )
        return replace(form, **numbers)


def read_policy(form: MultiDict[str, str]) -> PolicyForm:
    reader = FormReader(form)
    read = PolicyForm(
        windows=_lines(form, reader, "windows"),
        quiet=_lines(form, reader, "quiet"),
        volumes=_lines(form, reader, "volumes", percents=True),
        weekdays=tuple(day for day in EVERY_DAY if day in reader.integers("weekday")),
        start_mode=reader.one_of("start_mode", (ABOVE, *StartMode), ABOVE),
        approvers=reader.one_of("approvers", (ABOVE, *Approvers), ABOVE),
        errors=reader.errors,
    )
    numbers: dict[str, Any] = {name: _number(reader, name, *LIMITS[name]) for name in NUMBERS}
    return replace(read, **numbers)


def _lines(
    form: MultiDict[str, str], reader: FormReader, name: str, *, percents: bool = False
) -> tuple[Line, ...]:
    starts, ends = form.getlist(f"{name}_start"), form.getlist(f"{name}_end")
    levels = form.getlist(f"{name}_percent") if percents else [""] * len(starts)
    found = [
        Line(_hour(start), _hour(end), level.strip())
        for start, end, level in zip(starts, ends, levels, strict=False)
    ]
    filled = tuple(line for line in found if not line.empty)
    for line in filled:
        if not clock_time(line.start) or not clock_time(line.end) or line.start == line.end:
            reader.refuse(
                name, _("Mỗi dòng cần đủ giờ bắt đầu và giờ kết thúc khác nhau, ví dụ 05:30 và 21:00.")
            )
        elif percents and not (
            line.percent.isascii() and line.percent.isdigit() and int(line.percent) <= 100
        ):
            reader.refuse(name, _("Mỗi dòng cần âm lượng từ 0 đến 100."))
    return filled


def _hour(text: str) -> str:
    """What is no hour stays as it was typed: the form is shown again with it."""
    return clock_time(text) or text.strip()


def _number(reader: FormReader, name: str, least: int, most: int) -> str:
    value = reader.raw(name)
    if value and not (value.isascii() and value.isdigit() and least <= int(value[:9]) <= most):
        told = _("Hãy nhập một số từ %(least)d đến %(most)d, hoặc để trống.", least=least, most=most)
        reader.refuse(name, told)
    return value


def _stored(lines: tuple[Line, ...]) -> list[dict[str, Any]] | None:
    rows = [
        {"start": line.start, "end": line.end} | ({"percent": int(line.percent)} if line.percent else {})
        for line in lines
    ]
    return rows or None


def _shown(rows: list[dict[str, Any]] | None) -> tuple[Line, ...]:
    return tuple(Line(row["start"], row["end"], str(row.get("percent", ""))) for row in rows or [])
