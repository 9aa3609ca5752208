"""Single airings of the programme moved and left out, and every change undone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from flask import Blueprint, flash, g, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from broadcast.errors import DomainError, NotFound
from broadcast.models import Role, Schedule, ScheduleChange
from broadcast.scheduling import occurrences, programme, schedule_changes
from broadcast.scheduling.intents import Intent
from broadcast.units import permissions
from broadcast.units.holiday_book import calendar_of
from schedules import exceptions, recurrence, slots
from schedules.types import LOCAL, Frequency, Rule
from web.asked import integer, known
from web.auth import current_person, has_role, signed_in
from web.edge import now, system
from web.errors import refuse, sentence, wants_json
from web.forms.clock_time import clock_time
from web.views import change_words, concern_words, overlap_words, places, scheduling
from web.views.concern_words import Doubt
from web.views.day_notes import note

blueprint = Blueprint("occurrences", __name__, url_prefix="/programme")

RECENT = 30  # changes on their page
Answer = str | Response | tuple[str | Response, int]


@dataclass(frozen=True, slots=True)
class Wish:
    """Where an airing shall go, what speaks against it, and what could be done instead."""

    schedule: Schedule
    at: dt.datetime
    to: dt.datetime
    doubts: tuple[Doubt, ...] = ()
    overlaps: tuple[overlap_words.Told, ...] = ()
    over: tuple[int, ...] = ()  # schedules that give way to it there


@blueprint.get("/schedules/<int:schedule_id>/occurrence")
@signed_in
def show(schedule_id: int) -> str:
    """One airing, to be moved or left out: what dragging does, without a mouse and without scripts."""
    schedule = programme.get(g.session, current_person(), schedule_id)
    return _page(schedule, named(request.args.get("at", "")))


@blueprint.post("/occurrences/move")
@signed_in
def move() -> Answer:
    schedule = programme.get(g.session, current_person(), request.form.get("schedule_id", 0, type=integer))
    at = named(request.form.get("at", ""))
    try:
        wish = _judged(Wish(schedule, at, _wanted(request.form.get("to", "")), over=given_way()))
        if (wish.doubts or wish.overlaps) and request.form.get("accepted") != "yes":
            return _doubted(wish)
        change = occurrences.move(
            g.session,
            current_person(),
            schedule.id,
            was=at,
            to=wish.to,
            now=now(),
            wire=system().wire,
            over=wish.over,
        )
    except DomainError as error:
        if wants_json():
            raise
        return _page(schedule, at, problem=sentence(error)), refuse(error)
    text = _("Đã dời “%(title)s” sang %(to)s.", title=schedule.title, to=f"{wish.to:%H:%M, %d/%m/%Y}")
    return done(change, schedule.area_id, wish.to, text)


@blueprint.post("/occurrences/skip")
@signed_in
def skip() -> Answer:
    return _one(occurrences.skip, _("Đã bỏ buổi phát này. Các buổi khác vẫn như lịch."))


@blueprint.post("/occurrences/bring-back")
@signed_in
def bring_back() -> Answer:
    return _one(occurrences.bring_back, _("Buổi phát này sẽ phát lại như lịch."))


@blueprint.get("/changes")
@signed_in
def changes() -> str:
    """What was done to the programme of an area, each with its undo."""
    found = places.choices(current_person(), Role.VIEWER)
    area = places.chosen(found, request.args.get("area", type=integer))
    recent = schedule_changes.recent(g.session, current_person(), area.id, RECENT) if area else []
    mine = permissions.visible_areas(g.session, current_person(), Role.EDITOR)
    return render_template(
        "programme/changes.html",
        area=area,
        areas=[each.option for each in found],
        told=[change_words.told(change, mine) for change in recent],
        may_write=has_role(Role.EDITOR),
    )


@blueprint.post("/changes/<int:change_id>/undo")
@signed_in
def undo(change_id: int) -> Answer:
    change = schedule_changes.undo(g.session, current_person(), change_id, now(), wire=system().wire)
    undone = g.session.get_one(ScheduleChange, change_id)
    text = _("Đã hoàn tác: %(what)s.", what=change_words.told(undone, ()).text)
    if wants_json():
        return jsonify(ok=True, text=text)
    flash(text, "ok")
    return redirect(url_for(".changes", area=change.schedule.area_id))


def done(change: ScheduleChange, area_id: int, at: dt.date, text: str) -> Response:
    """To a script what to say and where to undo it; else to the week, where the change can be undone."""
    if wants_json():
        return jsonify(ok=True, text=text, undo=url_for("occurrences.undo", change_id=change.id))
    flash(text, "ok")
    week = at.strftime("%Y-%m-%d")
    return redirect(url_for("programme.index", area=area_id, week=week, changed=change.id))


def _one(act: Any, text: str) -> Answer:
    schedule_id = request.form.get("schedule_id", 0, type=integer)
    at = named(request.form.get("at", ""))
    change = act(g.session, current_person(), schedule_id, at=at, now=now(), wire=system().wire)
    return done(change, change.schedule.area_id, at, text)


def _judged(wish: Wish) -> Wish:
    """What would be doubtful about a schedule that airs there once."""
    rule = Rule(Frequency.ONCE, wish.to.date(), (wish.to.time(),))
    bulletin_ids = tuple(item.bulletin_id for item in wish.schedule.items)
    slot = slots.from_dict(wish.schedule.slot) if wish.schedule.slot else None
    intent = Intent(wish.schedule.area_id, bulletin_ids, rule, wish.schedule.id, slot)
    doubts = concern_words.stopping(scheduling.concerns(intent))
    return replace(wish, doubts=tuple(doubts), overlaps=tuple(overlap_words.told(intent, wish.over)))


def _doubted(wish: Wish) -> Answer:
    """Nothing was changed: say why, and what could be done instead."""
    if not wants_json():
        return _page(wish.schedule, wish.at, wish=wish), 409
    day = wish.to.date()
    times = {
        f"{day}T{each.correction}": str(_("Đổi thành %(time)s", time=each.correction))
        for each in wish.doubts
        if each.correction
    }
    times |= {
        f"{each.day or day}T{each.time:%H:%M}": each.text for one in wish.overlaps for each in one.choices
    }
    return jsonify(
        ok=False,
        doubts=[each.text for each in wish.doubts],
        overlaps=asked(wish.overlaps),
        choices=[{"text": text, "to": to} for to, text in times.items()],
        over=list(wish.over),
        blocked=any(doubt.blocking for doubt in wish.doubts),
    ), 409


def _page(schedule: Schedule, at: dt.datetime, *, wish: Wish | None = None, problem: str = "") -> str:
    calendar = calendar_of(g.session, schedule.area_id)
    start = at.replace(tzinfo=LOCAL)
    airs = exceptions.airs(recurrence.from_dict(schedule.rule), at, calendar)
    out = at in occurrences.left_out(schedule, at.date(), at.date() + dt.timedelta(days=1), calendar)
    if not (airs or out):
        raise NotFound(kind="occurrence", id=schedule.id, at=at.isoformat())
    return render_template(
        "programme/occurrence.html",
        schedule=schedule,
        at=at,
        start=start,
        left_out=out,
        to=wish.to if wish else at,
        wish=wish,
        given_way=[programme.get(g.session, current_person(), each) for each in wish.over] if wish else [],
        note=note(at.date(), calendar),
        problem=problem,
        may_edit=start > now()
        and schedule.withdrawn_at is None
        and permissions.may(current_person(), Role.EDITOR, schedule.area_id, g.session),
    )


def asked(overlaps: Iterable[overlap_words.Told]) -> list[dict[str, str | int]]:
    """To a script, everything that overlaps at once, and which of it could give way (``over``)."""
    return [
        {
            "text": each.text,
            "over": each.over,
            "label": str(
                _(
                    "Phát đè: “%(title)s” nhường buổi này, %(author)s được báo",
                    title=each.title,
                    author=each.author,
                )
            )
            + f". {each.cost}"
            if each.over
            else "",
        }
        for each in overlaps
    ]


def named(text: str) -> dt.datetime:
    """The local time that names an airing. Errors: NotFound for what is none."""
    try:
        found = dt.datetime.fromisoformat(text)
        known(found)
    except ValueError:
        raise NotFound(kind="occurrence", id=0, at=text[:40]) from None
    return found.replace(tzinfo=None)


def _wanted(to: str) -> dt.datetime:
    """Where it shall go: ``to`` of a script or of a choice, else the fields of the page."""
    if to:
        return named(to)
    day, time = request.form.get("day", ""), clock_time(request.form.get("time", ""))
    return named(f"{day}T{time}")


def given_way() -> tuple[int, ...]:
    """The schedules that shall give way."""
    return tuple(int(each) for each in request.form.getlist("over") if each.isdecimal() and len(each) < 10)
