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
from broadcast.models import Area, Role, ScheduleChange
from broadcast.scheduling import left_out, occurrences, programme, shifting
from broadcast.scheduling.concerns import Concern
from broadcast.scheduling.left_out import LeftOut
from broadcast.scheduling.shifting import Misfit
from broadcast.scheduling.week import Slot
from broadcast.units import permissions
from schedules.types import LOCAL
from web.asked import calendar_day, integer
from web.auth import current_person, signed_in
from web.edge import now, system
from web.errors import refuse, sentence
from web.filters import fingerprint, moment
from web.views import concern_words, occurrence_actions, places, week_grid

blueprint = Blueprint("several", __name__, url_prefix="/programme/several")

MOST_DAYS, MOST_MINUTES = 366, 24 * 60
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
    chosen += [each for each in _whole_days() if each not in chosen]
    if chosen and request.form.get("what") != "skip" and (unclear := _unclear()):
        return _page(unclear), 422
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
    area_id = request.form.get("area", made.schedule.area_id, type=integer)
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
    found, area, monday = _asked_for()
    rest = _left_out(area)
    coming = _coming(area, monday)
    dates = [monday + dt.timedelta(days=number) for number in range(7)]
    return render_template(
        "programme/several.html",
        area=area,
        areas=[each.option for each in found],
        left_out=rest,
        monday=monday,
        days=[(date, [each for each in coming if week_grid.local(each).date() == date]) for date in dates],
        name=_name,
        chosen=request.form.getlist("airing"),
        whole=request.form.getlist("whole_day"),
        problem=problem,
        asked=asked,
        week=dt.timedelta(days=7),
        may_write=True,
    )


def _asked_for() -> tuple[list[places.Choice], Area | None, dt.date]:
    found = places.choices(current_person(), Role.EDITOR)
    today = now().astimezone(LOCAL).date()
    monday = week_grid.monday_of(request.values.get("week", today, type=calendar_day))
    return found, places.chosen(found, request.values.get("area", type=integer)), monday


def _coming(area: Area | None, monday: dt.date) -> list[Slot]:
    """What this person may change of a week."""
    own = _left_out(area) is not None
    slots = programme.week(g.session, current_person(), area.id, monday, now(), own=own) if area else []
    mine = permissions.visible_areas(g.session, current_person(), Role.EDITOR)
    return [slot for slot in slots if week_grid.is_coming(slot, now()) and slot.area_id in mine]


def _left_out(area: Area | None) -> LeftOut | None:
    return left_out.below(g.session, area.id, now()) if area else None


def _whole_days() -> list[Chosen]:
    """All that the page lists on the days that were chosen as a whole."""
    days = set(request.form.getlist("whole_day"))
    if not days:
        return []
    _found, area, monday = _asked_for()
    listed = [slot for slot in _coming(area, monday) if week_grid.local(slot).date().isoformat() in days]
    return [_chosen(_name(slot)) for slot in listed]


def _name(slot: Slot) -> str:
    return f"{slot.schedule_id} {week_grid.name(slot).isoformat()}"


def _unclear() -> str:
    """What is wrong with the time by which to move; empty where nothing is."""
    days, minutes = (request.form.get(name, "").strip() or "0" for name in ("days", "minutes"))
    if not (days.isdecimal() and minutes.isdecimal()):
        return str(_("Số ngày và số phút viết bằng chữ số, ví dụ 30. Chưa buổi nào được dời."))
    if int(days) > MOST_DAYS or int(minutes) > MOST_MINUTES:
        most = {"days": MOST_DAYS, "minutes": MOST_MINUTES}
        return str(_("Dời nhiều nhất %(days)s ngày và %(minutes)s phút. Chưa buổi nào được dời.", **most))
    return "" if _by() else str(_("Nhập số ngày hoặc số phút muốn dời. Chưa buổi nào được dời."))


def _chosen(text: str) -> Chosen:
    number, _space, at = text.partition(" ")
    schedule_id = int(number) if number.isdecimal() and len(number) < 10 else 0
    return schedule_id, occurrence_actions.named(at)


def _by() -> dt.timedelta:
    sign = -1 if request.form.get("direction") == "earlier" else 1
    days = min(max(request.form.get("days", 0, type=integer), 0), MOST_DAYS)
    minutes = min(max(request.form.get("minutes", 0, type=integer), 0), MOST_MINUTES)
    return sign * dt.timedelta(days=days, minutes=minutes)
