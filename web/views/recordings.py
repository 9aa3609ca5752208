"""Recordings: taken from the browser's microphone or from a file, kept in the library, and heard again."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, flash, g, redirect, render_template, request, send_file, session, url_for
from werkzeug.wrappers import Response

from broadcast import permissions, recordings
from broadcast.errors import DomainError, NotAudio
from broadcast.library import KINDS, RECORDING
from broadcast.models import Person, Recording, Role
from web.auth import current_person, signed_in
from web.edge import no_session, now, system
from web.errors import sentence
from web.uploads import takes_recording
from web.views import places

blueprint = Blueprint("recordings", __name__, url_prefix="/recordings")

YEAR = 365 * 24 * 3600  # seconds


@blueprint.get("/new")
@signed_in
def write() -> str:
    areas = places.options(current_person(), Role.EDITOR)
    wanted = request.args.get("area_id", 0, type=int)
    return render_template("recordings/write.html", areas=areas, area_id=wanted)


@blueprint.post("/")
@takes_recording
@no_session
def upload() -> str | Response:
    """A fragment for the recorder, a page for the plain form."""
    partial, area_id = "HX-Request" in request.headers, request.form.get("area_id", 0, type=int)
    try:
        recording = _accept(area_id)
    except DomainError as error:
        if partial:
            raise
        flash(sentence(error), "bad")
        return redirect(url_for(".write", area_id=area_id))
    if partial:
        field = request.form.get("field", "")
        return render_template("bulletins/_recorded.html", recording=recording, field=field)
    return redirect(url_for(".show", recording_id=recording.id))


@blueprint.get("/<int:recording_id>")
@signed_in
def show(recording_id: int) -> str:
    recording = recordings.get(g.session, current_person(), recording_id)
    may_edit = permissions.may(current_person(), Role.EDITOR, recording.area_id, g.session)
    return render_template("recordings/show.html", recording=recording, may_edit=may_edit)


@blueprint.get("/<int:recording_id>/sound")
@signed_in
def sound(recording_id: int) -> Response:
    """As it is kept: every browser of today plays FLAC; only for people who see its area."""
    recording = recordings.get(g.session, current_person(), recording_id)
    path = system().library.path(recording.sha256, kind=RECORDING)
    answer = send_file(path, KINDS[RECORDING], conditional=True, etag=recording.sha256)
    answer.cache_control.private = True
    answer.cache_control.no_cache = None
    answer.cache_control.max_age = YEAR
    return answer


def _accept(area_id: int) -> Recording:
    """Converted without a transaction: a long recording takes longer than others may wait for their turn."""
    file = request.files.get("file")
    if file is None:
        raise NotAudio(name="")
    file.stream.flush()
    source, trim = Path(file.stream.name), request.form.getlist("trim")[-1:] != ["0"]
    database, library, person_id = system().database, system().library, session["person_id"]
    with database.transaction(read_only=True) as reading:
        recordings.require(reading, reading.get_one(Person, person_id), area_id)
    with (
        recordings.taking(library, source, name=file.filename or "", trim=trim) as taken,
        database.transaction() as writing,
    ):
        return recordings.keep(
            writing,
            writing.get_one(Person, person_id),
            taken,
            area_id=area_id,
            language=request.form.get("language", "vi"),
            library=library,
            now=now(),
        )
