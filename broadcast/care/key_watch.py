"""Tells in good time that a key will end: 30, 7 and 1 day before, once each, and when another took over."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import and_, func, not_, select
from sqlalchemy.orm import Session

from broadcast.models import Alarm, JournalRow, Loudspeaker
from broadcast.signing.keyring import Ring
from broadcast.speakers import alarms
from broadcast.speakers.alarms import Change, Kind
from broadcast.speakers.conditions import Conditions

STEPS = (1, 7, 30)  # days
PUBLISHED_WITHIN = dt.timedelta(minutes=1)  # after a key is made; the planning comes every few seconds


class Ending(NamedTuple):
    """A key that ends within ``days``."""

    area_id: int | None
    days: int
    ends: dt.datetime


def watch(session: Session, ring: Ring, now: dt.datetime) -> int:
    """Open and close the alarms of the server's key and of every loudspeaker's; returns how many are new."""
    newest = ring.newest.not_after
    days = step(newest, now)
    server: dict[int | None, Ending] = {} if days is None else {None: Ending(None, days, newest)}
    opened = _tell(session, Kind.SERVER_KEY_EXPIRES, server, now)
    return opened + _tell(session, Kind.KEY_EXPIRES, _loudspeakers(session, now), now)


def without_newest(session: Session, ring: Ring) -> list[str]:
    """The loudspeakers that may know only the keys before the newest one, by their ids on the wire.

    One knows it whose desired state, in force there, was published after the key was made, and that has
    not refused the set in it since.
    """
    since = ring.newest.created_at
    in_force = and_(
        Loudspeaker.have_epoch == Loudspeaker.desired_epoch, Loudspeaker.have_rev == Loudspeaker.desired_rev
    )
    heard = func.coalesce(Loudspeaker.last_seen > since + PUBLISHED_WITHIN, False)
    before = Loudspeaker.created_at <= since
    refused = select(JournalRow.loudspeaker_id).where(
        JournalRow.received_at >= since, JournalRow.event == "keyset_refused"
    )
    knows = and_(in_force, heard, Loudspeaker.id.not_in(refused))
    query = select(Loudspeaker.device).where(Loudspeaker.retired_at.is_(None), before, not_(knows))
    return list(session.scalars(query.order_by(Loudspeaker.device)))


def step(ends: dt.datetime, now: dt.datetime) -> int | None:
    """The warning that is due; None while there is more than a month."""
    return next((days for days in STEPS if ends - now <= dt.timedelta(days=days)), None)


def _loudspeakers(session: Session, now: dt.datetime) -> dict[int | None, Ending]:
    """A box sees to its key sixty days before: one that is here could not."""
    columns = (Loudspeaker.id, Loudspeaker.area_id, Loudspeaker.key_expires_at)
    soon = Loudspeaker.key_expires_at <= now + dt.timedelta(days=STEPS[-1])
    found: dict[int | None, Ending] = {}
    for id_, area_id, ends in session.execute(select(*columns).where(Conditions(now).in_service, soon)):
        if ends is not None and (days := step(ends, now)) is not None:
            found[id_] = Ending(area_id, days, ends)
    return found


def _tell(session: Session, kind: Kind, endings: Mapping[int | None, Ending], now: dt.datetime) -> int:
    told = {each.loudspeaker_id: each for each in alarms.all_unwell(session, [kind])}
    alarms.end(session, [each for key, each in told.items() if key not in endings], now)
    news = {key: each for key, each in endings.items() if key not in told or _is_news(told[key], each)}
    alarms.end(session, [told[key] for key in news if key in told], now, Change.ABSORBED)
    for key, each in news.items():
        alarms.open_new(
            session,
            kind=kind,
            now=now,
            loudspeaker_id=key,
            area_id=each.area_id,
            days=each.days,
            ends=each.ends.isoformat(),
        )
    return len(news)


def _is_news(alarm: Alarm, ending: Ending) -> bool:
    return (alarm.detail.get("days"), alarm.detail.get("ends")) != (ending.days, ending.ends.isoformat())
