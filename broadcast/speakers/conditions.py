"""What evidence says of a loudspeaker, as SQL: ten thousand are judged without being loaded."""

from __future__ import annotations

import datetime as dt
import enum
from dataclasses import dataclass

from sqlalchemy import Case, ColumnElement, and_, case, func, or_, select

from broadcast.models import Loudspeaker, UsageMonth
from schedules.types import LOCAL

HEARTBEAT = dt.timedelta(seconds=60)
GRACE = dt.timedelta(seconds=15)
SILENT_AFTER = dt.timedelta(minutes=10)
PROOF_WITHIN = dt.timedelta(days=3)
REFUSING_FOR = dt.timedelta(days=1)
CLOCK_PATIENCE = dt.timedelta(minutes=10)  # after a start every clock is unknown for a moment
SILENCED_FOR = dt.timedelta(days=1)
NEAR = 0.8  # of the month's data
MEGABYTE = 1_000_000  # as SIMs are sold


class Status(enum.StrEnum):
    """What a loudspeaker's page says first."""

    NEVER = "never"
    ONLINE = "online"
    LATE = "late"
    OFFLINE = "offline"
    SILENT = "silent"  # there, but it proved no sound of what it had to play
    REFUSING = "refusing"  # it refused an order lately
    CLOCK_UNKNOWN = "clock_unknown"
    DATA_LIMIT = "data_limit"
    SILENCED = "silenced"
    RETIRED = "retired"


BY_WEIGHT = (
    Status.RETIRED,
    Status.NEVER,
    Status.OFFLINE,
    Status.SILENCED,
    Status.SILENT,
    Status.REFUSING,
    Status.CLOCK_UNKNOWN,
    Status.DATA_LIMIT,
    Status.LATE,
)
"""Where more than one holds, the first of these is told; where none does, it is online."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """The conditions at one instant."""

    now: dt.datetime
    heartbeat: dt.timedelta = HEARTBEAT

    @property
    def _patience(self) -> dt.timedelta:
        return 3 * self.heartbeat + GRACE

    @property
    def in_service(self) -> ColumnElement[bool]:
        """Heard before and not retired: only these can break."""
        return and_(Loudspeaker.retired_at.is_(None), Loudspeaker.activated_at.is_not(None))

    @property
    def offline(self) -> ColumnElement[bool]:
        limit = self.now - self._patience
        return or_(
            Loudspeaker.online.is_(False), Loudspeaker.last_seen.is_(None), Loudspeaker.last_seen < limit
        )

    @property
    def late(self) -> ColumnElement[bool]:
        return Loudspeaker.last_seen < self.now - (self.heartbeat + GRACE)

    @property
    def unheard(self) -> ColumnElement[bool]:
        """For so long that somebody must know; between two rare signs of life nobody is missed."""
        return and_(Loudspeaker.last_seen < self.now - SILENT_AFTER, self.offline)

    @property
    def fell_silent_since(self) -> dt.datetime:
        """Whoever is gone and was heard after this has only just been missed."""
        return self.now - max(SILENT_AFTER, self._patience)

    @property
    def unproved(self) -> ColumnElement[bool]:
        """It had something to play in the last days and proved no sound of any of it."""
        since = self.now - PROOF_WITHIN
        unproved = or_(Loudspeaker.proved_at.is_(None), Loudspeaker.proved_at <= since)
        return and_(func.coalesce(Loudspeaker.asked_at > since, False), unproved)

    @property
    def refusing(self) -> ColumnElement[bool]:
        return func.coalesce(Loudspeaker.refused_at > self.now - REFUSING_FOR, False)

    @property
    def clock_unknown(self) -> ColumnElement[bool]:
        return Loudspeaker.clock == "unknown"

    @property
    def clock_long_unknown(self) -> ColumnElement[bool]:
        return and_(
            self.clock_unknown, func.coalesce(Loudspeaker.clock_at < self.now - CLOCK_PATIENCE, False)
        )

    @property
    def silenced(self) -> ColumnElement[bool]:
        return Loudspeaker.silenced != ""

    @property
    def silenced_long(self) -> ColumnElement[bool]:
        long = func.coalesce(Loudspeaker.silenced_at < self.now - SILENCED_FOR, False)
        return and_(self.silenced, long)

    @property
    def used_bytes(self) -> ColumnElement[int]:
        """Of this local month."""
        used = select(UsageMonth.bytes).where(
            UsageMonth.loudspeaker_id == Loudspeaker.id, UsageMonth.month == month(self.now)
        )
        return func.coalesce(used.correlate(Loudspeaker).scalar_subquery(), 0)

    @property
    def data_over(self) -> ColumnElement[bool]:
        return self._data_used(1.0)

    @property
    def data_near(self) -> ColumnElement[bool]:
        return self._data_used(NEAR)

    @property
    def holding(self) -> dict[Status, ColumnElement[bool]]:
        """Every condition on its own: more than one may hold."""
        heard = Loudspeaker.activated_at.is_not(None)
        return {
            Status.RETIRED: Loudspeaker.retired_at.is_not(None),
            Status.NEVER: ~heard,
            Status.OFFLINE: and_(heard, self.offline),
            Status.SILENCED: self.silenced,
            Status.SILENT: self.unproved,
            Status.REFUSING: self.refusing,
            Status.CLOCK_UNKNOWN: self.clock_unknown,
            Status.DATA_LIMIT: self.data_near,
            Status.LATE: and_(heard, ~self.offline, self.late),
        }

    @property
    def status(self) -> Case[str]:
        """One word for each loudspeaker."""
        holding = self.holding
        whens = [(holding[status], status.value) for status in BY_WEIGHT]
        return case(*whens, else_=Status.ONLINE.value)

    def _data_used(self, share: float) -> ColumnElement[bool]:
        allowed = Loudspeaker.data_limit_mb * (share * MEGABYTE)
        return and_(Loudspeaker.data_limit_mb.is_not(None), self.used_bytes >= allowed)


def month(at: dt.datetime) -> str:
    """The local month as usage is kept by it."""
    return f"{at.astimezone(LOCAL):%Y-%m}"


def fault(code: str) -> ColumnElement[bool]:
    """A loudspeaker reports this fault of itself."""
    return Loudspeaker.faults.contains(f" {code} ", autoescape=True)
