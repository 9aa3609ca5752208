"""How a rehearsed day ended for one loudspeaker, and for all that share a fault."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypedDict

from devices.messages import ItemState as S
from devices.messages import JournalEvent
from devices.speaker.core import FINAL

from .faults import Fault

PLAYED, PARTLY, REFUSED, MISSED, FAILED = "played", "partly", "refused", "missed", "failed"
WITHDRAWN, UNKNOWN = "withdrawn", "unknown"  # unknown: the loudspeaker never said what became of it
FATES = {
    S.DONE: PLAYED,
    S.PARTIAL: PARTLY,
    S.INTERRUPTED: PARTLY,
    S.REFUSED: REFUSED,
    S.SKIPPED: REFUSED,
    S.MISSED: MISSED,
    S.EXPIRED: MISSED,
    S.FAILED: FAILED,
    S.CANCELLED: WITHDRAWN,
}
SOUND = "none"  # the group of the loudspeakers without a fault


@dataclass(frozen=True, slots=True)
class BoxDay:
    """What one loudspeaker was to play, and the last word of its journal on every item."""

    device: str
    faults: frozenset[Fault]
    due: int
    ends: Mapping[str, int]  # by the name of the state
    unknown: int  # due, and without a last word
    without_current: int  # played while nothing flowed into the horn
    reported: int  # last words that reached the server

    @property
    def fates(self) -> Counter[str]:
        fates = Counter({UNKNOWN: self.unknown} if self.unknown else {})
        for state, count in self.ends.items():
            fates[FATES[S(state)]] += count
        return fates


def of_box(
    device: str,
    faults: frozenset[Fault],
    due: frozenset[str],
    journal: Iterable[JournalEvent],
    reported: Iterable[JournalEvent],
) -> BoxDay:
    """``due`` are the items of the plan in force; a journal may tell of others too."""
    events = list(journal)
    last = last_words(events)
    silent = {event.item for event in events if (event.event, event.reason) == ("electrical", "no_load")}
    return BoxDay(
        device,
        faults,
        due=len(due),
        ends=Counter(last.values()),
        unknown=len(due - last.keys()),
        without_current=sum(state == S.DONE and item in silent for item, state in last.items()),
        reported=len(last_words(reported)),
    )


def last_words(journal: Iterable[JournalEvent]) -> dict[str, str]:
    return {event.item: event.event for event in journal if event.item and event.event in FINAL}


class Group(TypedDict):
    """The loudspeakers that share a fault, added up."""

    loudspeakers: int
    due: int
    fates: dict[str, int]
    without_current: int
    reported: int


def add_up(days: Iterable[BoxDay]) -> Group:
    days = list(days)
    return Group(
        loudspeakers=len(days),
        due=sum(day.due for day in days),
        fates=dict(sum((day.fates for day in days), Counter())),
        without_current=sum(day.without_current for day in days),
        reported=sum(day.reported for day in days),
    )


def by_fault(days: Iterable[BoxDay]) -> dict[str, Group]:
    """Of every fault that somebody has, and of those that have none; who has two counts in both."""
    groups: dict[str, list[BoxDay]] = {}
    for day in days:
        for name in sorted(map(str, day.faults)) or [SOUND]:
            groups.setdefault(name, []).append(day)
    return {name: add_up(groups[name]) for name in sorted(groups, key=lambda name: (name != SOUND, name))}
