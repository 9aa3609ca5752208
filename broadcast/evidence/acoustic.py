"""Judges what microphones heard: the same ten seconds are taken from the library and compared."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import logging
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, selectinload

from broadcast.errors import DomainError
from broadcast.models import AreaClosure, Broadcast, BroadcastClip, JournalRow, Loudspeaker
from broadcast.storage.database import Database
from broadcast.storage.lease import Leadership, fenced
from broadcast.storage.library import Library
from devices.acoustics.energies import BANDS, PER_SECOND, energies
from devices.acoustics.match import MARGIN, Match, match
from devices.errors import AudioUnreadable
from devices.speaker.decode import decode
from devices.speaker.ports import RATE, Samples

from . import airlog

log = logging.getLogger(__name__)

HEARD = "heard"
BATCH = 50
LONGEST = 30 * PER_SECOND * BANDS  # bytes of a picture that are looked at; honest ones have ten seconds
MOST_LOOKS = 4  # at one item of one loudspeaker: an honest one listens once, again after a power cut
DECODED = 4  # broadcasts whose sound is kept: a village hears one at a time


@dataclass(frozen=True, slots=True)
class _Heard:
    """One picture, and the clips it should be of."""

    row_id: int
    loudspeaker_id: int
    occurrence: str
    picture: bytes
    offset_ms: int
    clips: tuple[str, ...]  # sha256
    one_too_many: bool = False


class Judge:
    """Looks at every picture once; decoding and comparing happen outside of any transaction."""

    def __init__(self, database: Database, library: Library) -> None:
        self._database = database
        self._library = library
        self._sound = lru_cache(DECODED)(_decoded)
        self._picture = lru_cache(4 * DECODED)(self._played)

    def judge(self, leadership: Leadership, now: dt.datetime) -> bool:
        """Score one batch; True when there may be more."""
        batch = self._waiting()
        if not batch:
            return False
        scores = {each.row_id: 0.0 if each.one_too_many else self._score(each) for each in batch}
        keys = {(each.loudspeaker_id, each.occurrence) for each in batch}
        with fenced(self._database, leadership, now) as session:
            session.execute(
                update(JournalRow), [{"id": id_, "score": score} for id_, score in scores.items()]
            )
            airlog.update(session, keys, now)
        return len(batch) == BATCH

    def _waiting(self) -> list[_Heard]:
        with self._database.transaction(read_only=True) as session:
            unjudged = select(JournalRow).where(JournalRow.event == HEARD, JournalRow.score.is_(None))
            rows = session.scalars(unjudged.order_by(JournalRow.id).limit(BATCH)).all()
            named = (
                select(Broadcast)
                .options(selectinload(Broadcast.clips).joinedload(BroadcastClip.clip))
                .where(Broadcast.occurrence.in_({row.occurrence for row in rows}))
            )
            known = {each.occurrence: each.clips for each in session.scalars(named)}
            paths = _paths(session, rows) if any(map(_has_variants, known.values())) else {}
            looks = _looks(session, rows)
            found = []
            for row in rows:
                looks[row.loudspeaker_id, row.occurrence] += 1
                over = looks[row.loudspeaker_id, row.occurrence] > MOST_LOOKS
                clips = _meant(known.get(row.occurrence, ()), paths.get(row.loudspeaker_id, ()))
                found.append(replace(_heard(row, clips), one_too_many=over))
            return found

    def _score(self, heard: _Heard) -> float:
        """From 0; what came too late for the own horn, or cannot be compared, proves nothing."""
        try:
            found = self._compare(heard)
        except (AudioUnreadable, DomainError, OSError, ValueError) as error:
            log.warning(
                "what was heard cannot be compared: %s",
                error,
                extra={"action": "not_judged", "occurrence": heard.occurrence},
            )
            return 0.0
        return max(0.0, found.score) if found.in_time else 0.0

    def _compare(self, heard: _Heard) -> Match:
        if not heard.clips:
            raise ValueError("nothing of it is known here")
        seconds = len(heard.picture) / (BANDS * PER_SECOND)
        return match(self._picture(heard.clips, heard.offset_ms, seconds), heard.picture)

    def _played(self, clips: tuple[str, ...], offset_ms: int, seconds: float) -> bytes:
        """The picture of what should have sounded, with a margin on both sides that may be silence.

        Raises ValueError for a place outside of it: so much silence would have to be made.
        """
        sound = self._sound(tuple(self._library.path(sha256) for sha256 in clips))
        if not 0 <= offset_ms * RATE // 1000 < len(sound):
            raise ValueError(f"{offset_ms} ms is outside of what was to sound")
        begin = offset_ms * RATE // 1000 - round(MARGIN * RATE)
        end = begin + round((seconds + 2 * MARGIN) * RATE)
        before, after = max(0, -begin), max(0, end - len(sound))
        stretch = bytes(2 * before) + bytes(sound[max(0, begin) : end]) + bytes(2 * after)
        return energies(memoryview(stretch).cast("h"))


def _has_variants(parts: Iterable[BroadcastClip]) -> bool:
    return any(part.area_id is not None for part in parts)


def _meant(parts: Sequence[BroadcastClip], path: Sequence[int]) -> tuple[str, ...]:
    """The clips of the variant that is nearest on the path from a loudspeaker's area to the top.

    None where a station is carried: what it said is in no library.
    """
    own = {part.area_id for part in parts}
    nearest = next((area_id for area_id in path if area_id in own), None)
    heard = [part.clip for part in parts if part.area_id == nearest]
    return tuple(clip.sha256 for clip in heard if clip is not None) if None not in heard else ()


def _paths(session: Session, rows: Iterable[JournalRow]) -> dict[int, list[int]]:
    """By loudspeaker, its area and those above it."""
    query = (
        select(Loudspeaker.id, AreaClosure.ancestor_id)
        .join(AreaClosure, AreaClosure.descendant_id == Loudspeaker.area_id)
        .where(Loudspeaker.id.in_({row.loudspeaker_id for row in rows}))
        .order_by(AreaClosure.depth)
    )
    found: dict[int, list[int]] = defaultdict(list)
    for loudspeaker_id, area_id in session.execute(query):
        found[loudspeaker_id].append(area_id)
    return found


def _looks(session: Session, rows: Sequence[JournalRow]) -> Counter[tuple[int, str]]:
    """How often the items of these loudspeakers were looked at before."""
    columns = JournalRow.loudspeaker_id, JournalRow.occurrence
    query = select(*columns, func.count()).where(
        JournalRow.event == HEARD,
        JournalRow.score.is_not(None),
        JournalRow.occurrence.in_({row.occurrence for row in rows}),
        JournalRow.loudspeaker_id.in_({row.loudspeaker_id for row in rows}),
    )
    counted = session.execute(query.group_by(*columns))
    return Counter({(loudspeaker_id, occurrence): count for loudspeaker_id, occurrence, count in counted})


def _decoded(clips: Sequence[Path]) -> Samples:
    """The clips after one another. Raises AudioUnreadable."""
    return memoryview(b"".join(decode(clip) for clip in clips)).cast("h")


def _heard(row: JournalRow, clips: tuple[str, ...]) -> _Heard:
    """A picture that cannot be read is an empty one, and scores nothing."""
    try:
        picture = base64.b64decode(str(row.body.get("energies", "")), validate=True)
    except (binascii.Error, ValueError):
        picture = b""
    offset = int(row.body.get("offset_ms", 0))
    return _Heard(row.id, row.loudspeaker_id, row.occurrence, picture[:LONGEST], offset, clips)
