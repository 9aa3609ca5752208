"""The stations that a unit carries (tiếp âm): listened to before they are added, tried again, retired."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from broadcast.authoring import relays
from broadcast.errors import DomainError, EmptyTitle
from broadcast.models import Area, Person, RelayStation, Role
from broadcast.relay_errors import RelayUnusable
from broadcast.units import permissions
from devices.relay import Findings, Reach
from web import relay_words
from web.asked import integer
from web.auth import current_person, load_person, signed_in
from web.edge import finish_reading, now, only_reads, read_again, system
from web.errors import sentence
from web.forms import relays as forms
from web.forms.relays import RelayForm
from web.views import offered

blueprint = Blueprint("relays", __name__, url_prefix="/relays")

Answer = str | Response | tuple[str, int]


@blueprint.get("/")
@signed_in
def index() -> str:
    """With ``gone`` the way back for a station that was retired just now."""
    return _page(request.args.get("area", type=integer), gone=offered.gone(relays.STATIONS))


@blueprint.post("/")
@only_reads
@signed_in
def create() -> Answer:
    """The stream is listened to without a transaction, for others wait for their turn to write."""
    form = forms.read_relay(request.form)
    if form.errors:
        return _page(form.area_id, form=form), 422
    person_id = current_person().id
    permissions.require(current_person(), Role.EDITOR, form.area_id, g.session)
    finish_reading()
    try:
        found = relays.examine(form.url, _reach())
        station = _add(person_id, form, found)
    except DomainError as error:
        read_again()
        load_person()
        form.errors["title" if isinstance(error, EmptyTitle) else "url"] = _why(error)
        return _page(form.area_id, form=form), 422
    told = {"title": station.title, "quality": relay_words.quality(station)}
    flash(_("Đã thêm “%(title)s”: %(quality)s. Xếp vào khung giờ được rồi.", **told), "ok")
    return redirect(url_for(".index", area=form.area_id))


@blueprint.post("/<int:station_id>/check")
@only_reads
@signed_in
def check(station_id: int) -> Response:
    station = relays.get(g.session, current_person(), station_id)
    permissions.require(current_person(), Role.EDITOR, station.area_id, g.session)
    person_id, url = current_person().id, station.url
    finish_reading()
    outcome = _examined(url)
    with system().database.transaction() as writing:
        person = writing.get_one(Person, person_id)
        station = relays.note_check(writing, person, station_id, outcome, now=now())
        back = redirect(url_for(".index", area=station.area_id))
        if isinstance(outcome, RelayUnusable):
            flash(f"{station.title}: {_why(outcome)}", "bad")
        else:
            told = {"title": station.title, "quality": relay_words.quality(station)}
            flash(_("“%(title)s” nghe được: %(quality)s.", **told), "ok")
    return back


@blueprint.post("/<int:station_id>/retire")
@signed_in
def retire(station_id: int) -> Response:
    station = relays.retire(g.session, current_person(), station_id, now=now())
    return redirect(url_for(".index", area=station.area_id, gone=station.id))


@blueprint.post("/<int:station_id>/restore")
@signed_in
def restore(station_id: int) -> Response:
    station = relays.restore(g.session, current_person(), station_id, now=now())
    flash(_("“%(title)s” tiếp âm được như trước.", title=station.title), "ok")
    return redirect(url_for(".index", area=station.area_id))


def _reach() -> Reach:
    return Reach(system().settings.relay_networks)


def _examined(url: str) -> Findings | RelayUnusable:
    try:
        return relays.examine(url, _reach())
    except RelayUnusable as error:
        return error


def _add(person_id: int, form: RelayForm, found: Findings) -> RelayStation:
    with system().database.transaction() as writing:
        person = writing.get_one(Person, person_id)
        return relays.add(
            writing, person, form.area_id, title=form.title, url=form.url, found=found, now=now()
        )


def _why(error: DomainError) -> str:
    if isinstance(error, RelayUnusable):
        return relay_words.trouble(str(error.params["why"]), str(error.params.get("codec", "")))
    return sentence(error)


def _page(wanted: int | None, form: RelayForm | None = None, **more: Any) -> str:
    common = offered.values(relays.STATIONS, wanted)
    area: Area | None = common["area"]
    return render_template(
        "relays/index.html",
        words=relay_words,
        form=form or RelayForm(area_id=area.id if area else 0),
        **common,
        **more,
    )
