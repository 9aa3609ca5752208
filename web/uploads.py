"""How much a request may send: little, but for the views where somebody who may uploads a recording.

What is uploaded there goes piece by piece into a file of the data folder, never into memory; the
person is asked for before anything is read.
"""

from __future__ import annotations

import contextlib
import errno
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, Final, TypeVar

from flask import Flask, Request, current_app, request, session

from broadcast.database import Database
from broadcast.errors import DiskFull, FileTooLarge, Forbidden, NotAuthenticated
from broadcast.models import Person, Role

from .edge import now, system

LARGEST: Final = 700_000_000  # bytes: an hour of 48 kHz stereo as WAV
AROUND: Final = 100_000  # bytes of a form around its file
ABANDONED_S: Final = 24 * 3600  # no upload takes so long
FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})

View = TypeVar("View", bound=Callable[..., Any])


def takes_recording(view: View) -> View:
    """Mark a view that may get a file of up to LARGEST bytes from an editor."""
    view.takes_recording = True  # type: ignore[attr-defined]
    return view


class UploadRequest(Request):
    """Keeps a large file where there is room for it, under a name of its own until the request is over."""

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        if not _is_large():
            return super()._get_file_stream(total_content_length, content_type, filename, content_length)
        return tempfile.NamedTemporaryFile(dir=folder(), prefix="upload-")  # closed with the request


def folder() -> Path:
    """Beside the library, so that what fits here fits there; what a killed process left is removed."""
    path: Path = system().settings.data_dir / "uploads"
    path.mkdir(parents=True, exist_ok=True)
    for left in path.iterdir():
        with contextlib.suppress(FileNotFoundError):  # another request may be done with it
            if left.stat().st_mtime < now().timestamp() - ABANDONED_S:
                left.unlink()
    return path


def install(app: Flask) -> None:
    """Before the CSRF guard, which reads the form."""
    app.request_class = UploadRequest
    app.before_request(_open_gate)
    app.add_template_global(lambda: LARGEST, "largest_recording")


def _is_large() -> bool:
    view = current_app.view_functions.get(request.endpoint or "")
    return bool(getattr(view, "takes_recording", False))


def _open_gate() -> None:
    """Errors: NotAuthenticated, Forbidden, FileTooLarge, DiskFull."""
    if not _is_large():
        return
    _require_editor(system().database)
    size = request.content_length or 0
    if size > LARGEST + AROUND:
        raise FileTooLarge(limit=LARGEST)
    system().library.check_space(size)
    request.max_content_length = LARGEST + AROUND
    try:
        request.files  # noqa: B018 - reads the form now, where a full disk can be told as such
    except OSError as error:
        if error.errno in FULL:
            raise DiskFull(path=str(folder())) from error
        raise


def _require_editor(database: Database) -> None:
    """Whether the very area may be used is asked when the form is read."""
    with database.transaction(read_only=True) as transaction:
        person = transaction.get(Person, session.get("person_id", 0))
        if person is None or not person.active or person.session_epoch != session.get("epoch"):
            raise NotAuthenticated()
        if not any(grant.role is Role.EDITOR for grant in person.grants):
            raise Forbidden(role=Role.EDITOR.value)
