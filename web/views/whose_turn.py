"""Which goes first, a priority programme from above or a unit's own: both shown, decided by name, changed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from broadcast.models import Area, Role
from broadcast.scheduling import decisions, meetings
from broadcast.scheduling.meetings import Meeting
from broadcast.storage.moments import day_start
from broadcast.units import permissions
from web.asked import integer
from web.auth import current_person, has_role, signed_in
from web.edge import now
from web.views import places

blueprint = Blueprint("whose_turn", __name__, url_prefix="/programme/order")

AHEAD = dt.timedelta(days=14)
PAST = 20  # decisions of before on the page
Key = tuple[int | None, dt.datetime]


@dataclass(frozen=True, slots=True)
class Turn:
    """What stands beside an airing that meets another: that it goes first, or that nobody has said so."""

    text: str
    tone: str
    icon: str


@dataclass(frozen=True, slots=True)
class Turns:
    """The meetings of the days that are shown."""

    open: tuple[Meeting, ...] = ()
    decided: tuple[Meeting, ...] = ()
    marks: dict[Key, Turn] | None = None

    def of(self, schedule_id: int | None, start: dt.datetime) -> Turn | None:
        return (self.marks or {}).get((schedule_id, start))


@blueprint.get("")
@signed_in
def index() -> str:
    choices = places.choices(current_person(), Role.VIEWER)
    area = places.chosen(choices, request.args.get("area", type=integer))
    found: list[Meeting] = []
    said = []
    if area is not None:
        found = meetings.find(g.session, current_person(), area.id, now(), now() + AHEAD)
        said = decisions.list_(g.session, current_person(), area.id)[:PAST]
    return render_template(
        "programme/order.html",
        area=area,
        areas=[choice.option for choice in choices],
        meetings=found,
        said=said,
        may_write=has_role(Role.EDITOR),
        may_edit=area is not None and permissions.may(current_person(), Role.EDITOR, area, g.session),
    )


@blueprint.post("")
@signed_in
def decide() -> Response:
    made = decisions.decide(
        g.session,
        current_person(),
        area_id=request.form.get("area", 0, type=integer),
        first=request.form.get("first", 0, type=integer),
        second=request.form.get("second", 0, type=integer),
        now=now(),
    )
    text = _("Đã ghi: ở %(area)s, “%(title)s” phát trước.", area=made.area.name, title=made.first.title)
    flash(text, "ok")
    return redirect(url_for(".index", area=made.area_id))


def in_days(area: Area | None, first: dt.date, last: dt.date) -> Turns:
    """The meetings to come from the day ``first`` to the day ``last``, with a mark for each airing."""
    start, end = max(day_start(first), now()), day_start(last + dt.timedelta(days=1))
    if area is None or start >= end:
        return Turns()
    found = meetings.find(g.session, current_person(), area.id, start, end)
    waiting = tuple(each for each in found if each.decision is None)
    decided = tuple(each for each in found if each.decision is not None)
    return Turns(waiting, decided, _marks(found))


def _marks(found: Sequence[Meeting]) -> dict[Key, Turn]:
    marks: dict[Key, Turn] = {}
    for each in found:
        for airing in each.airings:
            mine, theirs = (each.own.id, airing.own), (each.above.id, airing.above)
            if each.decision is None:
                marks[mine] = marks[theirs] = Turn(str(_("Chưa xếp thứ tự")), "warn", "triangle-alert")
                continue
            marks[mine if each.own_first else theirs] = Turn(str(_("Phát trước")), "ok", "check")
    return marks
