"""Many airings of a week moved or left out at once; what would not fit is named before, one by one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from flask import Blueprint, g, render_template, request
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from broadcast.errors import DomainError, NothingToPlay
from broadcast.models import Role, ScheduleChange
from broadcast.scheduling import occurrences, programme, shifting
from broadcast.scheduling.concerns import Concern
from broadcast.scheduling.shifting import Misfit
from broadcast.units import permissions
from schedules.types import LOCAL
from web.auth import current_person, signed_in
from web.edge import now, system
from web.errors import refuse, sentence
from web.filters import fingerprint, moment
from web.views import concern_words, occurrence_actions, places, week_grid

blueprint = Blueprint("several", __name__, url_prefix="/programme/several")

SHOWN = 12  # airings that do not fit, told one by one
Chosen = tuple[int, dt.datetime]
Answer = str | Response | tuple[str, int]


@blueprint.get("")
@signed_in
def index() -> str:
    """The airings to come of a week, to choose from."""
    return _page()


@blueprint.post("")
@signed_in
def change() -> Answer:
    """Move or leave out what is chosen; moving says first what would not fit, and is asked for again."""
    chosen = [_chosen(text) for text in request.form.getlist("airing")]
    try:
        if not chosen:
            raise NothingToPlay()
        if request.form.get("what") == "skip":
            made = occurrences.skip_many(g.session, current_person(), chosen, now=now(), wire=system().wire)
            return _done(made, chosen)
        return _shift(chosen)
    except DomainError as error:
        nothing = _("Hãy chọn ít nhất một buổi phát.")
        return _page(nothing if isinstance(error, NothingToPlay) else sentence(error)), refuse(error)


def _shift(chosen: list[Chosen]) -> Answer:
    """All of it, or only what fits."""
    fits, left = chosen, 0
    asked = shifting.misfits(g.session, current_person(), _moves(chosen), now())
    if asked and request.form.get("what") == "fit":
        found = shifting.fitting(g.session, current_person(), _moves(chosen), now())
        fits = [each for each in chosen if each[1] in found.get(each[0], {})]
        left = len(chosen) - len(fits)
        if not fits:
            return _page(_("Không buổi nào vừa ở giờ mới."), asked=_Asked.of(asked, chosen)), 409
    elif asked and request.form.get("accepted") != _mark(chosen):
        return _page(asked=_Asked.of(asked, chosen)), 409
    made = occurrences.shift_many(g.session, current_person(), fits, by=_by(), now=now(), wire=system().wire)
    return _done(made, fits, left)


def _done(made: ScheduleChange, chosen: Sequence[Chosen], left: int = 0) -> Response:
    area_id = request.form.get("area", made.schedule.area_id, type=int)
    text = ngettext("Đã đổi %(num)s buổi phát.", "Đã đổi %(num)s buổi phát.", len(chosen))
    if left:
        stays = ngettext("%(num)s buổi giữ nguyên.", "%(num)s buổi giữ nguyên.", left)
        text = f"{text} {stays}"
    return occurrence_actions.done(made, area_id, min(at for _id, at in chosen), text)


@dataclass(frozen=True, slots=True)
class Told:
    """One airing that would not fit, and why."""

    text: str
    reasons: list[str]


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is asked before airings are moved that do not all fit; ``fits``: so many do."""

    told: list[Told]
    more: int
    fits: int
    mark: str

    @classmethod
    def of(cls, found: Sequence[Misfit], chosen: Sequence[Chosen]) -> _Asked:
        fitting = shifting.fitting(g.session, current_person(), _moves(chosen), now())
        told = [_told(each) for each in found[:SHOWN]]
        return cls(told, max(0, len(found) - SHOWN), sum(map(len, fitting.values())), _mark(chosen))


def _told(each: Misfit) -> Told:
    at, to = (moment(when.replace(tzinfo=LOCAL)) for when in (each.at, each.to))
    text = _("“%(title)s” %(at)s dời sang %(to)s", title=each.title, at=at, to=to)
    concerns = [Concern(doubt.code, params={**doubt.params, "likely": None}) for doubt in each.doubts]
    reasons = [doubt.text for doubt in concern_words.doubts(concerns)]
    reasons += [
        str(
            _(
                "Trùng với “%(other)s” (%(area)s) lúc %(theirs)s.",
                other=met.other,
                area=met.area,
                theirs=moment(met.theirs),
            )
        )
        for met in each.met
    ]
    return Told(str(text), reasons)


def _moves(chosen: Iterable[Chosen]) -> dict[int, dict[dt.datetime, dt.datetime]]:
    by, found = _by(), dict[int, dict[dt.datetime, dt.datetime]]()
    for schedule_id, at in chosen:
        found.setdefault(schedule_id, {})[at] = at + by
    return found


def _mark(chosen: Iterable[Chosen]) -> str:
    """What was looked at: another choice, or another time, is looked at again."""
    named = sorted(f"{schedule_id} {at.isoformat()}" for schedule_id, at in chosen)
    return fingerprint("|".join([*named, str(_by())]))


def _page(problem: str = "", *, asked: _Asked | None = None) -> str:
    found = places.choices(current_person(), Role.EDITOR)
    area = places.chosen(found, request.values.get("area", type=int))
    monday = week_grid.monday_of(_day(request.values.get("week", "")))
    slots = programme.week(g.session, current_person(), area.id, monday, now()) if area else []
    mine = permissions.visible_areas(g.session, current_person(), Role.EDITOR)
    coming = [slot for slot in slots if week_grid.is_coming(slot, now()) and slot.area_id in mine]
    dates = [monday + dt.timedelta(days=number) for number in range(7)]
    return render_template(
        "programme/several.html",
        area=area,
        areas=[each.option for each in found],
        monday=monday,
        days=[(date, [each for each in coming if week_grid.local(each).date() == date]) for date in dates],
        name=lambda slot: f"{slot.schedule_id} {week_grid.name(slot).isoformat()}",
        chosen=request.form.getlist("airing"),
        problem=problem,
        asked=asked,
        week=dt.timedelta(days=7),
        may_write=True,
    )


def _chosen(text: str) -> Chosen:
    number, _space, at = text.partition(" ")
    schedule_id = int(number) if number.isdecimal() and len(number) < 10 else 0
    return schedule_id, occurrence_actions.named(at)


def _by() -> dt.timedelta:
    sign = -1 if request.form.get("direction") == "earlier" else 1
    days = min(request.form.get("days", 0, type=int), 366)
    minutes = min(request.form.get("minutes", 0, type=int), 24 * 60)
    return sign * dt.timedelta(days=days, minutes=minutes)


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return now().astimezone(LOCAL).date()
