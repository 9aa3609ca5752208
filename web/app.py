"""Assembles the Flask application: sessions, guards, languages, errors, and the pages by an explicit list."""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import Flask, Response, g, request
from flask_babel import get_locale
from flask_wtf import CSRFProtect
from werkzeug.routing import IntegerConverter, ValidationError

from . import asked, auth, compression, edge, errors, filters, i18n, navigation, sse
from .api import create_api, create_enrolment
from .proxies import Proxies

if TYPE_CHECKING:
    from broadcast.bootstrap import System

STATIC = Path(__file__).parent / "static"
VIEWS = (
    "today",
    "bulletins",
    "airtime",
    "reading",
    "programme",
    "scheduling",
    "slots",
    "occurrence_actions",
    "several",
    "resizing",
    "overviews",
    "week_copies",
    "week_patterns",
    "whose_turn",
    "urgent",
    "loudspeakers",
    "enrolment",
    "commands",
    "faults",
    "uptime",
    "exports",
    "policies",
    "calendars",
    "public_programme",
    "calendar_import",
    "calendar_holidays",
    "matrix",
    "reconciliation",
    "lexicon",
    "lexicon_table",
    "stations",
    "sounds",
    "relays",
    "recordings",
    "uploads",
    "people",
    "merging",
    "account",
    "setup",
)
THEMES = ("auto", "light", "dark")
THEME_COOKIE = "theme"
LARGEST_REQUEST = 2_000_000  # bytes: a text of 50,000 characters many times over
YEAR = 365 * 24 * 3600  # seconds

CONTENT_SECURITY_POLICY = (
    "default-src 'self'; media-src 'self' blob:; base-uri 'none'; object-src 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
PERMISSIONS_POLICY = "camera=(), geolocation=(self), payment=(), usb=(), microphone=(self)"


class RowNumber(IntegerConverter):
    """The number of a row in an address; one that no database holds is no address of ours."""

    def to_python(self, value: str) -> int:
        try:
            return asked.integer(value)
        except ValueError as error:
            raise ValidationError from error


def create_app(
    system: System,
    *,
    broker_connected: Callable[[], bool] | None = None,
    clock: edge.Clock = edge.utc_now,
) -> Flask:
    """The pages over a built system, which the caller starts and stops.

    ``broker_connected`` tells the health check of the link, where this process has one.
    """
    app = Flask(__name__, static_folder=None)
    app.url_map.converters["int"] = RowNumber
    _configure(app, system)
    _serve_static(app)
    edge.install(app, clock)
    compression.install(app)
    auth.install(app)
    errors.install(app)
    i18n.install(app)
    filters.install(app)
    navigation.install(app)
    sse.install(app, system.database, system.settings.threads)
    forgery = CSRFProtect(app)
    for name in VIEWS:
        app.register_blueprint(importlib.import_module(f"web.views.{name}").blueprint)
    app.register_blueprint(create_api(system.database, system.library, broker_connected))
    boxes = create_enrolment(system)
    forgery.exempt(boxes)  # no cookie speaks for a box
    app.register_blueprint(boxes)
    app.context_processor(_page_values)
    app.after_request(_harden)
    return app


def _configure(app: Flask, system: System) -> None:
    https = urlsplit(system.settings.public_url).scheme == "https"
    app.extensions["truyen_thanh"] = system
    app.wsgi_app = Proxies(app.wsgi_app, system.settings.trusted_proxies)  # type: ignore[method-assign]
    app.config.update(
        SECRET_KEY=system.keys.session,
        SESSION_COOKIE_NAME="truyen_thanh",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=https,
        MAX_CONTENT_LENGTH=LARGEST_REQUEST,
        MAX_FORM_MEMORY_SIZE=LARGEST_REQUEST,
        WTF_CSRF_TIME_LIMIT=None,  # a page left open over night still works in the morning
        SEND_FILE_MAX_AGE_DEFAULT=YEAR,
        HTTPS=https,
    )
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True


def _serve_static(app: Flask) -> None:
    """The address of every file carries a hash of all of them, so a browser may keep it for a year."""
    app.static_folder = str(STATIC)
    digest = static_digest(STATIC)
    app.add_url_rule(f"/static/{digest}/<path:filename>", endpoint="static", view_func=app.send_static_file)


def static_digest(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


def _page_values() -> dict[str, object]:
    theme = request.cookies.get(THEME_COOKIE, "auto")
    return {
        "viewer": g.get("viewer"),
        "locale": str(get_locale()),
        "theme": theme if theme in THEMES else "auto",
        "now": edge.now(),
    }


def _harden(response: Response) -> Response:
    headers = response.headers
    headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    headers["Permissions-Policy"] = PERMISSIONS_POLICY
    headers["Referrer-Policy"] = "same-origin"
    headers["X-Content-Type-Options"] = "nosniff"
    headers["X-Frame-Options"] = "DENY"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    if request.endpoint == "static" and response.status_code == 200:
        response.cache_control.immutable = True
    if edge.is_https():
        headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    if "Cache-Control" not in headers or response.mimetype in ("text/html", "text/event-stream"):
        headers["Cache-Control"] = "no-store"
    return response
