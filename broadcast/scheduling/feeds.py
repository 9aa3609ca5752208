"""The programme of an area for people without an account: a calendar behind a link that can be revoked."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from broadcast.errors import EmptyTitle, NotFound, ValueTooLong, WrongState
from broadcast.models import Area, CalendarFeed, Person, Role
from broadcast.plans.heard import Orders
from broadcast.storage import audit
from broadcast.storage.moments import day_start
from broadcast.units import areas, permissions
from broadcast.units.passwords import fingerprint, new_token
from schedules.types import LOCAL

from . import public
from .public import Airing

NAME_LIMIT = 120
MOST_LINKS = 20  # of one area at a time
NOTED_EVERY = dt.timedelta(minutes=5)  # the time of the last fetch is not written more often
WEEK = dt.timedelta(days=7)


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
    body = public.write(session, feed.area_id, now)
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
    airings = public.programme_of(session, feed.area_id, start, start + WEEK)
    changes = public.changes(session, sorted({each.schedule_id for each in airings}))
    orders = Orders(session, [each.id for each in areas.ancestors(session, feed.area_id)])
    changed = {
        schedule_id: max([at or feed.created_at, *(each.at for each in orders.about(schedule_id))])
        for schedule_id, (_count, at) in changes.items()
    }
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
