"""What a slot holds and what may be played in it: the values that ``filling`` and ``airings`` work on."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from .errors import OverFull, SlotError

FLOWING = ("priority", "routine")  # an emergency is never part of a programme
MAX_ENTRIES = 100
MAX_TIMES = 1000
MAX_DAYS = 366
DAY_MS = 24 * 3600 * 1000
FOREVER = dt.datetime.max.replace(tzinfo=dt.UTC)

History = Mapping[str, Sequence[dt.datetime]]
"""When each bulletin aired, or will air by what is planned already, by its id."""

Chain = frozenset[str]
"""The code of an area and of all areas above it."""


class Kind(enum.StrEnum):
    TUNE = "tune"
    CHIME = "chime"
    FLOW = "flow"  # bulletins of some classes, as many as there is room for
    BULLETIN = "bulletin"  # this one
    PIECE = "piece"  # a recording
    RELAY = "relay"  # a stream of another station
    CLOSING = "closing"


FRAME = frozenset({Kind.TUNE, Kind.CHIME, Kind.CLOSING})
NAMED = frozenset({Kind.BULLETIN, Kind.PIECE, Kind.RELAY})


@dataclass(frozen=True, slots=True)
class Entry:
    """One place in a slot. ``ref`` names what is played there; a flow has ``classes`` instead.

    A fixed entry is always there, also when time is short; a filling one only takes what is left.
    The length of a bulletin is its own affair; all others state ``length_ms``.
    """

    kind: Kind
    ref: str = ""
    length_ms: int = 0
    fixed: bool = True
    classes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Slot:
    """A recurring stretch of the programme. When it recurs is the affair of a rule.

    ``languages``: those in which each bulletin is heard, as far as it has them, one after the other in this
    order; empty: all that a bulletin has, in its own order.
    """

    length_ms: int
    entries: tuple[Entry, ...]
    languages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Version:
    """A bulletin in one language; without audio its length is 0."""

    language: str
    length_ms: int


@dataclass(frozen=True, slots=True)
class Airings:
    """So many times within so many days from the start of validity, never two closer than the gap."""

    times: int
    days: int
    gap: dt.timedelta = dt.timedelta()


@dataclass(frozen=True, slots=True)
class Candidate:
    """A bulletin that is approved, and chosen by an officer where its class leaves that to them.

    ``around_ms`` is how long that is which is heard whichever of its languages are: signal, opening, closing.
    ``position`` is the place the officer gave it; ``areas`` the codes it is for, empty: everywhere.
    ``until`` is the end of its validity, or of the days in which it is to be aired when that comes first.
    """

    id: str
    klass: str
    versions: tuple[Version, ...]
    valid_from: dt.datetime
    valid_until: dt.datetime | None = None
    position: int | None = None
    airings: Airings | None = None
    areas: frozenset[str] = frozenset()
    around_ms: int = 0
    until: dt.datetime = field(init=False)

    def __post_init__(self) -> None:
        until = self.valid_until or FOREVER
        if self.airings is not None:
            until = min(until, self.valid_from + dt.timedelta(days=self.airings.days))
        object.__setattr__(self, "until", until)

    def heard(self, languages: Sequence[str]) -> list[Version]:
        """The versions that sound where these languages are heard, in order."""
        return heard_of(self.versions, languages)

    def length_ms(self, heard: Sequence[Version]) -> int:
        """How long it sounds in these of its languages."""
        return self.around_ms + sum(version.length_ms for version in heard) if heard else 0


def heard_of(versions: Iterable[Version], languages: Sequence[str]) -> list[Version]:
    """Those with audio: of these languages, in their order; of all where none is named."""
    audible = [version for version in versions if version.length_ms > 0]
    if not languages:
        return audible
    found = {version.language: version for version in audible}
    return [found[language] for language in languages if language in found]


class Why(enum.StrEnum):
    """Why something is played."""

    FIXED = "fixed"
    PRIORITY = "priority"
    ORDERED = "ordered"  # an officer gave it a place
    VALID = "valid"  # nobody ordered it, and it holds still
    SPARE = "spare"  # there was time left


class Reason(enum.StrEnum):
    """Why something is not played."""

    NO_ROOM = "no_room"  # missing_ms
    NOT_VALID_YET = "not_valid_yet"  # valid_from
    EXPIRED = "expired"  # until
    AIRED_ENOUGH = "aired_enough"  # times
    TOO_SOON = "too_soon"  # aired, gap_s
    LATER = "later"  # its next airing is due at a later occurrence
    OTHER_AREA = "other_area"
    NO_AUDIO = "no_audio"
    NO_PLACE = "no_place"  # class: no entry takes it
    NOT_APPROVED = "not_approved"  # a fixed bulletin that is no candidate


@dataclass(frozen=True, slots=True)
class Placed:
    """Something that is played; ``entry`` is its place in the slot's entries."""

    entry: int
    kind: Kind
    ref: str
    offset_ms: int
    length_ms: int
    why: Why
    languages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something that is not played; ``params`` are named at its reason."""

    ref: str
    why: Reason
    params: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Programme:
    """What one occurrence of a slot plays, in order, and what it does not."""

    start: dt.datetime
    length_ms: int
    placed: tuple[Placed, ...]
    left_out: tuple[LeftOut, ...]

    @property
    def used_ms(self) -> int:
        return sum(each.length_ms for each in self.placed)

    @property
    def says_nothing(self) -> bool:
        """Whether there is only a frame, and nothing in it."""
        return all(each.kind in FRAME for each in self.placed)

    def bulletins(self) -> Iterator[Placed]:
        return (each for each in self.placed if each.kind in (Kind.BULLETIN, Kind.FLOW))


def validate(slot: Slot) -> Slot:
    """The slot itself. Raises SlotError, of that OverFull for all that is fixed but the bulletins.

    Whether those fit as well is known when the slot is filled: their length is their own affair.
    """
    if not 0 < slot.length_ms <= DAY_MS:
        raise SlotError("bad_length", length_ms=slot.length_ms)
    if not slot.entries:
        raise SlotError("no_entries")
    if len(slot.entries) > MAX_ENTRIES:
        raise SlotError("too_many_entries", limit=MAX_ENTRIES)
    for number, entry in enumerate(slot.entries):
        _validate_entry(number, entry)
    _validate_flows([entry.classes for entry in slot.entries if entry.kind is Kind.FLOW])
    _refuse_twice("repeated_bulletin", [each.ref for each in slot.entries if each.kind is Kind.BULLETIN])
    _refuse_twice("repeated_language", slot.languages)
    if frame_ms(slot) > slot.length_ms:
        raise OverFull(fixed_ms=frame_ms(slot), length_ms=slot.length_ms)
    return slot


def frame_ms(slot: Slot) -> int:
    """How long that lasts which is always there, without bulletins."""
    return sum(entry.length_ms for entry in slot.entries if entry.fixed)


def _validate_entry(number: int, entry: Entry) -> None:
    if entry.kind in NAMED and not entry.ref:
        raise SlotError("no_ref", entry=number)
    lasts_by_itself = entry.kind in (Kind.FLOW, Kind.BULLETIN)
    if entry.length_ms != 0 if lasts_by_itself else entry.length_ms <= 0:
        raise SlotError("bad_entry_length", entry=number, length_ms=entry.length_ms)
    if entry.kind is Kind.BULLETIN and not entry.fixed:
        raise SlotError("bulletin_is_fixed", entry=number)
    if entry.kind is Kind.FLOW:
        _validate_flow(number, entry)


def _validate_flow(number: int, entry: Entry) -> None:
    if entry.fixed:
        raise SlotError("flow_is_filling", entry=number)
    if not entry.classes:
        raise SlotError("no_class", entry=number)
    if not entry.classes.issubset(FLOWING):
        raise SlotError("bad_class", entry=number, klass=min(entry.classes.difference(FLOWING)))


def _validate_flows(flows: Sequence[frozenset[str]]) -> None:
    """One place for each class, and none in front of that of the priority bulletins: those go first."""
    _refuse_twice("repeated_class", [klass for classes in flows for klass in sorted(classes)])
    if any("priority" in classes for classes in flows[1:]):
        raise SlotError("routine_before_priority")


def _refuse_twice(code: str, names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise SlotError(code, name=name)
        seen.add(name)


def validate_airings(airings: Airings) -> Airings:
    """The wish itself. Raises SlotError; whether there are slots enough is known when it is spread."""
    if not 1 <= airings.times <= MAX_TIMES:
        raise SlotError("bad_times", times=airings.times, limit=MAX_TIMES)
    if not 1 <= airings.days <= MAX_DAYS:
        raise SlotError("bad_days", days=airings.days, limit=MAX_DAYS)
    if airings.gap < dt.timedelta():
        raise SlotError("bad_gap", gap_s=int(airings.gap.total_seconds()))
    if airings.times > 1 and airings.gap >= dt.timedelta(days=airings.days) / (airings.times - 1):
        raise SlotError("gap_too_long", times=airings.times, days=airings.days)
    return airings


def to_dict(slot: Slot) -> dict[str, Any]:
    """The stored form of a slot."""
    stored: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(slot, order="deterministic"))
    return stored


def from_dict(data: Mapping[str, Any]) -> Slot:
    """A validated slot from its stored form; raises SlotError."""
    try:
        slot = msgspec.convert(dict(data), Slot)
    except (TypeError, ValueError) as error:
        raise SlotError("malformed", why=str(error)) from error
    return validate(slot)
