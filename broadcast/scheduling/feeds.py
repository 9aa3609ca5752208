"""The programme of an area for people without an account: a calendar behind a link that can be revoked."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from broadcast.authoring.repertoire import Repertoire, duration_ms, klass
from broadcast.errors import EmptyTitle, NotFound, ValueTooLong, WrongState
from broadcast.models import Area, AreaClosure, CalendarFeed, Person, Role, Schedule, ScheduleChange
from broadcast.storage import audit
from broadcast.storage.moments import day_start, later
from broadcast.units import areas, permissions
from broadcast.units.holiday_book import Book
from broadcast.units.passwords import fingerprint, new_token
from devices.messages import BulletinClass
from schedules import ical_writing, recurrence
from schedules.holidays import Calendar
from schedules.types import LOCAL, Rule

NAME_LIMIT = 120
MOST_LINKS = 20  # of one area at a time
NOTED_EVERY = dt.timedelta(minutes=5)  # the time of the last fetch is not written more often
BACK = dt.timedelta(days=31)
AHEAD = dt.timedelta(days=400)
WEEK = dt.timedelta(days=7)
LONGEST = dt.timedelta(hours=6)  # what began longer ago does not sound any more
CATEGORIES = {BulletinClass.PRIORITY: "Ưu tiên", BulletinClass.ROUTINE: "Thông thường"}


@dataclass(frozen=True, slots=True)
class Airing:
    """One programme as anybody may know it."""

    start: dt.datetime
    end: dt.datetime
    title: str
    klass: BulletinClass
    area: str
    schedule_id: int


@dataclass(frozen=True, slots=True)
class Published:
    """A file for a subscriber; ``changed_at`` is since when it is as it is."""

    feed_id: int
    body: bytes
    sha256: str
    changed_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Week:
    """The coming days for a reader of news: each airing with when its schedule was last changed."""

    published: Published
    area: Area
    changed_at: dt.datetime
    airings: tuple[tuple[Airing, dt.datetime], ...]


@dataclass(frozen=True, slots=True)
class _Programme:
    """A schedule that has something approved to play."""

    schedule: Schedule
    rule: Rule
    duration_ms: int
    klass: BulletinClass
    holidays: Calendar


def create(
    session: Session, person: Person, area_id: int, *, name: str, now: dt.datetime
) -> tuple[CalendarFeed, str]:
    """A link for a subscriber, and its token: that is shown once and kept by nobody.

    Errors: UnknownArea, Forbidden, EmptyTitle, ValueTooLong, WrongState (too many links).
    """
    area = areas.get(session, area_id)
    permissions.require(person, Role.EDITOR, area, session)
    name = " ".join(name.split())
    if not name:
        raise EmptyTitle(field="name")
    if len(name) > NAME_LIMIT:
        raise ValueTooLong(field="name", count=len(name), limit=NAME_LIMIT)
    if len(list_feeds(session, person, area_id)) >= MOST_LINKS:
        raise WrongState(kind="calendar_feed", state="many", action="create")
    token = new_token()
    feed = CalendarFeed(
        area_id=area_id, name=name, token_sha256=fingerprint(token), created_by=person.id, created_at=now
    )
    session.add(feed)
    session.flush()
    _record(session, person, feed, "feed.create", now)
    return feed, token


def revoke(session: Session, person: Person, feed_id: int, *, now: dt.datetime) -> CalendarFeed:
    """The link answers nothing from now on. Errors: NotFound, Forbidden, WrongState."""
    feed = session.get(CalendarFeed, feed_id, with_for_update=True, populate_existing=True)
    if feed is None or not permissions.may(person, Role.VIEWER, feed.area_id, session):
        raise NotFound(kind="calendar_feed", id=feed_id)
    permissions.require(person, Role.EDITOR, feed.area_id, session)
    if feed.revoked_at is not None:
        raise WrongState(kind="calendar_feed", id=feed_id, state="revoked", action="revoke")
    feed.revoked_at, feed.revoked_by = now, person.id
    session.flush()
    _record(session, person, feed, "feed.revoke", now)
    return feed


def list_feeds(session: Session, person: Person, area_id: int) -> list[CalendarFeed]:
    """The links of an area that work, newest first. Errors: Forbidden."""
    permissions.require(person, Role.VIEWER, area_id, session)
    query = select(CalendarFeed).where(CalendarFeed.area_id == area_id, CalendarFeed.revoked_at.is_(None))
    return list(session.scalars(query.order_by(CalendarFeed.id.desc())))


def fetch(session: Session, token: str, now: dt.datetime) -> Published:
    """What a subscriber is given; it only reads, ``note`` keeps what is to be kept.

    Errors: NotFound, for a token that never was and for one that was revoked alike.
    """
    feed = open_feed(session, token)
    body = write(session, feed.area_id, now)
    sha256 = hashlib.sha256(body).hexdigest()
    same = feed.changed_at is not None and feed.sha256 == sha256
    changed_at = feed.changed_at if same and feed.changed_at else now.replace(microsecond=0)
    return Published(feed.id, body, sha256, changed_at)


def fetch_week(session: Session, token: str, now: dt.datetime) -> Week:
    """The seven days from today behind the same link. Errors: NotFound, as ``fetch``.

    It has changed when the calendar has, which is kept, and with every new day.
    """
    published = fetch(session, token, now)
    feed = open_feed(session, token)
    start = day_start(now.astimezone(LOCAL).date())
    airings = programme_of(session, feed.area_id, start, start + WEEK)
    changes = _changes(session, sorted({each.schedule_id for each in airings}))
    changed = {schedule_id: at for schedule_id, (_count, at) in changes.items()}
    return Week(
        published=published,
        area=feed.area,
        changed_at=max(published.changed_at, start),
        airings=tuple((each, changed.get(each.schedule_id) or feed.created_at) for each in airings),
    )


def open_feed(session: Session, token: str) -> CalendarFeed:
    """The link that a token opens. Errors: NotFound."""
    query = select(CalendarFeed).where(
        CalendarFeed.token_sha256 == fingerprint(token), CalendarFeed.revoked_at.is_(None)
    )
    feed = session.scalar(query)
    if feed is None:
        raise NotFound(kind="calendar_feed", id=0)
    return feed


def is_noted(session: Session, published: Published, now: dt.datetime) -> bool:
    """Whether this fetch needs no writing: it was the same file, and a short while ago."""
    feed = session.get_one(CalendarFeed, published.feed_id)
    recent = feed.fetched_at is not None and feed.fetched_at > now - NOTED_EVERY
    return recent and feed.sha256 == published.sha256


def note(session: Session, published: Published, now: dt.datetime) -> None:
    """Keep when it was fetched last, and since when the file is as it is."""
    feed = session.get(CalendarFeed, published.feed_id)
    if feed is not None:
        feed.fetched_at, feed.sha256, feed.changed_at = now, published.sha256, published.changed_at


def write(session: Session, area_id: int, now: dt.datetime) -> bytes:
    """The programme of an area and of those above it as an iCalendar file. Errors: UnknownArea."""
    area = areas.get(session, area_id)
    today = now.astimezone(LOCAL).date()
    since, through = (today - BACK).replace(day=1), (today + AHEAD).replace(day=1)
    programmes = list(_programmes(session, area_id))
    changes = _changes(session, [each.schedule.id for each in programmes])
    entries = [_entry(each, *changes.get(each.schedule.id, (1, None))) for each in programmes]
    return ical_writing.write(entries, name=f"Lịch phát thanh {area.name}", since=since, through=through)


def programme_of(session: Session, area_id: int, start: dt.datetime, end: dt.datetime) -> list[Airing]:
    """What sounds in an area in ``[start, end)`` by its programme and those above it, in order.

    Only what is approved and has audio; urgent announcements are no programme. Errors: UnknownArea.
    """
    areas.get(session, area_id)
    found = []
    for each in _programmes(session, area_id):
        for occurrence in recurrence.occurrences(each.rule, start - LONGEST, end, each.holidays):
            until = later(occurrence.start, each.duration_ms)
            if until > start:
                schedule = each.schedule
                place = schedule.area.name
                found.append(Airing(occurrence.start, until, schedule.title, each.klass, place, schedule.id))
    return sorted(found, key=lambda airing: (airing.start, airing.schedule_id))


def _programmes(session: Session, area_id: int) -> Iterator[_Programme]:
    above = select(AreaClosure.ancestor_id).where(AreaClosure.descendant_id == area_id)
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


def _changes(session: Session, schedule_ids: list[int]) -> Mapping[int, tuple[int, dt.datetime | None]]:
    """By schedule, how often it was changed and when the last time."""
    query = (
        select(ScheduleChange.schedule_id, func.count(), func.max(ScheduleChange.at))
        .where(ScheduleChange.schedule_id.in_(schedule_ids))
        .group_by(ScheduleChange.schedule_id)
    )
    return {schedule_id: (count, at) for schedule_id, count, at in session.execute(query)}


def _entry(programme: _Programme, changes: int, changed_at: dt.datetime | None) -> ical_writing.Entry:
    schedule = programme.schedule
    return ical_writing.Entry(
        uid=f"{schedule.id}-{schedule.created_at:%Y%m%dT%H%M%S}@truyen-thanh",
        title=schedule.title,
        rule=programme.rule,
        changed_at=changed_at or schedule.created_at,
        length=dt.timedelta(seconds=programme.duration_ms // 1000),
        revision=max(0, changes - 1),
        category=CATEGORIES[programme.klass],
        place=schedule.area.name,
        description=schedule.rule_text,
        holidays=programme.holidays,
    )


def _record(session: Session, person: Person, feed: CalendarFeed, action: str, now: dt.datetime) -> None:
    audit.record(
        session,
        now=now,
        person_id=person.id,
        action=action,
        subject=f"area:{feed.area_id}",
        feed=feed.id,
        name=feed.name,
    )
