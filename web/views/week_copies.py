"""Filling a week from the one before: what would be copied and what collides is shown first."""

from __future__ import annotations

import datetime as dt

from flask import Blueprint, g, render_template, request
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from broadcast.errors import DomainError, NothingToPlay
from broadcast.models import Area, Role
from broadcast.scheduling import week_templates
from broadcast.scheduling.week_templates import Filled
from schedules.types import LOCAL
from web.asked import calendar_day, integer
from web.auth import current_person, signed_in
from web.edge import now
from web.errors import refuse, sentence
from web.views import occurrence_actions, places, week_grid

blueprint = Blueprint("week_copies", __name__, url_prefix="/programme/copy")

WEEK = dt.timedelta(days=7)
Answer = str | Response | tuple[str, int]


@blueprint.get("")
@signed_in
def show() -> str:
    target = week_grid.monday_of(_date("week", now().astimezone(LOCAL).date()))
    return _page(_area(), _date("source", target - WEEK), target)


@blueprint.post("")
@signed_in
def copy() -> Answer:
    """Show what would happen, or do it."""
    area = _area()
    target = week_grid.monday_of(_date("week", now().astimezone(LOCAL).date()))
    source = week_grid.monday_of(_date("source", target - WEEK))
    if area is None:
        return _page(area, source, target), 422
    try:
        if request.form.get("sure") != "yes":
            return _page(area, source, target, filled=_tried(area, source, target))
        filled = _fill(area, source, target)
    except DomainError as error:
        nothing = _("Tuần đó không có buổi nào để chép: lịch lặp lại thì tự phát hằng tuần, không cần chép.")
        problem = nothing if isinstance(error, NothingToPlay) else sentence(error)
        return _page(area, source, target, problem=problem), refuse(error)
    if filled.change is None:
        return _page(area, source, target, filled=filled)
    text = ngettext("Đã chép %(num)s buổi phát.", "Đã chép %(num)s buổi phát.", filled.airings)
    return occurrence_actions.done(filled.change, area.id, target, text)


def _fill(area: Area, source: dt.date, target: dt.date) -> Filled:
    return week_templates.copy_week(
        g.session, current_person(), area.id, source=source, target=target, now=now()
    )


def _tried(area: Area, source: dt.date, target: dt.date) -> Filled:
    """What copying would do: done, looked at, and taken back."""
    trial = g.session.begin_nested()
    try:
        filled = _fill(area, source, target)
    finally:
        trial.rollback()
    return filled


def _page(
    area: Area | None, source: dt.date, target: dt.date, *, filled: Filled | None = None, problem: str = ""
) -> str:
    return render_template(
        "programme/copy.html",
        area=area,
        areas=places.options(current_person(), Role.EDITOR),
        source=week_grid.monday_of(source),
        target=target,
        filled=filled,
        problem=problem,
        reasons=reasons(),
        week=WEEK,
    )


def reasons() -> dict[str, str]:
    """Why an airing is left out of a week that is filled."""
    return {
        "past": str(_("đã qua")),
        "not_approved": str(_("bản tin không còn hiệu lực duyệt")),
        "no_audio": str(_("bản tin chưa có âm thanh")),
        "slot_invalid": str(_("khung giờ không còn dùng được, hãy sửa nó")),
        "forbidden": str(_("bạn không lập lịch cho địa bàn này")),
        "": str(_("bản tin không dùng được nữa")),
    }


def _area() -> Area | None:
    return places.chosen(
        places.choices(current_person(), Role.EDITOR), request.values.get("area", type=integer)
    )


def _date(name: str, otherwise: dt.date) -> dt.date:
    return request.values.get(name, otherwise, type=calendar_day)
