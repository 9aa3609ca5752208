"""Turns errors into a status and a sentence: a page for a visit, a short alert for a partial request."""

from __future__ import annotations

import logging
from collections import defaultdict

from flask import Flask, g, jsonify, make_response, redirect, render_template, request
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, InternalServerError
from werkzeug.wrappers import Response

from broadcast.errors import (
    Conflict,
    DomainError,
    Forbidden,
    InvalidInput,
    LinkInvalid,
    NotAuthenticated,
    NotFound,
    RuleInvalid,
    TooManyAttempts,
    Unavailable,
)
from broadcast.slot_errors import SlotInvalid

from . import rule_words, slot_words
from .edge import give_up, read_again
from .sentences import ADVICE, SENTENCES, TITLES

log = logging.getLogger(__name__)

SECRET_PARTS = ("token", "poll")  # of an address, as the rules of the views name them

BUSY = 503  # whatever failed would only be waited for once more

# The first class that matches decides.
STATUSES: tuple[tuple[type[DomainError], int], ...] = (
    (TooManyAttempts, 429),
    (LinkInvalid, 404),
    (NotAuthenticated, 401),
    (NotFound, 404),
    (Forbidden, 403),
    (Conflict, 409),
    (InvalidInput, 422),
    (Unavailable, 503),
)


def status_of(error: DomainError) -> int:
    return next((status for kind, status in STATUSES if isinstance(error, kind)), 500)


def sentence(error: DomainError) -> str:
    """What to say, in the language of the page."""
    if isinstance(error, RuleInvalid) and "why" in error.params:
        return rule_words.sentence(str(error.params["why"]), error.params)
    if isinstance(error, SlotInvalid) and "why" in error.params:
        return slot_words.sentence(str(error.params["why"]), error.params)
    values: defaultdict[str, object] = defaultdict(str, error.params)
    return str(SENTENCES.get(error.code, SENTENCES["domain_error"])) % values


def refuse(error: DomainError) -> int:
    """For a view that shows its form again: the transaction is undone; returns the status."""
    g.refusal = error
    return status_of(error)


def wants_json() -> bool:
    """Whether a script of a page asks, which has a place of its own for what is said."""
    return request.accept_mimetypes.best == "application/json"


def install(app: Flask) -> None:
    app.register_error_handler(DomainError, _domain)
    app.register_error_handler(CSRFError, _http)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unexpected)


def _domain(error: DomainError) -> Response:
    from .auth import sign_in_url  # noqa: PLC0415 - auth shows errors, errors send to auth

    give_up(error)
    status = status_of(error)
    if type(error) is NotAuthenticated:
        return _go(sign_in_url())
    if status >= 500:
        log.error("Request failed: %s", error, extra={"action": "web.unavailable", "code": error.code})
    return _answer(status, sentence(error))


def _http(error: HTTPException) -> Response:
    if error.response is not None or (error.code or 500) < 400:
        return error.get_response()
    give_up(error)
    status = error.code or 500
    return _answer(status, str(ADVICE.get(status, ADVICE[400])))


def _unexpected(error: Exception) -> Response:
    give_up(error)
    path = _without_secrets()
    log.error("Unexpected error on %s", path, exc_info=error, extra={"action": "web.error", "path": path})
    return _answer(InternalServerError.code or 500, str(ADVICE[500]))


def _without_secrets() -> str:
    """The address for the log: what is in it and opens something is left out."""
    path = request.path
    for name in SECRET_PARTS:
        path = path.replace(str((request.view_args or {}).get(name, "\0")), "…")
    return path


def _go(url: str) -> Response:
    silent = "X-Live" in request.headers or request.accept_mimetypes.best == "text/event-stream"
    if not silent and not wants_json() and "HX-Request" not in request.headers:
        return redirect(url)
    answer = make_response("", 401) if silent else _answer(401, sentence(NotAuthenticated()))
    answer.headers["HX-Redirect"] = url
    return answer


def _answer(status: int, text: str) -> Response:
    if wants_json():
        return make_response(jsonify(ok=False, error=text), status)
    partial = "HX-Request" in request.headers
    answer = make_response(_alert(text) if partial else _page(status, text), status)
    if partial:  # htmx shows it where toasts are, and leaves the form as it is
        answer.headers.update({"HX-Retarget": "#toasts", "HX-Reswap": "beforeend"})
    return answer


def _alert(text: str) -> str:
    return render_template("errors/alert.html", text=text)


def _page(status: int, text: str) -> str:
    if status != BUSY:
        _look_again()
    title = str(TITLES.get(status, TITLES[400]))
    return render_template("errors/page.html", status=status, title=title, text=text)


def _look_again() -> None:
    """Who is there and what is urgent on air, as on every page; this one must appear without them too."""
    from .auth import load_person  # noqa: PLC0415 - as above
    from .navigation import urgent_now  # noqa: PLC0415 - as above

    try:
        read_again()
        load_person()
        urgent_now()
    except Exception as error:
        give_up(error)
        log.warning("An error page without its frame", exc_info=error, extra={"action": "web.error_page"})
