"""What a schedule would play now: the approved audio of its bulletins, read once per planning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from devices.messages import BulletinClass

from . import bulletins
from .models import Bulletin, Clip, Schedule


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
        found = (self.piece(bulletin_id) for bulletin_id in bulletin_ids)
        return [piece for piece in found if piece is not None]

    def piece(self, bulletin_id: int) -> Piece | None:
        if bulletin_id not in self._pieces:
            self._pieces[bulletin_id] = self._look_up(bulletin_id)
        return self._pieces[bulletin_id]

    def _look_up(self, bulletin_id: int) -> Piece | None:
        bulletin = self._session.get(Bulletin, bulletin_id)
        version = None if bulletin is None else bulletins.approved_version(self._session, bulletin)
        if bulletin is None or version is None or version.clip_id is None:
            return None
        clip = self._session.get_one(Clip, version.clip_id)
        return Piece(bulletin_id, clip.id, version.title, clip.duration_ms, bulletin.klass)


def duration_ms(pieces: Sequence[Piece]) -> int:
    return sum(piece.duration_ms for piece in pieces)


def klass(pieces: Sequence[Piece]) -> BulletinClass:
    """A programme with one priority bulletin goes first as a whole; a schedule is never an emergency."""
    if any(piece.klass is BulletinClass.PRIORITY for piece in pieces):
        return BulletinClass.PRIORITY
    return BulletinClass.ROUTINE
