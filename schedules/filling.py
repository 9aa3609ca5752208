"""How a slot fills itself: what is always there, then bulletins as far as they fit, then what fills up."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from .errors import OverFull
from .slots import (
    FLOWING,
    FOREVER,
    Airings,
    Candidate,
    Chain,
    Entry,
    History,
    Kind,
    LeftOut,
    Placed,
    Programme,
    Reason,
    Slot,
    Version,
    Why,
)

_MILLISECOND = dt.timedelta(milliseconds=1)
_LAST = 1 << 31  # the place of what nobody gave a place

_Sound = tuple[str, int, Why, tuple[str, ...]]  # what, how long, why, in which languages
Rank = tuple[bool, int, dt.datetime, int, str]


def rank(candidate: Candidate, aired: int) -> Rank:
    """Sorts bulletins so that the one to be played first comes first.

    Priority, then the officer's order, then whose time ends first, then what aired least, then the id.
    """
    position = _LAST if candidate.position is None else candidate.position
    return candidate.klass != "priority", position, candidate.until, aired, candidate.id


def fill(
    slot: Slot,
    start: dt.datetime,
    candidates: Iterable[Candidate],
    history: History,
    *,
    area: Chain = frozenset(),
    waiting: Collection[str] = frozenset(),
    yielding: bool = False,
) -> Programme:
    """What a valid slot plays at one occurrence, and why the others do not.

    ``history`` must not hold this occurrence. ``area`` is that of the listeners, empty: every bulletin is
    for them. ``waiting`` are bulletins that leave this occurrence to others. Raises OverFull, unless it is
    ``yielding``: what is fixed and does not fit is then left out from the last on, bulletins before all else.
    """

    def in_order(each: Candidate) -> Rank:
        return rank(each, len(history.get(each.id, ())) if is_for(each, area) else 0)

    order = sorted(candidates, key=in_order)
    desk = _Desk(slot, start, history, area, waiting, yielding)
    desk.reserve({each.id: each for each in order})
    for candidate in order:
        desk.offer(candidate)
    desk.spend_the_rest()
    return Programme(start, slot.length_ms, desk.laid_out(), tuple(desk.left_out))


def is_for(candidate: Candidate, area: Chain) -> bool:
    """Whether the listeners of an area are meant; where either names none, everybody is."""
    return not (area and candidate.areas) or not candidate.areas.isdisjoint(area)


@dataclass(slots=True)
class _Desk:
    """One occurrence being filled: what has its place, and the room that is left."""

    slot: Slot
    start: dt.datetime
    history: History
    area: Chain
    waiting: Collection[str]
    yielding: bool
    left_out: list[LeftOut] = field(default_factory=list)
    room: int = 0
    _content: list[list[_Sound]] = field(default_factory=list)  # of each entry
    _reserved: set[str] = field(default_factory=set)
    _leads: list[int] = field(default_factory=list)  # what may sound before each entry, without the flows
    _flows: dict[str, int] = field(default_factory=dict)
    _flowed: int = 0

    def reserve(self, candidates: Mapping[str, Candidate]) -> None:
        """Give room to what is always there. Raises OverFull."""
        lead = fixed = 0
        for number, entry in enumerate(self.slot.entries):
            self._content.append([])
            self._leads.append(lead)
            if entry.kind is Kind.FLOW:
                self._flows.update(dict.fromkeys(entry.classes, number))
            elif entry.kind is Kind.BULLETIN:
                self._reserve_bulletin(number, entry.ref, candidates.get(entry.ref))
            elif entry.fixed:
                self._put(number, entry.ref, entry.length_ms, Why.FIXED)
            own = sum(length for _, length, _, _ in self._content[number])
            fixed += own
            lead += own or entry.length_ms  # a filling piece may come to sound before what follows it
        if self.yielding:
            fixed -= self._yield(fixed)
        if fixed > self.slot.length_ms:
            raise OverFull(fixed_ms=fixed, length_ms=self.slot.length_ms)
        self.room = self.slot.length_ms - fixed

    def _yield(self, fixed: int) -> int:
        """Take out what is fixed until the rest fits, bulletins before all else; returns how long it was."""
        entries, taken = self.slot.entries, 0
        last_first = reversed(range(len(entries)))
        for number in sorted(last_first, key=lambda each: entries[each].kind is not Kind.BULLETIN):
            over = fixed - taken - self.slot.length_ms
            if over <= 0:
                break
            for ref, length, _, _ in self._content[number]:
                self.left_out.append(
                    LeftOut(ref or _name(entries[number]), Reason.NO_ROOM, {"missing_ms": over})
                )
                taken += length
            self._content[number] = []
        return taken

    def _reserve_bulletin(self, number: int, ref: str, candidate: Candidate | None) -> None:
        self._reserved.add(ref)
        if candidate is None:
            self.left_out.append(LeftOut(ref, Reason.NOT_APPROVED))
            return
        heard = candidate.heard(self.slot.languages)
        length = candidate.length_ms(heard)
        # Behind a flow nobody knows yet when it will end, but never later than the slot.
        ends = self.slot.length_ms if self._flows else self._leads[number] + length
        refusal = self._refusal(candidate, heard) or self._stale(candidate, ends)
        if refusal is None:
            self._put(number, ref, length, Why.FIXED, heard)
        else:
            self.left_out.append(refusal)

    def offer(self, candidate: Candidate) -> None:
        """Play a bulletin where bulletins of its class flow in, or say why not."""
        if candidate.id in self._reserved:
            return
        heard = candidate.heard(self.slot.languages)
        refusal = self._refusal(candidate, heard)
        if refusal is None and candidate.id in self.waiting:
            refusal = LeftOut(candidate.id, Reason.LATER)
        refusal = refusal or self._flow_in(candidate, heard)
        if refusal is not None:
            self.left_out.append(refusal)

    def _flow_in(self, candidate: Candidate, heard: Sequence[Version]) -> LeftOut | None:
        number = self._flows.get(candidate.klass)
        if number is None:
            return LeftOut(candidate.id, Reason.NO_PLACE, {"klass": candidate.klass})
        length = candidate.length_ms(heard)
        if length > self.room:
            return LeftOut(candidate.id, Reason.NO_ROOM, {"missing_ms": length - self.room})
        stale = self._stale(candidate, self._leads[number] + self._flowed + length)
        if stale is None:
            self._put(number, candidate.id, length, _why(candidate), heard)
            self._flowed += length
            self.room -= length
        return stale

    def _refusal(self, candidate: Candidate, heard: Sequence[Version]) -> LeftOut | None:
        """Why the bulletin may not be played at this occurrence, however much room there is."""
        if candidate.klass not in FLOWING:
            return LeftOut(candidate.id, Reason.NO_PLACE, {"klass": candidate.klass})
        if not is_for(candidate, self.area):
            return LeftOut(candidate.id, Reason.OTHER_AREA)
        if not heard:
            return LeftOut(candidate.id, Reason.NO_AUDIO)
        return self._not_now(candidate)

    def _not_now(self, candidate: Candidate) -> LeftOut | None:
        if self.start < candidate.valid_from:
            return LeftOut(candidate.id, Reason.NOT_VALID_YET, {"valid_from": candidate.valid_from})
        if self.start >= candidate.until:
            return LeftOut(candidate.id, Reason.EXPIRED, {"until": candidate.until})
        aired = self.history.get(candidate.id)
        if aired and candidate.airings is not None:
            return _had_its_airings(candidate, candidate.airings, aired, self.start)
        return None

    def _stale(self, candidate: Candidate, ends_ms: int) -> LeftOut | None:
        """A bulletin must still hold when its last word is heard."""
        until = candidate.until
        if until is not FOREVER and self.start + ends_ms * _MILLISECOND > until:
            return LeftOut(candidate.id, Reason.EXPIRED, {"until": until})
        return None

    def spend_the_rest(self) -> None:
        for number, entry in enumerate(self.slot.entries):
            if entry.fixed or entry.kind is Kind.FLOW:
                continue
            if entry.length_ms <= self.room:
                self._put(number, entry.ref, entry.length_ms, Why.SPARE)
                self.room -= entry.length_ms
            else:
                missing = entry.length_ms - self.room
                self.left_out.append(LeftOut(_name(entry), Reason.NO_ROOM, {"missing_ms": missing}))

    def _put(self, number: int, ref: str, length: int, why: Why, heard: Sequence[Version] = ()) -> None:
        self._content[number].append((ref, length, why, tuple(version.language for version in heard)))

    def laid_out(self) -> tuple[Placed, ...]:
        offset, placed = 0, []
        for number, entry in enumerate(self.slot.entries):
            for ref, length, why, languages in self._content[number]:
                placed.append(Placed(number, entry.kind, ref, offset, length, why, languages))
                offset += length
        return tuple(placed)


def _had_its_airings(
    candidate: Candidate, airings: Airings, aired: Sequence[dt.datetime], start: dt.datetime
) -> LeftOut | None:
    counted = [at for at in aired if candidate.valid_from <= at < candidate.until]
    if len(counted) >= airings.times:
        return LeftOut(candidate.id, Reason.AIRED_ENOUGH, {"times": airings.times})
    close = [at for at in aired if abs(at - start) < airings.gap]
    if not close:
        return None
    gap_s = int(airings.gap.total_seconds())
    return LeftOut(candidate.id, Reason.TOO_SOON, {"aired": max(close), "gap_s": gap_s})


def _why(candidate: Candidate) -> Why:
    if candidate.klass == "priority":
        return Why.PRIORITY
    return Why.VALID if candidate.position is None else Why.ORDERED


def _name(entry: Entry) -> str:
    return entry.ref or entry.kind.value
