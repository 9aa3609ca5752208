"""The stations that a unit carries: tried before they are offered, offered to all below, retired."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from broadcast.errors import AlreadyExists, ValueTooLong
from broadcast.models import Person, RelayStation, Role
from broadcast.relay_errors import RelayUnusable
from broadcast.units import areas, permissions
from devices import relay
from devices.errors import RelayCodec, RelayError
from devices.relay import Findings, Reach
from schedules.slots import Kind, Slot

from .offering import Offering, checked_title, named_in

URL_LIMIT = 1000
STATIONS = Offering(
    RelayStation,
    "relay",
    (RelayStation.title, RelayStation.id),
    lambda station: {"title": station.title, "error": station.check_error},
)
offered, get, retire, restore = STATIONS.offered, STATIONS.get, STATIONS.retire, STATIONS.restore


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
        title=checked_title(title or found.title),
        url=url,
        media_type=found.media_type,
        bit_rate=found.bit_rate,
        checked_at=now,
        check_error="",
        created_by=person.id,
        created_at=now,
    )
    session.add(station)
    STATIONS.tell(session, person, station, "add", now)
    return station


def receivable(session: Session, area_id: int, held: Iterable[Slot]) -> dict[int, str]:
    """The titles of the stations in these slots that are offered to their area; others are retired."""
    ids = named_in(held, (Kind.RELAY,))
    if not ids:
        return {}
    query = select(RelayStation.id, RelayStation.title).where(
        RelayStation.id.in_(ids), STATIONS.reaches(area_id)
    )
    return {row.id: row.title for row in session.execute(query)}


def note_check(
    session: Session, person: Person, station_id: int, found: Findings | RelayUnusable, *, now: dt.datetime
) -> RelayStation:
    """Keep what a new trial has found. What is planned with it stays: it may be heard again by then.

    Errors: NotFound, Forbidden.
    """
    station = STATIONS.editable(session, person, station_id)
    station.checked_at = now
    if isinstance(found, RelayUnusable):
        station.check_error = str(found.params["why"])
    else:
        station.media_type, station.bit_rate, station.check_error = found.media_type, found.bit_rate, ""
    STATIONS.tell(session, person, station, "check", now)
    return station
