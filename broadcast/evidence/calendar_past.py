"""What the calendar of an area had in a span that is over: every airing as it stood when its time came.

Told from what is kept of each change of a schedule, from approvals and withdrawals, and from the book of
days off; the broadcasts that were once made tell what was planned besides, and who took it out again.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from broadcast.models import (
    Broadcast,
    BroadcastState,
    ChangeAction,
    Person,
    Schedule,
    ScheduleChange,
)
from broadcast.scheduling.schedule_changes import State
from broadcast.storage.chunks import chunks
from broadcast.units.tree_past import TreePast
from schedules import exceptions, recurrence
from schedules.types import LOCAL, Frequency, OnHolidays, Rule

from .approved_times import ApprovedTimes
from .days_off_past import DaysOffPast
from .held_times import HeldTimes
from .reconciliation import Change
from .whys import Why


@dataclass(frozen=True, slots=True)
class Airing:
    """One dated airing in an area; ``gone``, ``since`` and ``stopped`` as in ``reconciliation.Part``.

    ``stops``: the same by the area of the programme that was stopped while others went on.
    """

    key: str
    area_id: int
    title: str
    start: dt.datetime
    length_ms: int = 0
    broadcast_id: int | None = None  # None: none was ever made
    klass: str = ""
    gone: Change | None = None
    since: dt.datetime | None = None
    stopped: Change | None = None
    stops: Mapping[int, Change] = field(default_factory=dict)
    at_once: bool = False
    slot: dict[str, Any] | None = None  # as it stood, where it filled itself
    bulletin_ids: tuple[int, ...] = ()  # in the order that somebody gave


@dataclass(frozen=True, slots=True)
class _Version:
    """A schedule from one change to the next."""

    since: dt.datetime
    until: dt.datetime | None
    state: State
    action: ChangeAction
    by: str

    @property
    def rule(self) -> Rule:
        return recurrence.from_dict(self.state.rule)


def airings(
    session: Session, tree: TreePast, area_ids: Collection[int], start: dt.datetime, end: dt.datetime
) -> list[Airing]:
    """All that were planned or stood for ``[start, end)`` in these areas, urgent ones too, by their keys."""
    made = {key(each.occurrence): each for each in _broadcasts(session, area_ids, start, end)}
    past = _Past(session, tree, area_ids, {each.schedule_id for each in made.values() if each.schedule_id})
    found = {each.key: each for each in past.stood(start, end)}
    for name, nothing in past.hollow.items():
        if name not in made or made[name].state is BroadcastState.CANCELLED:
            found[name] = replace(found[name], gone=nothing)
    for name, broadcast in made.items():
        if broadcast.schedule_id is None:
            found[name] = _of_broadcast(broadcast)
        elif name not in found:
            gone = past.why_gone(broadcast.schedule_id, broadcast.start)
            found[name] = replace(_of_broadcast(broadcast), gone=gone)
        else:
            length, klass = broadcast.duration_ms, broadcast.klass.value
            found[name] = replace(found[name], length_ms=length, broadcast_id=broadcast.id, klass=klass)
    people = {each.id: each.name for each in session.execute(select(Person.id, Person.name))}
    return [_stopped(each, made.get(each.key), people) for each in found.values()]


def key(occurrence: str) -> str:
    """What all orders of one airing have in common: one that came back is ordered anew."""
    return occurrence.partition("+")[0]


def _broadcasts(
    session: Session, area_ids: Collection[int], start: dt.datetime, end: dt.datetime
) -> Iterator[Broadcast]:
    for ids in chunks(sorted(area_ids)):
        query = (
            select(Broadcast)
            .where(Broadcast.area_id.in_(ids), Broadcast.start >= start, Broadcast.start < end)
            .options(selectinload(Broadcast.stops))
        )
        yield from session.scalars(query)


def _of_broadcast(broadcast: Broadcast) -> Airing:
    return Airing(
        key=key(broadcast.occurrence),
        area_id=broadcast.area_id,
        title=broadcast.title,
        start=broadcast.start,
        length_ms=broadcast.duration_ms,
        broadcast_id=broadcast.id,
        klass=broadcast.klass.value,
        since=broadcast.created_at,
        at_once=broadcast.schedule_id is None,
    )


def _stopped(airing: Airing, broadcast: Broadcast | None, people: dict[int, str]) -> Airing:
    """With the person who stopped it, or a part of it, on the air or shortly before it began."""
    if broadcast is None:
        return airing
    if broadcast.stopped_at is not None:
        by = people.get(broadcast.stopped_by or 0, "")
        airing = replace(airing, stopped=Change(Why.STOPPED, broadcast.stopped_at, by))
    stops = {
        each.area_id: Change(Why.STOPPED, each.at, people.get(each.person_id, "")) for each in broadcast.stops
    }
    return replace(airing, stops=stops) if stops else airing


class _Past:
    """The schedules of some areas in all their versions."""

    def __init__(
        self, session: Session, tree: TreePast, area_ids: Collection[int], known: Collection[int]
    ) -> None:
        self._areas = frozenset(area_ids)
        self._book = DaysOffPast(session, tree)
        self._versions = _versions(session, self._areas, known)
        played = {id_ for each in self._all for id_ in each.state.bulletin_ids}
        self._approved = ApprovedTimes(session, played)
        self._held = HeldTimes(session, played)
        self.hollow: dict[str, Change] = {}  # why it may have had nothing to play, by key

    @property
    def _all(self) -> Iterator[_Version]:
        return (version for versions in self._versions.values() for version in versions)

    def stood(self, start: dt.datetime, end: dt.datetime) -> Iterator[Airing]:
        """What the version in force at its time had; without approved audio it was to be silent."""
        for schedule_id, versions in self._versions.items():
            for version in versions:
                if version.state.withdrawn or version.state.area_id not in self._areas:
                    continue
                first, last = max(start, version.since), min(end, version.until or end)
                if first < last:
                    yield from self._of(schedule_id, version, first, last)

    def _of(
        self, schedule_id: int, version: _Version, first: dt.datetime, last: dt.datetime
    ) -> Iterator[Airing]:
        state = version.state
        for start in self._starts(version, first, last):
            name = f"s{schedule_id}.{start.astimezone(LOCAL):%Y%m%dT%H%M%S}"
            if (nothing := self._nothing(state, start)) is not None:
                self.hollow[name] = nothing
            approved = self._approved.at(state.bulletin_ids, start)
            silent = state.slot is None and approved is None
            yield Airing(
                key=name,
                area_id=state.area_id,
                title=state.title,
                start=start,
                gone=self._approved.lost(state.bulletin_ids, start) if silent else None,
                since=max(self._aired_since(schedule_id, start), approved or version.since),
                slot=state.slot,
                bulletin_ids=state.bulletin_ids,
            )

    def _starts(self, version: _Version, first: dt.datetime, last: dt.datetime) -> Iterator[dt.datetime]:
        """By the days off as they were decided when each came: what is decided later changes no past day."""
        rule, area_id = version.rule, version.state.area_id
        moments = self._book.moments if _heeds_holidays(rule) else ()
        edges = [first, *(each for each in moments if first < each < last), last]
        for since, until in pairwise(edges):
            for each in recurrence.occurrences(rule, since, until, self._book.calendar(area_id, since)):
                yield each.start

    def _nothing(self, state: State, start: dt.datetime) -> Change | None:
        """Why nothing may have been made of it: a slot stays empty, or none of its bulletins holds."""
        if state.slot is not None:
            return Change(Why.NOTHING, start)
        said = [self._held.at(each, start) for each in state.bulletin_ids]
        over = [each for each in said if each is not None and not each.holds(start)]
        if len(over) < len(said):
            return None
        return max(
            (each.change for each in over), key=lambda each: each.at, default=Change(Why.NOTHING, start)
        )

    def _aired_since(self, schedule_id: int, start: dt.datetime) -> dt.datetime:
        """The first change of the unbroken row of versions that all have this airing."""
        since = start
        for version in reversed(self._until(schedule_id, start)):
            if not self._has(version, start):
                break
            since = version.since
        return max(since, self._let_in(schedule_id, start) or since)

    def _let_in(self, schedule_id: int, start: dt.datetime) -> dt.datetime | None:
        """When a day became one on which it airs."""
        decided = self._day_off(schedule_id, start)
        version = next(reversed(self._until(schedule_id, start)), None)
        if decided is None or version is None:
            return None
        before = self._book.calendar(version.state.area_id, decided.at - dt.timedelta(microseconds=1))
        return None if version.state.airs(start, before) else decided.at

    def why_gone(self, schedule_id: int, start: dt.datetime) -> Change:
        """Who took out what had once been planned, and how."""
        by: _Version | None = None
        for version in reversed(self._until(schedule_id, start)):
            if self._has(version, start):
                break
            by = version
        if by is None:
            return self._day_off(schedule_id, start) or Change(Why.UNKNOWN, start)
        nominal = start.astimezone(LOCAL).replace(tzinfo=None)
        why, to = _told(by, nominal)
        if why is Why.CHANGED and (day_off := self._day_off(schedule_id, start)) is not None:
            return day_off
        return Change(why, by.since, by.by, to)

    def _day_off(self, schedule_id: int, start: dt.datetime) -> Change | None:
        """A decision of the unit, or of one above it, about that day."""
        versions = self._until(schedule_id, start)
        if not versions or not _heeds_holidays(versions[-1].rule):
            return None
        return self._book.decided(versions[-1].state.area_id, start.astimezone(LOCAL).date(), start)

    def _until(self, schedule_id: int, start: dt.datetime) -> list[_Version]:
        return [each for each in self._versions.get(schedule_id, ()) if each.since <= start]

    def _has(self, version: _Version, start: dt.datetime) -> bool:
        state = version.state
        inside = state.area_id in self._areas
        return inside and state.airs(start, self._book.calendar(state.area_id, start))


def _told(version: _Version, nominal: dt.datetime) -> tuple[Why, dt.datetime | None]:
    """What a version says of an airing that it has not."""
    rule = version.rule
    if version.state.withdrawn:
        return Why.WITHDRAWN, None
    to = next((move.to for move in rule.moved if move.was == nominal), None)
    if to is not None:
        return Why.MOVED, to.replace(tzinfo=LOCAL).astimezone(dt.UTC)
    if exceptions.is_left_out(rule, nominal):
        return (Why.GAVE_WAY if version.action is ChangeAction.OVER else Why.LEFT_OUT), None
    if version.action is ChangeAction.MOVE and rule.frequency is Frequency.ONCE:
        moved = dt.datetime.combine(rule.starts_on, rule.times[0], LOCAL)
        return Why.MOVED, moved.astimezone(dt.UTC)
    return Why.CHANGED, None


def _heeds_holidays(rule: Rule) -> bool:
    return rule.on_holidays is not OnHolidays.KEEP or rule.frequency is Frequency.WORKDAYS


def _versions(
    session: Session, area_ids: Collection[int], known: Collection[int]
) -> dict[int, list[_Version]]:
    """By schedule, in order: of those of these areas, and of those ``known`` to have aired there."""
    ids = {*known}
    for some in chunks(sorted(area_ids)):
        ids |= set(session.scalars(select(Schedule.id).where(Schedule.area_id.in_(some))))
    found: dict[int, list[_Version]] = defaultdict(list)
    for some in chunks(sorted(ids)):
        query = (
            select(ScheduleChange, Person.name)
            .join(Person, Person.id == ScheduleChange.person_id)
            .where(ScheduleChange.schedule_id.in_(some))
            .order_by(ScheduleChange.schedule_id, ScheduleChange.id)
        )
        for change, by in session.execute(query):
            before = found[change.schedule_id]
            if before:
                before[-1] = replace(before[-1], until=change.at)
            state = State.stored(change.after)
            before.append(_Version(change.at, None, state, change.action, by))
    return found
