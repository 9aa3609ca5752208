"""What a schedule would play now: the approved audio of its bulletins, read once per planning."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from devices.messages import BulletinClass

from . import approval
from .models import Schedule

CHUNK = 500  # bulletins read by one statement


@dataclass(frozen=True, slots=True)
class Piece:
    """One approved bulletin as it sounds."""

    bulletin_id: int
    clip_id: int
    title: str
    duration_ms: int
    klass: BulletinClass


class Repertoire:
    """Looks up approved audio; a bulletin that lost its approval or was withdrawn has none."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._pieces: dict[int, Piece | None] = {}

    def pieces(self, schedule: Schedule) -> list[Piece]:
        return self.of([item.bulletin_id for item in schedule.items])

    def of(self, bulletin_ids: Sequence[int]) -> list[Piece]:
        self.learn(bulletin_ids)
        found = (self._pieces[bulletin_id] for bulletin_id in bulletin_ids)
        return [piece for piece in found if piece is not None]

    def piece(self, bulletin_id: int) -> Piece | None:
        self.learn([bulletin_id])
        return self._pieces[bulletin_id]

    def learn(self, bulletin_ids: Collection[int]) -> None:
        """Look up those that are not known yet, many at a time."""
        unknown = sorted(set(bulletin_ids) - self._pieces.keys())
        for first in range(0, len(unknown), CHUNK):
            self._pieces.update(self._look_up(unknown[first : first + CHUNK]))

    def _look_up(self, bulletin_ids: Sequence[int]) -> dict[int, Piece | None]:
        found: dict[int, Piece | None] = dict.fromkeys(bulletin_ids)
        for klass_, version in approval.approved_versions(self._session, bulletin_ids):
            id_, clip = version.bulletin_id, version.clip
            if clip is not None:
                found[id_] = Piece(id_, clip.id, version.title, clip.duration_ms, klass_)
        return found


def duration_ms(pieces: Sequence[Piece]) -> int:
    return sum(piece.duration_ms for piece in pieces)


def klass(pieces: Sequence[Piece]) -> BulletinClass:
    """A programme with one priority bulletin goes first as a whole; a schedule is never an emergency."""
    if any(piece.klass is BulletinClass.PRIORITY for piece in pieces):
        return BulletinClass.PRIORITY
    return BulletinClass.ROUTINE
