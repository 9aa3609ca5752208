"""Making and changing a slot that fills itself: what stands in it, and what it will play in coming days."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Blueprint, flash, g, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from broadcast.errors import DomainError, WrongState
from broadcast.models import Role, Schedule
from broadcast.scheduling import programme
from broadcast.scheduling.clashes import Near
from schedules import slots
from schedules.errors import SlotError
from schedules.slots import Kind, Slot
from schedules.types import Rule
from web import slot_words
from web.asked import integer
from web.auth import current_person, signed_in
from web.edge import now, only_reads, system
from web.errors import refuse, sentence
from web.forms import slots as forms
from web.forms.rule_fields import RuleFields
from web.forms.slots import LISTS, EntryRow, SlotForm, rows_of
from web.views import (
    concern_words,
    overlap_words,
    places,
    rule_page,
    scheduling,
    slot_form,
    slot_preview,
    words,
)
from web.views.slot_offers import FLOWS, Offers, offers

blueprint = Blueprint("slots", __name__, url_prefix="/programme/slots")

Answer = str | Response | tuple[str, int]


@blueprint.get("/new")
@signed_in
def write() -> str:
    choices = [area_id for area_id, _name in places.options(current_person(), Role.EDITOR)]
    wanted = request.args.get("area", 0, type=integer)
    form = SlotForm(
        area_id=wanted if wanted in choices else next(iter(choices), 0),
        when=RuleFields(starts_on=rule_page.wanted_day(), times=(rule_page.wanted_time(),)),
    )
    return _form_page(replace(form, rows=_usual(offers(form))))


@blueprint.post("/new")
@signed_in
def create() -> Answer:
    return _save(None)


@blueprint.get("/<int:schedule_id>/edit")
@signed_in
def edit(schedule_id: int) -> str:
    schedule = _editable(schedule_id)
    return _form_page(slot_form.of(schedule), schedule)


@blueprint.post("/<int:schedule_id>/edit")
@signed_in
def change(schedule_id: int) -> Answer:
    return _save(_editable(schedule_id))


@blueprint.post("/arrange")
@only_reads
@signed_in
def arrange() -> str:
    """The form with something added or put in another order; nothing is saved."""
    form = forms.read_slot(request.form)
    chosen = {name: request.form.get(f"add_{name}", "") for name in LISTS}
    wanted = forms.arranged(form, request.form.get("arrange", ""), chosen)
    return _form_page(replace(wanted, errors={}), _named())


@blueprint.post("/preview")
@only_reads
@signed_in
def preview() -> str:
    """What stands in the form, as it would air in the coming days."""
    form = forms.read_slot(request.form)
    schedule, found = _named(), offers(form)
    told = slot_preview.values(form, _slot_or_why(form, found, schedule), found.known, schedule)
    return render_template("slots/_preview.html", form=form, costs=found.costs(form), **told)


def _save(schedule: Schedule | None) -> Answer:
    form = scheduling.corrected(forms.read_slot(request.form))
    if request.form.get("more"):  # a line more, without scripts
        return _form_page(replace(form, errors={}), schedule, more=request.form["more"])
    slot, rule = _slot_or_why(form, offers(form), schedule), form.rule
    if isinstance(slot, str):
        form = replace(form, errors={"entries": slot, **form.errors})
    if form.errors or rule is None or isinstance(slot, str) or "correct" in request.form:
        return _form_page(form, schedule), 422
    try:
        intent = slot_preview.intent(form, slot, rule, schedule)
        near = Near(g.session, intent.area_id)
        doubts = concern_words.stopping(scheduling.concerns(intent, near))
        if (doubts or overlap_words.told(intent, form.over, near)) and not form.accepted:
            return _form_page(form, schedule, unsaved=True), 422
        saved = scheduling.created(form, intent) if schedule is None else _change(schedule, form, slot, rule)
    except DomainError as error:
        return _form_page(form, schedule, problem=sentence(error)), refuse(error)
    flash(_("Đã lưu khung giờ. Mỗi buổi tự xếp bản tin vào chỗ của nó."), "ok")
    return scheduling.saved_page(saved)


def _change(schedule: Schedule, form: SlotForm, slot: Slot, rule: Rule) -> Schedule:
    return programme.change_schedule(
        g.session,
        current_person(),
        schedule.id,
        title=form.title,
        area_id=form.area_id,
        slot=slot,
        order=form.kept_order,
        rule=rule,
        now=now(),
        wire=system().wire,
        over=form.over,
    )


def _form_page(form: SlotForm, schedule: Schedule | None = None, **more: Any) -> str:
    found = offers(form)
    told = slot_preview.values(form, _slot_or_why(form, found, schedule), found.known, schedule)
    return render_template(
        "slots/write.html",
        form=form,
        when=form.when,
        schedule=schedule,
        areas=places.options(current_person(), Role.EDITOR),
        titles=found.titles,
        costs=found.costs(form),
        entry_groups=found.entry_groups,
        order_groups=found.order_groups,
        languages=found.languages,
        words=words,
        **rule_page.values(),
        **told,
        **more,
    )


def _slot_or_why(form: SlotForm, found: Offers, schedule: Schedule | None) -> Slot | str:
    """The slot of the form; a sentence where it cannot be one. What it had before may stay in it."""
    had = {}
    if schedule is not None and schedule.slot is not None:
        held = slots.from_dict(schedule.slot)
        had = {row.what: entry.length_ms for row, entry in zip(rows_of(held), held.entries, strict=True)}
    try:
        return form.slot(had | found.lengths)
    except SlotError as error:
        return slot_words.sentence(error.code, error.params)


def _usual(found: Offers) -> tuple[EntryRow, ...]:
    """A beginning: the tune, a place for all bulletins, the closing, as far as the unit has them."""
    known = {kind: next((what for what in found.lengths if what.startswith(f"{kind}:")), "") for kind in Kind}
    wanted = (known[Kind.TUNE], FLOWS[0], known[Kind.CLOSING])
    rows = (forms.row_of(key, what) for key, what in enumerate(wanted))
    return tuple(row for row in rows if row is not None)


def _named() -> Schedule | None:
    """The schedule that the form is about, where it is saved already. Errors: as for changing it."""
    schedule_id = request.form.get("schedule_id", 0, type=integer)
    return _editable(schedule_id) if schedule_id else None


def _editable(schedule_id: int) -> Schedule:
    """Errors: NotFound, Forbidden, WrongState (also for a list of bulletins)."""
    schedule = scheduling.editable(schedule_id)
    if schedule.slot is None:
        raise WrongState(kind="schedule", id=schedule_id, state="list", action="change")
    return schedule
