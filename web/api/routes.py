"""Downloads named by their content, and the health of the server.

Loudspeakers fetch here. Whoever knows the sha256 of a file may have the file:
the name is in a signed document only, and what is public on a loudspeaker needs
no second secret. Bytes of a name never change, so every answer may be cached for ever.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Final

from flask import Blueprint, Response, jsonify, send_file

from broadcast.errors import DomainError, NotFound, Unavailable
from broadcast.models import PlanDocument
from broadcast.storage.database import Database
from broadcast.storage.library import CLIP, COMPACT, KINDS, Library

YEAR: Final = 365 * 24 * 3600  # seconds
SHA256: Final = re.compile(r"[0-9a-f]{64}")


def create_api(
    database: Database, library: Library, broker_connected: Callable[[], bool] | None = None
) -> Blueprint:
    """The routes over this database and this library; ``broker_connected`` where this process has a link."""
    api = Blueprint("api", __name__)

    @api.get("/media/<name>.mp3", defaults={"kind": CLIP})
    @api.get("/media/<name>.opus", defaults={"kind": COMPACT})
    def media(name: str, kind: str) -> Response:
        """What was recorded is not among them: it is heard on pages by people who may."""
        if not SHA256.fullmatch(name) or not library.exists(name, kind):
            raise NotFound(kind="clip", id=name)
        path = library.path(name, kind=kind)
        return _immutable(send_file(path, KINDS[kind], conditional=True, etag=name))

    @api.get("/plans/<name>.json")
    def plan(name: str) -> Response:
        with database.transaction(read_only=True) as session:
            document = session.get(PlanDocument, name) if SHA256.fullmatch(name) else None
            body = document.body if document else None
        if body is None:
            raise NotFound(kind="plan", id=name)
        return _immutable(send_file(io.BytesIO(body), "application/json", conditional=True, etag=name))

    @api.get("/healthz")
    def health() -> tuple[Response, int]:
        checks = {"database": _database_state(database)}
        if broker_connected is not None:
            checks["broker"] = "ok" if broker_connected() else "down"
        well = all(state == "ok" for state in checks.values())
        usable = checks["database"] == "ok"  # pages and downloads work without a broker
        answer = jsonify({"status": "ok" if well else "degraded" if usable else "down", "checks": checks})
        answer.cache_control.no_store = True
        return answer, 200 if usable else 503

    api.register_error_handler(DomainError, _refuse)
    return api


def _immutable(response: Response) -> Response:
    response.cache_control.public = True
    response.cache_control.no_cache = None
    response.cache_control.max_age = YEAR
    response.cache_control.immutable = True
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _database_state(database: Database) -> str:
    try:
        database.check()
    except DomainError as error:
        return error.code
    return "ok"


def _refuse(error: Exception) -> tuple[Response, int]:
    """A machine reads the code; the sentence for people is the pages' affair."""
    code = error.code if isinstance(error, DomainError) else "error"
    if isinstance(error, NotFound):
        return jsonify({"error": {"code": code, **error.params}}), 404
    status = 503 if isinstance(error, Unavailable) else 400
    return jsonify({"error": {"code": code}}), status
