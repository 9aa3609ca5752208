"""Recordings: taken from the browser's microphone or from a file, kept in the library, and heard again."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, flash, g, redirect, render_template, request, send_file, url_for
from werkzeug.wrappers import Response

from broadcast.authoring import recordings
from broadcast.errors import DomainError, NotAudio
from broadcast.models import Person, Recording, Role
from broadcast.storage.library import KINDS, PREVIEW
from broadcast.units import permissions
from web.asked import integer
from web.auth import current_person, signed_in
from web.edge import finish_reading, now, only_reads, system, takes_file
from web.errors import sentence
from web.views import places

blueprint = Blueprint("recordings", __name__, url_prefix="/recordings")

YEAR = 365 * 24 * 3600  # seconds


@blueprint.get("/new")
@signed_in
def write() -> str:
    areas = places.options(current_person(), Role.EDITOR)
    wanted = request.args.get("area_id", 0, type=integer)
    return render_template("recordings/write.html", areas=areas, area_id=wanted)


@blueprint.post("/")
@takes_file
@only_reads
@signed_in
def upload() -> Response:
    """The plain form, for a file that one request may carry; a page with scripts sends pieces (uploads)."""
    person_id, area_id = current_person().id, request.form.get("area_id", 0, type=integer)
    finish_reading()
    file = request.files.get("file")
    try:
        system().library.check_space(request.content_length or 0)
        with system().library.incoming() as folder:
            source = folder / "source"
            if file is None:
                raise NotAudio(name="")
            file.save(source)
            recording_id = accept(person_id, source, name=file.filename or "")
    except DomainError as error:
        flash(sentence(error), "bad")
        return redirect(url_for(".write", area_id=area_id))
    return redirect(url_for(".show", recording_id=recording_id))


@blueprint.get("/<int:recording_id>")
@signed_in
def show(recording_id: int) -> str:
    recording = recordings.get(g.session, current_person(), recording_id)
    may_edit = permissions.may(current_person(), Role.EDITOR, recording.area_id, g.session)
    return render_template("recordings/show.html", recording=recording, may_edit=may_edit)


@blueprint.get("/<int:recording_id>/sound")
@signed_in
def sound(recording_id: int) -> Response:
    """Small enough for a telephone's network; only for people who may."""
    recording = recordings.get(g.session, current_person(), recording_id)
    path = system().library.path(recording.sha256, kind=PREVIEW)
    answer = send_file(path, KINDS[PREVIEW], conditional=True, etag=recording.sha256)
    answer.cache_control.private = True
    answer.cache_control.no_cache = None
    answer.cache_control.max_age = YEAR
    return answer


def accept(person_id: int, source: Path, *, name: str) -> int:
    """Keep a file as the form says; converted without a transaction, for others wait for their turn to write.

    Errors: those of ``recordings.taking`` and ``recordings.keep``.
    """
    area_id, trim = request.form.get("area_id", 0, type=integer), request.form.getlist("trim")[-1:] != ["0"]
    database, library = system().database, system().library
    with database.transaction(read_only=True) as reading:
        recordings.require(reading, reading.get_one(Person, person_id), area_id)
    with (
        recordings.taking(library, source, name=name, trim=trim) as taken,
        database.transaction() as writing,
    ):
        kept = recordings.keep(
            writing,
            writing.get_one(Person, person_id),
            taken,
            area_id=area_id,
            language=request.form.get("language", "vi"),
            library=library,
            now=now(),
        )
        return kept.id


def fragment(recording_id: int) -> str:
    """What the recorder shows of a recording, with its id for the form around."""
    with system().database.transaction(read_only=True) as reading:
        recording = reading.get_one(Recording, recording_id)
        return render_template(
            "bulletins/_recorded.html", recording=recording, field=request.form.get("field", "")
        )
