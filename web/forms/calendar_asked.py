"""The form of an import: a calendar, and what was chosen of it on one page after the other."""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from flask import request

from schedules.ical_lines import MAX_BYTES
from web.asked import integer
from web.forms.clock_time import clock_time

OFF = "off"  # stands for the bulletins of what is taken off the air


@dataclass(frozen=True, slots=True)
class Asked:
    """What the pages of a preview hand on from one to the next, until it is taken in.

    ``chosen`` are bulletins by the key of their row, ``off`` the rows to be taken off the air; ``seen`` are
    the pages that somebody has looked at, whose rows need no choice of ours.
    """

    area_id: int
    data: bytes
    all_day_at: dt.time | None = None
    chosen: Mapping[str, Sequence[int]] = field(default_factory=dict)
    off: Collection[str] = ()
    seen: frozenset[int] = frozenset()

    @property
    def all_day(self) -> str:
        return f"{self.all_day_at:%H:%M}" if self.all_day_at else ""

    @property
    def encoded(self) -> str:
        return base64.b64encode(self.data).decode()

    def only(self, keys: Collection[str]) -> Asked:
        """For these rows, as if nobody had looked at a page."""
        chosen = {key: ids for key, ids in self.chosen.items() if key in keys}
        return replace(self, chosen=chosen, off=[key for key in self.off if key in keys], seen=frozenset())

    def without_refused(self) -> Asked:
        """Without the rows whose doubts were shown, and that nobody wants all the same."""
        dropped = {*request.form.getlist("doubted")} - {*request.form.getlist("anyway")}
        return replace(self, chosen={key: ids for key, ids in self.chosen.items() if key not in dropped})

    def carried(self, beside: Collection[str] = ()) -> str:
        """The choices in one field, without the rows that have fields of their own."""
        told = {key: text(ids) for key, ids in self.chosen.items()}
        told |= dict.fromkeys(self.off, OFF)
        return " ".join(f"{key}:{what}" for key, what in told.items() if key not in beside)


def read() -> Asked:
    """The calendar (a file, a text, or what the page before sent along) and what was chosen so far."""
    form, file = request.form, request.files.get("file")
    data = b""
    if file is not None:
        with file.stream:  # a large one is a file on disk
            data = file.stream.read(MAX_BYTES + 1)
    try:
        data = data or form.get("text", "").encode() or base64.b64decode(form.get("data", ""), validate=True)
    except ValueError:  # no base64
        data = b""
    at = clock_time(form.get("all_day", ""))
    chosen, off = _carried()
    return Asked(
        form.get("area_id", 0, type=integer),
        data,
        dt.time.fromisoformat(at) if at else None,
        chosen | _choices(),
        [*off, *form.getlist("off")],
        frozenset(_numbers(form.get("seen", ""), " ")),
    )


def _carried() -> tuple[dict[str, list[int]], list[str]]:
    """What was chosen on other pages."""
    chosen, off = {}, []
    for each in request.form.get("carried", "").split():
        key, _colon, what = each.partition(":")
        if what == OFF:
            off.append(key)
        elif ids := _numbers(what):
            chosen[key] = ids
    return chosen, off


def _choices() -> dict[str, list[int]]:
    """By the key of a row of this page, its bulletins; what was left out is not named."""
    chosen: dict[str, list[int]] = {}
    for name in request.form:
        kind, _dash, key = name.partition("-")
        if kind == "bulletin":
            ids = [number for each in request.form.getlist(name) for number in _numbers(each)]
            if ids:
                chosen[key] = list(dict.fromkeys(ids))
    return chosen


def _numbers(text: str, between: str = ",") -> list[int]:
    parts = text.split(between)
    return [int(each) for each in parts if each.isascii() and each.isdigit() and len(each) < 10]


def text(numbers: Sequence[int]) -> str:
    return ",".join(map(str, numbers))
