"""Data that each loudspeaker's connection carried in a local month, added up from what it counts itself."""

from __future__ import annotations

import datetime as dt
import functools
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from broadcast.models import UsageMonth
from broadcast.storage import bulk
from broadcast.storage.moments import from_ms, to_ms
from broadcast.storage.upsert import insert_adding
from devices.messages import Telemetry

from .conditions import month

MOST = 10**12  # bytes of one batch that are believed: no box can make the sum of a month overflow
BELIEVED_MS = 86_400_000  # a clock that is off by more does not say which month it is
QUARTER_MS = 900_000  # no month begins in the middle of a quarter of an hour, wherever it is local


class Counter:
    """What is new in a batch.

    A loudspeaker's count begins again with its month and with its store: what it says less than
    before is all new.
    """

    def __init__(self) -> None:
        self._added: dict[tuple[int, str], int] = defaultdict(int)

    def count(
        self, loudspeaker_id: int, last: Mapping[str, Any], said: Telemetry, received_at: dt.datetime
    ) -> None:
        """``last`` is the telemetry before this one; an older one that comes late is counted in it."""
        if said.data_bytes is None or said.at < last.get("at", 0):
            return
        received_ms = to_ms(received_at)
        this = _month(said.at, received_ms)
        before = last.get("data_bytes") or 0
        if said.data_bytes < before or _month(last.get("at", 0), received_ms) != this:
            before = 0
        self._added[loudspeaker_id, this] += said.data_bytes - before

    def write(self, session: Session) -> None:
        rows = [
            (loudspeaker_id, each, min(added, MOST))
            for (loudspeaker_id, each), added in sorted(self._added.items())
            if added
        ]
        statement = insert_adding(session, UsageMonth, ("bytes",))
        bulk.execute(session, statement, ("loudspeaker_id", "month", "bytes"), rows)


def of_loudspeaker(session: Session, loudspeaker_id: int, months: int = 12) -> list[UsageMonth]:
    """The newest month first."""
    query = select(UsageMonth).where(UsageMonth.loudspeaker_id == loudspeaker_id)
    return list(session.scalars(query.order_by(UsageMonth.month.desc()).limit(months)))


def _month(ms: int, received_ms: int) -> str:
    """The month of what a loudspeaker says; of an unbelievable time, that in which it was heard."""
    return _local_month((ms if abs(ms - received_ms) < BELIEVED_MS else received_ms) // QUARTER_MS)


@functools.lru_cache(maxsize=256)
def _local_month(quarter: int) -> str:
    return month(from_ms(quarter * QUARTER_MS))
