"""What a journal proves about one item and what that counts as: pure, in whatever order it arrives."""

from __future__ import annotations

import enum
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from devices.acoustics.match import LIKE
from devices.messages import Evidence, ItemState, JournalEvent

S = ItemState

_RANK = {
    S.PLANNED: 0,
    S.FETCHING: 1,
    S.READY: 2,
    S.ARMED: 3,
    S.STARTING: 4,
    S.PLAYING: 5,
    S.PREEMPTED: 5,
    S.RESUMING: 5,
    S.MISSED: 6,
    S.EXPIRED: 6,
    S.SKIPPED: 6,
    S.REFUSED: 6,
    S.FAILED: 6,
    S.CANCELLED: 6,
    S.INTERRUPTED: 7,
    S.PARTIAL: 8,
    S.DONE: 9,
}
FINAL = frozenset(state for state, rank in _RANK.items() if rank >= 6)
LOAD, NO_LOAD = "load", "no_load"  # what the amplifier's sensor says of an item

_HEARD = frozenset({S.DONE, S.PARTIAL, S.PREEMPTED, S.INTERRUPTED})
_ARMED = frozenset({S.ARMED, S.STARTING, S.PLAYING, S.PREEMPTED, S.RESUMING})


class Verdict(enum.StrEnum):
    """What one delivery counts as; every delivery is exactly one of these."""

    OPEN = "open"  # its last word has not come
    PLAYED = "played"  # to its end, and proved
    PARTLY = "partly"  # sound is proved, but not to the end
    UNHEARD = "unheard"  # over without proof of sound
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The strongest that is known; instants are UTC ms, 0 where nothing was said."""

    state: ItemState
    evidence: Evidence
    reason: str
    planned: int
    started: int
    ended: int
    played_ms: int
    volume: int
    underruns: int
    score: float | None = None


def outcome(
    entries: Iterable[tuple[str, JournalEvent]], score: float | None = None, *, witnessed: bool = False
) -> Outcome | None:
    """Fold the journal of one item, given as (boot, event); None when nothing in it is a state of an item.

    ``score``: how well what a microphone heard is what should have sounded, as the server judged it;
    ``witnessed``: somebody stood below the horn and heard it.
    """
    entries = list(entries)
    known = [(boot, event) for boot, event in entries if event.event in _NAMES]
    if not known:
        return None
    _, last = max(known, key=_order)
    heard = max((event for _, event in known), key=lambda event: (event.played_ms, event.samples, event.seq))
    loads = {event.reason for _, event in entries if event.event == "electrical"}
    begun = [event.started for _, event in known if event.started]
    return Outcome(
        state=S(last.event),
        evidence=Evidence.HUMAN
        if witnessed
        else _sensed(max(evidence(event) for _, event in known), loads, score),
        reason=last.reason or (NO_LOAD if NO_LOAD in loads else ""),
        planned=max(event.planned for _, event in known),
        started=min(begun, default=0),
        ended=max(event.ended for _, event in known),
        played_ms=heard.played_ms,
        volume=heard.volume,
        underruns=max(event.underruns for _, event in known),
        score=score,
    )


def evidence(event: JournalEvent) -> Evidence:
    """What one entry proves, whatever it claims for itself; a loudspeaker's word goes no further than E3."""
    state = S(event.event)
    if state in _HEARD and event.samples > 0 and event.volume > 0 and event.underruns == 0:
        return Evidence.RENDERED
    if state in _ARMED or event.samples > 0:
        return Evidence.ARMED
    return Evidence.ACKNOWLEDGED


def _sensed(said: Evidence, loads: Collection[str], score: float | None) -> Evidence:
    """A sensor adds to what was rendered, and to nothing less: it may have heard a neighbour.

    Where no current ever flowed, rendered samples are no sound that anybody heard.
    """
    if said < Evidence.RENDERED:
        return said
    if score is not None and score >= LIKE:
        return Evidence.ACOUSTIC
    if set(loads) == {NO_LOAD}:
        return Evidence.ARMED
    return Evidence.ELECTRICAL if set(loads) == {LOAD} else said


def verdict(state: ItemState, reached: int | None) -> Verdict:
    """Only a whole play with proof is *played*; ``reached`` is the evidence, None before the order left."""
    proved = reached is not None and reached >= Evidence.RENDERED
    if proved:
        return Verdict.PLAYED if state is S.DONE else Verdict.PARTLY
    if state not in FINAL:
        return Verdict.OPEN
    return Verdict.CANCELLED if state is S.CANCELLED else Verdict.UNHEARD


_NAMES = frozenset(state.value for state in S)


def _order(entry: tuple[str, JournalEvent]) -> tuple[int, int, int, str]:
    boot, event = entry
    return (_RANK[S(event.event)], event.at, event.seq, boot)
