"""The fleet as people look at it: found, filtered, sorted and counted by the database, a page at a time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import ColumnElement, Label, RowMapping, Select, UnaryExpression, and_, func, select
from sqlalchemy.orm import Session

from broadcast.folding import fold
from broadcast.models import Area, AreaClosure, Broadcast, Loudspeaker, Person
from broadcast.storage.pages import Page, in_range
from broadcast.units import areas, permissions

from .conditions import BY_WEIGHT, HEARTBEAT, Conditions, Status

PER_PAGE = 50
BATCH = 500
SORTS = ("place", "name", "status", "seen", "firmware", "data")


@dataclass(frozen=True, slots=True)
class Row:
    """One loudspeaker in a list; ``statuses`` are all that hold, the weightiest first."""

    id: int
    device: str
    name: str
    area_id: int
    area_code: str
    area_name: str
    statuses: tuple[Status, ...]
    last_seen: dt.datetime | None
    proved_at: dt.datetime | None
    playing: str
    playing_title: str | None
    silenced: str
    faults: tuple[str, ...]
    clock: str
    maker: str
    hardware: str
    serial: str
    firmware: str
    volume: int
    used_bytes: int
    data_limit_mb: int | None
    key_expires_at: dt.datetime | None
    latitude: float | None
    longitude: float | None
    telemetry: Mapping[str, Any]  # the last it sent: signal, temperature, voltage, storage

    @property
    def status(self) -> Status:
        return self.statuses[0]


@dataclass(frozen=True, slots=True)
class Filter:
    """What of the fleet is meant; empty: all of it."""

    query: str = ""
    area_id: int | None = None
    status: Status | None = None
    maker: str | None = None
    firmware: str | None = None
    playing: bool = False  # only those that sound now


def search(
    session: Session,
    person: Person,
    *,
    query: str = "",
    area_id: int | None = None,
    status: Status | None = None,
    maker: str | None = None,
    firmware: str | None = None,
    playing: bool = False,
    sort: str = "place",
    page: int = 1,
    per_page: int = PER_PAGE,
    now: dt.datetime,
    heartbeat: dt.timedelta = HEARTBEAT,
) -> Page[Row]:
    """One page of what the person may see; a ``sort`` that begins with ``-`` is turned round.

    Retired ones are there only when that status is asked for.
    """
    conditions = Conditions(now, heartbeat)
    chosen = where(person, Filter(query, area_id, status, maker, firmware, playing), conditions)
    total = session.scalar(select(func.count()).select_from(Loudspeaker).where(*chosen)) or 0
    page, per_page = in_range(page, per_page, total)
    cut = _ordered(select(Loudspeaker.id).where(*chosen), sort, conditions)
    ids = cut.limit(per_page).offset((page - 1) * per_page).subquery()
    columns = _columns(conditions)
    rows = _ordered(_rows(*columns).join(ids, ids.c.id == Loudspeaker.id), sort, conditions)
    return Page([_row(each) for each in session.execute(rows).mappings()], page, per_page, total)


def every(
    session: Session,
    person: Person,
    wanted: Filter,
    *,
    now: dt.datetime,
    heartbeat: dt.timedelta = HEARTBEAT,
) -> Iterator[Row]:
    """All that ``search`` would show on its pages, read as it is used: for exports."""
    conditions = Conditions(now, heartbeat)
    chosen = _rows(*_columns(conditions)).where(*where(person, wanted, conditions))
    query = _ordered(chosen, "place", conditions).execution_options(yield_per=BATCH)
    return (_row(each) for each in session.execute(query).mappings())


def counts(
    session: Session,
    person: Person,
    *,
    query: str = "",
    area_id: int | None = None,
    maker: str | None = None,
    firmware: str | None = None,
    now: dt.datetime,
    heartbeat: dt.timedelta = HEARTBEAT,
) -> dict[Status, int]:
    """How many of each status, with those of which there is none; retired ones are not counted."""
    conditions = Conditions(now, heartbeat)
    status = conditions.status.label("status")
    chosen = where(person, Filter(query, area_id, None, maker, firmware), conditions)
    grouped = select(status, func.count()).select_from(Loudspeaker).where(*chosen).group_by(status)
    found = {Status(name): count for name, count in session.execute(grouped)}
    return {each: found.get(each, 0) for each in Status if each is not Status.RETIRED}


def status_of(
    session: Session, loudspeaker: Loudspeaker, now: dt.datetime, heartbeat: dt.timedelta = HEARTBEAT
) -> tuple[Status, ...]:
    """All that hold for one loudspeaker, the weightiest first."""
    session.flush()
    labels = _labels(Conditions(now, heartbeat))
    held = session.execute(select(*labels).where(Loudspeaker.id == loudspeaker.id)).mappings().one()
    return _statuses(held)


def choices(session: Session, person: Person) -> tuple[list[str], list[str]]:
    """The makers and the firmwares there are, for the filters."""
    mine = Loudspeaker.area_id.in_(permissions.visible(person))
    found = []
    for column in (Loudspeaker.maker, Loudspeaker.firmware):
        query = select(column).where(mine, Loudspeaker.retired_at.is_(None), column != "")
        found.append(sorted(session.scalars(query.distinct())))
    return found[0], found[1]


def where(person: Person | None, wanted: Filter, conditions: Conditions) -> list[ColumnElement[bool]]:
    """The loudspeakers that are meant, of those the person may see; None sees all."""
    chosen: list[ColumnElement[bool]] = []
    if person is not None:
        chosen.append(Loudspeaker.area_id.in_(permissions.visible(person)))
    if wanted.area_id is not None:
        chosen.append(Loudspeaker.area_id.in_(areas.below(wanted.area_id)))
    if wanted.status is not Status.RETIRED:
        chosen.append(Loudspeaker.retired_at.is_(None))
    if wanted.status is not None:
        chosen.append(conditions.status == wanted.status.value)
    if wanted.maker is not None:
        chosen.append(Loudspeaker.maker == wanted.maker)
    if wanted.firmware is not None:
        chosen.append(Loudspeaker.firmware == wanted.firmware)
    if wanted.playing:
        chosen.append(Loudspeaker.playing != "")
    return chosen + matches(wanted.query)


def matches(query: str) -> list[ColumnElement[bool]]:
    """Every word must be in its name, its device, its serial number or its note, with accents or without."""
    return [Loudspeaker.folded.contains(word, autoescape=True) for word in fold(query).split()]


def _rows(*columns: Label[Any]) -> Select[*tuple[Any, ...]]:
    # What it says that it plays is its own word, not even signed: it names nothing of another commune.
    above = select(AreaClosure.ancestor_id).where(AreaClosure.descendant_id == Loudspeaker.area_id)
    playing = and_(Broadcast.occurrence == Loudspeaker.playing, Broadcast.area_id.in_(above))
    return select(*columns).select_from(Loudspeaker).outerjoin(Broadcast, playing)


def _ordered(query: Select[Any], sort: str, conditions: Conditions) -> Select[Any]:
    query = query.join(Area, Area.id == Loudspeaker.area_id)
    keys: dict[str, ColumnElement[Any]] = {
        "name": Loudspeaker.name.expression,
        "status": conditions.status,
        "seen": Loudspeaker.last_seen.expression,
        "firmware": Loudspeaker.firmware.expression,
        "data": conditions.used_bytes,
    }
    key = keys.get(sort.removeprefix("-"), Area.code.expression)
    first: UnaryExpression[Any] = key.desc() if sort.startswith("-") else key.asc()
    return query.order_by(first.nulls_last(), Area.code, Loudspeaker.name, Loudspeaker.id)


def _labels(conditions: Conditions) -> list[Label[bool]]:
    return [holds.label(f"is_{status.value}") for status, holds in conditions.holding.items()]


def _columns(conditions: Conditions) -> list[Label[Any]]:
    plain: dict[str, Any] = {name: getattr(Loudspeaker, name) for name in _AS_STORED}
    others = {
        "area_code": Area.code,
        "area_name": Area.name,
        "playing_title": Broadcast.title,
        "used_bytes": conditions.used_bytes,
        "faults": Loudspeaker.faults,
        "report": Loudspeaker.report,
    }
    return [column.label(name) for name, column in (plain | others).items()] + _labels(conditions)


def _row(values: RowMapping) -> Row:
    said = {name: values[name] for name in (*_AS_STORED, *_JOINED)}
    return Row(
        **said,
        statuses=_statuses(values),
        faults=tuple(values["faults"].split()),
        telemetry=values["report"].get("tele", {}),
    )


_JOINED = ("area_code", "area_name", "playing_title", "used_bytes")


def _statuses(values: RowMapping) -> tuple[Status, ...]:
    return tuple(status for status in BY_WEIGHT if values[f"is_{status.value}"]) or (Status.ONLINE,)


_AS_STORED = tuple(
    each.name for each in fields(Row) if hasattr(Loudspeaker, each.name) and each.name != "faults"
)
