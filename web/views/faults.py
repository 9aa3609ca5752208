"""Fault tickets: what waits to be repaired and for how long; opened and closed on a loudspeaker's page."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from broadcast.errors import InvalidInput
from broadcast.models import Role
from broadcast.speakers import faults, fleet_export
from broadcast.speakers.faults import FaultKind
from web.asked import integer
from web.auth import current_person, signed_in
from web.edge import now
from web.views import exports, fleet_words, places

blueprint = Blueprint("faults", __name__, url_prefix="/faults")


@blueprint.get("/")
@signed_in
def index() -> str:
    person, wanted = current_person(), _wanted()
    page = request.args.get("page", 1, type=integer)
    return render_template(
        "faults/index.html",
        found=faults.list_(g.session, person, **wanted, page=page),
        wanted=wanted,
        count=faults.count_open(g.session, person),
        areas=places.options(person, Role.VIEWER),
        kinds=[(each, fleet_words.fault_kind(each)) for each in faults.kinds(g.session, person)],
        address=_args(wanted),
        page_url=lambda number: url_for(".index", **_args(wanted), page=number),
        age=faults.age,
        fleet_words=fleet_words,
    )


@blueprint.get("/export.<kind>")
@signed_in
def export(kind: str) -> Response:
    wanted, at = _wanted(), now()
    return exports.answer(
        kind,
        "phieu-su-co",
        exports.FAULTS,
        lambda session, person: fleet_export.fault_rows(session, person, **wanted, now=at),
    )


@blueprint.post("/loudspeakers/<int:loudspeaker_id>")
@signed_in
def open_(loudspeaker_id: int) -> Response:
    kind = request.form.get("kind", "")
    if kind not in set(FaultKind):
        raise InvalidInput(field="kind", value=kind)
    faults.open_(
        g.session,
        current_person(),
        loudspeaker_id=loudspeaker_id,
        kind=FaultKind(kind),
        note=request.form.get("note", ""),
        now=now(),
    )
    flash(_("Đã mở phiếu sự cố."), "ok")
    return _to_loudspeaker(loudspeaker_id)


@blueprint.post("/alarms/<int:alarm_id>")
@signed_in
def open_from_alarm(alarm_id: int) -> Response:
    fault = faults.open_from_alarm(g.session, current_person(), alarm_id, now=now())
    flash(_("Đã mở phiếu sự cố."), "ok")
    return _to_loudspeaker(fault.loudspeaker_id)


@blueprint.post("/<int:fault_id>/close")
@signed_in
def close(fault_id: int) -> Response:
    if not request.form.get("resolution", "").strip():
        flash(_("Hãy ghi đã xử lý thế nào rồi đóng phiếu."), "bad")
        return _back_from(request.form.get("loudspeaker_id", type=integer))
    fault = faults.close(
        g.session, current_person(), fault_id, resolution=request.form["resolution"], now=now()
    )
    flash(_("Đã đóng phiếu."), "ok")
    return _back_from(fault.loudspeaker_id if request.form.get("next") == "loudspeaker" else None)


def _wanted() -> dict[str, Any]:
    person = current_person()
    area_id = request.args.get("area", type=integer)
    mine = {each for each, _text in places.options(person, Role.VIEWER)}
    return {
        "open_only": request.args.get("state") != "all",
        "area_id": area_id if area_id in mine else None,
        "kind": request.args.get("what", "")[:40] or None,
    }


def _args(wanted: dict[str, Any]) -> dict[str, Any]:
    return {
        "state": None if wanted["open_only"] else "all",
        "area": wanted["area_id"],
        "what": wanted["kind"],
    }


def _back_from(loudspeaker_id: int | None) -> Response:
    return _to_loudspeaker(loudspeaker_id) if loudspeaker_id else redirect(url_for(".index"))


def _to_loudspeaker(loudspeaker_id: int) -> Response:
    return redirect(url_for("loudspeakers.show", loudspeaker_id=loudspeaker_id, _anchor="tickets"))
