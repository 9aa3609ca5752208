"""When airings really sound where units have put one programme before another; pure, for plans and for pages.

What goes second waits until what goes first is over, wherever the two would sound at once.
"""

from __future__ import annotations

import datetime as dt
import enum
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from . import precedence
from .precedence import Claim, Decision

Said = Sequence[Decision]  # what one unit has said on one pair, in the order of time


@dataclass(frozen=True, slots=True)
class Airing:
    """One planned airing; ``latest``: when to begin at the latest so that nothing of it is stale."""

    id: str
    schedule: str  # as decisions name it
    klass: str
    level: int  # of the issuing unit, 0 the highest
    start: dt.datetime
    length: dt.timedelta
    latest: dt.datetime | None = None

    @property
    def claim(self) -> Claim:
        return Claim(self.id, self.klass, self.level, self.start)


class Why(enum.StrEnum):
    """Why an airing sounds when it does."""

    PLANNED = "planned"
    BEHIND = "behind"  # another goes first, by the word of a unit
    STALE = "stale"  # it would have to wait until it does not hold any more: it does not sound


@dataclass(frozen=True, slots=True)
class Sounding:
    """When an airing really begins; ``behind`` is the id of the one that it waits for."""

    airing: Airing
    start: dt.datetime
    why: Why = Why.PLANNED
    behind: str = ""

    @property
    def end(self) -> dt.datetime:
        return self.start + self.airing.length

    @property
    def wait(self) -> dt.timedelta:
        return self.start - self.airing.start


def when(airings: Iterable[Airing], said: Iterable[Said]) -> list[Sounding]:
    """Each airing as it is heard on one loudspeaker, by ``said`` one after the other.

    A word counts for what begins after it was said; of a unit's words on a pair the last such one.
    """
    found = [Sounding(each, each.start) for each in airings]
    of: dict[str, list[int]] = defaultdict(list)
    for place, each in enumerate(found):
        of[each.airing.schedule].append(place)
    for words in said:
        _put_in_order(found, of[words[0].first], of[words[0].second], words)
    return found


def _put_in_order(found: list[Sounding], ones: Sequence[int], others: Sequence[int], words: Said) -> None:
    """Let those of two schedules that meet follow each other; each waits once at the most."""
    others = sorted(others, key=lambda place: found[place].start)
    starts = [found[place].start for place in others]
    longest = max((found[place].airing.length for place in others), default=dt.timedelta())
    waiting: set[int] = set()
    for one in ones:
        span = found[one]
        first = bisect_left(starts, span.start - longest)
        for other in others[first : bisect_left(starts, span.end)]:
            leads, follows = _turns(found, one, other, words)
            if follows is not None and follows not in waiting:
                waiting.add(follows)
                found[follows] = _behind(found[follows], found[leads])


def _turns(found: Sequence[Sounding], one: int, other: int, words: Said) -> tuple[int, int | None]:
    """Which of two goes first and which waits; None where they do not meet or nobody may say so."""
    here, there = found[one], found[other]
    meets = here.start < there.end and there.start < here.end
    if not meets or Why.STALE in (here.why, there.why):
        return one, None
    begins = min(here.airing.start, there.airing.start)
    word = next((word for word in reversed(words) if word.at <= begins), None)
    if word is None or not precedence.may_decide(word.level, here.airing.claim, there.airing.claim):
        return one, None
    return (one, other) if word.first == here.airing.schedule else (other, one)


def _behind(each: Sounding, leads: Sounding) -> Sounding:
    latest = each.airing.latest
    if latest is not None and leads.end > latest:
        return replace(each, why=Why.STALE, behind=leads.airing.id)
    return replace(each, start=leads.end, why=Why.BEHIND, behind=leads.airing.id)
