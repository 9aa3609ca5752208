"""Loudspeakers: who is there, where they hang, what each one proved; adding and retiring them."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Any

import msgspec
from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from broadcast import monitoring, permissions, registry
from broadcast.errors import DomainError
from broadcast.models import Loudspeaker, Role
from devices.messages import Action
from devices.presence import Presence
from devices.speaker.identity import Identity
from web.auth import current_person, has_role, signed_in
from web.edge import now, system
from web.errors import refuse, sentence
from web.forms import loudspeakers as forms
from web.forms.loudspeakers import LoudspeakerForm
from web.views import places, speaker_map, words

blueprint = Blueprint("loudspeakers", __name__, url_prefix="/loudspeakers")

PER_PAGE = 60
PLAYING = "playing"  # a filter beside the four of presence
ORDERS = {"identify": Action.IDENTIFY, "report": Action.REPORT}
Answer = str | Response | tuple[str, int]


@blueprint.get("/")
@signed_in
def index() -> str:
    query, status = request.args.get("q", "").strip()[:100], request.args.get("status", "")
    choices = places.choices(current_person(), Role.VIEWER)
    area_id = request.args.get("area", type=int)
    area_id = area_id if any(choice.area.id == area_id for choice in choices) else None
    everyone = registry.search(g.session, current_person(), query=query, area_id=area_id)
    statuses = {each.id: _presence(each) for each in everyone}
    shown = [each for each in everyone if _matches(each, statuses[each.id], status)]
    page = max(1, request.args.get("page", 1, type=int))
    filters: dict[str, Any] = {"q": query or None, "area": area_id, "status": status or None}
    return render_template(
        "loudspeakers/index.html",
        loudspeakers=shown[(page - 1) * PER_PAGE : page * PER_PAGE],
        page=page,
        pages=-(-len(shown) // PER_PAGE),
        page_url=lambda number: url_for(".index", **filters, page=number),
        statuses=statuses,
        counts=Counter(statuses.values()),
        playing=sum(bool(each.playing) for each in everyone),
        total=len(everyone),
        drawing=speaker_map.draw(shown, statuses),
        presences=tuple(Presence),
        query=query,
        status=status,
        area_id=area_id,
        areas=[choice.option for choice in choices],
        may_add=has_role(Role.ADMIN),
        words=words,
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
    person = current_person()
    loudspeaker = registry.get(g.session, person, loudspeaker_id)
    roles = permissions.roles_in(g.session, person, loudspeaker.area_id)
    page = request.args.get("page", 1, type=int)
    return render_template(
        "loudspeakers/show.html",
        loudspeaker=loudspeaker,
        status=_presence(loudspeaker),
        state=loudspeaker.report.get("state", {}),
        tele=loudspeaker.report.get("tele", {}),
        held_until=_instant(loudspeaker.report.get("state", {}).get("held_until", 0)),
        unproved=loudspeaker.id in monitoring.without_proof(g.session, [loudspeaker.id], now()),
        as_run=registry.as_run(g.session, person, loudspeaker_id, page),
        may_order=Role.EDITOR in roles and loudspeaker.retired_at is None,
        may_manage=Role.ADMIN in roles and loudspeaker.retired_at is None,
        words=words,
    )


@blueprint.get("/<int:loudspeaker_id>/journal")
@signed_in
def journal(loudspeaker_id: int) -> str:
    """What the box itself wrote, word for word: for whoever has to find out what happened."""
    person = current_person()
    return render_template(
        "loudspeakers/journal.html",
        loudspeaker=registry.get(g.session, person, loudspeaker_id),
        found=registry.journal(g.session, person, loudspeaker_id, request.args.get("page", 1, type=int)),
        page_url=lambda number: url_for(".journal", loudspeaker_id=loudspeaker_id, page=number),
        words=words,
    )


@blueprint.post("/<int:loudspeaker_id>/volume")
@signed_in
def set_volume(loudspeaker_id: int) -> Response:
    volume = request.form.get("volume", -1, type=int)
    if 0 <= volume <= 100:
        registry.set_volume(g.session, current_person(), loudspeaker_id, volume, now())
        flash(_("Âm lượng mới tới loa trong vài giây."), "ok")
    else:
        flash(_("Âm lượng phải từ 0 đến 100."), "bad")
    return redirect(url_for(".show", loudspeaker_id=loudspeaker_id))


@blueprint.post("/<int:loudspeaker_id>/orders")
@signed_in
def order(loudspeaker_id: int) -> Response:
    """A short tone to find it by, or a report at once."""
    action = ORDERS.get(request.form.get("order", ""), Action.REPORT)
    registry.command(
        g.session,
        current_person(),
        wire=system().wire,
        loudspeaker_id=loudspeaker_id,
        action=action,
        now=now(),
    )
    flash(_("Đã gửi lệnh. Loa đang kết nối sẽ làm ngay."), "ok")
    return redirect(url_for(".show", loudspeaker_id=loudspeaker_id))


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


def _presence(loudspeaker: Loudspeaker) -> Presence:
    heartbeat = dt.timedelta(seconds=system().settings.heartbeat_s)
    return monitoring.presence(loudspeaker, now(), heartbeat)


def _matches(loudspeaker: Loudspeaker, status: Presence, wanted: str) -> bool:
    if wanted == PLAYING:
        return bool(loudspeaker.playing)
    return wanted not in set(Presence) or status == wanted


def _instant(milliseconds: int) -> dt.datetime | None:
    """None for a time that is over or was never set."""
    if not milliseconds or milliseconds / 1000 < now().timestamp():
        return None
    return dt.datetime.fromtimestamp(milliseconds / 1000, dt.UTC)


def _form_page(form: LoudspeakerForm, **more: Any) -> str:
    areas = places.options(current_person(), Role.ADMIN)
    return render_template("loudspeakers/write.html", form=form, areas=areas, words=words, **more)


def _identity_page(identity: Identity, name: str) -> str:
    """Shown once: the private key in it is kept nowhere on the server."""
    content = msgspec.json.format(msgspec.json.encode(identity), indent=2).decode()
    return render_template(
        "loudspeakers/identity.html", name=name, device=identity.device, content=content, words=words
    )
