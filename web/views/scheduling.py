"""Making and changing a schedule: one form for every kind of rule, with what it means told before saving."""

from __future__ import annotations

import datetime as dt
import itertools
from dataclasses import replace
from typing import Any, TypeVar

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from broadcast.authoring import bulletins
from broadcast.errors import DomainError, Forbidden, UnknownArea, WrongState
from broadcast.models import Role, Schedule
from broadcast.scheduling import programme, schedule_changes
from broadcast.scheduling.clashes import Near
from broadcast.scheduling.intents import Intent
from broadcast.units import permissions
from broadcast.units.holiday_book import calendar_of
from schedules import recurrence
from schedules.errors import RuleError
from schedules.holidays import NATIONAL, Calendar
from schedules.types import Frequency, Occurrence, Rule
from web.asked import calendar_day, integer
from web.auth import current_person, signed_in
from web.edge import now, system
from web.errors import refuse, sentence
from web.forms import schedules as forms
from web.forms.rule_fields import RuleFields
from web.forms.schedules import ScheduleForm
from web.forms.slots import SlotForm
from web.views import airable, concern_words, overlap_words, places, rule_page, words
from web.views.day_notes import DayNote, note

blueprint = Blueprint("scheduling", __name__, url_prefix="/programme")

PREVIEWED = 6  # coming times shown before saving
HORIZON = dt.timedelta(days=800)  # a lunar date comes once a year, and now and then a month later
Answer = str | Response | tuple[str, int]
Form = TypeVar("Form", ScheduleForm, SlotForm)


@blueprint.get("/new")
@signed_in
def write() -> str:
    wanted = request.args.get("bulletin_id", type=integer)
    chosen = bulletins.get(g.session, current_person(), wanted) if wanted else None
    form = ScheduleForm(
        title=chosen.current.title[:200] if chosen else "",
        area_id=chosen.area_id if chosen else request.args.get("area", 0, type=integer),
        bulletin_ids=(wanted,) if wanted else (),
        when=RuleFields(starts_on=rule_page.wanted_day(), times=(rule_page.wanted_time(),)),
    )
    return _form_page(form)


@blueprint.post("/new")
@signed_in
def create() -> Answer:
    return _save(None)


@blueprint.get("/schedules/<int:schedule_id>/edit")
@signed_in
def edit(schedule_id: int) -> str | Response:
    schedule = editable(schedule_id)
    if schedule.slot is not None:  # it has a form of its own
        return redirect(url_for("slots.edit", schedule_id=schedule_id))
    form = ScheduleForm(
        title=schedule.title,
        area_id=schedule.area_id,
        bulletin_ids=tuple(item.bulletin_id for item in schedule.items),
        when=RuleFields.of(recurrence.from_dict(schedule.rule)),
    )
    return _form_page(form, schedule)


@blueprint.post("/schedules/<int:schedule_id>/edit")
@signed_in
def change(schedule_id: int) -> Answer:
    return _save(editable(schedule_id))


@blueprint.get("/bulletins")
@signed_in
def found() -> str:
    """The rows of bulletins that a search finds, none of them chosen."""
    return render_template("programme/_picks.html", found=airable.find(_query()), chosen=())


@blueprint.get("/preview")
@signed_in
def preview() -> str:
    """Coming times and doubts of what stands in the form; the form's fields come in the query."""
    form = forms.read_schedule(request.args)
    schedule_id = request.args.get("schedule_id", type=integer)
    return render_template("programme/_preview.html", form=form, **_foresight(form, schedule_id))


def coming(rule: Rule, count: int, calendar: Calendar) -> list[tuple[Occurrence, DayNote]]:
    """The next airings, each with what stands beside its date."""
    found = itertools.islice(recurrence.occurrences(rule, now(), now() + HORIZON, calendar), count)
    return [(each, note(each.nominal.date(), calendar)) for each in found]


def _save(schedule: Schedule | None) -> Answer:
    form = corrected(forms.read_schedule(request.form))
    rule = form.rule
    if request.form.get("more") or _query() != request.form.get("found", ""):  # without scripts
        return _form_page(replace(form, errors={}), schedule, more=request.form.get("more", ""))
    if form.errors or rule is None or "correct" in request.form:
        return _form_page(form, schedule), 422
    try:
        intent = _intent(form, rule, schedule.id if schedule else None)
        near = Near(g.session, intent.area_id)
        doubts = concern_words.stopping(concerns(intent, near))
        if (doubts or overlap_words.told(intent, form.over, near)) and not form.accepted:
            return _form_page(form, schedule, unsaved=True), 422
        saved = created(form, intent) if schedule is None else _change(schedule, form, rule)
    except DomainError as error:
        return _form_page(form, schedule, problem=sentence(error)), refuse(error)
    flash(_("Đã lên lịch. Loa tải âm thanh về trước giờ phát."), "ok")
    return saved_page(saved)


def saved_page(schedule: Schedule) -> Response:
    """Where the person finds what was saved, with the way back."""
    [last] = schedule_changes.last_of(g.session, schedule.id)
    return redirect(url_for("programme.show", schedule_id=schedule.id, changed=last.id))


def created(form: ScheduleForm | SlotForm, intent: Intent) -> Schedule:
    return programme.create_schedule(
        g.session,
        current_person(),
        intent,
        title=form.title,
        now=now(),
        over=form.over,
        wire=system().wire,
    )


def _change(schedule: Schedule, form: ScheduleForm, rule: Rule) -> Schedule:
    return programme.change_schedule(
        g.session,
        current_person(),
        schedule.id,
        title=form.title,
        area_id=form.area_id,
        bulletin_ids=form.bulletin_ids,
        rule=rule,
        now=now(),
        wire=system().wire,
        over=form.over,
    )


def _form_page(form: ScheduleForm, schedule: Schedule | None = None, **more: Any) -> str:
    return render_template(
        "programme/write.html",
        form=form,
        when=form.when,
        schedule=schedule,
        areas=places.options(current_person(), Role.EDITOR),
        found=airable.find(_query(), form.area_id, form.bulletin_ids),
        chosen=form.bulletin_ids,
        query=_query(),
        words=words,
        **rule_page.values(),
        **_foresight(form, schedule.id if schedule else None),
        **more,
    )


def _query() -> str:
    """What is searched among the bulletins."""
    return request.values.get("find", "").strip()[:100]


def _foresight(form: ScheduleForm, schedule_id: int | None) -> dict[str, Any]:
    """What would happen: the rule in words, its coming times, what is doubtful, overlaps, what gives way."""
    told: dict[str, Any] = {"coming": [], "described": "", "doubts": [], "hints": [], "overlaps": []}
    told["given_way"] = [programme.get(g.session, current_person(), each) for each in form.over]
    rule = form.rule
    if rule is None:
        return told
    intent = _intent(form, rule, schedule_id)
    try:
        near = Near(g.session, intent.area_id)
        found = concerns(intent, near)
        told["doubts"], told["hints"] = concern_words.stopping(found), concern_words.hints(found)
        rule = recurrence.validate(rule)
        told["overlaps"] = overlap_words.told(intent, form.over, near)
    except RuleError:  # one of the doubts
        return told
    except (Forbidden, UnknownArea):  # the area is not chosen yet; saving says so
        pass
    calendar = calendar_of(g.session, form.area_id) if form.area_id else NATIONAL
    return told | {"coming": coming(rule, PREVIEWED, calendar), "described": recurrence.describe(rule)}


def concerns(intent: Intent, near: Near | None = None) -> list[programme.Concern]:
    return programme.check(g.session, current_person(), intent, now(), near)


def _intent(form: ScheduleForm, rule: Rule, schedule_id: int | None) -> Intent:
    return Intent(form.area_id, form.bulletin_ids, rule, schedule_id)


def corrected(form: Form) -> Form:
    """Take the correction that was accepted: ``03:15>15:15``, ``…@0,2`` on other weekdays, ``…@date``."""
    wrong, _arrow, right = request.form.get("correct", "").partition(">")
    right, _at, days = right.partition("@")
    times = {f"{time:%H:%M}": time for time in form.when.times}
    if not right or wrong not in times:
        return form
    try:
        times[wrong] = dt.time.fromisoformat(right)
        when = replace(form.when, times=tuple(sorted(set(times.values()))))
        return replace(form, when=_on(when, days) if days else when)
    except ValueError:  # no button of ours says so
        return form


def _on(when: RuleFields, days: str) -> RuleFields:
    """Raises ValueError."""
    if when.frequency is Frequency.ONCE:
        return replace(when, starts_on=calendar_day(days))
    return replace(when, frequency=Frequency.WEEKLY, weekdays=frozenset(map(int, days.split(","))))


def editable(schedule_id: int) -> Schedule:
    """Errors: NotFound, Forbidden, WrongState."""
    schedule = programme.get(g.session, current_person(), schedule_id)
    permissions.require(current_person(), Role.EDITOR, schedule.area_id, g.session)
    if schedule.withdrawn_at is not None:
        raise WrongState(kind="schedule", id=schedule_id, state="withdrawn", action="change")
    return schedule
