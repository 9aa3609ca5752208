"""Recordings that arrive piece by piece: the page asks how much is here and goes on from there."""

from __future__ import annotations

import functools

from flask import Blueprint, g, jsonify, request
from werkzeug.wrappers import Response

from broadcast.authoring import recordings
from broadcast.authoring.uploads import LARGEST, PIECE
from broadcast.errors import FileTooLarge
from web.asked import integer
from web.auth import current_person, signed_in
from web.edge import finish_reading, now, only_reads, system
from web.views.recordings import accept, fragment

blueprint = Blueprint("uploads", __name__, url_prefix="/recordings/uploads")
blueprint.add_app_template_global(lambda: LARGEST, "largest_recording")


@blueprint.post("/")
@only_reads
@signed_in
def begin() -> Response:
    """Refused now is what would be refused after an hour of sending."""
    person = current_person()
    recordings.require(g.session, person, request.form.get("area_id", 0, type=integer))
    upload_id = system().uploads.begin(
        person.id, request.form.get("size", 0, type=integer), now=now().timestamp()
    )
    return jsonify(id=upload_id, piece=PIECE)


@blueprint.get("/<upload_id>")
@signed_in
def state(upload_id: str) -> Response:
    return jsonify(received=system().uploads.received(current_person().id, upload_id))


@blueprint.post("/<upload_id>")
@only_reads
@signed_in
def add(upload_id: str) -> Response:
    """One piece: the bytes as they are, from ``offset`` on."""
    if (request.content_length or 0) > PIECE:
        raise FileTooLarge(limit=PIECE)
    data, offset = request.get_data(cache=False), request.args.get("offset", -1, type=integer)
    return jsonify(received=system().uploads.add(current_person().id, upload_id, offset, data))


@blueprint.post("/<upload_id>/finish")
@only_reads
@signed_in
def finish(upload_id: str) -> str:
    """The same answer each time: a page whose line broke meanwhile asks again."""
    person_id = current_person().id
    finish_reading()
    take = functools.partial(accept, person_id, name=request.form.get("name", ""))
    return fragment(system().uploads.finish(person_id, upload_id, take))


@blueprint.post("/<upload_id>/drop")
@only_reads
@signed_in
def drop(upload_id: str) -> tuple[str, int]:
    system().uploads.drop(current_person().id, upload_id)
    return "", 204
