"""The stations that a unit carries: tried before they are offered, offered to all below, retired."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from broadcast.errors import AlreadyExists, EmptyTitle, NotFound, TitleTooLong, ValueTooLong, WrongState
from broadcast.models import AreaClosure, Person, RelayStation, Role
from broadcast.relay_errors import RelayUnusable
from broadcast.storage import audit, events
from broadcast.units import areas, permissions
from devices import relay
from devices.errors import RelayCodec, RelayError
from devices.relay import Findings, Reach
from schedules.slots import Kind, Slot

TITLE_LIMIT = 200
URL_LIMIT = 1000


def examine(url: str, reach: Reach, *, within_s: float = 12.0) -> Findings:
    """Listen to a stream for some seconds; no transaction should be open meanwhile.

    Errors: RelayUnusable, ValueTooLong.
    """
    if len(url) > URL_LIMIT:
        raise ValueTooLong(count=len(url), limit=URL_LIMIT)
    try:
        return relay.examine(url, reach, within_s=within_s)
    except RelayCodec as error:
        raise RelayUnusable(why=error.code, codec=error.codec) from error
    except RelayError as error:
        raise RelayUnusable(why=error.code) from error


def add(
    session: Session,
    person: Person,
    area_id: int,
    *,
    title: str,
    url: str,
    found: Findings,
    now: dt.datetime,
) -> RelayStation:
    """Offer a stream that was examined to the slots of an area and of all below it.

    Errors: UnknownArea, Forbidden, EmptyTitle, TitleTooLong, AlreadyExists (the same stream).
    """
    area = areas.get(session, area_id)
    permissions.require(person, Role.EDITOR, area, session)
    if any(each.url == url for each in offered(session, area_id)):
        raise AlreadyExists(kind="relay", value=url)
    station = RelayStation(
        area_id=area.id,
        title=_checked_title(title or found.title),
        url=url,
        media_type=found.media_type,
        bit_rate=found.bit_rate,
        checked_at=now,
        check_error="",
        created_by=person.id,
        created_at=now,
    )
    session.add(station)
    _tell(session, person, station, "relay.add", now)
    return station


def offered(session: Session, area_id: int) -> list[RelayStation]:
    """What a slot of the area may carry: its own stations and those from above, by title."""
    query = select(RelayStation).where(
        RelayStation.area_id.in_(_above(area_id)), RelayStation.retired_at.is_(None)
    )
    return list(session.scalars(query.order_by(RelayStation.title, RelayStation.id)))


def receivable(session: Session, area_id: int, held: Iterable[Slot]) -> dict[int, str]:
    """The titles of the stations in these slots that are offered to their area; others are retired."""
    refs = {entry.ref for slot in held for entry in slot.entries if entry.kind is Kind.RELAY}
    ids = sorted(int(ref) for ref in refs if ref.isascii() and ref.isdecimal() and len(ref) < 10)
    if not ids:
        return {}
    query = select(RelayStation.id, RelayStation.title).where(
        RelayStation.id.in_(ids),
        RelayStation.area_id.in_(_above(area_id)),
        RelayStation.retired_at.is_(None),
    )
    return {row.id: row.title for row in session.execute(query)}


def get(session: Session, person: Person, station_id: int) -> RelayStation:
    """Errors: NotFound, also for one that is offered nowhere where the person may look."""
    station = session.get(RelayStation, station_id)
    if station is None or not _may_see(session, person, station):
        raise NotFound(kind="relay", id=station_id)
    return station


def note_check(
    session: Session, person: Person, station_id: int, found: Findings | RelayUnusable, *, now: dt.datetime
) -> RelayStation:
    """Keep what a new trial has found. What is planned with it stays: it may be heard again by then.

    Errors: NotFound, Forbidden.
    """
    station = _editable(session, person, station_id)
    station.checked_at = now
    if isinstance(found, RelayUnusable):
        station.check_error = str(found.params["why"])
    else:
        station.media_type, station.bit_rate, station.check_error = found.media_type, found.bit_rate, ""
    _tell(session, person, station, "relay.check", now)
    return station


def retire(session: Session, person: Person, station_id: int, *, now: dt.datetime) -> RelayStation:
    """Slots that have it play on without it. Errors: NotFound, Forbidden, WrongState."""
    station = _editable(session, person, station_id)
    if station.retired_at is not None:
        raise WrongState(kind="relay", state="retired", action="retire")
    station.retired_at = now
    _tell(session, person, station, "relay.retire", now)
    return station


def restore(session: Session, person: Person, station_id: int, *, now: dt.datetime) -> RelayStation:
    """Errors: NotFound, Forbidden, WrongState."""
    station = _editable(session, person, station_id)
    if station.retired_at is None:
        raise WrongState(kind="relay", state="offered", action="restore")
    station.retired_at = None
    _tell(session, person, station, "relay.restore", now)
    return station


def _above(area_id: int) -> Select[int]:
    return select(AreaClosure.ancestor_id).where(AreaClosure.descendant_id == area_id)


def _editable(session: Session, person: Person, station_id: int) -> RelayStation:
    station = get(session, person, station_id)
    permissions.require(person, Role.EDITOR, station.area_id, session)
    return station


def _may_see(session: Session, person: Person, station: RelayStation) -> bool:
    query = select(AreaClosure.descendant_id).where(
        AreaClosure.ancestor_id == station.area_id,
        AreaClosure.descendant_id.in_(permissions.visible(person)),
    )
    return session.scalar(query.limit(1)) is not None


def _checked_title(title: str) -> str:
    title = " ".join(title.split())
    if not title:
        raise EmptyTitle(field="title")
    if len(title) > TITLE_LIMIT:
        raise TitleTooLong(count=len(title), limit=TITLE_LIMIT)
    return title


def _tell(session: Session, person: Person, station: RelayStation, action: str, now: dt.datetime) -> None:
    session.flush()
    subject, detail = f"relay:{station.id}", {"title": station.title, "error": station.check_error}
    audit.record(session, now=now, person_id=person.id, action=action, subject=subject, **detail)
    events.emit(session, now=now, kind="relay", area_id=station.area_id, subject=station.id)
