"""A foreign calendar taken over in steps: the file, what becomes of each event, bulletins, and one undo."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from broadcast.authoring import bulletins
from broadcast.models import Bulletin, BulletinState, Role
from broadcast.scheduling import calendar_import, calendar_rows, schedule_changes
from broadcast.scheduling.calendar_import import Applied
from broadcast.scheduling.calendar_rows import CHOSEN, OPEN, Outcome, Preview, Row
from broadcast.scheduling.concerns import HINTS
from broadcast.units import areas, permissions
from devices.messages import BulletinClass
from schedules import recurrence
from schedules.ical_lines import MAX_BYTES
from schedules.types import LOCAL
from web.asked import integer
from web.auth import current_person, signed_in
from web.edge import now, only_reads, system
from web.errors import sentence
from web.filters import moment
from web.forms import calendar_asked
from web.forms.calendar_asked import Asked
from web.views import calendar_words, concern_words, places

blueprint = Blueprint("calendar_import", __name__, url_prefix="/calendars/import")

MOST_BULLETINS = 40  # offered for each event
SEVERAL = 30  # up to so many events a second bulletin is asked for
Answer = str | Response | tuple[str, int]


@blueprint.get("/")
@signed_in
def choose() -> str:
    return _choose_page(request.args.get("area_id", 0, type=integer))


@blueprint.post("/preview")
@only_reads
@signed_in
def preview() -> Answer:
    asked = calendar_asked.read()
    if not asked.data.strip():
        return _choose_page(asked.area_id, _("Hãy chọn một tệp lịch, hoặc dán nội dung của nó.")), 422
    if len(asked.data) > MAX_BYTES:
        return _choose_page(asked.area_id, _("Tệp lớn quá. Hãy xuất ít tháng hơn rồi nhập lại.")), 422
    page = request.form.get("page", 1, type=integer)
    person, at = current_person(), asked.all_day_at
    found = calendar_rows.preview(
        g.session, person, asked.area_id, asked.data, now(), all_day_at=at, page=page
    )
    if not found.rows:
        problems = [calendar_words.sentence(each) for each in found.problems]
        return _choose_page(asked.area_id, " ".join(problems) or _("Tệp không có sự kiện nào.")), 422
    return _preview_page(asked, found)


def _preview_page(asked: Asked, found: Preview) -> str:
    keys = {row.key for row in found.shown}
    return render_template(
        "calendar/preview.html",
        area=areas.get(g.session, asked.area_id),
        asked=asked,
        preview=found,
        carried=asked.carried(keys),
        seen=" ".join(map(str, sorted(asked.seen | {found.page}))),
        counts={outcome.value: found.count(outcome) for outcome in Outcome},
        problems=[calendar_words.sentence(each) for each in found.problems],
        told=_told,
        described=recurrence.describe,
        offered=_offered(),
        picked=functools.partial(_picked, asked, found),
        is_off=functools.partial(_is_off, asked, found),
        text=calendar_asked.text,
        several=sum(found.count(each) for each in CHOSEN) <= SEVERAL,
    )


@blueprint.post("/")
@signed_in
def take_in() -> Answer:
    """The calendar that was seen in the preview, which sent it along; taken back where it must be asked."""
    asked = calendar_asked.read().without_refused()
    found = calendar_rows.unchecked(
        g.session, current_person(), asked.area_id, asked.data, now(), all_day_at=asked.all_day_at
    )
    unseen = _unseen(asked, found)
    trial = g.session.begin_nested()
    done = calendar_import.apply(
        g.session,
        current_person(),
        asked.area_id,
        asked.data,
        asked.chosen,
        now=now(),
        wire=system().wire,
        all_day_at=asked.all_day_at,
        withdraw=tuple(asked.off),
    )
    known = request.form.getlist("anyway")
    doubtful = [row for row in done.doubtful if row.key not in known]
    if doubtful or (unseen and "unseen" not in request.form):
        trial.rollback()
        return _confirm_page(asked, done, unseen), 422
    trial.commit()
    return _result_page(asked, done)


def _confirm_page(asked: Asked, done: Applied, unseen: Sequence[int]) -> str:
    return render_template(
        "calendar/confirm.html",
        area=areas.get(g.session, asked.area_id),
        asked=asked,
        seen=" ".join(map(str, sorted(asked.seen))),
        carried=asked.carried(),
        doubtful=done.doubtful,
        anyway=request.form.getlist("anyway"),
        unseen=unseen,
        told=_told,
        described=recurrence.describe,
        refused=_refused(done),
    )


def _result_page(asked: Asked, done: Applied) -> str:
    left = {row.key for row in done.left}
    return render_template(
        "calendar/result.html",
        area=areas.get(g.session, asked.area_id),
        done=done,
        refused=_refused(done),
        rest=asked.only(left),
        limit=calendar_import.MOST_TAKEN,
    )


@blueprint.post("/<int:area_id>/undo/<int:change_id>")
@signed_in
def undo(area_id: int, change_id: int) -> Response:
    schedule_changes.undo(g.session, current_person(), change_id, now(), wire=system().wire)
    flash(_("Đã hoàn tác cả lần nhập lịch."), "ok")
    return redirect(url_for("calendars.show", area_id=area_id))


def _refused(done: Applied) -> list[tuple[str, str]]:
    return [(row.title, sentence(error)) for row, error in done.refused]


def _unseen(asked: Asked, found: Preview) -> list[int]:
    """The pages that nobody has looked at, where they have something to decide."""
    pages = (page for page in range(1, found.pages + 1) if page not in asked.seen)
    return [page for page in pages if any(row.outcome in OPEN for row in found.of(page))]


def _told(row: Row, *, saved: bool = False) -> dict[str, Any]:
    """Why it is refused, what is otherwise than it was written, what is doubtful here.

    Before bulletins are chosen nothing is said of them; once they are, what stops nobody is not repeated.
    """
    proposal = row.proposal
    quiet = HINTS if saved else ("unapproved",)
    doubts = concern_words.doubts(each for each in row.concerns if each.code not in quiet)
    unchecked = _("Chưa đối chiếu với lịch phát và khung giờ ở đây: tệp dài quá.")
    called_off = proposal.calls_off if proposal and row.schedule else None
    times = [at.replace(tzinfo=LOCAL) for at in row.called_off]
    return {
        "off": (", ".join(map(moment, times)) or moment(row.first)) if called_off else "",
        "why": calendar_words.sentence(proposal.refusal) if proposal and proposal.refusal else "",
        "notes": [calendar_words.sentence(each) for each in proposal.notes] if proposal else [],
        "doubts": [*(each.text for each in doubts), *(() if row.is_checked else (unchecked,))],
    }


def _picked(asked: Asked, found: Preview, row: Row) -> tuple[str, str]:
    """What the two fields of a row say: on a page that is opened first, what its schedule plays already."""
    kept = list(row.bulletin_ids)
    ids = list(asked.chosen.get(row.key, () if found.page in asked.seen else kept))
    count = len(kept) if kept and ids[: len(kept)] == kept else 1
    return calendar_asked.text(ids[:count]), calendar_asked.text(ids[count:])


def _is_off(asked: Asked, found: Preview, row: Row) -> bool:
    """What its calendar has called off is, unless somebody says otherwise."""
    by_itself = row.outcome is Outcome.CALLED_OFF and found.page not in asked.seen
    return by_itself or row.key in asked.off


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
