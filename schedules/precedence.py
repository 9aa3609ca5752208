"""Which of two announcements goes first: class, then level of the issuing unit, then time, then id."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

_RANK = {"emergency": 0, "priority": 1, "routine": 2}


@dataclass(frozen=True, slots=True)
class Claim:
    """What an announcement brings to a conflict; ``level`` is that of the issuing unit, 0 the highest."""

    id: str
    klass: str  # "emergency", "priority" or "routine"
    level: int
    start: dt.datetime


Key = tuple[int, int, dt.datetime, str]


def key(claim: Claim) -> Key:
    """Sorts claims so that the one to be heard comes first; KeyError on an unknown class."""
    return (_RANK[claim.klass], claim.level, claim.start, claim.id)


def in_order(claims: Iterable[Claim]) -> list[Claim]:
    return sorted(claims, key=key)


def preempts(newcomer: Claim, playing: Claim) -> bool:
    """Whether ``newcomer`` may cut what plays: only a higher class or a higher unit does, never mere time."""
    return key(newcomer)[:2] < key(playing)[:2]
