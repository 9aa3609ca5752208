"""The station of an area: how its bulletins sound unless their author says otherwise; inherited by field."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from broadcast.errors import InvalidInput, OutOfRange
from broadcast.models import Area, AreaKind, Person, Role, Station
from broadcast.storage import audit, events
from broadcast.units import areas, permissions

from . import content

OPENING = "Đây là Đài truyền thanh {place}."
UNITS = ("xã", "phường", "thị trấn", "thị xã", "đặc khu", "huyện", "quận", "thành phố", "tỉnh")
LIMITS = {"slot_minutes": (1, 180)}


@dataclass(frozen=True, slots=True)
class Sound:
    """What decides how a bulletin sounds besides its words."""

    engine: str = "auto"
    voice: str = "north"
    speed: float = 1.0
    preset: str = "standard"
    opening: str = ""
    closing: str = ""
    repeats: int = 1
    lead_in_s: float = 1.0
    slot_minutes: int = 15


FIELDS = tuple(each.name for each in fields(Sound))


def effective(session: Session, area_id: int) -> Sound:
    """What holds in an area; where nobody said anything, its name opens and nothing closes.

    Errors: UnknownArea.
    """
    chain = areas.ancestors(session, area_id)
    values: dict[str, Any] = {"opening": default_opening(chain)}
    said = _stations(session, chain)
    for area in reversed(chain):
        if area.id in said:
            values |= _own_values(said[area.id])
    return Sound(**values)


def origins(session: Session, area_id: int) -> dict[str, Area]:
    """By field, the nearest area that has said something; a field nobody speaks of is left out."""
    chain = areas.ancestors(session, area_id)
    said = _stations(session, chain)
    return {name: area for area in reversed(chain) if area.id in said for name in _own_values(said[area.id])}


def own(session: Session, area_id: int) -> Station | None:
    """What the area itself says."""
    return session.get(Station, area_id)


def save(
    session: Session, person: Person, area_id: int, *, values: Mapping[str, Any], now: dt.datetime
) -> Station:
    """Change the given fields, None: as in the area above. Bulletins that are written keep their sound.

    Errors: UnknownArea, Forbidden, VoiceInvalid, OutOfRange, ValueTooLong, NotText.
    """
    areas.get(session, area_id)
    permissions.require(person, Role.ADMIN, area_id, session)
    checked = _checked(values)
    station = session.get(Station, area_id)
    if station is None:
        station = Station(area_id=area_id)
        session.add(station)
    before = {name: getattr(station, name) for name in checked}
    changed = {name: (before[name], value) for name, value in checked.items() if before[name] != value}
    for name, value in checked.items():
        setattr(station, name, value)
    if changed or station.updated_at is None:
        station.updated_at, station.updated_by = now, person.id
        subject = f"area:{area_id}"
        audit.record(
            session, now=now, person_id=person.id, action="station.save", subject=subject, changed=changed
        )
        events.emit(session, now=now, kind="station", area_id=area_id)
    session.flush()
    return station


def default_opening(chain: list[Area]) -> str:
    """A village speaks in the name of its commune."""
    area = next((each for each in chain if each.kind is not AreaKind.VILLAGE), chain[0])
    unit = any(area.name.lower().startswith(f"{word} ") for word in UNITS)
    place = area.name[:1].lower() + area.name[1:] if unit else area.name
    return OPENING.format(place=place)


def _stations(session: Session, chain: list[Area]) -> dict[int, Station]:
    query = select(Station).where(Station.area_id.in_([area.id for area in chain]))
    return {station.area_id: station for station in session.scalars(query)}


def _own_values(station: Station) -> dict[str, Any]:
    found = {name: getattr(station, name) for name in FIELDS}
    return {name: value for name, value in found.items() if value is not None}


def _checked(values: Mapping[str, Any]) -> dict[str, Any]:
    unknown = set(values) - set(FIELDS)
    if unknown:
        raise InvalidInput(field=min(unknown))
    said = {name: value for name, value in values.items() if value is not None}
    checked = dict.fromkeys(values) | content.checked_sound(said)
    for name, (minimum, maximum) in LIMITS.items():
        if name in said and not minimum <= said[name] <= maximum:
            raise OutOfRange(field=name, value=said[name], minimum=minimum, maximum=maximum)
    return checked
