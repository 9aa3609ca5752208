"""Orders to many loudspeakers: read back before they leave, followed while they are on their way."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from broadcast.errors import DomainError
from broadcast.models import CommandState, Role
from broadcast.orders import command_effects, command_followup, commanding, targeting
from broadcast.orders.command_effects import Progress
from broadcast.orders.command_followup import Review
from broadcast.speakers import faults
from broadcast.units import permissions
from devices.messages import Action
from web.asked import integer
from web.auth import current_person, signed_in
from web.edge import now, system
from web.errors import refuse, sentence
from web.filters import whole
from web.forms import fleet as forms
from web.forms.fleet import HOLDS, OrderForm
from web.views import fleet, fleet_words, words

blueprint = Blueprint("commands", __name__, url_prefix="/commands")

PER_PAGE = 50
WAITING = (CommandState.QUEUED, CommandState.SENT, CommandState.RECEIVED)
Answer = str | Response | tuple[str, int]


@blueprint.get("/")
@signed_in
def index() -> str:
    found = command_effects.recent(g.session, current_person(), request.args.get("page", 1, type=integer))
    return render_template(
        "commands/index.html",
        found=found,
        open_faults=faults.count_open(g.session, current_person()),
        page_url=lambda number: url_for(".index", page=number),
        fleet_words=fleet_words,
    )


@blueprint.get("/new")
@signed_in
def review() -> Answer:
    """What is about to be ordered, for how many and where; nothing has left yet."""
    form = forms.read_order(request.args)
    if form.errors:
        flash(next(iter(form.errors.values())), "bad")
        return redirect(url_for("loudspeakers.index", **fleet.asked().args()))
    return _review_page(form)


@blueprint.post("/new")
@signed_in
def order() -> Answer:
    form = forms.read_order(request.form)
    if form.errors.keys() & {"id", "action"}:
        flash(next(iter(form.errors.values())), "bad")
        return redirect(url_for("loudspeakers.index"))
    if form.errors:
        return _review_page(form), 422
    if form.everyone and _review(form).total != form.expected:
        return _review_page(form, _("Số loa vừa thay đổi. Hãy xem lại rồi bấm lần nữa.")), 409
    try:
        bulk = commanding.order(
            g.session,
            current_person(),
            wire=system().wire,
            action=form.action,
            detail=form.detail,
            **_meant(form),
            now=now(),
            heartbeat=fleet.heartbeat(),
        )
    except DomainError as error:
        return _review_page(form, sentence(error)), refuse(error)
    return redirect(url_for(".show", bulk_id=bulk.id))


@blueprint.get("/<int:bulk_id>")
@signed_in
def show(bulk_id: int) -> str:
    person = current_person()
    found = command_effects.progress(g.session, person, bulk_id)
    wanted = request.args.get("state", "")
    state = CommandState(wanted) if wanted in set(CommandState) else None
    page = command_effects.results(
        g.session,
        person,
        bulk_id,
        state=state,
        page=request.args.get("page", 1, type=integer),
        per_page=PER_PAGE,
    )
    role = targeting.ROLES.get(found.bulk.action, Role.EDITOR)
    return render_template(
        "commands/show.html",
        found=found,
        bulk=found.bulk,
        page=page,
        state=wanted if state else "",
        states=tuple(CommandState),
        answered=_answered(found),
        failed=len(command_followup.failed(g.session, person, found.bulk)),
        may_order=bool(permissions.visible_areas(g.session, person, role)),
        page_url=lambda number: url_for(".show", bulk_id=bulk_id, state=wanted or None, page=number),
        words=words,
        fleet_words=fleet_words,
    )


@blueprint.post("/<int:bulk_id>/retry")
@signed_in
def retry(bulk_id: int) -> Response:
    made = command_followup.again(
        g.session, current_person(), bulk_id, wire=system().wire, now=now(), heartbeat=fleet.heartbeat()
    )
    flash(_("Đã gửi lại cho %(count)s loa chưa làm được.", count=whole(made.total)), "ok")
    return redirect(url_for(".show", bulk_id=made.id))


@blueprint.post("/<int:bulk_id>/cancel")
@signed_in
def cancel(bulk_id: int) -> Response:
    count = command_followup.cancel(g.session, current_person(), bulk_id, now=now())
    if count:
        flash(ngettext("Đã hủy lệnh cho %(num)s loa.", "Đã hủy lệnh cho %(num)s loa.", count), "ok")
    else:
        flash(_("Lệnh đã rời máy chủ, không hủy được nữa."), "warn")
    return redirect(url_for(".show", bulk_id=bulk_id))


@blueprint.post("/<int:bulk_id>/undo")
@signed_in
def undo(bulk_id: int) -> Response:
    made = commanding.undo(g.session, current_person(), bulk_id, wire=system().wire, now=now())
    flash(_("Đã gửi lệnh hoàn tác."), "ok")
    return redirect(url_for(".show", bulk_id=made.id))


def _meant(form: OrderForm) -> dict[str, Any]:
    if form.everyone:
        return {"chosen": fleet.asked().filter}
    return {"loudspeaker_ids": form.ids}


def _review(form: OrderForm) -> Review:
    return command_followup.review(
        g.session,
        current_person(),
        form.action,
        **_meant(form),
        now=now(),
        heartbeat=fleet.heartbeat(),
    )


def _review_page(form: OrderForm, problem: str = "") -> str:
    return render_template(
        "commands/review.html",
        form=form,
        seen=_review(form),
        wanted=fleet.asked(),
        problem=problem or next(iter(form.errors.values()), ""),
        holds=[(each, _hold(each)) for each in HOLDS],
        action=fleet_words.action(form.action),
        late=_late(form.action),
        actions=Action,
    )


def _hold(minutes: int) -> str:
    if not minutes:
        return str(_("Cho đến khi có người bỏ tắt tiếng"))
    if minutes < 60:
        return str(_("%(count)s phút", count=minutes))
    return str(ngettext("%(num)s giờ", "%(num)s giờ", minutes // 60))


def _late(action: Action) -> str:
    """What becomes of those that are away now."""
    if action is Action.VOLUME:
        return str(_("Loa mất kết nối sẽ nhận khi kết nối lại, trong 7 ngày."))
    if action in (Action.SILENCE, Action.RELEASE):
        return str(_("Loa mất kết nối sẽ nhận khi kết nối lại, trong 1 ngày."))
    return str(_("Loa mất kết nối sẽ không nhận: lệnh chỉ có hiệu lực 1 phút."))


def _answered(found: Progress) -> int:
    return sum(count for state, count in found.counts.items() if state not in WAITING)
