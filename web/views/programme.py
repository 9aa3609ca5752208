"""The programme: the week of an area, its schedules, and taking one off the air."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from broadcast.authoring import bulletins
from broadcast.models import Role, Schedule
from broadcast.scheduling import airtime, left_out, programme, schedule_changes
from broadcast.scheduling.week import Slot
from broadcast.units import permissions
from broadcast.units.holiday_book import Book, calendar_of
from schedules import recurrence
from schedules.holidays import NATIONAL
from schedules.types import LOCAL, Occurrence, Rule
from web.asked import calendar_day, integer
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
    area = places.chosen(choices, request.args.get("area", type=integer))
    monday = week_grid.monday_of(_wanted_day())
    rest = left_out.below(g.session, area.id, now()) if area else None
    own = rest is not None
    slots = programme.week(g.session, current_person(), area.id, monday, now(), own=own) if area else []
    return render_template(
        "programme/index.html",
        area=area,
        left_out=rest,
        areas=[choice.option for choice in choices],
        grid=week_grid.lay_out(
            slots, monday, _movable(), calendar_of(g.session, area.id) if area else NATIONAL
        ),
        changed=_changed(area.id) if area else None,
        strip=on_air.strip(area, own=own),
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
    area = places.chosen(choices, request.args.get("area", type=integer))
    rest, found = None, []
    if area is not None:
        rest = left_out.below(g.session, area.id, now())
        found = programme.list_schedules(
            g.session, current_person(), area.id, withdrawn=True, own=rest is not None
        )
    book = Book(g.session)
    rows = [(schedule, _next(schedule, book)) for schedule in found]
    rows.sort(key=lambda row: (row[0].withdrawn_at is not None, row[1] is None, row[1] and row[1].start))
    return render_template(
        "programme/table.html",
        area=area,
        left_out=rest,
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
        changed=change_words.just_made(schedule_changes.last_of(g.session, schedule.id)),
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
    """Whether this person may move a slot."""
    mine = permissions.visible_areas(g.session, current_person(), Role.EDITOR)
    return lambda slot: slot.area_id in mine and week_grid.is_coming(slot, now())


def _changed(area_id: int) -> Told | None:
    """The change that led here, to be undone without scripts too."""
    if "changed" not in request.args:
        return None
    return change_words.just_made(schedule_changes.recent(g.session, current_person(), area_id, 5))


def _rule(schedule: Schedule) -> Rule:
    return recurrence.from_dict(schedule.rule)


def _today() -> dt.date:
    return now().astimezone(LOCAL).date()


def _wanted_day() -> dt.date:
    return request.args.get("week", _today(), type=calendar_day)
