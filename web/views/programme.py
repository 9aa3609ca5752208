"""The programme: the week of an area, its schedules, and taking one off the air."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from broadcast.authoring import bulletins
from broadcast.models import Role, Schedule
from broadcast.scheduling import airtime, programme, schedule_changes
from broadcast.scheduling.week import Slot
from broadcast.units import permissions
from broadcast.units.holiday_book import Book, calendar_of
from schedules import recurrence
from schedules.holidays import NATIONAL
from schedules.types import LOCAL, Occurrence, Rule
from web.auth import current_person, has_role, signed_in
from web.edge import now, system
from web.views import change_words, on_air, places, scheduling, slot_show, week_grid, whose_turn, words
from web.views.change_words import Told

blueprint = Blueprint("programme", __name__, url_prefix="/programme")


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
        grid=week_grid.lay_out(
            slots, monday, _movable(), calendar_of(g.session, area.id) if area else NATIONAL
        ),
        changed=_changed(area.id) if area else None,
        strip=on_air.strip(area),
        turns=whose_turn.in_days(area, monday, monday + dt.timedelta(days=6)),
        name=week_grid.name,
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
    book = Book(g.session)
    rows = [(schedule, _next(schedule, book)) for schedule in found]
    rows.sort(key=lambda row: (row[0].withdrawn_at is not None, row[1] is None, row[1] and row[1].start))
    return render_template(
        "programme/table.html",
        area=area,
        areas=[choice.option for choice in choices],
        rows=rows,
        lengths=airtime.next_lengths(g.session, [each.id for each in found if each.slot], now()),
        may_write=has_role(Role.EDITOR),
        words=words,
    )


@blueprint.get("/schedules/<int:schedule_id>")
@signed_in
def show(schedule_id: int) -> str:
    schedule = programme.get(g.session, current_person(), schedule_id)
    rule = _rule(schedule)
    if schedule.slot is not None:
        return slot_show.page(schedule)
    items = [item.bulletin for item in schedule.items]
    approved = {each.id: bulletins.approved_version(g.session, each) for each in items}
    return render_template(
        "programme/show.html",
        schedule=schedule,
        items=items,
        approved=approved,
        total_ms=sum(each.clip.duration_ms for each in approved.values() if each and each.clip),
        coming=scheduling.coming(rule, scheduling.PREVIEWED, calendar_of(g.session, schedule.area_id)),
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


def _next(schedule: Schedule, book: Book) -> Occurrence | None:
    found = scheduling.coming(_rule(schedule), 1, book.of(schedule.area_id))
    return found[0][0] if found else None


def _movable() -> Callable[[Slot], bool]:
    """Whether this person may move a slot; every area is asked for once."""
    known: dict[int, bool] = {}

    def ask(slot: Slot) -> bool:
        if not week_grid.is_coming(slot, now()):
            return False
        if slot.area_id not in known:
            known[slot.area_id] = permissions.may(current_person(), Role.EDITOR, slot.area_id, g.session)
        return known[slot.area_id]

    return ask


def _changed(area_id: int) -> Told | None:
    """The change that led here, to be undone without scripts too."""
    wanted = request.args.get("changed", type=int)
    if wanted is None:
        return None
    recent = schedule_changes.recent(g.session, current_person(), area_id, 5)
    return next((change_words.told(each) for each in recent if each.id == wanted), None)


def _rule(schedule: Schedule) -> Rule:
    return recurrence.from_dict(schedule.rule)


def _today() -> dt.date:
    return now().astimezone(LOCAL).date()


def _wanted_day() -> dt.date:
    try:
        return dt.date.fromisoformat(request.args.get("week", ""))
    except ValueError:
        return _today()
