"""Another time for a schedule that would sound with others: one that no check doubts a moment later."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import NamedTuple

from sqlalchemy.orm import Session

from broadcast.models import Person
from broadcast.units import policies
from schedules import conflicts
from schedules.conflicts import Booking, Busy
from schedules.sessions import GAP
from schedules.types import LOCAL, Rule, Window

from . import allowed_days, concerns, intents
from .clashes import Look, Near
from .intents import Intent, coming
from .session_concerns import Limits

DAY = dt.timedelta(days=1)
MINUTE = dt.timedelta(minutes=1)
ANY_HOUR = (Window(dt.time(), dt.time()),)
MOST_ASKED = 6  # times that are free and allowed are asked about, one after the other, for other doubts
TIMELY = frozenset(
    {
        "in_past", "too_near", "outside_hours", "runs_over", "unusual", "weekday", "session_limit",
        "session_minutes", "during_relay", "held",
    }
)  # fmt: skip
"""Doubts that another time of day may answer."""


class Another(NamedTuple):
    """Another time of day; ``rule``: on which days besides, where those wished are not allowed."""

    time: dt.time
    rule: Rule | None = None


def next_free(
    session: Session,
    person: Person,
    intent: Intent,
    now: dt.datetime,
    time: dt.time | None = None,
    *,
    near: Near | None = None,
) -> Another | None:
    """The next time of day at which nothing plays on any of the coming days, and that is doubted by nothing.

    Instead of ``time``, or of the rule's first; None when there is none before midnight. Where units do not
    allow the days, on the nearest that they do.
    Errors: UnknownArea, Forbidden, RuleInvalid.
    """
    near = near or Near(session, intent.area_id)
    search = _Search(session, person, intent, now, time, near=near)
    days = search.allowed_days()
    if days == intent.rule or days is None:
        found = search.first()
        return Another(found) if found else None
    found = _Search(session, person, replace(intent, rule=days), now, time, near=near).first()
    return Another(found, days) if found else None


def after(
    session: Session,
    person: Person,
    intent: Intent,
    now: dt.datetime,
    time: dt.time | None = None,
    *,
    near: Near | None = None,
) -> dt.time | None:
    """Right behind what plays then, to the minute, where nothing doubts that. As ``next_free`` otherwise."""
    return _Search(session, person, intent, now, time, near=near or Near(session, intent.area_id)).behind()


class _Search:
    """Looks for another time of day in the place of one of a schedule's; its other times stay."""

    def __init__(
        self,
        session: Session,
        person: Person,
        intent: Intent,
        now: dt.datetime,
        time: dt.time | None,
        *,
        near: Near,
    ) -> None:
        self._session, self._intent, self._now, self._near = session, intent, now, near
        self._new = intents.side(session, person, intent)
        self._time = min(self._new.rule.times) if time is None else time
        self._starts = self._at(self._time)
        self._rest = [each for each in self._new.rule.times if each != self._time]
        self._beside = self._at(*self._rest)
        self._open = policies.of(session, self._new.area.id).open
        look = Look(session, self._new, near=near)
        self._limits = Limits(session, self._new, look)
        self._taken: list[Booking] = []
        if self._starts:
            first = dt.datetime.combine(_local(min(now, self._starts[0])), dt.time(), LOCAL)
            self._taken += look.taken(first, self._starts[-1] + 2 * DAY)
            self._taken += [self._new.booking(start, 0, frozenset()) for start in self._beside]
        self._busy = Busy(self._taken)

    def allowed_days(self) -> Rule | None:
        """The rule on days that are allowed, or None."""
        return allowed_days.nearest(self._intent.rule, self._limits.weekdays)

    def first(self) -> dt.time | None:
        """The earliest that will do, from the wished time on."""
        likely = (time for time in self._times() if self._is_free(time, self._open) and self._fits(time))
        return next(filter(self._is_undoubted, islice(likely, MOST_ASKED)), None)

    def behind(self) -> dt.time | None:
        """Right behind what plays at the wished time, where that will do."""
        shift = conflicts.next_free_for_all(self._starts, self._new.length, self._busy, ANY_HOUR)
        moved = _since_midnight(self._time) + (shift or dt.timedelta())
        if not self._starts or shift is None or moved >= DAY:
            return None
        time = _time(moved)
        will_do = self._is_free(time, self._open) and self._fits(time) and self._is_undoubted(time)
        return time if will_do else None

    def _times(self) -> Iterator[dt.time]:
        """Where times that will do may begin, from the wished one on to midnight.

        That is where hours open, where something ends, or a session, and where one begins to which this
        would belong.
        """
        if not self._starts:
            return
        wished, length = _since_midnight(self._time), self._new.length
        marks = {wished, *(_since_midnight(window.start) for window in self._open)}
        for each in self._taken:
            for at in (each.end, each.end + GAP + MINUTE, each.start - length - GAP, each.start - length):
                marks.add(_since_midnight(_local(at).time()))
        for mark in sorted({wished, *map(_whole_minute, marks)}):
            if wished <= mark < DAY:
                yield _time(mark)

    def _is_free(self, time: dt.time, allowed: Sequence[Window]) -> bool:
        starts, length = self._at(time), self._new.length
        shift = conflicts.next_free_for_all(starts, length, self._busy, allowed, within=MINUTE)
        return bool(starts) and time not in self._rest and shift == dt.timedelta()

    def _fits(self, time: dt.time) -> bool:
        """Whether days, sessions and their minutes allow it, with all else that airs."""
        return not any(self._limits.doubts(sorted([*self._at(time), *self._beside])))

    def _is_undoubted(self, time: dt.time) -> bool:
        new = replace(self._new, rule=replace(self._new.rule, times=(time,)))
        told = concerns.of_times(self._session, new, self._intent.bulletin_ids, self._now, self._near)
        return not any(each.code in TIMELY for each in told)

    def _at(self, *times: dt.time) -> list[dt.datetime]:
        """The coming starts if these were the schedule's times."""
        if not times:
            return []
        return coming(replace(self._new, rule=replace(self._new.rule, times=times)), self._now)


def _local(at: dt.datetime) -> dt.datetime:
    return at.astimezone(LOCAL)


def _since_midnight(time: dt.time) -> dt.timedelta:
    return dt.timedelta(
        hours=time.hour, minutes=time.minute, seconds=time.second, microseconds=time.microsecond
    )


def _time(since_midnight: dt.timedelta) -> dt.time:
    return (dt.datetime.combine(dt.date.min, dt.time()) + since_midnight).time()


def _whole_minute(at: dt.timedelta) -> dt.timedelta:
    return -(-at // MINUTE) * MINUTE
