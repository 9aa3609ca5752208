"""What a slot in its form would do: doubts, overlaps, and its sittings of the coming days."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from flask import g

from broadcast.errors import Forbidden, RuleInvalid, UnknownArea
from broadcast.models import Schedule
from broadcast.scheduling import programme, sittings
from broadcast.scheduling.clashes import Near
from broadcast.scheduling.intents import Intent
from broadcast.slot_errors import SlotInvalid
from schedules import recurrence
from schedules.slots import Kind, Slot
from schedules.types import Rule
from web.auth import current_person
from web.edge import now
from web.errors import sentence
from web.forms.slots import SlotForm
from web.views import concern_words, overlap_words, scheduling, sitting_pages


def values(
    form: SlotForm, slot: Slot | str, known: Collection[int], schedule: Schedule | None
) -> dict[str, Any]:
    """``slot`` is a sentence where the form has none; ``known`` the bulletins that may be told of."""
    told: dict[str, Any] = {"doubts": [], "hints": [], "overlaps": [], "sittings": [], "shorts": []}
    told |= {"slot_problem": "", "described": "", "brief": "", "spoken": "", "openable": ()}
    told["given_way"] = [programme.get(g.session, current_person(), each) for each in form.over]
    if isinstance(slot, str):
        return told | {"slot_problem": slot}
    if form.rule is None:
        return told
    slot = _with_known(slot, known)
    order = tuple(each for each in form.kept_order if each in known)
    wished = replace(intent(form, slot, form.rule, schedule), bulletin_ids=order)
    try:
        return told | _doubts(form, wished) | _sittings(wished, slot)
    except (RuleInvalid, SlotInvalid) as error:
        return told | {"slot_problem": sentence(error)}
    except (Forbidden, UnknownArea):  # the area is not chosen yet; saving says so
        return told


def intent(form: SlotForm, slot: Slot, rule: Rule, schedule: Schedule | None) -> Intent:
    return Intent(form.area_id, form.kept_order, rule, schedule.id if schedule else None, slot)


def _with_known(slot: Slot, known: Collection[int]) -> Slot:
    entries = (each for each in slot.entries if each.kind is not Kind.BULLETIN or int(each.ref) in known)
    return replace(slot, entries=tuple(entries))


def _doubts(form: SlotForm, wished: Intent) -> dict[str, Any]:
    near = Near(g.session, wished.area_id)
    found = scheduling.concerns(wished, near)
    return {
        "doubts": concern_words.stopping(found),
        "hints": concern_words.hints(found),
        "overlaps": overlap_words.told(wished, form.over, near),
    }


def _sittings(wished: Intent, slot: Slot) -> dict[str, Any]:
    found = sittings.preview(
        g.session,
        area_id=wished.area_id,
        slot=slot,
        order=wished.bulletin_ids,
        rule=wished.rule,
        now=now(),
        schedule_id=wished.schedule_id,
    )
    described = recurrence.describe(wished.rule)
    return sitting_pages.values(found, wished.area_id) | {"described": described}
