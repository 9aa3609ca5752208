"""Where a loudspeaker hung at any time, and who put it there: told by the log of its moves."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from broadcast.models import Loudspeaker
from broadcast.storage import audit
from broadcast.storage.chunks import chunks

MOVE = "loudspeaker.move"


@dataclass(frozen=True, slots=True)
class Stay:
    """In an area since an instant, by somebody; the first one of a loudspeaker has no beginning."""

    area_id: int
    since: dt.datetime | None = None
    by: str = ""


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Of one loudspeaker, in order; the last stay is where it hangs now."""

    stays: tuple[Stay, ...]

    @property
    def areas(self) -> frozenset[int]:
        return frozenset(stay.area_id for stay in self.stays)

    def at(self, at: dt.datetime) -> Stay:
        known = (stay for stay in reversed(self.stays) if stay.since is None or stay.since <= at)
        return next(known, self.stays[0])


def ever_in(session: Session, area_ids: Collection[int]) -> dict[int, Whereabouts]:
    """The loudspeakers that hang in one of these areas, or once did, by their numbers."""
    moves = _moves(session)
    left = {id_ for id_, each in moves.items() if any({*move[1:3]} & {*area_ids} for move in each)}
    found: dict[int, Whereabouts] = {}
    for place, ids in ((Loudspeaker.area_id, area_ids), (Loudspeaker.id, left)):
        for some in chunks(sorted(ids)):
            rows = session.execute(select(Loudspeaker.id, Loudspeaker.area_id).where(place.in_(some)))
            found |= {id_: _of(area_id, moves.get(id_, [])) for id_, area_id in rows}
    return found


def moved(session: Session) -> dict[int, Whereabouts]:
    """All loudspeakers that ever hung elsewhere than now, by their numbers."""
    return {id_: _of(moves[-1][2], moves) for id_, moves in _moves(session).items()}


_Move = tuple[dt.datetime, int, int, str]  # when, from where, to where, by whom


def _moves(session: Session) -> dict[int, list[_Move]]:
    found: dict[int, list[_Move]] = defaultdict(list)
    for at, whose, detail, by in audit.told(session, MOVE):
        found[whose].append((at, int(detail["before"]), int(detail["after"]), by))
    return found


def _of(area_id: int, moves: Collection[_Move]) -> Whereabouts:
    first = next((before for _, before, _, _ in moves), area_id)
    later = (Stay(after, at, by) for at, _, after, by in moves)
    return Whereabouts((Stay(first), *later))
