"""What a schedule would play now: the approved audio of its bulletins, read once per planning."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from broadcast.models import Bulletin, BulletinVersion, Schedule
from broadcast.storage.moments import later
from devices.messages import BulletinClass
from schedules import slots
from schedules.slots import Airings, Slot, Version

from . import approval

CHUNK = 500  # bulletins read by one statement


@dataclass(frozen=True, slots=True)
class Validity:
    """Whose a bulletin is, when it holds, and how often it wishes to be aired in that time."""

    area_id: int
    written_at: dt.datetime
    valid_from: dt.datetime | None
    valid_until: dt.datetime | None
    airings: Airings | None

    def covers(self, start: dt.datetime, ends_ms: int) -> bool:
        """Whether it holds in a broadcast, to the last word of it ``ends_ms`` after the start."""
        if self.valid_from is not None and start < self.valid_from:
            return False
        return self.valid_until is None or later(start, ends_ms) <= self.valid_until


class Cut(NamedTuple):
    """One language of a bulletin as a clip of its own; ``language`` empty: what is heard around them all."""

    language: str
    clip_id: int
    duration_ms: int


@dataclass(frozen=True, slots=True)
class Piece:
    """One approved bulletin as it sounds; or a whole slot, which is no bulletin and has no validity.

    ``languages`` in the order in which the whole clip has them, as the ``cuts``.
    """

    bulletin_id: int
    clip_id: int
    title: str
    duration_ms: int
    klass: BulletinClass
    languages: tuple[str, ...] = ()
    validity: Validity | None = None
    cuts: tuple[Cut, ...] = ()

    def versions(self, wished: Sequence[str]) -> tuple[Version, ...]:
        """By language, how long it sounds; what is not cut counts as the first language that is wished."""
        if self.cuts:
            return tuple(Version(each.language, each.duration_ms) for each in self.cuts if each.language)
        spoken = next((each for each in wished if each in self.languages), self.languages[0])
        return (Version(spoken, self.duration_ms),)

    @property
    def around_ms(self) -> int:
        """How long that is which is heard whichever languages are."""
        return sum(each.duration_ms for each in self.cuts if not each.language)

    def length_ms(self, wished: Sequence[str]) -> int:
        """How long it sounds where these languages are heard; 0 where it is not."""
        heard = slots.heard_of(self.versions(wished), wished)
        return self.around_ms + sum(each.length_ms for each in heard) if heard else 0

    def clip_ids(self, heard: Sequence[str]) -> tuple[int, ...]:
        """What is played where these languages are heard: the whole where that is what it says."""
        spoken = tuple(each.language for each in self.cuts if each.language)
        if not self.cuts or tuple(heard) == spoken:
            return (self.clip_id,)
        own = {each.language: each.clip_id for each in self.cuts}
        before = [each.clip_id for each in takewhile(lambda cut: not cut.language, self.cuts)]
        around = [each.clip_id for each in self.cuts if not each.language]
        return (*before, *(own[language] for language in heard), *around[len(before) :])


class Repertoire:
    """Looks up approved audio; a bulletin that lost its approval or was withdrawn has none."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._pieces: dict[int, Piece | None] = {}

    def pieces(self, schedule: Schedule) -> list[Piece]:
        """What takes a schedule's time: its bulletins one by one, or all of a slot, however much flows in."""
        pieces = self.of([item.bulletin_id for item in schedule.items])
        if schedule.slot is None:
            return pieces
        return [as_one(schedule.title, slots.from_dict(schedule.slot), pieces)]

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
        validity = self._validity(bulletin_ids)
        for klass_, version in approval.approved_versions(self._session, bulletin_ids):
            id_, clip = version.bulletin_id, version.clip
            if clip is not None:
                said = _languages(version), validity[id_], _cuts(version)
                found[id_] = Piece(id_, clip.id, version.title, clip.duration_ms, klass_, *said)
        return found

    def _validity(self, bulletin_ids: Sequence[int]) -> dict[int, Validity]:
        columns = (Bulletin.area_id, Bulletin.created_at, Bulletin.valid_from, Bulletin.valid_until)
        wish = (Bulletin.airing_times, Bulletin.airing_days, Bulletin.airing_gap_s)
        rows = self._session.execute(
            select(Bulletin.id, *columns, *wish).where(Bulletin.id.in_(bulletin_ids))
        )
        return {row[0]: Validity(*row[1:5], wish_of(*row[5:])) for row in rows}


def as_one(title: str, slot: Slot, pieces: Sequence[Piece]) -> Piece:
    """A slot in the eyes of the rest of the programme: it takes all its time, whatever flows in."""
    return Piece(0, 0, title, slot.length_ms, klass(pieces))


def wish_of(times: int | None, days: int | None, gap_s: int | None) -> Airings | None:
    """The wish for airings that a bulletin's row has."""
    if times is None or days is None:
        return None
    return Airings(times, days, dt.timedelta(seconds=gap_s or 0))


def duration_ms(pieces: Sequence[Piece]) -> int:
    return sum(piece.duration_ms for piece in pieces)


def klass(pieces: Sequence[Piece]) -> BulletinClass:
    """A programme with one priority bulletin goes first as a whole; a schedule is never an emergency."""
    if any(piece.klass is BulletinClass.PRIORITY for piece in pieces):
        return BulletinClass.PRIORITY
    return BulletinClass.ROUTINE


def latest(ends: Iterable[tuple[Piece, int]]) -> dt.datetime | None:
    """When to begin at the latest, of pieces whose last words are heard so many milliseconds later."""
    return min(
        (
            later(piece.validity.valid_until, -end)
            for piece, end in ends
            if piece.validity is not None and piece.validity.valid_until is not None
        ),
        default=None,
    )


def _cuts(version: BulletinVersion) -> tuple[Cut, ...]:
    return tuple(Cut(each.language, each.clip_id, each.clip.duration_ms) for each in version.cuts)


def _languages(version: BulletinVersion) -> tuple[str, ...]:
    return tuple(dict.fromkeys((version.language, *(part.language for part in version.parts))))
