"""A slot made longer or shorter by its edge in the week; a plain programme is as long as its audio."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, g, jsonify, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from broadcast.models import Schedule
from broadcast.scheduling import overlaps, programme, schedule_changes
from broadcast.scheduling.intents import Intent
from schedules import recurrence, slots
from schedules.slots import Slot
from web.asked import integer
from web.auth import current_person, signed_in
from web.edge import now, system
from web.views import concern_words, occurrence_actions, overlap_words, scheduling

blueprint = Blueprint("resizing", __name__, url_prefix="/programme")

MINUTE = 60_000  # milliseconds
LONGEST = 24 * 60


@blueprint.post("/schedules/<int:schedule_id>/length")
@signed_in
def resize(schedule_id: int) -> Response | tuple[Response, int]:
    """All airings of a slot so many minutes long; what that would overlap is asked about first."""
    schedule = programme.get(g.session, current_person(), schedule_id)
    if schedule.slot is None:
        return jsonify(ok=False, error=fixed(schedule.title)), 409
    minutes = min(max(request.form.get("minutes", 0, type=integer), 0), LONGEST)
    wished = replace(slots.from_dict(schedule.slot), length_ms=minutes * MINUTE)
    over = occurrence_actions.given_way()
    doubts, met, blocked = _doubts(schedule, wished, over)
    if (doubts or met) and request.form.get("accepted") != "yes":
        told = {"doubts": doubts, "choices": [], "blocked": blocked, "over": list(over)}
        return jsonify(ok=False, overlaps=occurrence_actions.asked(met), **told), 409
    programme.change_schedule(
        g.session, current_person(), schedule_id, slot=wished, now=now(), wire=system().wire, over=over
    )
    text = ngettext(
        "“%(title)s” nay dài %(num)s phút, ở mọi buổi.",
        "“%(title)s” nay dài %(num)s phút, ở mọi buổi.",
        minutes,
        title=schedule.title,
    )
    [change] = schedule_changes.recent(g.session, current_person(), schedule.area_id, 1)
    return jsonify(ok=True, text=text, undo=url_for("occurrences.undo", change_id=change.id))


def fixed(title: str) -> str:
    """Why a plain programme cannot be made longer or shorter."""
    return str(
        _(
            "“%(title)s” dài bằng âm thanh các bản tin của nó, nên không kéo dài hay rút ngắn được.",
            title=title,
        )
    )


def _doubts(
    schedule: Schedule, wished: Slot, over: tuple[int, ...]
) -> tuple[list[str], list[overlap_words.Told], bool]:
    """What the new length would bring that the old one does not, and whether it would be refused."""
    ids = tuple(item.bulletin_id for item in schedule.items)
    rule = recurrence.from_dict(schedule.rule)
    was, wanted = (
        Intent(schedule.area_id, ids, rule, schedule.id, slot)
        for slot in (slots.from_dict(schedule.slot or {}), wished)
    )
    known = {each.text for each in concern_words.stopping(scheduling.concerns(was))}
    doubts = [each for each in concern_words.stopping(scheduling.concerns(wanted)) if each.text not in known]
    there = {each.schedule_id for each in overlaps.find(g.session, current_person(), was, now())}
    met = overlap_words.told(wanted, there | set(over))
    return [each.text for each in doubts], met, any(each.blocking for each in doubts)
