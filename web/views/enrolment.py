"""A box becomes a loudspeaker at the foot of its pole, on a phone: code, place, picture; and later moves."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from flask import Blueprint, current_app, flash, g, redirect, render_template, request, send_file, url_for
from flask.blueprints import BlueprintSetupState
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from broadcast.enrolment_errors import ClaimUnknown
from broadcast.errors import DomainError, NotFound, TooManyAttempts
from broadcast.joining import claim_codes, enrolment, photos, placing, registry
from broadcast.models import Claim, Loudspeaker, Role
from broadcast.speakers import boxes
from broadcast.storage.library import PHOTO
from broadcast.units import permissions
from web.asked import integer
from web.auth import current_person, has_role, signed_in
from web.edge import now, system, takes_file
from web.errors import refuse, sentence
from web.forms import enrolment as forms
from web.forms.enrolment import ClaimForm, Mode, PlaceForm
from web.throttle import Throttle
from web.views import places, words

blueprint = Blueprint("enrolment", __name__, url_prefix="/loudspeakers")

WRONG_CODES: Final = (10, 900.0)  # for each person and address, within seconds
MOST_OPTIONS: Final = 400  # a list that is longer cannot be used on a phone
Answer = str | Response | tuple[str, int]


@blueprint.record
def _install(state: BlueprintSetupState) -> None:
    state.app.extensions["wrong_codes"] = Throttle(*WRONG_CODES)


@blueprint.get("/claim")
@signed_in
def code() -> str:
    return _code_page(pole=_pole(_named()))


@blueprint.post("/claim")
@signed_in
def look() -> Answer:
    """The code as it was typed; the address of the next page carries it, as the picture on the box does."""
    typed, pole = request.form.get("code", ""), _pole(_named())
    try:
        found = _find(typed)
    except ClaimUnknown as error:
        return _code_page(typed, sentence(error), pole), 422
    return redirect(url_for(".write", code=found.code, replaces=pole.id if pole else None))


@blueprint.get("/claim/<code>")
@signed_in
def write(code: str) -> Answer:
    try:
        claim = _find(code)
    except ClaimUnknown as error:
        return _code_page(code, sentence(error)), 404
    pole = _pole(_named())
    if pole is not None:
        return _claim_page(claim, ClaimForm(Mode.REPLACE, pole.id), pole=pole)
    known = enrolment.known_before(g.session, current_person(), claim)
    chosen = ClaimForm(Mode.REPLACE, known.id) if known else ClaimForm()
    return _claim_page(claim, chosen, known)


@blueprint.post("/claim/<code>")
@takes_file
@signed_in
def claim(code: str) -> Answer:
    form = forms.read_claim(request.form)
    try:
        found = _find(code)
    except ClaimUnknown as error:
        return _code_page(code, sentence(error)), refuse(error)
    pole = _pole(form.replaces) if "seen" in request.form else None
    if form.errors:
        return _claim_page(found, form, pole=pole), 422
    if form.mode is Mode.REPLACE and "unseen" in request.form:
        return _ask_whether(found, form), 422
    try:
        loudspeaker = _take(form, found.code)
    except DomainError as error:
        return _claim_page(found, form, problem=sentence(error), pole=pole), refuse(error)
    return redirect(url_for(".claimed", loudspeaker_id=loudspeaker.id))


@blueprint.get("/<int:loudspeaker_id>/claimed")
@signed_in
def claimed(loudspeaker_id: int) -> str:
    """Stays open at the pole until the box itself has said that it is there."""
    loudspeaker = registry.get(g.session, current_person(), loudspeaker_id)
    latest = enrolment.latest_claim(g.session, loudspeaker_id)
    if latest is None or latest.claimed_at is None:
        raise NotFound(kind="claim", id=loudspeaker_id)
    heard = loudspeaker.last_seen is not None and loudspeaker.last_seen > latest.claimed_at
    return render_template(
        "enrolment/claimed.html", loudspeaker=loudspeaker, claim=latest, heard=heard, words=words
    )


@blueprint.get("/<int:loudspeaker_id>/place")
@signed_in
def place(loudspeaker_id: int) -> str:
    loudspeaker = registry.get(g.session, current_person(), loudspeaker_id)
    permissions.require(current_person(), Role.ADMIN, loudspeaker.area_id, g.session)
    return _place_page(loudspeaker, PlaceForm.of(loudspeaker))


@blueprint.post("/<int:loudspeaker_id>/place")
@takes_file
@signed_in
def move(loudspeaker_id: int) -> Answer:
    loudspeaker = registry.get(g.session, current_person(), loudspeaker_id)
    permissions.require(current_person(), Role.ADMIN, loudspeaker.area_id, g.session)  # before a file is kept
    form = forms.read_place(request.form)
    if form.errors:
        return _place_page(loudspeaker, form), 422
    try:
        placing.move(g.session, current_person(), loudspeaker_id, form.place(_photo()), now())
    except DomainError as error:
        return _place_page(loudspeaker, form, problem=sentence(error)), refuse(error)
    flash(_("Đã lưu nơi đặt của %(name)s.", name=form.name), "ok")
    return redirect(url_for("loudspeakers.show", loudspeaker_id=loudspeaker_id))


@blueprint.get("/<int:loudspeaker_id>/photo")
@signed_in
def photo(loudspeaker_id: int) -> Response:
    loudspeaker = registry.get(g.session, current_person(), loudspeaker_id)
    if not loudspeaker.photo_sha256:
        raise NotFound(kind="photo", id=loudspeaker_id)
    path = system().library.path(loudspeaker.photo_sha256, kind=PHOTO)
    answer = send_file(path, "image/jpeg", conditional=True, etag=loudspeaker.photo_sha256)
    answer.cache_control.private, answer.cache_control.no_cache = True, True
    return answer


def _find(typed: str) -> Claim:
    """Errors: ClaimUnknown, counted; TooManyAttempts for who has guessed too often."""
    throttle: Throttle = current_app.extensions["wrong_codes"]
    who, at = f"{current_person().id} {request.remote_addr}", now().timestamp()
    wait = throttle.wait_s(who, at)
    if wait:
        raise TooManyAttempts(wait_s=wait)
    try:
        return enrolment.find(g.session, current_person(), typed, now())
    except ClaimUnknown:
        throttle.count(who, at)
        raise


def _take(form: ClaimForm, code: str) -> Loudspeaker:
    person, picture = current_person(), _photo()
    if form.mode is Mode.REPLACE:
        return enrolment.claim_replacement(
            g.session, person, code, form.replaces, now=now(), photo_sha256=picture
        )
    return enrolment.claim_new(g.session, person, code, form.place.place(picture), now())


def _photo() -> str:
    """The name of the picture that came with the form, kept; empty without one. Errors: NotPhoto, …"""
    file = request.files.get("photo")
    data = file.read(photos.LARGEST + 1) if file else b""
    return system().library.keep(photos.clean(data), PHOTO) if data else ""


def _named() -> int:
    """The loudspeaker on whose page the exchange began."""
    return request.values.get("replaces", 0, type=integer)


def _pole(loudspeaker_id: int) -> Loudspeaker | None:
    """The loudspeaker whose box this person may exchange."""
    found = g.session.get(Loudspeaker, loudspeaker_id) if 0 < loudspeaker_id < 2**31 else None
    if found is None or found.retired_at is not None:
        return None
    return found if permissions.may(current_person(), Role.ADMIN, found.area_id, g.session) else None


def _ask_whether(claim: Claim, form: ClaimForm) -> str:
    """A number was typed: the page says whose it is before that box loses its keys."""
    pole = _pole(form.replaces)
    if pole is None:
        form = replace(form, errors={"replaces": _("Không có cụm loa nào mang số này.")})
    return _claim_page(claim, form, pole=pole)


def _code_page(typed: str = "", problem: str = "", pole: Loudspeaker | None = None) -> str:
    shown = claim_codes.written(typed) if typed else ""
    may = has_role(Role.ADMIN)
    return render_template(
        "enrolment/code.html", code=shown, problem=problem, may=may, pole=pole, words=words
    )


def _claim_page(
    claim: Claim,
    form: ClaimForm,
    known: Loudspeaker | None = None,
    problem: str = "",
    pole: Loudspeaker | None = None,
) -> str:
    """``pole``: the one whose box is exchanged, where that is settled already."""
    person = current_person()
    mine = [] if pole else enrolment.replaceable(g.session, person, MOST_OPTIONS + 1)
    return render_template(
        "enrolment/claim.html",
        claim=claim,
        form=form,
        place=form.place,
        known=known,
        pole=pole,
        problem=problem,
        modes=Mode,
        areas=places.options(person, Role.ADMIN),
        groups=_by_area(mine) if len(mine) <= MOST_OPTIONS else None,
        words=words,
    )


def _by_area(loudspeakers: list[Loudspeaker]) -> list[tuple[str, list[tuple[int, str]]]]:
    groups: dict[str, list[tuple[int, str]]] = {}
    for each in loudspeakers:
        groups.setdefault(each.area.name, []).append((each.id, f"{each.name} ({each.device})"))
    return list(groups.items())


def _place_page(loudspeaker: Loudspeaker, form: PlaceForm, **more: Any) -> str:
    areas = places.options(current_person(), Role.ADMIN)
    history = boxes.history(g.session, loudspeaker.id)
    return render_template(
        "enrolment/place.html",
        loudspeaker=loudspeaker,
        place=form,
        areas=areas,
        history=history,
        words=words,
        **more,
    )
