"""When airings really sound where units have put one programme before another; pure, for plans and for pages.

What goes second waits until what goes first is over, wherever the two would sound at once.
"""

from __future__ import annotations

import datetime as dt
import enum
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
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
    """Each airing as it is heard on one loudspeaker, by all that was ``said``.

    A word counts for what begins after it was said; of a unit's words on a pair the last such one. Schedules
    are looked at in the order in which they go first, so what waits for what waits itself begins after both.
    Where words go round in a circle, the oldest of them gives way as long as they meet.
    """
    found = [Sounding(each, each.start) for each in airings]
    of: dict[str, list[int]] = defaultdict(list)
    for place in sorted(range(len(found)), key=lambda place: (found[place].start, found[place].airing.id)):
        of[found[place].airing.schedule].append(place)
    pairs = _in_turn([words for words in said if words[0].first in of and words[0].second in of])
    for _ in found:
        moved = [_put_in_order(found, of[pair.one], of[pair.other], pair) for pair in pairs]
        if not any(moved):
            break
    return found


@dataclass(frozen=True, slots=True)
class _Pair:
    """What one unit has said on two schedules; ``yields``: its last word closes a circle of later ones."""

    words: Said
    yields: bool

    @property
    def one(self) -> str:
        return self.words[0].first

    @property
    def other(self) -> str:
        return self.words[0].second


def _in_turn(said: Sequence[Said]) -> list[_Pair]:
    """The pairs, so that all about what goes first come before those about what waits for it."""
    leads: dict[str, set[str]] = defaultdict(set)
    pairs = []
    for words in sorted(
        said, key=lambda words: (words[-1].at, words[-1].first, words[-1].second), reverse=True
    ):
        yields = words[-1].second in _before(words[-1].first, leads)
        if not yields:
            leads[words[-1].second].add(words[-1].first)
        pairs.append(_Pair(words, yields))
    rank = {name: len(_before(name, leads)) for pair in pairs for name in (pair.one, pair.other)}
    return sorted(
        pairs, key=lambda pair: (pair.yields, *sorted((rank[pair.one], rank[pair.other]), reverse=True))
    )


def _before(name: str, leads: Mapping[str, Collection[str]]) -> set[str]:
    """The schedule itself and all that go before it, however many lie between."""
    found, open_ = {name}, [name]
    while open_:
        for each in leads.get(open_.pop(), ()):
            if each not in found:
                found.add(each)
                open_.append(each)
    return found


def _put_in_order(found: list[Sounding], ones: Sequence[int], others: Sequence[int], pair: _Pair) -> bool:
    """Let those of two schedules that meet follow each other, each one time; whether any moved."""
    starts = [found[place].airing.start for place in others]
    reach = max(found[place].end - found[place].airing.start for place in others)
    waiting: set[int] = set()
    for one in ones:
        first = bisect_left(starts, found[one].airing.start - reach)
        for other in others[first : bisect_left(starts, found[one].end)]:
            leads, follows = _turns(found, one, other, pair)
            if follows is not None and follows not in waiting:
                waiting.add(follows)
                found[follows] = _behind(found[follows], found[leads])
    return bool(waiting)


def _turns(found: Sequence[Sounding], one: int, other: int, pair: _Pair) -> tuple[int, int | None]:
    """Which of two goes first and which waits; None where neither has to or nobody may say so."""
    here, there = found[one], found[other]
    if Why.STALE in (here.why, there.why):
        return one, None
    begins = min(here.airing.start, there.airing.start)
    word = next((word for word in reversed(pair.words) if word.at <= begins), None)
    if word is None or not precedence.may_decide(word.level, here.airing.claim, there.airing.claim):
        return one, None
    leads, follows = (one, other) if word.first == here.airing.schedule else (other, one)
    return leads, follows if _waits(found[follows], found[leads], pair) else None


def _waits(each: Sounding, leads: Sounding, pair: _Pair) -> bool:
    """What is put second does not become the first because that has to wait itself."""
    together = each.start < leads.end and leads.start < each.end
    if together or pair.yields:
        return together
    one, other = each.airing, leads.airing
    planned = one.start < other.start + other.length and other.start < one.start + one.length
    return planned and each.start < leads.end


def _behind(each: Sounding, leads: Sounding) -> Sounding:
    latest = each.airing.latest
    if latest is not None and leads.end > latest:
        return replace(each, start=each.airing.start, why=Why.STALE, behind=leads.airing.id)
    return replace(each, start=leads.end, why=Why.BEHIND, behind=leads.airing.id)
