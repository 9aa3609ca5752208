"""Where a loudspeaker hangs: its area, name, position and picture, and its move to another place."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy.orm import Session

from broadcast.errors import EmptyTitle, InvalidPosition, NotFound, ValueTooLong, WrongState
from broadcast.models import Loudspeaker, Person, Role
from broadcast.units import areas, permissions

from . import registry

NAME_LIMIT = 120
NOTE_LIMIT = 500


@dataclass(frozen=True, slots=True)
class Place:
    """Where a loudspeaker hangs; an empty ``photo_sha256`` keeps the picture there is."""

    area_id: int
    name: str
    latitude: float | None = None
    longitude: float | None = None
    note: str = ""
    photo_sha256: str = ""


def move(
    session: Session, person: Person, loudspeaker_id: int, place: Place, now: dt.datetime
) -> Loudspeaker:
    """Another name, position, picture or area, in another commune too; history and key stay.

    Errors: NotFound, Forbidden here or there, WrongState, UnknownArea, EmptyTitle, …
    """
    loudspeaker = owned(session, person, loudspeaker_id)
    registry.move(session, person, loudspeaker_id=loudspeaker_id, area_id=place.area_id, now=now)
    put(session, person, loudspeaker, place)
    registry.tell(session, person, loudspeaker, "loudspeaker.place", now)
    return loudspeaker


def put(session: Session, person: Person, loudspeaker: Loudspeaker, place: Place) -> None:
    """Fill in a place. Errors: UnknownArea, Forbidden, EmptyTitle, ValueTooLong, InvalidPosition."""
    area = areas.get(session, place.area_id)
    permissions.require(person, Role.ADMIN, area, session)
    if not place.name.strip():
        raise EmptyTitle(field="name")
    for field, value, limit in (("name", place.name, NAME_LIMIT), ("note", place.note, NOTE_LIMIT)):
        if len(value) > limit:
            raise ValueTooLong(field=field, count=len(value), limit=limit)
    latitude, longitude = place.latitude, place.longitude
    if (latitude is None) != (longitude is None):
        raise InvalidPosition(latitude=latitude, longitude=longitude)
    if latitude is not None and longitude is not None and (abs(latitude) > 90 or abs(longitude) > 180):
        raise InvalidPosition(latitude=latitude, longitude=longitude)
    loudspeaker.area_id, loudspeaker.name, loudspeaker.note = area.id, place.name.strip(), place.note.strip()
    loudspeaker.latitude, loudspeaker.longitude = latitude, longitude
    loudspeaker.photo_sha256 = place.photo_sha256 or loudspeaker.photo_sha256 or ""


def owned(session: Session, person: Person, loudspeaker_id: int) -> Loudspeaker:
    """One in service that the person manages, nobody else's to change until the transaction is over.

    Errors: NotFound, Forbidden, WrongState.
    """
    loudspeaker = session.get(Loudspeaker, loudspeaker_id, with_for_update=True, populate_existing=True)
    if loudspeaker is None or not permissions.may(person, Role.VIEWER, loudspeaker.area_id, session):
        raise NotFound(kind="loudspeaker", id=loudspeaker_id)
    permissions.require(person, Role.ADMIN, loudspeaker.area_id, session)
    if loudspeaker.retired_at is not None:
        raise WrongState(state="retired", action="claim")
    return loudspeaker
