"""Templates of weeks: a week is kept under a name, looked at, and other weeks are filled from it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from broadcast.errors import DomainError, NothingToPlay
from broadcast.models import Area, Role, WeekTemplate
from broadcast.scheduling import week_templates
from broadcast.scheduling.week_templates import Entry, Filled
from broadcast.units import areas, permissions
from schedules.types import LOCAL
from web.asked import calendar_day, integer
from web.auth import current_person, has_role, signed_in
from web.edge import now
from web.errors import refuse, sentence
from web.views import occurrence_actions, places, week_copies, week_grid

blueprint = Blueprint("week_patterns", __name__, url_prefix="/programme/templates")

WEEK = dt.timedelta(days=7)
Answer = str | Response | tuple[str, int]


@dataclass(frozen=True, slots=True)
class Line:
    """One airing of a template: on which day of the week, when, what and where."""

    day: dt.date  # of the week that is to be filled
    time: dt.time
    title: str
    area: str


@blueprint.get("")
@signed_in
def index() -> str:
    """With ``gone`` the way back for a template that was deleted just now."""
    return _list(_monday(dt.timedelta()))


@blueprint.post("")
@signed_in
def save() -> Answer:
    area, monday = _area(), _monday(dt.timedelta())
    name = request.form.get("name", "")[:500]
    if area is None:
        return _list(monday, name=name), 422
    try:
        made = week_templates.save(g.session, current_person(), area.id, name=name, monday=monday, now=now())
    except DomainError as error:
        nothing = _("Tuần đó chỉ có lịch lặp lại, không có buổi nào để lưu: lịch lặp lại tự phát hằng tuần.")
        problem = nothing if isinstance(error, NothingToPlay) else sentence(error)
        return _list(monday, name=name, problem=problem), refuse(error)
    flash(_("Đã lưu mẫu “%(name)s”.", name=made.name), "ok")
    return redirect(url_for(".index", area=area.id, week=monday.isoformat()))


@blueprint.get("/<int:template_id>")
@signed_in
def show(template_id: int) -> str:
    return _page(week_templates.get(g.session, current_person(), template_id), _monday(WEEK))


@blueprint.post("/<int:template_id>")
@signed_in
def apply(template_id: int) -> Answer:
    """Show what would happen, or do it."""
    template, monday = week_templates.get(g.session, current_person(), template_id), _monday(WEEK)
    try:
        if request.form.get("sure") != "yes":
            return _page(template, monday, filled=_tried(template, monday))
        filled = _apply(template, monday)
    except DomainError as error:
        return _page(template, monday, problem=sentence(error)), refuse(error)
    if filled.change is None:
        return _page(template, monday, filled=filled)
    text = ngettext("Đã xếp %(num)s buổi phát.", "Đã xếp %(num)s buổi phát.", filled.airings)
    return occurrence_actions.done(filled.change, template.area_id, monday, text)


@blueprint.post("/<int:template_id>/delete")
@signed_in
def delete(template_id: int) -> Response:
    template = week_templates.get(g.session, current_person(), template_id)
    week_templates.delete(g.session, current_person(), template_id, now())
    return redirect(url_for(".index", area=template.area_id, gone=template_id))


@blueprint.post("/<int:template_id>/restore")
@signed_in
def restore(template_id: int) -> Response:
    template = week_templates.restore(g.session, current_person(), template_id, now())
    flash(_("Mẫu “%(name)s” dùng lại được như trước.", name=template.name), "ok")
    return redirect(url_for(".index", area=template.area_id))


def _apply(template: WeekTemplate, monday: dt.date) -> Filled:
    return week_templates.apply(g.session, current_person(), template.id, monday=monday, now=now())


def _tried(template: WeekTemplate, monday: dt.date) -> Filled:
    """What applying would do: done, looked at, and taken back."""
    trial = g.session.begin_nested()
    try:
        filled = _apply(template, monday)
    finally:
        trial.rollback()
    return filled


def _list(monday: dt.date, *, name: str = "", problem: str = "") -> str:
    area = _area()
    found = week_templates.list_(g.session, current_person(), area.id) if area else []
    return render_template(
        "programme/templates.html",
        area=area,
        areas=places.options(current_person(), Role.VIEWER),
        templates=[(each, sum(len(entry.starts) for entry in _entries(each))) for each in found],
        monday=monday,
        sunday=monday + WEEK - dt.timedelta(days=1),
        name=name,
        problem=problem,
        gone=week_templates.deleted(g.session, current_person(), request.args.get("gone", 0, type=integer)),
        may_write=has_role(Role.EDITOR),
        may_edit=area is not None and permissions.may(current_person(), Role.EDITOR, area, g.session),
    )


def _page(template: WeekTemplate, monday: dt.date, *, filled: Filled | None = None, problem: str = "") -> str:
    return render_template(
        "programme/template.html",
        template=template,
        lines=_lines(template, monday),
        monday=monday,
        sunday=monday + WEEK - dt.timedelta(days=1),
        filled=filled,
        problem=problem,
        reasons=week_copies.reasons(),
        may_edit=permissions.may(current_person(), Role.EDITOR, template.area, g.session),
    )


def _entries(template: WeekTemplate) -> list[Entry]:
    return [Entry.stored(kept) for kept in template.entries]


def _lines(template: WeekTemplate, monday: dt.date) -> list[Line]:
    midnight = dt.datetime.combine(monday, dt.time())
    found: list[Line] = []
    for entry in _entries(template):
        area = areas.get(g.session, entry.area_id).name
        starts = [midnight + start for start in entry.starts]
        found += [Line(at.date(), at.time(), entry.title, area) for at in starts]
    return sorted(found, key=lambda line: (line.day, line.time, line.title))


def _area() -> Area | None:
    return places.chosen(
        places.choices(current_person(), Role.VIEWER), request.values.get("area", type=integer)
    )


def _monday(from_now: dt.timedelta) -> dt.date:
    """Of the week that is asked for, else of this one or of one so far from it."""
    default = now().astimezone(LOCAL).date() + from_now
    return week_grid.monday_of(request.values.get("week", default, type=calendar_day))
