"""What people change about themselves: name, title and the language of the pages."""

from __future__ import annotations

import datetime as dt

from sqlalchemy.orm import Session

from broadcast.errors import EmptyTitle, InvalidInput, ValueTooLong
from broadcast.models import Person
from broadcast.storage import audit

from .people import NAME_LIMIT

LANGUAGES = ("vi", "en")


def rename(session: Session, person: Person, *, name: str, title: str, now: dt.datetime) -> None:
    """Errors: EmptyTitle, ValueTooLong."""
    name, title = name.strip(), title.strip()
    if not name:
        raise EmptyTitle(field="name")
    for field, value in (("name", name), ("title", title)):
        if len(value) > NAME_LIMIT:
            raise ValueTooLong(field=field, count=len(value), limit=NAME_LIMIT)
    before = f"{person.name} | {person.title}"
    person.name, person.title = name, title
    audit.record(
        session,
        now=now,
        person_id=person.id,
        action="person.rename",
        subject=f"person:{person.id}",
        before=before,
        after=f"{name} | {title}",
    )
    session.flush()


def set_language(session: Session, person: Person, language: str) -> None:
    """Errors: InvalidInput."""
    if language not in LANGUAGES:
        raise InvalidInput(field="language", value=language)
    person.language = language
    session.flush()
