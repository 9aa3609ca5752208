"""A station: the voice and the words of an area's bulletins, each its own or left to the area above."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from broadcast.authoring import bulletins, lexicon, speech, stations
from broadcast.authoring.stations import Sound
from broadcast.errors import DomainError, InvalidInput
from broadcast.models import Area, Person, Role, Station
from broadcast.units import areas, permissions
from tts.types import Preset
from web.auth import current_person, signed_in
from web.edge import now, only_reads
from web.errors import refuse, sentence
from web.forms import stations as forms
from web.forms.bulletins import REPEATS, SPEEDS
from web.forms.stations import StationForm
from web.views import places, read_out, voicing, words

blueprint = Blueprint("stations", __name__, url_prefix="/stations")

FORMULAS = ("opening", "closing")
Answer = str | Response | tuple[str, int]


@dataclass(frozen=True, slots=True)
class Inherited:
    """What a field is worth when it is left to the area above; ``area`` has said so, '' for nobody."""

    text: str
    area: str = ""


@blueprint.get("/")
@signed_in
def index() -> Response:
    return places.to_page()


@blueprint.get("/<int:area_id>")
@signed_in
def show(area_id: int) -> str:
    return _page(_seen(area_id), _filled(stations.own(g.session, area_id)))


@blueprint.post("/<int:area_id>")
@signed_in
def save(area_id: int) -> Answer:
    area, form = _seen(area_id), forms.read_station(request.form)
    if not form.errors and form.voice and form.voice not in _offered():
        form = replace(form, errors={"voice": _("Máy chủ này không có giọng này. Hãy chọn lại.")})
    if form.errors:
        return _page(area, form), 422
    try:
        stations.save(g.session, current_person(), area_id, values=form.values, now=now())
    except DomainError as error:
        told = {_field(error): sentence(error)}
        return _page(area, replace(form, errors=told)), refuse(error)
    flash(_("Đã lưu giọng và lời của đài."), "ok")
    return redirect(url_for(".show", area_id=area_id))


@blueprint.post("/<int:area_id>/reading")
@only_reads
@signed_in
def reading(area_id: int) -> str:
    """A formula as it will be said, while it is typed."""
    area, name = _seen(area_id), _formula_name()
    sound = _sound(_above(area), forms.read_station(request.form))
    return render_template("stations/_reading.html", reading=_said(area_id, getattr(sound, name)))


@blueprint.post("/<int:area_id>/hear")
@only_reads
@signed_in
def hear(area_id: int) -> Response:
    """A formula in the voice that is chosen in the form, saved or not."""
    area, name = _seen(area_id), _formula_name()
    sound = _sound(_above(area), forms.read_station(request.form))
    return read_out.answer(area_id, getattr(sound, name), sound)


def _seen(area_id: int) -> Area:
    permissions.require(current_person(), Role.VIEWER, area_id, g.session)
    return areas.get(g.session, area_id)


def _formula_name() -> str:
    name = request.args.get("formula", "")
    if name not in FORMULAS:
        raise InvalidInput(field="formula", value=name)
    return name


def _above(area: Area) -> Sound:
    """What holds here as long as the area says nothing itself."""
    if area.parent_id is None:
        return Sound(opening=stations.default_opening([area]))
    above = stations.effective(g.session, area.parent_id)
    if "opening" in stations.origins(g.session, area.parent_id):
        return above
    return replace(above, opening=stations.default_opening(areas.ancestors(g.session, area.id)))


def _sound(above: Sound, form: StationForm) -> Sound:
    """What is chosen in the form, saved or not."""
    return replace(above, **{name: value for name, value in form.values.items() if value is not None})


def _said(area_id: int, text: str) -> list[str]:
    if not text.strip():
        return []
    with speech.translated():
        read = bulletins.read_aloud(text, lexicon=lexicon.for_area(g.session, area_id))
    return [each.spoken for each in read.sentences if each.spoken]


def _inherited(area: Area, above: Sound) -> dict[str, Inherited]:
    said = stations.origins(g.session, area.parent_id) if area.parent_id else {}
    return {
        name: Inherited(tell(getattr(above, name)), said[name].name if name in said else "")
        for name, tell in TOLD.items()
    } | {"voice": Inherited(_voice(above), said["voice"].name if "voice" in said else "")}


def _voice(sound: Sound) -> str:
    return f"{words.voice(sound.voice)} ({words.engine(sound.engine)})"


def _formula(text: str) -> str:
    return f"“{text}”" if text else str(_("không đọc"))


def _seconds(seconds: float) -> str:
    return str(_("%(count)s giây", count=f"{seconds:g}".replace(".", ",")))


def _minutes(minutes: int) -> str:
    return str(_("%(count)s phút", count=minutes))


TOLD: dict[str, Callable[[Any], str]] = {
    "speed": words.speed,
    "preset": words.preset,
    "opening": _formula,
    "closing": _formula,
    "repeats": words.times,
    "lead_in_s": _seconds,
    "slot_minutes": _minutes,
}


def _filled(station: Station | None) -> StationForm:
    if station is None:
        return StationForm()

    def chosen(value: object) -> str:
        return forms.ABOVE if value is None else str(value)

    return StationForm(
        voice=f"{station.engine or 'auto'}:{station.voice}" if station.voice else forms.ABOVE,
        speed=chosen(station.speed),
        preset=chosen(station.preset),
        opening_from=_from(station.opening),
        opening=station.opening or "",
        closing_from=_from(station.closing),
        closing=station.closing or "",
        repeats=chosen(station.repeats),
        lead_in_s=chosen(station.lead_in_s and f"{station.lead_in_s:g}"),
        slot_minutes=chosen(station.slot_minutes),
    )


def _from(text: str | None) -> str:
    return "above" if text is None else "own" if text else "none"


def _offered() -> set[str]:
    return {value for _heading, options in voicing.groups() for value, _text in options}


def _voices(chosen: str) -> list[voicing.Group]:
    """What can be chosen, with what was chosen also when this server has lost it."""
    found = voicing.groups()
    if not chosen or chosen in _offered():
        return found
    engine, _colon, name = chosen.partition(":")
    lost = f"{words.voice(name)} ({words.engine(engine)})"
    return [*found, (str(_("Máy chủ này không còn giọng này")), [(chosen, lost)])]


def _field(error: DomainError) -> str:
    name = str(error.params.get("field", ""))
    return "voice" if name == "engine" else name if name in StationForm.__slots__ else ""


def _page(area: Area, form: StationForm) -> str:
    person, station = current_person(), stations.own(g.session, area.id)
    editor = g.session.get(Person, station.updated_by) if station else None
    above = _above(area)
    sound = _sound(above, form)
    return render_template(
        "stations/show.html",
        area=area,
        areas=places.options(person, Role.VIEWER),
        form=form,
        station=station,
        changed_by=editor.name if editor else "",
        may_edit=permissions.may(person, Role.ADMIN, area, g.session),
        inherited=_inherited(area, above),
        readings={name: _said(area.id, getattr(sound, name)) for name in FORMULAS},
        voices=_voices(form.voice),
        speeds=[(value, words.speed(float(value))) for value in SPEEDS],
        presets=[(preset.value, words.preset(preset.value)) for preset in Preset],
        repeats=[(str(count), words.times(count)) for count in REPEATS],
        lead_ins=[(value, _seconds(float(value))) for value in forms.LEAD_INS],
        slots=[(value, _minutes(int(value))) for value in forms.SLOTS],
    )
