"""Which slots a change concerns: what was offered to them or framed them is not what it was."""

from __future__ import annotations

from collections.abc import Collection
from functools import cached_property

from sqlalchemy import select
from sqlalchemy.orm import Session

from broadcast.authoring.sounds import KINDS
from broadcast.models import AreaClosure, Bulletin, Schedule
from broadcast.storage.chunks import chunks
from schedules import slots
from schedules.slots import Kind, Slot

from .offers import fixed_in


class Slots:
    """The slots on the air; they are read when the first question needs them."""

    def __init__(self, session: Session) -> None:
        self._session = session

    @cached_property
    def _known(self) -> dict[int, tuple[int, Slot]]:
        query = select(Schedule.id, Schedule.area_id, Schedule.slot).where(
            Schedule.slot.is_not(None), Schedule.withdrawn_at.is_(None)
        )
        rows = self._session.execute(query)
        return {row.id: (row.area_id, slots.from_dict(row.slot)) for row in rows}

    def all(self) -> set[int]:
        return set(self._known)

    def of(self, area_ids: Collection[int]) -> set[int]:
        """Those of these areas themselves."""
        return (
            {id_ for id_, (area_id, _) in self._known.items() if area_id in area_ids} if area_ids else set()
        )

    def offered(self, bulletin_ids: Collection[int]) -> set[int]:
        """Those into which the bulletins may flow, and those with a place for one of them."""
        if not bulletin_ids or not self._known:
            return set()
        near: set[int] = set()
        for ids in chunks(sorted(bulletin_ids)):
            whose = select(Bulletin.area_id).where(Bulletin.id.in_(ids))
            above = select(AreaClosure.ancestor_id).where(AreaClosure.descendant_id.in_(whose))
            below = select(AreaClosure.descendant_id).where(AreaClosure.ancestor_id.in_(whose))
            near |= {*self._session.scalars(above), *self._session.scalars(below)}
        fixed = {id_ for id_, (_, slot) in self._known.items() if set(fixed_in(slot)) & set(bulletin_ids)}
        return fixed | self.of(near)

    def with_sounds(self, sound_ids: Collection[int]) -> set[int]:
        return self._with(KINDS, sound_ids)

    def with_stations(self, station_ids: Collection[int]) -> set[int]:
        return self._with((Kind.RELAY,), station_ids)

    def _with(self, kinds: Collection[Kind], ids: Collection[int]) -> set[int]:
        refs = {str(id_) for id_ in ids}
        return {
            id_
            for id_, (_, slot) in (self._known.items() if refs else ())
            if any(entry.kind in kinds and entry.ref in refs for entry in slot.entries)
        }
