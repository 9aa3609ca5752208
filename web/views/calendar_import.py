"""A foreign calendar taken over in steps: the file, what becomes of each event, bulletins, and one undo."""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from broadcast.authoring import bulletins
from broadcast.models import Bulletin, BulletinState, Role
from broadcast.scheduling import calendar_import, schedule_changes
from broadcast.scheduling.calendar_import import Outcome, Row
from broadcast.units import areas, permissions
from devices.messages import BulletinClass
from schedules import recurrence
from schedules.ical_lines import MAX_BYTES
from web.auth import current_person, signed_in
from web.edge import now, only_reads, system
from web.errors import sentence
from web.forms.clock_time import clock_time
from web.views import calendar_words, concern_words, places

blueprint = Blueprint("calendar_import", __name__, url_prefix="/calendars/import")

MOST_BULLETINS = 40  # offered for each event
MOST_SHOWN = 100  # events of a page; the others follow with the next import
SEVERAL = 30  # up to so many events a second bulletin is asked for
KEEP = "keep"
ORDER = (Outcome.NEW, Outcome.CHANGED, Outcome.GONE, Outcome.REFUSED, Outcome.OVER, Outcome.SAME)
Answer = str | Response | tuple[str, int]


@blueprint.get("/")
@signed_in
def choose() -> str:
    return _choose_page(request.args.get("area_id", 0, type=int))


@blueprint.post("/preview")
@only_reads
@signed_in
def preview() -> Answer:
    area_id, data, at = _asked()
    if not data.strip():
        return _choose_page(area_id, _("Hãy chọn một tệp lịch, hoặc dán nội dung của nó.")), 422
    if len(data) > MAX_BYTES:
        return _choose_page(area_id, _("Tệp lớn quá. Hãy xuất ít tháng hơn rồi nhập lại.")), 422
    found = calendar_import.preview(g.session, current_person(), area_id, data, now(), all_day_at=at)
    if not found.rows:
        problems = [calendar_words.sentence(each) for each in found.problems]
        return _choose_page(area_id, " ".join(problems) or _("Tệp không có sự kiện nào.")), 422
    rows = sorted(found.rows, key=lambda row: ORDER.index(row.outcome))
    return render_template(
        "calendar/preview.html",
        area=areas.get(g.session, area_id),
        preview=found,
        rows=rows[:MOST_SHOWN],
        hidden=max(0, len(rows) - MOST_SHOWN),
        counts={outcome.value: found.count(outcome) for outcome in Outcome},
        problems=[calendar_words.sentence(each) for each in found.problems],
        told=_told,
        described=recurrence.describe,
        offered=_offered(),
        several=found.count(Outcome.NEW) + found.count(Outcome.CHANGED) <= SEVERAL,
        data=base64.b64encode(data).decode(),
        all_day=f"{at:%H:%M}" if at else "",
    )


@blueprint.post("/")
@signed_in
def take_in() -> Answer:
    """The calendar that was seen in the preview, which sent it along."""
    area_id, data, at = _asked()
    done = calendar_import.apply(
        g.session,
        current_person(),
        area_id,
        data,
        _choices(),
        now=now(),
        wire=system().wire,
        all_day_at=at,
        withdraw=request.form.getlist("withdraw"),
    )
    return render_template(
        "calendar/result.html",
        area=areas.get(g.session, area_id),
        done=done,
        refused=[(row.title, sentence(error)) for row, error in done.refused],
    )


@blueprint.post("/<int:area_id>/undo/<int:change_id>")
@signed_in
def undo(area_id: int, change_id: int) -> Response:
    schedule_changes.undo(g.session, current_person(), change_id, now(), wire=system().wire)
    flash(_("Đã hoàn tác cả lần nhập lịch."), "ok")
    return redirect(url_for("calendars.show", area_id=area_id))


def _asked() -> tuple[int, bytes, dt.time | None]:
    """The area, the calendar (a file, a text, or what the preview sent along) and the hour of whole days."""
    form, file = request.form, request.files.get("file")
    data = b""
    if file is not None:
        with file.stream:  # a large one is a file on disk
            data = file.stream.read(MAX_BYTES + 1)
    try:
        data = data or form.get("text", "").encode() or base64.b64decode(form.get("data", ""), validate=True)
    except ValueError:  # no base64
        data = b""
    at = clock_time(form.get("all_day", ""))
    return form.get("area_id", 0, type=int), data, dt.time.fromisoformat(at) if at else None


def _choices() -> Mapping[str, Sequence[int]]:
    """By the key of a row, its bulletins; what was left out is not named."""
    chosen: dict[str, list[int]] = {}
    for name in request.form:
        kind, _dash, key = name.partition("-")
        if kind != "bulletin":
            continue
        wanted = request.form.getlist(name)
        kept = [int(each) for each in request.form.getlist(f"kept-{key}") if each.isdigit()]
        ids = [number for each in wanted for number in (kept if each == KEEP else _numbers(each))]
        if ids:
            chosen[key] = list(dict.fromkeys(ids))
    return chosen


def _numbers(text: str) -> list[int]:
    return [int(text)] if text.isascii() and text.isdigit() and len(text) < 10 else []


def _told(row: Row) -> dict[str, Any]:
    """Why it is refused, what is otherwise than it was written, what is doubtful here."""
    proposal = row.proposal
    doubts = concern_words.doubts(each for each in row.concerns if each.code != "unapproved")
    return {
        "why": calendar_words.sentence(proposal.refusal) if proposal and proposal.refusal else "",
        "notes": [calendar_words.sentence(each) for each in proposal.notes] if proposal else [],
        "doubts": [each.text for each in doubts],
    }


def _offered() -> list[Bulletin]:
    found = bulletins.search(
        g.session, current_person(), state=BulletinState.APPROVED, per_page=MOST_BULLETINS
    ).items
    return [each for each in found if each.klass is not BulletinClass.EMERGENCY and each.current.clip]


def _choose_page(area_id: int, error: str = "") -> str:
    person = current_person()
    if area_id:
        permissions.require(person, Role.EDITOR, area_id, g.session)
    return render_template(
        "calendar/import.html", area_id=area_id, areas=places.options(person, Role.EDITOR), error=error
    )
