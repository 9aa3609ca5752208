"""Urgent announcements: status first, then text, hearing, the two-step order, and STOP everywhere."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from broadcast.authoring import bulletins
from broadcast.errors import DomainError, NotFound
from broadcast.models import BroadcastState, Bulletin, Role
from broadcast.scheduling import drills, urgent
from broadcast.units import permissions
from devices.messages import AlertStatus, BulletinClass
from web.asked import integer
from web.auth import current_person, has_role, signed_in
from web.edge import now, system
from web.errors import refuse, sentence
from web.forms import announcements
from web.forms import urgent as forms
from web.forms.reading import FormReader
from web.forms.urgent import UrgentForm
from web.views import airing, marking, places, sections, sounding, words

blueprint = Blueprint("urgent", __name__, url_prefix="/urgent")

MANY_AREAS = 12  # more than these are chosen from a list, not from cards
HOLDS = (0, 300, 1800)  # seconds of silence after STOP
Answer = str | Response | tuple[str, int]


@blueprint.get("/")
@signed_in
def index() -> str:
    """What is on air with its STOP, and the choice that comes before everything else."""
    person = current_person()
    on_air = [airing.find(person, each.id) for each in urgent.active(g.session, person, now())]
    return render_template(
        "urgent/index.html",
        on_air=on_air,
        statuses=tuple(AlertStatus),
        areas=places.options(person, Role.URGENT),
        holds=HOLDS,
        may_send=has_role(Role.URGENT),
        words=words,
    )


@blueprint.get("/new")
@signed_in
def write() -> str | Response:
    reader = FormReader(request.args)
    status = forms.read_status(reader)
    if reader.errors:
        return redirect(url_for(".index"))
    wanted = request.args.get("announcement", "")
    chosen = next((each for each in announcements.ANNOUNCEMENTS if each.key == wanted), None)
    title, text = (chosen.title, chosen.text) if chosen else ("", "")
    return _form_page(UrgentForm(status=status, title=title, text=text))


@blueprint.post("/new")
@signed_in
def prepare() -> Answer:
    form = forms.read_urgent(request.form)
    if form.errors:
        return _form_page(form), 422
    try:
        bulletin = urgent.prepare(
            g.session,
            current_person(),
            area_id=form.area_id,
            text=form.text,
            status=form.status,
            title=form.title,
            now=now(),
        )
    except DomainError as error:
        return _form_page(form, problem=sentence(error)), refuse(error)
    return redirect(url_for(".review", bulletin_id=bulletin.id, minutes=form.minutes))


@blueprint.get("/prepared/<int:bulletin_id>")
@signed_in
def review(bulletin_id: int) -> str:
    return _review_page(_prepared(bulletin_id))


@blueprint.post("/prepared/<int:bulletin_id>/send")
@signed_in
def send(bulletin_id: int) -> Answer:
    """The number of loudspeakers that was read back must still be true."""
    bulletin, form = _prepared(bulletin_id), forms.read_send(request.form)
    count = urgent.count_loudspeakers(g.session, form.area_id)
    if form.errors:
        return _review_page(bulletin, problem=next(iter(form.errors.values()))), 422
    if form.loudspeakers != count:
        text = _(
            "Số cụm loa vừa đổi từ %(before)s thành %(after)s. Xem lại rồi phát.",
            before=form.loudspeakers,
            after=count,
        )
        return _review_page(bulletin, problem=text), 409
    try:
        sent = urgent.send(
            g.session,
            current_person(),
            wire=system().wire,
            bulletin_id=bulletin_id,
            status=form.status,
            area_id=form.area_id,
            expires_in=dt.timedelta(minutes=form.minutes),
            now=now(),
        )
    except DomainError as error:
        return _review_page(bulletin, problem=sentence(error)), refuse(error)
    return redirect(url_for(".show", broadcast_id=sent.id))


@blueprint.get("/broadcasts/<int:broadcast_id>")
@signed_in
def show(broadcast_id: int) -> str:
    found = airing.find(current_person(), broadcast_id)
    if found.broadcast.schedule_id is not None:
        raise NotFound(kind="broadcast", id=broadcast_id)
    on_air = _on_air(found)
    may_stop = permissions.may(current_person(), Role.URGENT, found.broadcast.area_id, g.session)
    return render_template(
        "urgent/show.html",
        airing=found,
        broadcast=found.broadcast,
        on_air=on_air,
        may_stop=may_stop,
        own_stop=broadcast_id if on_air and may_stop else None,
        words=words,
    )


@blueprint.post("/stop")
@signed_in
def stop() -> Response:
    """One tap: no question is asked, and asking again sends the command again."""
    broadcast_id = request.form.get("broadcast_id", type=integer)
    area_id = request.form.get("area_id", type=integer)
    hold_s = request.form.get("hold_s", 0, type=integer)
    stopped = urgent.stop(
        g.session,
        current_person(),
        wire=system().wire,
        broadcast_id=broadcast_id,
        area_id=None if broadcast_id else area_id,
        hold_s=hold_s if hold_s in HOLDS else 0,
        now=now(),
    )
    if broadcast_id is not None and any(each.schedule_id is None for each in stopped):
        return redirect(url_for(".show", broadcast_id=broadcast_id))
    text = ngettext("Đã ra lệnh dừng %(num)s buổi phát.", "Đã ra lệnh dừng %(num)s buổi phát.", len(stopped))
    flash(text if stopped else _("Đã ra lệnh im lặng. Không có buổi phát nào đang chạy."), "ok")
    return redirect(url_for(".index"))


def _prepared(bulletin_id: int) -> Bulletin:
    bulletin = bulletins.get(g.session, current_person(), bulletin_id)
    permissions.require(current_person(), Role.URGENT, bulletin.area_id, g.session)
    if bulletin.klass is not BulletinClass.EMERGENCY:
        raise NotFound(kind="bulletin", id=bulletin_id)
    return bulletin


def _on_air(found: airing.Airing) -> bool:
    broadcast = found.broadcast
    alive = broadcast.state in (BroadcastState.PLANNED, BroadcastState.DISPATCHED)
    return alive and (broadcast.expires > now() or found.sounding > 0)


def _form_page(form: UrgentForm, **more: Any) -> str:
    counted = [
        (choice, urgent.count_loudspeakers(g.session, choice.area.id))
        for choice in places.choices(current_person(), Role.URGENT)
    ]
    return render_template(
        "urgent/write.html",
        form=form,
        status=words.alert_status(form.status),
        areas=counted,
        as_cards=len(counted) <= MANY_AREAS,
        announcements=announcements.ANNOUNCEMENTS,
        expiries=forms.EXPIRIES,
        words=words,
        **more,
    )


def _review_page(bulletin: Bulletin, **more: Any) -> str:
    status = drills.status_of(bulletin.current.text)
    minutes = request.values.get("minutes", 60, type=integer)
    return render_template(
        "urgent/review.html",
        bulletin=bulletin,
        version=bulletin.current,
        alert_status=status,
        status=words.alert_status(status),
        count=urgent.count_loudspeakers(g.session, bulletin.area_id),
        minutes=minutes if minutes in forms.EXPIRIES else 60,
        words=words,
        sound=sounding.of(bulletin.current, bulletin),
        **sections.of_version(bulletin.current, bulletin.area_id, bulletin.klass),
        **marking.values(bulletin.area_id, url_for(".review", bulletin_id=bulletin.id)),
        **more,
    )
