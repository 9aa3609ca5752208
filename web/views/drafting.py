"""From the form of a bulletin to its content and back, and to the version it would become."""

from __future__ import annotations

import contextlib
from typing import Any

from flask import g

from broadcast.authoring import recordings
from broadcast.authoring.bulletins import Content, PartContent
from broadcast.authoring.composition import VIETNAMESE
from broadcast.authoring.stations import Sound
from broadcast.authoring.versions import ANY_VOICE, OF_STATION
from broadcast.errors import NotFound
from broadcast.models import Bulletin, BulletinVersion, Recording, VersionPart
from web.auth import current_person
from web.forms.bulletins import AS_STATION, SPEEDS, BulletinForm, PartForm

OF_BULLETIN = ("klass", "source", "document_number", "document_date", "document_issuer")
OF_WORDS = ("title", "text", "language", "say_title")


def content_of(form: BulletinForm) -> Content:
    """What is left to the station is None."""
    engine, voice = _voice(form.voice)
    return Content(
        title=form.title,
        text=form.text,
        klass=form.klass,
        source=form.source,
        document_number=form.document_number,
        document_date=form.document_date,
        document_issuer=form.document_issuer,
        language=form.language,
        engine=engine,
        voice=voice,
        speed=_speed(form),
        preset=form.preset or None,
        repeats=int(form.repeats) if form.repeats != AS_STATION else None,
        say_title=form.say_title,
        opening=_formula(form.opening_from, form.opening),
        closing=_formula(form.closing_from, form.closing),
        recording_id=form.recording_id or None,
        parts=tuple(_part(part, _speed(form)) for part in form.kept),
    )


def form_of(bulletin: Bulletin, station: Sound) -> BulletinForm:
    """What is as the station has it follows the station."""
    version = bulletin.current
    return BulletinForm(
        **{name: getattr(bulletin, name) for name in OF_BULLETIN},
        title=version.title,
        text=version.text,
        area_id=bulletin.area_id,
        language=version.language,
        voice=_choice(version, station),
        speed=AS_STATION if version.speed == station.speed else _speed_choice(version.speed),
        preset=AS_STATION if version.preset == station.preset else version.preset,
        repeats=AS_STATION if version.repeats == station.repeats else str(version.repeats),
        say_title=version.say_title,
        opening_from=_source(version.opening, station.opening),
        opening=version.opening,
        closing_from=_source(version.closing, station.closing),
        closing=version.closing,
        recording_id=version.recording_id or 0,
        parts=tuple(_part_form(part, station) for part in version.parts),
        version=version.number,
    )


def version_of(form: BulletinForm, station: Sound) -> BulletinVersion:
    """The version that saving would make; it belongs to no transaction and is never kept."""
    given: dict[str, Any] = {name: value for name, value in content_of(form).items() if value is not None}
    values = {name: getattr(station, name) for name in OF_STATION} | _voice_of(form.language, station) | given
    version = BulletinVersion(**{name: values[name] for name in (*OF_WORDS, *OF_STATION)})
    version.recording = recording(form.recording_id)
    version.parts = [_version_part(at, part, station) for at, part in enumerate(values["parts"], start=1)]
    return version


def _voice(wish: str) -> tuple[str | None, str | None]:
    engine, _colon, name = wish.partition(":")
    return (engine, name) if wish != AS_STATION else (None, None)


def _voice_of(language: str, station: Sound) -> dict[str, str]:
    """The station's voice speaks Vietnamese; another language has its own ordinary one."""
    if language == VIETNAMESE:
        return {"engine": station.engine, "voice": station.voice}
    return dict(ANY_VOICE)


def _choice(of: BulletinVersion | VersionPart, station: Sound) -> str:
    own = {"engine": of.engine, "voice": of.voice}
    return AS_STATION if own == _voice_of(of.language, station) else f"{of.engine}:{of.voice}"


def _speed(form: BulletinForm) -> float | None:
    return float(form.speed) if form.speed != AS_STATION else None


def _speed_choice(speed: float) -> str:
    return next((each for each in SPEEDS if float(each) == speed), f"{speed:g}")


def _formula(source: str, own: str) -> str | None:
    return {"station": None, "own": own}.get(source, "")


def _source(words: str, of_station: str) -> str:
    if words == of_station:
        return "station"
    return "own" if words else "none"


def _part(part: PartForm, speed: float | None) -> PartContent:
    engine, voice = _voice(part.voice)
    return PartContent(
        language=part.language,
        title=part.title,
        text=part.text,
        engine=engine,
        voice=voice,
        speed=speed,
        recording_id=part.recording_id or None,
    )


def _part_form(part: VersionPart, station: Sound) -> PartForm:
    return PartForm(
        key=part.position,
        language=part.language,
        title=part.title,
        text=part.text,
        voice=_choice(part, station),
        recording_id=part.recording_id or 0,
    )


def _version_part(position: int, part: PartContent, station: Sound) -> VersionPart:
    voice = _voice_of(part.language, station)
    made = VersionPart(
        position=position,
        language=part.language,
        title=part.title,
        text=part.text,
        engine=part.engine or voice["engine"],
        voice=part.voice or voice["voice"],
        speed=part.speed or station.speed,
    )
    made.recording = recording(part.recording_id or 0)
    return made


def recording(recording_id: int) -> Recording | None:
    """None also for one that the person may not hear: saving will say so."""
    with contextlib.suppress(NotFound):
        return recordings.get(g.session, current_person(), recording_id) if recording_id else None
    return None
