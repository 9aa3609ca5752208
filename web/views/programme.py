"""The programme: the week, its schedules, and making a new one with its doubts told before saving."""

from __future__ import annotations

import datetime as dt
import itertools
from dataclasses import replace
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from broadcast import bulletins, permissions, programme
from broadcast.errors import DomainError, Forbidden, UnknownArea
from broadcast.models import Bulletin, BulletinState, Role, Schedule
from devices.messages import BulletinClass
from schedules import recurrence
from schedules.types import LOCAL, Frequency, Occurrence, Rule
from web.auth import current_person, has_role, signed_in
from web.edge import now, system
from web.errors import refuse, sentence
from web.forms import schedules as forms
from web.forms.schedules import ScheduleForm
from web.views import concern_words, places, week_grid, words

blueprint = Blueprint("programme", __name__, url_prefix="/programme")

MOST_BULLETINS = 200  # offered in the form
PREVIEWED = 6  # coming times shown before saving
HORIZON = dt.timedelta(days=400)
DEFAULT_TIME = dt.time(5, 30)
Answer = str | Response | tuple[str, int]


@blueprint.get("/")
@signed_in
def index() -> str:
    """The week of an area; on a phone as a list, day by day."""
    choices = places.choices(current_person(), Role.VIEWER)
    area = places.chosen(choices, request.args.get("area", type=int))
    monday = week_grid.monday_of(_wanted_day())
    slots = programme.week(g.session, current_person(), area.id, monday, now()) if area else []
    return render_template(
        "programme/index.html",
        area=area,
        areas=[choice.option for choice in choices],
        grid=week_grid.lay_out(slots, monday),
        monday=monday,
        this_monday=week_grid.monday_of(_today()),
        today=_today(),
        week=dt.timedelta(days=7),
        may_write=has_role(Role.EDITOR),
        words=words,
    )


@blueprint.get("/schedules")
@signed_in
def table() -> str:
    """Every schedule of an area, with what it plays and when it airs next."""
    choices = places.choices(current_person(), Role.VIEWER)
    area = places.chosen(choices, request.args.get("area", type=int))
    found = programme.list_schedules(g.session, current_person(), area.id, withdrawn=True) if area else []
    rows = [(schedule, next(iter(_coming(_rule(schedule), 1)), None)) for schedule in found]
    rows.sort(key=lambda row: (row[0].withdrawn_at is not None, row[1] is None, row[1] and row[1].start))
    return render_template(
        "programme/table.html",
        area=area,
        areas=[choice.option for choice in choices],
        rows=rows,
        may_write=has_role(Role.EDITOR),
        words=words,
    )


@blueprint.get("/new")
@signed_in
def write() -> str:
    wanted = request.args.get("bulletin_id", type=int)
    chosen = bulletins.get(g.session, current_person(), wanted) if wanted else None
    form = ScheduleForm(
        title=chosen.current.title[:200] if chosen else "",
        area_id=chosen.area_id if chosen else 0,
        bulletin_ids=(wanted,) if wanted else (),
        starts_on=_today() + dt.timedelta(days=1),
        times=(DEFAULT_TIME,),
    )
    return _form_page(form)


@blueprint.post("/new")
@signed_in
def create() -> Answer:
    form = _corrected(forms.read_schedule(request.form))
    rule = form.rule
    if form.errors or rule is None or "correct" in request.form:
        return _form_page(form), 422
    try:
        concerns = concern_words.doubts(_concerns(form, rule))
        if concerns and not form.accepted:
            return _form_page(form, unsaved=True), 422
        schedule = programme.create_schedule(
            g.session,
            current_person(),
            area_id=form.area_id,
            title=form.title,
            bulletin_ids=form.bulletin_ids,
            rule=rule,
            now=now(),
        )
    except DomainError as error:
        return _form_page(form, problem=sentence(error)), refuse(error)
    flash(_("Đã lên lịch. Loa tải âm thanh về trước giờ phát."), "ok")
    return redirect(url_for(".show", schedule_id=schedule.id))


@blueprint.get("/preview")
@signed_in
def preview() -> str:
    """Coming times and doubts of what stands in the form; the form's fields come in the query."""
    form = forms.read_schedule(request.args)
    return render_template("programme/_preview.html", form=form, **_foresight(form))


@blueprint.get("/schedules/<int:schedule_id>")
@signed_in
def show(schedule_id: int) -> str:
    schedule = programme.get(g.session, current_person(), schedule_id)
    rule = _rule(schedule)
    items = [item.bulletin for item in schedule.items]
    approved = {each.id: bulletins.approved_version(g.session, each) for each in items}
    return render_template(
        "programme/show.html",
        schedule=schedule,
        items=items,
        approved=approved,
        total_ms=sum(each.clip.duration_ms for each in approved.values() if each and each.clip),
        coming=_coming(rule, PREVIEWED),
        may_edit=permissions.may(current_person(), Role.EDITOR, schedule.area_id, g.session),
        words=words,
    )


@blueprint.post("/schedules/<int:schedule_id>/withdraw")
@signed_in
def withdraw(schedule_id: int) -> Response:
    programme.withdraw_schedule(g.session, current_person(), schedule_id, now(), wire=system().wire)
    return redirect(url_for(".show", schedule_id=schedule_id))


@blueprint.post("/schedules/<int:schedule_id>/restore")
@signed_in
def restore(schedule_id: int) -> Response:
    programme.restore_schedule(g.session, current_person(), schedule_id, now())
    flash(_("Lịch phát chạy lại như trước."), "ok")
    return redirect(url_for(".show", schedule_id=schedule_id))


def _form_page(form: ScheduleForm, **more: Any) -> str:
    return render_template(
        "programme/write.html",
        form=form,
        areas=places.options(current_person(), Role.EDITOR),
        bulletins=_offered(form.bulletin_ids),
        frequencies=tuple(Frequency),
        words=words,
        **_foresight(form),
        **more,
    )


def _offered(chosen: tuple[int, ...]) -> list[Bulletin]:
    """The approved bulletins, the chosen ones first and in their order."""
    found = bulletins.search(
        g.session, current_person(), state=BulletinState.APPROVED, per_page=MOST_BULLETINS
    ).items
    places_of = {bulletin_id: place for place, bulletin_id in enumerate(chosen)}
    usable = [each for each in found if each.klass is not BulletinClass.EMERGENCY and each.current.clip]
    return sorted(usable, key=lambda each: places_of.get(each.id, len(chosen)))


def _foresight(form: ScheduleForm) -> dict[str, Any]:
    """What would happen: the rule in words, its coming times, and what is doubtful."""
    rule = form.rule
    if rule is None or not rule.times:
        return {"coming": [], "described": "", "doubts": []}
    try:
        doubts = concern_words.doubts(_concerns(form, rule))
    except (Forbidden, UnknownArea):  # the area is not chosen yet; saving says so
        doubts = []
    return {"coming": _coming(rule, PREVIEWED), "described": recurrence.describe(rule), "doubts": doubts}


def _concerns(form: ScheduleForm, rule: Rule) -> list[programme.Concern]:
    return programme.check(
        g.session,
        current_person(),
        area_id=form.area_id,
        bulletin_ids=form.bulletin_ids,
        rule=rule,
        now=now(),
    )


def _corrected(form: ScheduleForm) -> ScheduleForm:
    """Take the correction that was accepted without scripts: ``03:15>15:15``."""
    wrong, _arrow, right = request.form.get("correct", "").partition(">")
    if not right:
        return form
    times = {f"{time:%H:%M}": time for time in form.times}
    if wrong in times:
        times[wrong] = dt.time.fromisoformat(right)
    return replace(form, times=tuple(sorted(set(times.values()))))


def _coming(rule: Rule, count: int) -> list[Occurrence]:
    return list(itertools.islice(recurrence.occurrences(rule, now(), now() + HORIZON), count))


def _rule(schedule: Schedule) -> Rule:
    return recurrence.from_dict(schedule.rule)


def _today() -> dt.date:
    return now().astimezone(LOCAL).date()


def _wanted_day() -> dt.date:
    try:
        return dt.date.fromisoformat(request.args.get("week", ""))
    except ValueError:
        return _today()
