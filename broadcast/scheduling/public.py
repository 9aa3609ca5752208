"""The programme of an area as anybody may know it: airings of some days, and all of it as an iCalendar file.

Times are those at which it really sounds there, after what units have decided.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from broadcast.authoring.repertoire import Repertoire, duration_ms, klass
from broadcast.models import Schedule, ScheduleChange
from broadcast.plans.heard import Heard, Key, Orders, Planned
from broadcast.storage.moments import day_start, later
from broadcast.units import areas
from broadcast.units.holiday_book import Book
from devices.messages import BulletinClass
from schedules import exceptions, ical_writing, recurrence
from schedules.holidays import Calendar
from schedules.sounding import Why
from schedules.types import LOCAL, Occurrence, Rule
from schedules.validation import MAX_EXCEPTIONS

BACK = dt.timedelta(days=31)
AHEAD = dt.timedelta(days=400)
IN_ORDER = dt.timedelta(days=92)  # so far ahead times are those at which a decided order lets begin
LONGEST = dt.timedelta(hours=6)  # what began longer ago does not sound any more
WAITS = "Có buổi phát muộn hơn giờ ghi trong lịch, nhường chương trình được xếp trước."
CATEGORIES = {BulletinClass.PRIORITY: "Ưu tiên", BulletinClass.ROUTINE: "Thông thường"}


@dataclass(frozen=True, slots=True)
class Airing:
    """One programme as anybody may know it: when it really sounds; ``scheduled`` is its name."""

    start: dt.datetime
    end: dt.datetime
    scheduled: dt.datetime
    title: str
    klass: BulletinClass
    area: str
    schedule_id: int


@dataclass(frozen=True, slots=True)
class _Programme:
    """A schedule that has something approved to play."""

    schedule: Schedule
    rule: Rule
    duration_ms: int
    klass: BulletinClass
    holidays: Calendar
    waits: bool = False  # some airings begin later than the schedule says

    @property
    def length(self) -> dt.timedelta:
        return dt.timedelta(milliseconds=self.duration_ms)

    def occurrences(self, start: dt.datetime, end: dt.datetime) -> Iterator[Occurrence]:
        return recurrence.occurrences(self.rule, start, end, self.holidays)

    def airing(self, scheduled: dt.datetime, start: dt.datetime, end: dt.datetime) -> Airing:
        whose = self.schedule
        return Airing(start, end, scheduled, whose.title, self.klass, whose.area.name, whose.id)


def write(session: Session, area_id: int, now: dt.datetime) -> bytes:
    """The programme of an area and of those above it as an iCalendar file. Errors: UnknownArea."""
    area = areas.get(session, area_id)
    today = now.astimezone(LOCAL).date()
    since, through = (today - BACK).replace(day=1), (today + AHEAD).replace(day=1)
    programmes = list(_programmes(session, area_id))
    begin, end = day_start(since), day_start((today + IN_ORDER).replace(day=1))
    orders, told = _heard(session, area_id, programmes, begin, end)
    changed = changes(session, [each.schedule.id for each in programmes])
    entries = [
        _entry(_as_heard(each, told, area_id, begin, end), *changed.get(each.schedule.id, (1, None)), orders)
        for each in programmes
    ]
    return ical_writing.write(entries, name=f"Lịch phát thanh {area.name}", since=since, through=through)


def programme_of(session: Session, area_id: int, start: dt.datetime, end: dt.datetime) -> list[Airing]:
    """What sounds in an area in ``[start, end)`` by its programme and those above it, in order.

    Only what is approved and has audio; urgent announcements are no programme. Errors: UnknownArea.
    """
    areas.get(session, area_id)
    programmes, since = list(_programmes(session, area_id)), start - LONGEST
    _orders, told = _heard(session, area_id, programmes, since, end)
    found = []
    for each in programmes:
        for occurrence in each.occurrences(since, end):
            heard = told.at(Key(each.schedule.id, occurrence.start), area_id)
            if heard is not None and heard.why is Why.STALE:
                continue
            begins = heard.start if heard else occurrence.start
            until = heard.end if heard else later(begins, each.duration_ms)
            if until > start and begins < end:
                found.append(each.airing(occurrence.start, begins, until))
    return sorted(found, key=lambda airing: (airing.start, airing.schedule_id))


def _heard(
    session: Session, area_id: int, programmes: Sequence[_Programme], start: dt.datetime, end: dt.datetime
) -> tuple[Orders, Heard]:
    """What was decided about these programmes in the area and above it, and when they sound by it."""
    orders = Orders(session, [each.id for each in areas.ancestors(session, area_id)])
    named = orders.schedule_ids
    planned = (
        Planned(Key(each.schedule.id, at.start), each.schedule.area_id, each.klass.value, each.length)
        for each in programmes
        if each.schedule.id in named
        for at in each.occurrences(start, end)
    )
    return orders, orders.among(planned, [area_id])


def _as_heard(
    programme: _Programme, told: Heard, area_id: int, start: dt.datetime, end: dt.datetime
) -> _Programme:
    """The programme with each airing that waits at the time at which it begins."""
    moves: dict[dt.datetime, dt.datetime] = {}
    silent: list[dt.datetime] = []
    room = MAX_EXCEPTIONS - len(programme.rule.moved) - len(programme.rule.skipped)
    for each in programme.occurrences(start, end) if told.places else ():
        heard = told.at(Key(programme.schedule.id, each.start), area_id)
        if heard is None or heard.why is Why.PLANNED or len(moves) + len(silent) >= room:
            continue
        if heard.why is Why.STALE:
            silent.append(_local(each.start))
        else:
            moves[_local(each.start)] = _local(_whole_second(heard.start))
    if not moves and not silent:
        return programme
    rule = exceptions.leave_out(programme.rule, silent, programme.holidays)
    return replace(programme, rule=exceptions.move(rule, moves, programme.holidays), waits=True)


def _local(at: dt.datetime) -> dt.datetime:
    return at.astimezone(LOCAL).replace(tzinfo=None)


def _whole_second(at: dt.datetime) -> dt.datetime:
    down = at.replace(microsecond=0)
    return down if down == at else down + dt.timedelta(seconds=1)


def _programmes(session: Session, area_id: int) -> Iterator[_Programme]:
    above = areas.above(area_id)
    query = select(Schedule).where(Schedule.area_id.in_(above), Schedule.withdrawn_at.is_(None))
    schedules = list(session.scalars(query.order_by(Schedule.id)))
    repertoire, book = Repertoire(session), Book(session)
    repertoire.learn([item.bulletin_id for schedule in schedules for item in schedule.items])
    for schedule in schedules:
        pieces = repertoire.pieces(schedule)
        if pieces:
            rule = recurrence.from_dict(schedule.rule)
            length, class_ = duration_ms(pieces), klass(pieces)
            yield _Programme(schedule, rule, length, class_, book.of(schedule.area_id))


def changes(session: Session, schedule_ids: Sequence[int]) -> Mapping[int, tuple[int, dt.datetime | None]]:
    """By schedule, how often it was changed and when the last time."""
    query = (
        select(ScheduleChange.schedule_id, func.count(), func.max(ScheduleChange.at))
        .where(ScheduleChange.schedule_id.in_(schedule_ids))
        .group_by(ScheduleChange.schedule_id)
    )
    return {schedule_id: (count, at) for schedule_id, count, at in session.execute(query)}


def _entry(
    programme: _Programme, changes: int, changed_at: dt.datetime | None, orders: Orders
) -> ical_writing.Entry:
    schedule = programme.schedule
    said = orders.about(schedule.id)
    return ical_writing.Entry(
        uid=f"{schedule.id}-{schedule.created_at:%Y%m%dT%H%M%S}@truyen-thanh",
        title=schedule.title,
        rule=programme.rule,
        changed_at=max([changed_at or schedule.created_at, *(each.at for each in said)]),
        length=dt.timedelta(seconds=programme.duration_ms // 1000),
        revision=max(0, changes - 1) + len(said),
        category=CATEGORIES[programme.klass],
        place=schedule.area.name,
        description=f"{schedule.rule_text}\n{WAITS}" if programme.waits else schedule.rule_text,
        holidays=programme.holidays,
    )
