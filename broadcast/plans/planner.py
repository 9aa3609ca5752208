"""Plans what has changed and nothing else; the whole only at first, and to see that nothing was missed.

The log of events tells what has changed (``changes``). How far it was followed stands in one row that is
written with the plans themselves: a planner that dies begins again where the last one was done.
Days come and go at local midnight. ``inspect`` compares everything with a plan from scratch, without
a lock; what it finds was missed by the events, which is a bug: it is logged and mended.
"""

from __future__ import annotations

import datetime as dt
import functools
import hashlib
import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass
from importlib import metadata

import msgspec
from sqlalchemy.orm import Session

from broadcast.models import PlanMark
from broadcast.orders.items import Window
from broadcast.orders.outbox import Wire
from broadcast.storage import events, garbage
from broadcast.storage.moments import to_ms

from . import addressing, changes, desired, planning
from .changes import Touched
from .documents import forget_plans, publish_plans, wanted
from .planning import Kinds, Outcome, Span

log = logging.getLogger(__name__)

NAME = "plans"
NOTHING = Touched()
MARGIN = dt.timedelta(hours=1)  # before the log of events begins to forget
SHOWN = 20  # ids in one line of the log
STEPS = ("plan_begun", "plan_followed", "plan_addressed", "plan_published", "plan_marked")
"""Where ``checkpoint`` is called: a test may end the process after each."""


@functools.cache
def _version() -> str:
    """Of this program: another one may make other plans of the same."""
    return metadata.version("truyen-thanh")


@dataclass(frozen=True, slots=True)
class Planner:
    """One planning of the leader, in its transaction."""

    session: Session
    wire: Wire
    now: dt.datetime
    days: int
    checkpoint: Callable[[str], None] = lambda name: None  # noqa: ARG005

    @garbage.uncollected()
    def plan(
        self, *, suspects: Touched = NOTHING, again: Collection[str] = frozenset(), everyone: bool = False
    ) -> int:
        """Plan what has changed since the last time; returns how many loudspeakers get a new revision.

        ``suspects`` are what ``inspect`` found; ``again`` and ``everyone`` as in ``publish_plans``.
        """
        mark = self.session.get(PlanMark, NAME, with_for_update=True, populate_existing=True)
        last = events.last_id(self.session)
        self.checkpoint("plan_begun")
        if mark is None or mark.at < self.now - events.KEPT + MARGIN:
            told = self._plan_all(again, everyone=everyone)
        else:
            told = self._plan_changes(mark, last, suspects, again, everyone=everyone)
        self.checkpoint("plan_published")
        self._remember(mark, last)
        self.checkpoint("plan_marked")
        return told

    @garbage.uncollected()
    def inspect(self) -> Touched:
        """What a plan from scratch would change; it only reads and needs no transaction that writes."""
        mark = self.session.get(PlanMark, NAME)
        if mark is None or mark.basis != self._basis:
            return NOTHING  # the next planning looks at all of it anyway
        rules = planning.compare(self.session, Span.after(self.now, mark.expanded_to))
        wishes = wanted(self.session, self.wire, self.now, self.days)
        astray = addressing.wrongly_addressed(self.session, self.now)
        return Touched(
            schedules=frozenset(rules.schedule_ids),
            loudspeakers=frozenset(astray | {wish.row.id for wish in wishes if wish.is_news}),
        )

    @property
    def _window(self) -> Window:
        return Window.at(self.now, self.days)

    @property
    def _basis(self) -> str:
        """Names what every plan rests on: where it changes all are made anew."""
        wire, window = self.wire, self._window
        keyset = wire.keys.current.keyset
        rests_on = (
            _version(),
            wire.public_url,
            wire.heartbeat_s,
            keyset,
            to_ms(window.start),
            to_ms(window.end),
        )
        return hashlib.sha256(msgspec.json.encode(rests_on)).hexdigest()

    def _plan_all(self, again: Collection[str], *, everyone: bool) -> int:
        planning.follow(self.session, self.now, Span.after(self.now, self._window.end))
        self.checkpoint("plan_followed")
        addressing.address(self.session, self.now)
        self.checkpoint("plan_addressed")
        return self._publish(None, again, everyone=everyone)

    def _plan_changes(
        self, mark: PlanMark, last: int, suspects: Touched, again: Collection[str], *, everyone: bool
    ) -> int:
        news = changes.between(self.session, mark.event_id, last)
        outcome = self._follow(mark, news.schedules)
        self.checkpoint("plan_followed")
        moved = addressing.below(self.session, news.moved)
        self._address(outcome, news.loudspeakers | moved)
        self.checkpoint("plan_addressed")
        only: set[int] | None = None
        if not everyone and mark.basis == self._basis:
            only = addressing.below(self.session, news.areas | outcome.areas) | news.loudspeakers
            only |= changes.untold(self.session) | desired.ids_of(self.session, again)
        told = self._publish(only, again, everyone=everyone)
        return told + self._mend(mark, suspects, news) if suspects else told

    def _follow(self, mark: PlanMark, schedule_ids: Collection[int]) -> Outcome:
        """What is planned already follows its schedules, and the days that have come since are added."""
        session, now, end = self.session, self.now, self._window.end
        known, whole = Span.after(now, mark.expanded_to), Span.after(now, end)
        ahead = whole._replace(start=max(whole.start, mark.expanded_to))
        outcome = planning.follow(session, now, known, schedule_ids)
        outcome |= planning.follow(session, now, ahead, kinds=Kinds.LISTS)
        if end == mark.expanded_to:
            return outcome
        # How the airings of a bulletin are spread depends on where the days planned end.
        return outcome | planning.follow(session, now, whole, kinds=Kinds.SLOTS)

    def _address(self, outcome: Outcome, loudspeakers: Collection[int]) -> int:
        return addressing.address(
            self.session,
            self.now,
            new=outcome.made,
            broadcasts=outcome.broadcasts,
            loudspeakers=loudspeakers,
        )

    def _publish(self, only: Collection[int] | None, again: Collection[str], *, everyone: bool) -> int:
        return publish_plans(
            self.session, self.wire, self.now, self.days, only=only, again=again, everyone=everyone
        )

    def _mend(self, mark: PlanMark, suspects: Touched, news: Touched) -> int:
        """Put right what no event has told of; what an event has told of meanwhile is right already."""
        outcome = self._follow(mark, suspects.schedules - news.schedules)
        strays = suspects.loudspeakers - news.loudspeakers
        addressed = self._address(outcome, strays)
        told = self._publish(addressing.below(self.session, outcome.areas) | strays, (), everyone=False)
        if outcome.areas or addressed or told:
            log.error(
                "a plan from scratch differs from what was planned: some change was announced by no event",
                extra={
                    "action": "plan_drift",
                    "schedules": sorted(suspects.schedules)[:SHOWN],
                    "loudspeakers": sorted(suspects.loudspeakers)[:SHOWN],
                    "areas": sorted(outcome.areas)[:SHOWN],
                },
            )
        return told

    def _remember(self, mark: PlanMark | None, last: int) -> None:
        reached = {"event_id": last, "expanded_to": self._window.end, "basis": self._basis}
        if mark is None:
            self.session.add(PlanMark(name=NAME, at=self.now, **reached))
        elif reached != {name: getattr(mark, name) for name in reached}:
            if mark.basis != reached["basis"]:
                forget_plans(self.session, self._window.start)
            mark.at = self.now
            for name, value in reached.items():
                setattr(mark, name, value)
        self.session.flush()
