"""The edge of a request: one transaction, one ``now``, and the system behind the pages.

A GET, and what is marked as only reading, sees one consistent state and takes no write lock.
Anything else is committed when the view answered without refusing (status below 400), else
rolled back; an error that the application marks as kept (a failed sign-in that counts) is
committed all the same.
"""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from flask import Flask, Response, current_app, g, request

from broadcast.errors import DomainError

if TYPE_CHECKING:
    from broadcast.bootstrap import System

READING = {"GET", "HEAD", "OPTIONS"}
LARGEST_WITH_FILE = 6_500_000  # bytes: a short recording as a form without scripts sends it
View = TypeVar("View", bound=Callable[..., Any])
Clock = Callable[[], dt.datetime]  # aware UTC


class _RolledBack(Exception):  # noqa: N818 - not an error: how a refused request leaves its transaction
    pass


def system() -> System:
    found: System = current_app.extensions["truyen_thanh"]
    return found


def utc_now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def now() -> dt.datetime:
    """The same instant for the whole request."""
    if "now" not in g:
        g.now = current_app.extensions["clock"]()
    instant: dt.datetime = g.now
    return instant


def absolute(path: str) -> str:
    """The address of a page, for a message to somebody; the configured one: a request can lie about it."""
    return (system().settings.public_url.rstrip("/") or request.host_url.rstrip("/")) + path


def is_https() -> bool:
    return bool(current_app.config["HTTPS"])


def no_session(view: View) -> View:
    """Mark a view that must not hold a transaction open (streams, files, health)."""
    view.no_session = True  # type: ignore[attr-defined]
    return view


def only_reads(view: View) -> View:
    """Mark a view that answers a POST without changing anything: it takes nobody's turn to write."""
    view.only_reads = True  # type: ignore[attr-defined]
    return view


def takes_file(view: View) -> View:
    """Mark a view whose form may carry more than text; set before anything reads the form."""
    view.takes_file = True  # type: ignore[attr-defined]
    return view


def finish_reading() -> None:
    """Leave the transaction before work that takes seconds and touches no data."""
    unit = g.pop("unit", None)
    if unit is not None:
        unit.__exit__(None, None, None)


def install(app: Flask, clock: Clock) -> None:
    app.extensions["clock"] = clock
    app.before_request(_open)
    app.after_request(_close)
    app.teardown_request(_abandon)


def _open() -> None:
    view = current_app.view_functions.get(request.endpoint or "")
    if getattr(view, "takes_file", False):
        request.max_content_length = LARGEST_WITH_FILE
    if request.endpoint in (None, "static") or getattr(view, "no_session", False):
        return
    if request.blueprint == "api":  # opens its own, and only where it needs one
        return
    _begin(reads=request.method in READING or getattr(view, "only_reads", False))


def read_again() -> None:
    """Open a new transaction for the page of an error, after ``give_up``."""
    for name in ("person", "session"):
        g.pop(name, None)
    _begin(reads=True)


def _begin(*, reads: bool) -> None:
    g.unit = system().database.transaction(read_only=reads)
    g.session = g.unit.__enter__()


def _close(response: Response) -> Response:
    unit = g.pop("unit", None)
    if unit is None:
        return response
    refusal: DomainError | None = g.get("refusal")
    if response.status_code < 400:
        unit.__exit__(None, None, None)
    else:
        _leave(unit, refusal or _RolledBack())
    return response


def give_up(error: BaseException) -> None:
    """Leave the transaction before an error page is made: that page must not need the database."""
    unit = g.pop("unit", None)
    if unit is not None:
        _leave(unit, error)


def _abandon(error: BaseException | None) -> None:
    give_up(error or _RolledBack())


def _leave(unit: Any, error: BaseException) -> None:
    with contextlib.suppress(DomainError, _RolledBack, type(error)):
        unit.__exit__(type(error), error, error.__traceback__)
