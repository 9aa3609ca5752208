"""The tree of areas, with a closure table so that every question about it is one indexed query."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, Select, delete, insert, literal, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from broadcast.errors import (
    AlreadyExists,
    AreaCycle,
    EmptyTitle,
    InvalidCode,
    InvalidPosition,
    InvalidWindow,
    UnknownArea,
    ValueTooLong,
)
from broadcast.models import Area, AreaClosure, AreaKind
from broadcast.storage import audit, events
from broadcast.storage.chunks import chunks
from broadcast.storage.database import take_turn

TURN = 0x7474_0004  # the tree changes rarely: one change at a time keeps its closure whole
CODE = re.compile(r"(?=.{1,35}\Z)[0-9A-Z]+(\.[0-9A-Z]+)*")
HOUR = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
NAME_LIMIT = 120


@dataclass(frozen=True)
class Node:
    """An area with what is below it, in order of the codes."""

    area: Area
    children: tuple[Node, ...] = field(default=())

    def walk(self) -> Iterator[Node]:
        yield self
        for child in self.children:
            yield from child.walk()


def create(
    session: Session,
    *,
    code: str,
    name: str,
    kind: AreaKind,
    parent_id: int | None,
    now: dt.datetime,
    person_id: int | None = None,
    latitude: float | None = None,
    longitude: float | None = None,
    window_start: str = "05:00",
    window_end: str = "21:30",
) -> Area:
    """Add an area; the window is when its loudspeakers may sound, local time."""
    _check(code, name, latitude, longitude, (window_start, window_end))
    take_turn(session, TURN)
    if session.scalar(select(Area.id).where(Area.code == code)) is not None:
        raise AlreadyExists(kind="area", value=code)
    parent = None if parent_id is None else get(session, parent_id)
    area = Area(
        code=code,
        name=name.strip(),
        kind=kind,
        parent_id=parent_id,
        level=0 if parent is None else parent.level + 1,
        latitude=latitude,
        longitude=longitude,
        window_start=window_start,
        window_end=window_end,
    )
    session.add(area)
    session.flush()
    _close(session, area)
    audit.record(
        session,
        now=now,
        person_id=person_id,
        action="area.create",
        subject=f"area:{area.id}",
        code=code,
        name=name,
    )
    return area


def get(session: Session, area_id: int) -> Area:
    """Errors: UnknownArea."""
    area = session.get(Area, area_id)
    if area is None:
        raise UnknownArea(area_id=area_id)
    return area


def by_code(session: Session, code: str) -> Area:
    """Errors: UnknownArea."""
    area = session.scalar(select(Area).where(Area.code == code))
    if area is None:
        raise UnknownArea(code=code)
    return area


def ancestors(session: Session, area_id: int) -> list[Area]:
    """The area itself first, then its parent, up to the root."""
    query = (
        select(Area)
        .join(AreaClosure, AreaClosure.ancestor_id == Area.id)
        .where(AreaClosure.descendant_id == area_id)
        .order_by(AreaClosure.depth)
    )
    found = list(session.scalars(query))
    if not found:
        raise UnknownArea(area_id=area_id)
    return found


def chains(session: Session, area_ids: Collection[int]) -> dict[int, list[Area]]:
    """As ``ancestors``, of many areas; of what is none there is nothing."""
    query = select(AreaClosure.descendant_id, Area).join(Area, Area.id == AreaClosure.ancestor_id)
    found: dict[int, list[Area]] = {}
    for ids in chunks(sorted(area_ids)):
        paths = query.where(AreaClosure.descendant_id.in_(ids)).order_by(AreaClosure.depth)
        for area_id, above in session.execute(paths):
            found.setdefault(area_id, []).append(above)
    return found


def descendants(session: Session, area_id: int) -> set[int]:
    """The ids of the area itself and of everything below it."""
    return set(session.scalars(below(area_id)))


def tree(session: Session, root_ids: Iterable[int]) -> list[Node]:
    """The roots with all that is below them; a root below another root is shown there only."""
    wanted = set(root_ids)
    query = (
        select(Area)
        .where(Area.id.in_(select(AreaClosure.descendant_id).where(AreaClosure.ancestor_id.in_(wanted))))
        .order_by(Area.code)
    )
    areas = list(session.scalars(query))
    ids = {area.id for area in areas}
    children: dict[int | None, list[Area]] = {}
    for area in areas:
        children.setdefault(area.parent_id if area.parent_id in ids else None, []).append(area)
    return [_node(area, children) for area in children.get(None, [])]


def move(
    session: Session, area_id: int, *, parent_id: int | None, now: dt.datetime, person_id: int | None = None
) -> Area:
    """Hang an area with all below it under another; codes, history and schedules stay as they are.

    For a person use ``approval_rules.move``: a stricter rule may hold there.
    """
    take_turn(session, TURN)
    area = get(session, area_id)
    session.refresh(area)
    if parent_id in descendants(session, area_id):
        raise AreaCycle(area_id=area_id, parent_id=parent_id)
    parent = None if parent_id is None else get(session, parent_id)
    before = area.parent_id
    _detach(session, area_id)
    _attach(session, area_id, parent_id)
    shift = (0 if parent is None else parent.level + 1) - area.level
    session.execute(update(Area).where(Area.id.in_(below(area_id))).values(level=Area.level + shift))
    area.parent_id = parent_id
    session.flush()
    session.refresh(area)
    detail = {"before": before, "after": parent_id}
    audit.record(
        session, now=now, person_id=person_id, action="area.move", subject=f"area:{area_id}", **detail
    )
    events.emit(session, now=now, kind="area", area_id=area_id, subject=area_id, moved=True)
    return area


def set_window(
    session: Session, area_id: int, *, start: str, end: str, now: dt.datetime, person_id: int | None = None
) -> Area:
    """When the area's loudspeakers may sound, ``HH:MM`` local time."""
    area = get(session, area_id)
    _check(area.code, area.name, None, None, (start, end))
    before = f"{area.window_start}-{area.window_end}"
    area.window_start, area.window_end = start, end
    detail = {"before": before, "after": f"{start}-{end}"}
    audit.record(
        session, now=now, person_id=person_id, action="area.window", subject=f"area:{area_id}", **detail
    )
    events.emit(session, now=now, kind="area", area_id=area_id, subject=area_id)
    return area


def _check(
    code: str, name: str, latitude: float | None, longitude: float | None, window: tuple[str, str]
) -> None:
    if not CODE.fullmatch(code):
        raise InvalidCode(value=code)
    if not name.strip():
        raise EmptyTitle(field="name")
    if len(name) > NAME_LIMIT:
        raise ValueTooLong(field="name", count=len(name), limit=NAME_LIMIT)
    bad = next((hour for hour in window if not HOUR.fullmatch(hour)), None)
    if bad is not None:
        raise InvalidWindow(value=bad)
    if not -90 <= (latitude or 0) <= 90 or not -180 <= (longitude or 0) <= 180:
        raise InvalidPosition(latitude=latitude, longitude=longitude)


def _close(session: Session, area: Area) -> None:
    """Enter a new leaf into the closure: its parent's ancestors one step farther, and itself."""
    above = select(AreaClosure.ancestor_id, literal(area.id), AreaClosure.depth + 1).where(
        AreaClosure.descendant_id == area.parent_id
    )
    columns = ["ancestor_id", "descendant_id", "depth"]
    session.execute(insert(AreaClosure).from_select(columns, above))
    session.execute(insert(AreaClosure).values(ancestor_id=area.id, descendant_id=area.id, depth=0))


def below(area_id: int) -> Select[int]:
    """The ids of the area itself and of everything below it, as a subquery."""
    return select(AreaClosure.descendant_id).where(AreaClosure.ancestor_id == area_id)


def above(area_id: int) -> Select[int]:
    """The ids of the area itself and of everything above it, as a subquery."""
    return select(AreaClosure.ancestor_id).where(AreaClosure.descendant_id == area_id)


def in_line(column: InstrumentedAttribute[int], area_id: int) -> ColumnElement[bool]:
    """What belongs to the area, to one above it or to one below it: all that can be heard in it."""
    return column.in_(above(area_id)) | column.in_(below(area_id))


def _detach(session: Session, area_id: int) -> None:
    moved = below(area_id)
    pairs = AreaClosure.descendant_id.in_(moved) & AreaClosure.ancestor_id.not_in(moved)
    session.execute(delete(AreaClosure).where(pairs).execution_options(synchronize_session=False))


def _attach(session: Session, area_id: int, parent_id: int | None) -> None:
    upper, lower = aliased(AreaClosure), aliased(AreaClosure)
    pairs = (
        select(upper.ancestor_id, lower.descendant_id, upper.depth + lower.depth + 1)
        .join(lower, lower.ancestor_id == area_id)
        .where(upper.descendant_id == parent_id)
    )
    session.execute(insert(AreaClosure).from_select(["ancestor_id", "descendant_id", "depth"], pairs))


def _node(area: Area, children: dict[int | None, list[Area]]) -> Node:
    return Node(area, tuple(_node(child, children) for child in children.get(area.id, [])))
