"""What a loudspeaker makes of all that wants it on a day: what waits, is cut, goes on or is refused.

``schedules.resolution`` decides who is heard, the loudspeaker's own guard whether it may be.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from broadcast.storage.moments import to_ms
from devices.messages import BulletinClass, GuardPolicy, Item
from devices.speaker.core import guard
from schedules import resolution
from schedules.precedence import Claim
from schedules.resolution import Ending, Stretch

from .week import Wait


@dataclass(frozen=True, slots=True)
class Part:
    """From when to when something sounds; ``by`` is what cuts it then."""

    start: dt.datetime
    end: dt.datetime
    ending: Ending
    by: str = ""


@dataclass(frozen=True, slots=True)
class Playing:
    """One thing that will sound there; ``start`` is this loudspeaker's own, after its turn.

    ``wait``: a unit has put something before it. ``parts`` are what is really heard of it; what is never
    begun has one without length, and what is refused has none.
    """

    id: str
    start: dt.datetime
    end: dt.datetime
    title: str
    klass: BulletinClass
    level: int
    latest: dt.datetime  # to begin
    planned: bool  # in its plan, with its audio; else only foreseen by its rule
    wait: Wait | None = None
    refused: str = ""  # why its guard will not let it sound, by the code that it would report
    parts: tuple[Part, ...] = ()

    @property
    def is_plain(self) -> bool:
        """Whether it is heard from its start to its end."""
        return [(each.start, each.end) for each in self.parts] == [(self.start, self.end)]

    @property
    def ending(self) -> Ending:
        return self.parts[-1].ending if self.parts else Ending.WAITED


def of(wanted: Collection[Playing], policy: GuardPolicy) -> list[Playing]:
    """Each as it will be heard, in order of their starts, if nothing urgent comes between."""
    named = {each.id: each for each in wanted}
    refused: dict[str, str] = {}
    while True:
        stretches = resolution.play([_airing(each) for each in wanted if each.id not in refused])
        found = _first_refused(stretches, named, policy)
        if found is None:
            break
        refused |= found
    parts = _parts(stretches, named)
    told = [
        replace(each, refused=refused.get(each.id, ""), parts=tuple(parts.get(each.id, ())))
        for each in wanted
    ]
    return sorted(told, key=lambda each: (each.start, each.title))


def _airing(each: Playing) -> resolution.Airing:
    claim = Claim(each.id, each.klass.value, each.level, each.start)
    return resolution.Airing(claim, each.end - each.start, each.latest)


def _parts(stretches: Sequence[Stretch], named: Mapping[str, Playing]) -> dict[str, list[Part]]:
    begun = {each.start: named[each.id].title for each in stretches if each.end > each.start}
    found: dict[str, list[Part]] = {}
    for each in stretches:
        is_cut = each.ending in (Ending.PREEMPTED, Ending.DROPPED) and each.end > each.start
        part = Part(each.start, each.end, each.ending, begun.get(each.end, "") if is_cut else "")
        found.setdefault(each.id, []).append(part)
    return found


def _first_refused(
    stretches: Iterable[Stretch], named: Mapping[str, Playing], policy: GuardPolicy
) -> dict[str, str] | None:
    """The first that the guard lets not begin, were all before it heard as they are here."""
    used: dict[str, int] = {}
    sessions: dict[str, guard.Sessions] = {}
    begun: set[str] = set()
    for each in (stretch for stretch in stretches if stretch.end > stretch.start):
        one, at, end = named[each.id], to_ms(each.start), to_ms(each.end)
        nominal, length = to_ms(one.start), to_ms(one.end) - to_ms(one.start)
        today, its_day = guard.local_day(policy, at), guard.local_day(policy, nominal)
        before = sessions.get(its_day, guard.NO_SESSIONS)
        where = {"at": at, "duration_ms": length, "used_ms": used.get(today, 0), "nominal": nominal}
        if each.id not in begun:
            begun.add(each.id)
            if why := guard.refusal(policy, _item(one), **where, sessions=before):
                return {each.id: why}
        used[today] = used.get(today, 0) + end - at
        sessions[its_day] = before.begin(nominal, end).end(end, end - at)
    return None


def _item(each: Playing) -> Item:
    """What the guard looks at."""
    begin = to_ms(each.start)
    return Item(
        id="", title=each.title, start=begin, not_before=begin, expires=begin, clips=(), klass=each.klass
    )
