"""Once a week every loudspeaker is ordered to examine itself: who does not answer would not obey either.

A key that has ended, a clock that went wrong or a lost subscription show only when an order comes.
They must show on a Tuesday morning and not on the night of a flood.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from broadcast.models import Area, AreaClosure, Bulk, JournalRow, Loudspeaker
from broadcast.orders import commanding, outbox
from broadcast.orders.outbox import Urgency, Wire
from broadcast.speakers import alarms
from broadcast.speakers.alarms import Kind
from broadcast.speakers.conditions import Conditions
from broadcast.storage.moments import to_ms
from devices.messages import Action, Command
from schedules.types import LOCAL

WEEKDAY = 1  # Tuesday
AT = dt.time(9, 30)  # local: people are at work and loudspeakers may sound
LIFE = dt.timedelta(days=1)  # for who is away at that moment
ANSWER_WITHIN = dt.timedelta(hours=2)
ANSWERED = "self_test"  # in the journal, under the loudspeaker's own seal


def last_due(now: dt.datetime) -> dt.datetime:
    """The latest moment at which the test was to be ordered."""
    local = now.astimezone(LOCAL)
    day = local.date() - dt.timedelta(days=(local.weekday() - WEEKDAY) % 7)
    due = dt.datetime.combine(day, AT, tzinfo=LOCAL)
    return (due if due <= local else due - dt.timedelta(days=7)).astimezone(dt.UTC)


def order_if_due(session: Session, wire: Wire, now: dt.datetime) -> int:
    """Order this week's test unless it was; one message to each tree of areas. Returns how many left."""
    due = last_due(now)
    if session.scalar(select(Bulk.id).where(*_WEEKLY, Bulk.created_at >= due).limit(1)) is not None:
        return 0
    after = session.scalar(select(func.max(JournalRow.id))) or 0
    roots = _roots(session, now)
    for area, count in roots:
        command = Command(
            id=f"self-test-{due:%Y-%m-%d}",
            target=area.code,
            issued_at=to_ms(now),
            expires_at=to_ms(now + LIFE),
            action=Action.SELF_TEST,
        )
        topic = wire.topics.group_cmd(area.code)
        outbox.put(session, wire, topic, command, urgency=Urgency.COMMAND, now=now, expires_at=now + LIFE)
        detail = {"command": command.id, "journal_after": after}
        bulk = Bulk(
            person_id=None,
            action=Action.SELF_TEST,
            detail=detail,
            area_id=area.id,
            total=count,
            created_at=now,
        )
        session.add(bulk)
        session.flush()
        commanding.follow_group(session, bulk, command, now + LIFE)
    return len(roots)


def judge(session: Session, now: dt.datetime) -> int:
    """Raise an alarm for everyone who is there and has not answered; returns how many are new.

    Of who is away nothing is said here: their silence is told already.
    """
    latest = session.scalar(select(Bulk).where(*_WEEKLY).order_by(Bulk.id.desc()).limit(1))
    if latest is None or now < latest.created_at + ANSWER_WITHIN:
        return 0
    told = {each.loudspeaker_id: each for each in alarms.all_unwell(session, [Kind.SELF_TEST_MISSING])}
    theirs = _answered(latest).where(JournalRow.loudspeaker_id.in_(list(told)))
    back = set(session.scalars(theirs)) if told else set()
    alarms.end(session, [each for key, each in told.items() if key in back], now)
    if now > latest.created_at + LIFE + ANSWER_WITHIN:
        return 0  # whoever did not answer by now is told
    news = {key: area for key, area in _silent(session, latest, now).items() if key not in told}
    for key, area_id in news.items():
        alarms.open_new(
            session,
            kind=Kind.SELF_TEST_MISSING,
            now=now,
            loudspeaker_id=key,
            area_id=area_id,
            command=latest.detail["command"],
        )
    return len(news)


def _silent(session: Session, order: Bulk, now: dt.datetime) -> dict[int, int]:
    """Who was there before the order and after it, by their areas, and has said nothing."""
    query = select(Loudspeaker.id, Loudspeaker.area_id).where(
        Conditions(now).in_service,
        Loudspeaker.activated_at < order.created_at,
        Loudspeaker.last_seen > order.created_at + ANSWER_WITHIN,
        Loudspeaker.id.not_in(_answered(order)),
    )
    return {id_: area_id for id_, area_id in session.execute(query)}  # noqa: C416 - rows are no pairs


def _answered(order: Bulk) -> Select[int]:
    """By the row at which the journal stood: it is read from there on and not from its beginning."""
    since = JournalRow.id > int(order.detail["journal_after"])
    return select(JournalRow.loudspeaker_id).where(since, JournalRow.event == ANSWERED)


_WEEKLY = (Bulk.action == Action.SELF_TEST, Bulk.person_id.is_(None))


def _roots(session: Session, now: dt.datetime) -> list[tuple[Area, int]]:
    """The trees in which loudspeakers are that were ever heard, and how many are in each."""
    query = (
        select(Area, func.count(Loudspeaker.id))
        .join(AreaClosure, AreaClosure.ancestor_id == Area.id)
        .join(Loudspeaker, Loudspeaker.area_id == AreaClosure.descendant_id)
        .where(Area.parent_id.is_(None), Loudspeaker.retired_at.is_(None))
        .group_by(Area.id)
        .having(func.count().filter(Conditions(now).in_service) > 0)
    )
    return [(area, count) for area, count in session.execute(query)]
