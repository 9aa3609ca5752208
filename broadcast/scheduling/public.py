"""The programme of an area as anybody may know it: airings of some days, and all of it as an iCalendar file.

Times are those at which it really sounds there, after what units have decided.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from broadcast.authoring.repertoire import Piece, Repertoire, duration_ms, klass
from broadcast.models import Schedule, ScheduleChange
from broadcast.plans import demand, unheard
from broadcast.plans.heard import Heard, Key, Orders, Planned
from broadcast.plans.unheard import Unheard, Voice
from broadcast.storage.moments import day_start, later
from broadcast.units import areas
from broadcast.units.holiday_book import Book
from devices.messages import BulletinClass
from schedules import exceptions, ical_writing, recurrence
from schedules.holidays import Calendar
from schedules.sounding import Why
from schedules.types import LOCAL, Frequency, Occurrence, Rule
from schedules.validation import MAX_EXCEPTIONS

BACK = dt.timedelta(days=31)
AHEAD = dt.timedelta(days=400)
IN_ORDER = dt.timedelta(days=92)  # so far ahead times are those at which a decided order lets begin
LONGEST = dt.timedelta(hours=6)  # what began longer ago does not sound any more
SINGLE = (Frequency.ONCE, Frequency.DATES)
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
    pieces: Sequence[Piece]
    holidays: Calendar
    path: Sequence[int]  # the area whose programme it is in, and all above
    told: Unheard  # what the plans say of it
    waits: bool = False  # some airings begin later than the schedule says

    @property
    def duration_ms(self) -> int:
        return duration_ms(self.pieces)

    @property
    def klass(self) -> BulletinClass:
        return klass(self.pieces)

    @property
    def length(self) -> dt.timedelta:
        return dt.timedelta(milliseconds=self.duration_ms)

    def occurrences(self, start: dt.datetime, end: dt.datetime) -> list[Occurrence]:
        """Those that are heard, as far as anybody can know."""
        return [each for each, heard in self.judged(start, end) if heard]

    def judged(self, start: dt.datetime, end: dt.datetime) -> Iterator[tuple[Occurrence, bool]]:
        """All that its rule names, with whether something approved holds then and the plans have it."""
        found = list(recurrence.occurrences(self.rule, start, end, self.holidays))
        whose, is_slot = self.schedule, self.schedule.slot is not None
        starts = [each.start for each in found]
        hold = starts if is_slot else demand.orders_of(self.pieces, starts)
        for each in found:
            voices = self.told.of(whose.id, each.start, whose.area_id, fills_itself=is_slot)
            voice = unheard.voice(voices, whose.area_id, self.path)
            yield each, each.start in hold and voice is Voice.HEARD

    def airing(self, scheduled: dt.datetime, start: dt.datetime, end: dt.datetime) -> Airing:
        whose = self.schedule
        return Airing(start, end, scheduled, whose.title, self.klass, whose.area.name, whose.id)


def write(session: Session, area_id: int, now: dt.datetime) -> bytes:
    """The programme of an area and of those above it as an iCalendar file. Errors: UnknownArea."""
    area = areas.get(session, area_id)
    today = now.astimezone(LOCAL).date()
    since, through = (today - BACK).replace(day=1), (today + AHEAD).replace(day=1)
    begin, end = day_start(since), day_start((today + IN_ORDER).replace(day=1))
    programmes = list(_programmes(session, area_id, begin, end))
    orders, told = _heard(session, area_id, programmes, begin, end)
    changed = changes(session, [each.schedule.id for each in programmes])
    entries = [
        _entry(_as_heard(each, told, begin, end, now), *changed.get(each.schedule.id, (1, None)), orders)
        for each in (_while_valid(programme) for programme in programmes)
    ]
    return ical_writing.write(entries, name=f"Lịch phát thanh {area.name}", since=since, through=through)


def programme_of(session: Session, area_id: int, start: dt.datetime, end: dt.datetime) -> list[Airing]:
    """What sounds in an area in ``[start, end)`` by its programme and those above it, in order.

    Only what is approved and has audio; urgent announcements are no programme. Errors: UnknownArea.
    """
    areas.get(session, area_id)
    since = start - LONGEST
    programmes = list(_programmes(session, area_id, since, end))
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


def _while_valid(programme: _Programme) -> _Programme:
    """A list whose last bulletin ends has no airings after that."""
    limits = [each.validity.valid_until if each.validity else None for each in programme.pieces]
    ends = [each for each in limits if each is not None]
    rule = programme.rule
    if programme.schedule.slot is not None or len(ends) < len(limits) or rule.frequency in SINGLE:
        return programme
    last = max(_local(max(ends)).date(), rule.starts_on)
    return replace(programme, rule=replace(rule, until=min(last, rule.until or last)))


def _as_heard(
    programme: _Programme, told: Heard, start: dt.datetime, end: dt.datetime, now: dt.datetime
) -> _Programme:
    """The programme without what is not heard any more, and what waits at the time at which it begins."""
    moves: dict[dt.datetime, dt.datetime] = {}
    silent: list[dt.datetime] = []
    room = MAX_EXCEPTIONS - len(programme.rule.moved) - len(programme.rule.skipped)
    for each, sounds in programme.judged(start, end):
        if len(moves) + len(silent) >= room:
            break
        heard = told.at(Key(programme.schedule.id, each.start), programme.path[0])
        if (not sounds and each.start > now) or (heard is not None and heard.why is Why.STALE):
            silent.append(_local(each.start))
        elif heard is not None and heard.why is not Why.PLANNED:
            moves[_local(each.start)] = _local(_whole_second(heard.start))
    if not moves and not silent:
        return programme
    rule = exceptions.leave_out(programme.rule, silent, programme.holidays)
    return replace(programme, rule=exceptions.move(rule, moves, programme.holidays), waits=bool(moves))


def _local(at: dt.datetime) -> dt.datetime:
    return at.astimezone(LOCAL).replace(tzinfo=None)


def _whole_second(at: dt.datetime) -> dt.datetime:
    down = at.replace(microsecond=0)
    return down if down == at else down + dt.timedelta(seconds=1)


def _programmes(session: Session, area_id: int, start: dt.datetime, end: dt.datetime) -> Iterator[_Programme]:
    """With what the plans say of their airings in ``[start, end)``."""
    path = [each.id for each in areas.ancestors(session, area_id)]
    query = select(Schedule).where(Schedule.area_id.in_(path), Schedule.withdrawn_at.is_(None))
    schedules = list(session.scalars(query.order_by(Schedule.id)))
    told = Unheard(session, [schedule.id for schedule in schedules], start, end)
    repertoire, book = Repertoire(session), Book(session)
    repertoire.learn([item.bulletin_id for schedule in schedules for item in schedule.items])
    for schedule in schedules:
        pieces = repertoire.pieces(schedule)
        if pieces:
            rule = recurrence.from_dict(schedule.rule)
            yield _Programme(schedule, rule, pieces, book.of(schedule.area_id), path, told)


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
