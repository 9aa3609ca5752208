"""Bounds what one loudspeaker may send: a stolen credential or a broken firmware must starve nobody.

A bucket for each device, as the generic cell rate algorithm: one number says up to when what was
taken in is paid for. What is over the bound is counted and dropped where it arrives, before anything
is read, verified or stored; a loudspeaker tells its journal again until it is confirmed.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from broadcast.models import Alarm, Loudspeaker
from broadcast.speakers import alarms
from broadcast.speakers.alarms import Kind

A_SECOND: Final = 5.0  # pieces, in the long run; an honest loudspeaker sends one in ten seconds
AT_ONCE: Final = 2_000  # pieces: the journal of a month comes at once when the network is back
PIECE: Final = 4_096  # bytes; a larger message counts for more
CALM: Final = dt.timedelta(minutes=2)  # without a dropped message, after which it is over
AGAIN: Final = dt.timedelta(minutes=1)  # between two counts in one alarm
_MOST: Final = 20_000  # devices remembered before those that owe nothing are forgotten


class Bounds:
    """Who may send how much; asked by one thread, for every message."""

    def __init__(
        self,
        a_second: float = A_SECOND,
        at_once: float = AT_ONCE,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``clock`` gives seconds of a clock that nobody sets."""
        self._cost = 1.0 / a_second
        self._limit = at_once / a_second
        self._clock = clock
        self._paid_until: dict[str, float] = {}
        self.dropped: dict[str, int] = {}  # since the start, by device

    def admits(self, topic: str, size: int) -> bool:
        """Whether a message of ``size`` bytes on a device's own topic is within its bound."""
        at = self._clock()
        name = topic.rpartition("/")[0]
        until = self._paid_until.get(name, at)
        if until < at:
            until = at
        elif until - at >= self._limit:
            self._drop(name)
            return False
        self._paid_until[name] = until + (self._cost if size <= PIECE else self._cost * size / PIECE)
        if len(self._paid_until) > _MOST:
            self._forget(at)
        return True

    def _drop(self, name: str) -> None:
        device = name.rpartition("/")[2][:80]
        if device in self.dropped or len(self.dropped) < _MOST:
            self.dropped[device] = self.dropped.get(device, 0) + 1

    def _forget(self, at: float) -> None:
        """Whoever owes nothing is as if never seen; where all owe, the book begins anew."""
        self._paid_until = {name: until for name, until in self._paid_until.items() if until > at}
        if len(self._paid_until) > _MOST:
            self._paid_until = {}


@dataclass(slots=True)
class _Seen:
    """How much of one device was dropped when it was last looked at, and when that had grown."""

    dropped: int
    at: dt.datetime
    told: int = 0
    told_at: dt.datetime | None = None


class Watch:
    """Tells of who is over the bound: one alarm for each loudspeaker, ended when it is calm again."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._seen: dict[str, _Seen] = {}

    def look(self, session: Session, now: dt.datetime) -> None:
        """Call every few seconds; an alarm that an earlier process has left is ended as well."""
        for device, dropped in list(self._bounds.dropped.items()):
            seen = self._seen.setdefault(device, _Seen(0, now))
            if dropped > seen.dropped:
                seen.dropped, seen.at = dropped, now
        self._seen = {device: seen for device, seen in self._seen.items() if now - seen.at < CALM}
        open_ = {str(each.detail.get("device")): each for each in alarms.all_unwell(session, [Kind.FLOODING])}
        alarms.end(session, [each for device, each in open_.items() if device not in self._seen], now)
        for device, seen in self._seen.items():
            self._tell(session, device, seen, open_.get(device), now)

    def _tell(
        self, session: Session, device: str, seen: _Seen, alarm: Alarm | None, now: dt.datetime
    ) -> None:
        new = seen.dropped - seen.told
        if alarm is not None and (not new or (seen.told_at is not None and now - seen.told_at < AGAIN)):
            return
        seen.told, seen.told_at = seen.dropped, now
        whose = select(Loudspeaker).where(Loudspeaker.device == device, Loudspeaker.retired_at.is_(None))
        alarms.raise_alarm(
            session,
            kind=Kind.FLOODING,
            now=now,
            loudspeaker=session.scalar(whose),
            count=max(1, new),
            device=device,
        )
