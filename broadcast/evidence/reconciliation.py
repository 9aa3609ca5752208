"""The calendar laid beside what the loudspeakers reported: one row each, equal or with the reason why not.

Pure. What it is given comes from ``calendar_past``: what the calendar had, who took something out of it and
when, what each loudspeaker wrote, and when it could be reached. A row that none of this explains says so.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from devices.messages import Evidence, ItemState

from .whys import SAID, STOPPABLE, UNTOLD, Why

PROMPT = dt.timedelta(seconds=2)  # what begins within this begins on time
SHORT_MS = 500  # what is missing of a clip that was heard to its end
TOO_NEAR = dt.timedelta(minutes=2)  # an order so shortly before its time reaches nobody in time


@dataclass(frozen=True, slots=True)
class Change:
    """What a person did: since when the calendar is so, and by whom."""

    why: Why
    at: dt.datetime
    by: str = ""
    to: dt.datetime | None = None  # where it was moved


@dataclass(frozen=True, slots=True)
class Shift:
    """An order to begin so much later; ``turns``: as often as the loudspeaker has others before it."""

    change: Change
    by: dt.timedelta
    turns: bool = False

    def is_turn(self, told: dt.timedelta) -> bool:
        times = round(told / self.by) if self.turns and self.by else 0
        return times > 0 and abs(told - times * self.by) <= PROMPT


@dataclass(frozen=True, slots=True)
class Part:
    """One airing on one loudspeaker; ``gone``: why the calendar has it not, or not for this loudspeaker.

    ``since`` is when it came into the calendar as it aired, ``stopped`` who ended it on the air, ``place``
    where the loudspeaker hung then, ``shifts`` what may have let it begin later there, ``turn`` how many
    others it has before it, ``latest`` until when it might begin so that nothing of it was stale.
    """

    loudspeaker_id: int
    key: str
    title: str
    start: dt.datetime
    length_ms: int = 0
    gone: Change | None = None
    since: dt.datetime | None = None
    stopped: Change | None = None
    at_once: bool = False  # an urgent one, told when it begins
    place: int = 0
    shifts: tuple[Shift, ...] = ()
    turn: int = 0
    latest: dt.datetime | None = None

    @property
    def overdue(self) -> Change | None:
        """Who let it wait until nothing of it held any more, so that it was not told to the loudspeaker."""
        begins = self.start
        for shift in self.shifts:
            wait = shift.by * (self.turn if shift.turns else 1)
            begins += wait
            if wait and self.latest is not None and begins > self.latest:
                return replace(shift.change, why=Why.OVERDUE)
        return None


@dataclass(frozen=True, slots=True)
class Heard:
    """The last word of a loudspeaker on one airing, and by how much its clock was ahead of the server's."""

    state: ItemState
    reason: str
    evidence: int
    planned: dt.datetime
    started: dt.datetime | None
    ended: dt.datetime | None
    played_ms: int
    length_ms: int
    title: str = ""
    clock_ahead: dt.timedelta = dt.timedelta()

    @property
    def sounded(self) -> bool:
        return self.started is not None and self.played_ms > 0

    def is_whole(self, length_ms: int) -> bool:
        proved = self.evidence >= Evidence.RENDERED and self.state is ItemState.DONE
        return proved and self.played_ms >= (length_ms or self.length_ms) - SHORT_MS


@dataclass(frozen=True, slots=True)
class Contact:
    """When a loudspeaker was without power, and when out of reach; ``heard_at``: for the last time.

    ``kept_since``: its journal of before is kept no more, so that only as-run rows tell of it.
    """

    off: tuple[tuple[dt.datetime, dt.datetime], ...] = ()
    away: tuple[tuple[dt.datetime, dt.datetime], ...] = ()
    heard_at: dt.datetime | None = None
    kept_since: dt.datetime | None = None

    def was_off(self, at: dt.datetime) -> bool:
        return any(first < at <= last for first, last in self.off)

    def was_away(self, at: dt.datetime) -> bool:
        return any(first <= at <= last for first, last in self.away)

    def missed_order(self, given: dt.datetime, needed: dt.datetime) -> bool:
        """Whether an order given then could not reach it before it was needed."""
        spans = (*self.away, *self.off)
        return any(first <= given and needed <= last for first, last in _joined(spans))


@dataclass(frozen=True, slots=True)
class Row:
    """``why`` None: as the calendar has it. ``change``: the act that explains it; ``other``: what sounded.

    ``shift`` is by how much later it was told to begin, by an order of its unit.
    """

    part: Part
    heard: Heard | None
    why: Why | None
    change: Change | None = None
    other: str = ""
    shift: dt.timedelta = dt.timedelta()

    @property
    def is_equal(self) -> bool:
        return self.why is None


@dataclass(frozen=True, slots=True)
class Totals:
    rows: int = 0
    equal: int = 0
    differences: dict[Why, int] = field(default_factory=dict)

    @property
    def unexplained(self) -> int:
        return self.differences.get(Why.UNKNOWN, 0)


Key = tuple[int, str]  # loudspeaker, airing


def compare(parts: Iterable[Part], heard: Mapping[Key, Heard], contacts: Mapping[int, Contact]) -> list[Row]:
    """A row for every airing of the calendar on every loudspeaker, and for all that was heard besides."""
    known = {(part.loudspeaker_id, part.key): part for part in parts}
    beside = {key: _unknown(key, each) for key, each in heard.items() if key not in known and each.sounded}
    sounds = _sounds(heard)
    rows = [
        _kept(_judged(part, heard.get(key), contact, sounds.get(key[0], ())), contact)
        for key, part in (known | beside).items()
        for contact in [contacts.get(key[0], Contact())]
    ]
    return sorted(rows, key=lambda row: (row.part.start, row.part.key, row.part.loudspeaker_id))


def totals(rows: Iterable[Row]) -> Totals:
    counts = Counter(row.why for row in rows)
    different = {why: count for why, count in sorted(counts.items(), key=str) if why is not None}
    return Totals(sum(counts.values()), counts[None], different)


def _unknown(key: Key, heard: Heard) -> Part:
    """Nobody ordered it, as far as anybody knows."""
    gone = Change(Why.UNKNOWN, heard.planned)
    return Part(*key, heard.title, heard.planned, heard.length_ms, gone)


def _sounds(heard: Mapping[Key, Heard]) -> dict[int, list[Heard]]:
    found: dict[int, list[Heard]] = defaultdict(list)
    for (loudspeaker_id, _), each in heard.items():
        if each.sounded:
            found[loudspeaker_id].append(each)
    return found


def _kept(row: Row, contact: Contact) -> Row:
    """What only the journal could explain is not unexplained where it was deleted by the rules."""
    lost = contact.kept_since is not None and row.part.start < contact.kept_since
    return replace(row, why=Why.NOT_KEPT) if lost and row.why is Why.UNKNOWN else row


def _judged(part: Part, heard: Heard | None, contact: Contact, sounds: Sequence[Heard]) -> Row:
    if part.gone is not None:
        return _row_of_gone(part, part.gone, heard, contact)
    if (heard is None or (heard.reason in UNTOLD and not heard.sounded)) and (spared := part.overdue):
        return Row(part, heard, spared.why, spared)
    told = heard.planned - part.start if heard is not None else dt.timedelta()
    change = _ordered(part.shifts, told)
    if change is None:
        return _row_of_meant(part, heard, contact, sounds)
    row = _row_of_meant(replace(part, start=part.start + told), heard, contact, sounds)
    why = change.why if row.is_equal else row.why
    return replace(row, part=part, why=why, change=row.change or change, shift=told)


def _ordered(shifts: Sequence[Shift], told: dt.timedelta) -> Change | None:
    """Whose order it is to begin so much later; a turn may come on top of what the unit decided."""
    if told <= PROMPT:
        return None
    decided = [(shift.change, told - shift.by) for shift in shifts if not shift.turns]
    for change, rest in (*decided, (None, told)):
        if change is not None and abs(rest) <= PROMPT:
            return change
        turn = next((shift.change for shift in shifts if shift.is_turn(rest)), None)
        if turn is not None:
            return change or turn
    return None


def _row_of_meant(part: Part, heard: Heard | None, contact: Contact, sounds: Sequence[Heard]) -> Row:
    """Of what the calendar has, at the time at which the loudspeaker was to begin."""
    if heard is not None and abs(heard.clock_ahead) > PROMPT and heard.sounded:
        return Row(part, heard, Why.CLOCK)
    if heard is not None and heard.is_whole(part.length_ms) and heard.started is not None:
        return _row_of_whole(part, heard, heard.started, sounds)
    return _row_of_lost(part, heard, contact, sounds)


def _row_of_gone(part: Part, gone: Change, heard: Heard | None, contact: Contact) -> Row:
    """What the calendar has no more is explained by who took it out, unless it sounded all the same."""
    if heard is None or not heard.sounded or heard.started is None:
        return Row(part, heard, gone.why, gone)
    if gone.at >= heard.started:
        return Row(part, heard, gone.why, gone)
    why = Why.OUT_OF_TOUCH if contact.missed_order(gone.at, heard.started) else Why.UNKNOWN
    if heard.started - gone.at < TOO_NEAR:
        why = Why.TOO_LATE
    return Row(part, heard, why, gone)


def _row_of_whole(part: Part, heard: Heard, started: dt.datetime, sounds: Sequence[Heard]) -> Row:
    """Heard to its end; late is only who had to wait, or was interrupted and went on."""
    if abs(started - part.start) <= PROMPT:
        rival = _rival(part, heard, sounds) if _ended_late(heard, started) else None
        return Row(part, heard, Why.RESUMED if rival else None, other=rival.title if rival else "")
    if started > part.start and (before := _before(heard, part.start, started, sounds)):
        return Row(part, heard, Why.IN_TURN, other=before.title)
    return Row(part, heard, Why.UNKNOWN)


def _row_of_lost(part: Part, heard: Heard | None, contact: Contact, sounds: Sequence[Heard]) -> Row:
    """Not heard, or not to its end."""
    reason = heard.reason if heard is not None else ""
    told = reason not in UNTOLD
    why = SAID.get(reason, Why.BROKEN) if told else _why_silent(part, heard, contact)
    if part.stopped is not None and why in STOPPABLE:
        return Row(part, heard, Why.STOPPED, part.stopped)
    rival = _rival(part, heard, sounds) if why is Why.PREEMPTED else None
    return Row(part, heard, why, other=rival.title if rival else "")


def _why_silent(part: Part, heard: Heard | None, contact: Contact) -> Why:
    """Where the loudspeaker itself names no reason."""
    if contact.was_off(part.start):
        return Why.NO_POWER
    if part.since is not None and contact.missed_order(part.since, part.start):
        return Why.OUT_OF_TOUCH
    if heard is not None and heard.is_whole(heard.played_ms) and contact.was_away(part.start):
        return Why.OUT_OF_TOUCH  # it played what it had
    near = part.since is not None and dt.timedelta() <= part.start - part.since < TOO_NEAR
    if near and not part.at_once:
        return Why.TOO_LATE
    if heard is None and (contact.heard_at is None or contact.heard_at < part.start):
        return Why.NO_WORD
    return Why.UNKNOWN


def _ended_late(heard: Heard, started: dt.datetime) -> bool:
    length = dt.timedelta(milliseconds=heard.played_ms)
    return heard.ended is not None and heard.ended - started > length + PROMPT


def _before(heard: Heard, first: dt.datetime, last: dt.datetime, sounds: Sequence[Heard]) -> Heard | None:
    """What sounded from before the planned start on, until shortly before the real one."""
    return next(
        (
            each
            for each in sounds
            if each is not heard and each.started is not None and each.ended is not None
            and each.started < last and first <= each.ended <= last + PROMPT
        ),
        None,
    )  # fmt: skip


def _rival(part: Part, heard: Heard | None, sounds: Sequence[Heard]) -> Heard | None:
    """What sounded while this should have."""
    end = part.start + dt.timedelta(milliseconds=part.length_ms)
    return next(
        (
            each
            for each in sounds
            if each is not heard and each.started is not None and each.ended is not None
            and each.started <= end + PROMPT and part.start <= each.ended
        ),
        None,
    )  # fmt: skip


def _joined(spans: Iterable[tuple[dt.datetime, dt.datetime]]) -> list[tuple[dt.datetime, dt.datetime]]:
    """Spans that touch are one."""
    found: list[tuple[dt.datetime, dt.datetime]] = []
    for first, last in sorted(spans):
        if found and first <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return found
