"""The programme seen otherwise: a month, the villages of a day, one loudspeaker's day, a sheet to hang up."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, g, render_template, request
from werkzeug.exceptions import BadRequest

from broadcast.models import Area, BroadcastState, Role
from broadcast.scheduling import foretold, left_out, week
from broadcast.scheduling.left_out import LeftOut
from broadcast.scheduling.week import Slot
from broadcast.units import areas
from broadcast.units.holiday_book import calendar_of
from schedules.holidays import NATIONAL, Calendar
from schedules.types import LOCAL
from web.asked import calendar_day, integer
from web.auth import current_person, has_role, signed_in
from web.edge import now, system
from web.views import places, week_grid, whose_turn, words
from web.views.day_notes import DayNote, note

blueprint = Blueprint("overviews", __name__, url_prefix="/programme")

FARTHEST = dt.timedelta(days=800)
SHOWN = 3  # titles in a square of the month


@dataclass(frozen=True, slots=True)
class Square:
    """One day of a month."""

    date: dt.date
    note: DayNote
    slots: tuple[Slot, ...]
    inside: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One area of the day view with what is heard there; a cell for every hour in which something airs."""

    area: Area
    depth: int
    cells: tuple[tuple[Slot, ...], ...]


@blueprint.get("/month")
@signed_in
def month() -> str:
    """A month with its lunar dates and holidays, six weeks at most."""
    area, options = _area()
    first, calendar = _month(request.args.get("month", "")), _calendar(area)
    mondays, rest = _mondays(first), _left_out(area)
    squares = [
        Square(day, note(day, calendar), tuple(_sounding(slots)), day.month == first.month)
        for day, slots in _days(area, mondays[0], 7 * len(mondays), own=rest is not None)
    ]
    return render_template(
        "programme/month.html",
        first=first,
        before=first - dt.timedelta(days=1),
        after=first + dt.timedelta(days=31),
        weeks=[squares[start : start + 7] for start in range(0, len(squares), 7)],
        left_out=rest,
        shown=SHOWN,
        **_page(area, options),
    )


@blueprint.get("/day")
@signed_in
def day() -> str:
    """What sounds where, and when, on one day: areas down, hours across."""
    area, options = _area()
    date = _day("day")
    rest = _left_out(area)
    slots = _day_slots(area, date, own=rest is not None)
    heard = _heard(area, slots) if area and slots else []
    hours = sorted({week_grid.local(slot).hour for _area, _depth, there in heard for slot in there})
    return render_template(
        "programme/day.html",
        date=date,
        note=note(date, _calendar(area)),
        hours=hours,
        lines=[Line(place, depth, _cells(there, hours)) for place, depth, there in heard],
        one=dt.timedelta(days=1),
        turns=whose_turn.in_days(area, date, date),
        left_out=rest,
        **_page(area, options),
    )


@blueprint.get("/loudspeakers/<int:loudspeaker_id>")
@signed_in
def loudspeaker(loudspeaker_id: int) -> str:
    """What this loudspeaker will play on a date."""
    date = _day("day")
    days = system().settings.plan_days
    told = foretold.of_day(
        g.session, current_person(), loudspeaker_id, day=date, now=now(), days=days, wire=system().wire
    )
    return render_template(
        "programme/loudspeaker.html",
        told=told,
        date=date,
        note=note(date, _calendar(told.loudspeaker.area)),
        today=_today(),
        one=dt.timedelta(days=1),
        words=words,
    )


@blueprint.get("/print")
@signed_in
def printed() -> str:
    """One week on one sheet for the notice board."""
    area, _options = _area()
    monday = week_grid.monday_of(_day("week"))
    calendar = _calendar(area)
    found = _days(area, monday, 7, own=_left_out(area) is not None)
    days = [(date, note(date, calendar), _routine(slots)) for date, slots in found]
    return render_template("programme/print.html", area=area, monday=monday, days=days)


def _routine(slots: list[Slot]) -> list[Slot]:
    return [slot for slot in _sounding(slots) if slot.schedule_id]


def _sounding(slots: list[Slot]) -> list[Slot]:
    """Where a page has no room to say why something is not heard."""
    return [slot for slot in slots if slot.is_on]


def _page(area: Area | None, options: list[tuple[int, str]]) -> dict[str, Any]:
    return {
        "area": area,
        "areas": options,
        "today": _today(),
        "may_write": has_role(Role.EDITOR),
        "words": words,
        "name": week_grid.name,
    }


def _area() -> tuple[Area | None, list[tuple[int, str]]]:
    found = places.choices(current_person(), Role.VIEWER)
    return places.chosen(found, request.args.get("area", type=integer)), [each.option for each in found]


def _calendar(area: Area | None) -> Calendar:
    return calendar_of(g.session, area.id) if area else NATIONAL


def _left_out(area: Area | None) -> LeftOut | None:
    return left_out.below(g.session, area.id, now()) if area else None


def _days(area: Area | None, first: dt.date, count: int, *, own: bool) -> list[tuple[dt.date, list[Slot]]]:
    found: dict[dt.date, list[Slot]] = {first + dt.timedelta(days=number): [] for number in range(count)}
    if area is not None:
        for slot in week.days(g.session, current_person(), area.id, first, count, now=now(), own=own):
            found[week_grid.local(slot).date()].append(slot)
    return list(found.items())


def _day_slots(area: Area | None, date: dt.date, *, own: bool) -> list[Slot]:
    slots = _days(area, date, 1, own=own)[0][1]
    return [slot for slot in slots if slot.state is not BroadcastState.CANCELLED]


def _heard(area: Area, slots: Sequence[Slot]) -> list[tuple[Area, int, list[Slot]]]:
    """Every area from this one down, how deep it lies, and what is heard there when it is heard there."""
    above = [each.id for each in areas.ancestors(g.session, area.id)][1:]
    found: list[tuple[Area, int, list[Slot]]] = []

    def walk(node: areas.Node, path: list[int], depth: int) -> None:
        path = [node.area.id, *path]
        here = (slot.there(path) for slot in slots if slot.area_id in path)
        found.append((node.area, depth, sorted(here, key=lambda slot: slot.start)))
        for child in node.children:
            walk(child, path, depth + 1)

    for root in areas.tree(g.session, [area.id]):
        walk(root, above, 0)
    return found[: places.MOST_OPTIONS]


def _cells(slots: Sequence[Slot], hours: Sequence[int]) -> tuple[tuple[Slot, ...], ...]:
    return tuple(tuple(each for each in slots if week_grid.local(each).hour == hour) for hour in hours)


def _mondays(first: dt.date) -> list[dt.date]:
    last = (first + dt.timedelta(days=31)).replace(day=1) - dt.timedelta(days=1)
    monday = week_grid.monday_of(first)
    count = (week_grid.monday_of(last) - monday).days // 7 + 1
    return [monday + dt.timedelta(weeks=number) for number in range(count)]


def _month(text: str) -> dt.date:
    try:
        return _near(dt.date.fromisoformat(f"{text}-01")) if text else _today().replace(day=1)
    except ValueError:
        return _today().replace(day=1)


def _day(name: str) -> dt.date:
    return _near(request.args.get(name, _today(), type=calendar_day))


def _near(date: dt.date) -> dt.date:
    """Neither before calendars nor so far that looking would be long."""
    if abs(date - _today()) > FARTHEST * 2:
        raise BadRequest
    return date


def _today() -> dt.date:
    return now().astimezone(LOCAL).date()
