"""Which of two announcements goes first: class, then level of the issuing unit, then time, then id.

One thing people decide: the order between a priority bulletin from above and what is a unit's own.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_RANK = {"emergency": 0, "priority": 1, "routine": 2}


@dataclass(frozen=True, slots=True)
class Claim:
    """What an announcement brings to a conflict; ``level`` is that of the issuing unit, 0 the highest."""

    id: str
    klass: str  # "emergency", "priority" or "routine"
    level: int
    start: dt.datetime


@dataclass(frozen=True, slots=True)
class Decision:
    """A unit's word on two announcements: ``first`` goes before ``second``; kept with name and time."""

    first: str
    second: str
    level: int  # of the unit that decided
    by: str
    at: dt.datetime


Key = tuple[int, int, dt.datetime, str]


def key(claim: Claim) -> Key:
    """Sorts claims so that the one to be heard comes first; KeyError on an unknown class."""
    return (_RANK[claim.klass], claim.level, claim.start, claim.id)


def may_decide(level: int, one: Claim, other: Claim) -> bool:
    """Whether a unit of that level decides between the two: one priority from above, one its own or below.

    An emergency is in nobody's hand, and what is routine from above goes by the rule.
    """
    above, own = sorted((one, other), key=lambda claim: claim.level)
    return above.level < level <= own.level and above.klass == "priority" and own.klass != "emergency"


def in_order(claims: Iterable[Claim], decisions: Iterable[Decision] = ()) -> list[Claim]:
    """By rule, then as decided: what a unit puts after its own is heard right after that, all else as before.

    Of two decisions on one pair the later counts; one that was not the unit's to take changes nothing.
    """
    ordered = sorted(claims, key=key)
    by_id = {claim.id: claim for claim in ordered}
    for decision in _latest(each for each in decisions if _counts(each, by_id)):
        first, second = by_id[decision.first], by_id[decision.second]
        if ordered.index(second) < ordered.index(first):
            ordered.remove(second)
            ordered.insert(ordered.index(first) + 1, second)
    return ordered


def _counts(decision: Decision, by_id: Mapping[str, Claim]) -> bool:
    first, second = by_id.get(decision.first), by_id.get(decision.second)
    return first is not None and second is not None and may_decide(decision.level, first, second)


def preempts(newcomer: Claim, playing: Claim, decisions: Iterable[Decision] = ()) -> bool:
    """Whether ``newcomer`` may cut what plays: only a higher class or a higher unit does, never mere time.

    Nor does it where a unit has decided that what plays goes before it.
    """
    if key(newcomer)[:2] >= key(playing)[:2]:
        return False
    return in_order((newcomer, playing), decisions)[0] == newcomer


def _latest(decisions: Iterable[Decision]) -> list[Decision]:
    """The last word on each pair, in the order in which they were said."""
    said = sorted(decisions, key=lambda each: (each.at, each.first, each.second))
    last = {frozenset((each.first, each.second)): each for each in said}
    return sorted(last.values(), key=lambda each: (each.at, each.first, each.second))
