"""Loudspeakers: the fleet and its tables, one of them with all that is known of it, adding and retiring."""

from __future__ import annotations

from typing import Any

import msgspec
from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from broadcast.errors import DomainError
from broadcast.joining import equipment, registry
from broadcast.models import Role
from broadcast.orders import commanding
from broadcast.speakers import fleet_export
from devices.messages import Action
from devices.speaker.identity import Identity
from web.asked import integer
from web.auth import current_person, signed_in
from web.edge import now, system
from web.errors import refuse, sentence
from web.forms import loudspeakers as forms
from web.forms.fleet import BULK_ACTIONS
from web.forms.loudspeakers import LoudspeakerForm
from web.views import exports, fleet, places, speaker_page, words

blueprint = Blueprint("loudspeakers", __name__, url_prefix="/loudspeakers")

ORDERS = {each.value: each for each in BULK_ACTIONS if each is not Action.VOLUME}
Answer = str | Response | tuple[str, int]


@blueprint.get("/")
@signed_in
def index() -> str:
    return fleet.page()


@blueprint.get("/export.<kind>")
@signed_in
def export(kind: str) -> Response:
    """What the filters find, all of it."""
    wanted, at, heartbeat = fleet.asked().filter, now(), fleet.heartbeat()
    return exports.answer(
        kind,
        "cum-loa",
        exports.FLEET,
        lambda session, person: fleet_export.fleet_rows(session, person, wanted, now=at, heartbeat=heartbeat),
    )


@blueprint.get("/new")
@signed_in
def write() -> str:
    return _form_page(LoudspeakerForm())


@blueprint.post("/new")
@signed_in
def add() -> Answer:
    form = forms.read_loudspeaker(request.form)
    if form.errors:
        return _form_page(form), 422
    try:
        identity = registry.add(
            g.session,
            current_person(),
            wire=system().wire,
            device=form.device,
            name=form.name,
            area_id=form.area_id,
            latitude=form.latitude,
            longitude=form.longitude,
            now=now(),
        )
    except DomainError as error:
        return _form_page(form, problem=sentence(error)), refuse(error)
    return _identity_page(identity, form.name)


@blueprint.get("/<int:loudspeaker_id>")
@signed_in
def show(loudspeaker_id: int) -> str:
    return speaker_page.page(loudspeaker_id)


@blueprint.get("/<int:loudspeaker_id>/journal")
@signed_in
def journal(loudspeaker_id: int) -> str:
    """What the box itself wrote, word for word: for whoever has to find out what happened."""
    person = current_person()
    return render_template(
        "loudspeakers/journal.html",
        loudspeaker=registry.get(g.session, person, loudspeaker_id),
        found=registry.journal(g.session, person, loudspeaker_id, request.args.get("page", 1, type=integer)),
        page_url=lambda number: url_for(".journal", loudspeaker_id=loudspeaker_id, page=number),
        words=words,
    )


@blueprint.post("/<int:loudspeaker_id>/volume")
@signed_in
def set_volume(loudspeaker_id: int) -> Response:
    volume = request.form.get("volume", -1, type=integer)
    if 0 <= volume <= 100:
        registry.set_volume(g.session, current_person(), loudspeaker_id, volume, now())
        flash(_("Âm lượng mới tới loa trong vài giây."), "ok")
    else:
        flash(_("Âm lượng phải từ 0 đến 100."), "bad")
    return _back(loudspeaker_id)


@blueprint.post("/<int:loudspeaker_id>/orders")
@signed_in
def order(loudspeaker_id: int) -> Response:
    """One of the orders that need no further word."""
    action = ORDERS.get(request.form.get("order", ""), Action.REPORT)
    commanding.order(
        g.session,
        current_person(),
        wire=system().wire,
        action=action,
        loudspeaker_ids=[loudspeaker_id],
        now=now(),
    )
    flash(_("Đã gửi lệnh. Xem loa trả lời ở mục “Lệnh gần đây”."), "ok")
    return _back(loudspeaker_id)


@blueprint.post("/<int:loudspeaker_id>/equipment")
@signed_in
def equip(loudspeaker_id: int) -> Answer:
    form = forms.read_equipment(request.form)
    if form.errors:
        flash(next(iter(form.errors.values())), "bad")
        return _back(loudspeaker_id)
    equipment.save(
        g.session,
        current_person(),
        loudspeaker_id,
        maker=form.maker,
        data_limit_mb=form.data_limit_mb,
        now=now(),
    )
    flash(_("Đã lưu hãng và gói dữ liệu."), "ok")
    return _back(loudspeaker_id)


@blueprint.post("/<int:loudspeaker_id>/renew")
@signed_in
def renew(loudspeaker_id: int) -> str:
    identity = registry.renew(
        g.session, current_person(), wire=system().wire, loudspeaker_id=loudspeaker_id, now=now()
    )
    return _identity_page(identity, registry.get(g.session, current_person(), loudspeaker_id).name)


@blueprint.post("/<int:loudspeaker_id>/retire")
@signed_in
def retire(loudspeaker_id: int) -> Response:
    gone = registry.retire(
        g.session, current_person(), wire=system().wire, loudspeaker_id=loudspeaker_id, now=now()
    )
    flash(_("Đã ngừng dùng %(name)s. Nhật ký phát vẫn được giữ.", name=gone.name), "ok")
    return redirect(url_for(".index"))


def _back(loudspeaker_id: int) -> Response:
    return redirect(url_for(".show", loudspeaker_id=loudspeaker_id))


def _form_page(form: LoudspeakerForm, **more: Any) -> str:
    areas = places.options(current_person(), Role.ADMIN)
    return render_template("loudspeakers/write.html", form=form, areas=areas, words=words, **more)


def _identity_page(identity: Identity, name: str) -> str:
    """Shown once: the private key in it is kept nowhere on the server."""
    content = msgspec.json.format(msgspec.json.encode(identity), indent=2).decode()
    return render_template(
        "loudspeakers/identity.html", name=name, device=identity.device, content=content, words=words
    )
