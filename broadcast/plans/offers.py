"""Which bulletins are offered to the slots of an area, and which areas below it hear some of their own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from typing import Protocol

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import Session

from broadcast.authoring.refs import row_id
from broadcast.authoring.repertoire import Piece, Repertoire, Validity
from broadcast.models import AreaClosure, Bulletin, BulletinState
from broadcast.storage.chunks import chunks
from broadcast.units import areas
from devices.messages import BulletinClass
from schedules.slots import Candidate, Kind, Slot

FLOWING = (BulletinClass.PRIORITY, BulletinClass.ROUTINE)


class Held(Protocol):
    """A slot as far as it decides what is offered to it."""

    @property
    def slot(self) -> Slot: ...
    @property
    def order(self) -> tuple[int, ...]: ...


class Offer:
    """The bulletins for all slots of one area at one moment.

    A priority bulletin of the area, of one above or below it is offered by itself; a routine one of the
    area or below it when it says how long it holds or how often it wishes to be aired; any other where an
    officer has put it in order or given it a place of its own.

    ``paths`` are those from the slots' own area to the top, and from each below it that has bulletins of
    its own, the highest area first; a path begins with the area itself.
    """

    def __init__(
        self,
        session: Session,
        repertoire: Repertoire,
        area_id: int,
        held: Sequence[Held],
        start: dt.datetime,
    ) -> None:
        self._session = session
        self._start = start
        self._area_id = area_id
        self._chosen = {bulletin_id for each in held for bulletin_id in chosen_in(each.slot, each.order)}
        flowing = set(session.scalars(_flowing(area_id, start)))
        pieces = repertoire.of(sorted(flowing | self._chosen))
        self._pieces = {
            piece.bulletin_id: (piece, piece.validity) for piece in pieces if piece.validity is not None
        }
        self._lower = self._below({validity.area_id for _, validity in self._pieces.values()})
        self.paths = self._paths()

    def counted(self) -> dict[int, dt.datetime]:
        """Since when the airings of each bulletin count, of those where it matters how many there were."""
        return {
            id_: _since(validity)
            for id_, (piece, validity) in self._pieces.items()
            if validity.airings is not None or self._flows(piece, validity)
        }

    def candidates(self, held: Held) -> tuple[Candidate, ...]:
        """In the order of their ids; what is over before all of it, and nobody chose, is left out."""
        own = chosen_in(held.slot, held.order)
        places = {bulletin_id: place for place, bulletin_id in enumerate(held.order)}
        found = []
        for id_, (piece, validity) in self._pieces.items():
            if id_ in self._chosen and id_ not in own and not self._flows(piece, validity):
                continue
            candidate = self._candidate(piece, validity, held.slot, places.get(id_))
            if candidate.until > self._start or id_ in own:
                found.append(candidate)
        return tuple(found)

    def _candidate(self, piece: Piece, validity: Validity, slot: Slot, position: int | None) -> Candidate:
        return Candidate(
            id=str(piece.bulletin_id),
            klass=piece.klass.value,
            versions=piece.versions(slot.languages),
            around_ms=piece.around_ms,
            valid_from=_since(validity),
            valid_until=validity.valid_until,
            position=position,
            airings=validity.airings,
            areas=frozenset({str(validity.area_id)}) if validity.area_id in self._lower else frozenset(),
        )

    def _flows(self, piece: Piece, validity: Validity) -> bool:
        """Whether it would be offered if nobody had chosen it anywhere."""
        here = validity.area_id == self._area_id or validity.area_id in self._lower
        if piece.klass is BulletinClass.PRIORITY:
            return here or validity.area_id in self.paths[self._area_id]
        return here and (validity.valid_until is not None or validity.airings is not None)

    def _below(self, area_ids: Collection[int]) -> frozenset[int]:
        """Those of the areas that lie below the slots' own."""
        query = select(AreaClosure.descendant_id).where(
            AreaClosure.ancestor_id == self._area_id, AreaClosure.depth > 0
        )
        found: set[int] = set()
        for ids in chunks(sorted(area_ids)):
            found |= set(self._session.scalars(query.where(AreaClosure.descendant_id.in_(ids))))
        return frozenset(found)

    def _paths(self) -> dict[int, list[int]]:
        paths: dict[int, list[int]] = {area_id: [] for area_id in (self._area_id, *sorted(self._lower))}
        for ids in chunks(list(paths)):
            query = select(AreaClosure.descendant_id, AreaClosure.ancestor_id).where(
                AreaClosure.descendant_id.in_(ids)
            )
            for below, above in self._session.execute(query.order_by(AreaClosure.depth)):
                paths[below].append(above)
        return {
            area_id: paths[area_id] for area_id in sorted(paths, key=lambda each: (len(paths[each]), each))
        }


def chosen_in(slot: Slot, order: Sequence[int]) -> frozenset[int]:
    """The bulletins that somebody has put into a slot, in order or at a place of their own."""
    return frozenset((*order, *fixed_in(slot)))


def fixed_in(slot: Slot) -> Iterator[int]:
    fixed = (row_id(entry.ref) for entry in slot.entries if entry.kind is Kind.BULLETIN)
    return (bulletin_id for bulletin_id in fixed if bulletin_id is not None)


def _since(validity: Validity) -> dt.datetime:
    return validity.valid_from or validity.written_at


def _flowing(area_id: int, start: dt.datetime) -> Select[int]:
    """Bulletins that come by themselves."""
    above = areas.above(area_id)
    here = Bulletin.area_id.in_(areas.below(area_id))
    holds = Bulletin.valid_until.is_not(None) | Bulletin.airing_times.is_not(None)
    return select(Bulletin.id).where(
        Bulletin.state == BulletinState.APPROVED,
        Bulletin.valid_until.is_(None) | (Bulletin.valid_until > start),
        or_(
            and_(Bulletin.klass == BulletinClass.PRIORITY, here | Bulletin.area_id.in_(above)),
            and_(Bulletin.klass == BulletinClass.ROUTINE, here, holds),
        ),
    )
