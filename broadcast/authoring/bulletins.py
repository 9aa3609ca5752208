"""Bulletins: write, find and change them; every change of the words makes a new version."""

from __future__ import annotations

import datetime as dt
from typing import Any, Unpack

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from broadcast.errors import EmptyTitle, InvalidInput, NotFound, StaleVersion, WrongState
from broadcast.folding import fold
from broadcast.models import Bulletin, BulletinState, BulletinVersion, Person, Role
from broadcast.storage import audit
from broadcast.storage.pages import Page, cut
from broadcast.units import areas, permissions
from devices.messages import BulletinClass
from tts.lexicon import Lexicon
from tts.types import SpokenText

from . import content, rendering, speech, versions, voiding
from .approval import (
    approve,
    approved_version,
    decisions,
    locked,
    recall,
    restore,
    send_back,
    submit,
    void_approvals,
    withdraw,
    writer,
)
from .content import Content, Imported, PartContent

__all__ = [
    "Content",
    "Imported",
    "Page",
    "PartContent",
    "approve",
    "approved_version",
    "create",
    "decisions",
    "edit",
    "get",
    "import_file",
    "read_aloud",
    "recall",
    "restore",
    "search",
    "send_back",
    "submit",
    "withdraw",
]


def create(
    session: Session, person: Person, *, area_id: int, now: dt.datetime, **words: Unpack[Content]
) -> Bulletin:
    """Write a bulletin for an area; its audio is made at once.

    Errors: UnknownArea, Forbidden, and those of ``content.checked``.
    """
    values = content.checked(words)
    if "title" not in values:
        raise EmptyTitle(field="title")
    areas.get(session, area_id)
    permissions.require(person, writer(values.get("klass")), area_id, session)
    values = versions.complete(session, person, area_id, values)
    bulletin = Bulletin(
        area_id=area_id,
        author_id=person.id,
        created_at=now,
        updated_at=now,
        version_number=1,
        **_of_bulletin(values),
    )
    session.add(bulletin)
    session.flush()
    _add_version(session, bulletin, person, values, now)
    _changed(session, bulletin, person, "bulletin.create", now)
    return bulletin


def edit(
    session: Session,
    person: Person,
    bulletin_id: int,
    *,
    expected_version: int,
    now: dt.datetime,
    **words: Unpack[Content],
) -> Bulletin:
    """Change what is given; the bulletin is a draft again and every approval of it is void.

    Saving without a change changes nothing. Errors: StaleVersion when another has saved since,
    WrongState when withdrawn, Forbidden, and those of ``content.checked``.
    """
    values = content.checked(words)
    bulletin = locked(session, bulletin_id)
    permissions.require(person, writer(bulletin.klass), bulletin.area_id, session)
    permissions.require(person, writer(values.get("klass", bulletin.klass)), bulletin.area_id, session)
    if bulletin.version_number != expected_version:
        raise StaleVersion(expected=expected_version, current=bulletin.version_number)
    if bulletin.state is BulletinState.WITHDRAWN:
        raise WrongState(state=bulletin.state.value, action="edit")
    before = {name: getattr(bulletin, name) for name in content.OF_BULLETIN}
    before |= versions.values_of(bulletin.current)
    values = versions.complete(session, person, bulletin.area_id, values, before)
    changed = sorted(name for name, value in values.items() if before[name] != value)
    if not changed:
        return bulletin
    for name, value in _of_bulletin(values).items():
        setattr(bulletin, name, value)
    rendering.cancel(session, bulletin.current)
    void_approvals(session, bulletin, now)
    bulletin.version_number += 1
    bulletin.state = BulletinState.DRAFT
    _add_version(session, bulletin, person, {**before, **values}, now)
    _changed(session, bulletin, person, "bulletin.edit", now, changed=changed)
    return bulletin


def get(session: Session, person: Person, bulletin_id: int) -> Bulletin:
    """A bulletin with its current version, area and author loaded. Errors: NotFound, Forbidden."""
    bulletin = session.scalar(select(Bulletin).where(Bulletin.id == bulletin_id).options(*_LOADED))
    if bulletin is None:
        raise NotFound(kind="bulletin", id=bulletin_id)
    permissions.require(person, Role.VIEWER, bulletin.area_id, session)
    return bulletin


def search(
    session: Session,
    person: Person,
    *,
    query: str = "",
    state: BulletinState | None = None,
    klass: BulletinClass | None = None,
    area_id: int | None = None,
    page: int = 1,
    per_page: int = 20,
) -> Page[Bulletin]:
    """The bulletins that ``person`` may see, newest change first.

    Every word of ``query`` must occur in the title or the text, in any case and with or without
    accents. Without ``state`` the withdrawn ones are left out.
    """
    found = select(Bulletin).where(Bulletin.area_id.in_(permissions.visible(person)))
    if state is None:
        found = found.where(Bulletin.state != BulletinState.WITHDRAWN)
    else:
        found = found.where(Bulletin.state == state)
    if klass is not None:
        found = found.where(Bulletin.klass == klass)
    if area_id is not None:
        found = found.where(Bulletin.area_id.in_(areas.below(area_id)))
    for word in fold(query).split():
        found = found.where(Bulletin.folded.contains(word, autoescape=True))
    ordered = found.order_by(Bulletin.updated_at.desc(), Bulletin.id.desc()).options(*_LOADED)
    return cut(session, ordered, page, per_page)


def import_file(data: bytes, filename: str) -> Imported:
    """Title and text of an uploaded UTF-8 file.

    Errors, with the file's name: NotText, EmptyBulletin, TextTooLong.
    """
    try:
        return content.from_file(data)
    except InvalidInput as error:
        error.params["filename"] = filename
        raise


def read_aloud(text: str, language: str = "vi", lexicon: Lexicon = speech.NO_ENTRIES) -> SpokenText:
    """The text as it will be read where ``lexicon`` holds: that of ``lexicon.for_area``."""
    return speech.read_aloud(speech.clean(text), language, lexicon)


_LOADED = (
    joinedload(Bulletin.current).joinedload(BulletinVersion.clip),
    joinedload(Bulletin.area),
    joinedload(Bulletin.author),
)


def _of_bulletin(values: dict[str, Any]) -> dict[str, Any]:
    return {name: values[name] for name in content.OF_BULLETIN if name in values}


def _add_version(
    session: Session, bulletin: Bulletin, person: Person, values: dict[str, Any], now: dt.datetime
) -> None:
    version = versions.add(session, bulletin, person, values, now)
    bulletin.folded = versions.folded(version)
    bulletin.updated_at = now
    session.flush()
    session.expire(bulletin, ["current", "versions"])
    rendering.request(session, version, now)


def _changed(
    session: Session, bulletin: Bulletin, person: Person, action: str, now: dt.datetime, **detail: object
) -> None:
    version = bulletin.current
    detail |= {"version": version.number, "text_sha256": version.text_sha256, "title": version.title}
    audit.record(
        session, now=now, person_id=person.id, action=action, subject=f"bulletin:{bulletin.id}", **detail
    )
    voiding.announce(session, bulletin, now)
