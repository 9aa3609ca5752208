"""The tables."""

from .base import Base
from .content import Approval, Bulletin, BulletinState, BulletinVersion, Clip, RenderState
from .operation import (
    Alarm,
    AlertsDocument,
    AuditRow,
    Event,
    JournalRow,
    Lease,
    OutboxMessage,
    PlanDocument,
)
from .people import Agency, Area, AreaClosure, AreaKind, Grant, LinkPurpose, OneTimeLink, Person, Role
from .programme import (
    AsRun,
    Broadcast,
    BroadcastClip,
    BroadcastState,
    Delivery,
    Loudspeaker,
    Schedule,
    ScheduleItem,
)

__all__ = [
    "Agency",
    "Alarm",
    "AlertsDocument",
    "Approval",
    "Area",
    "AreaClosure",
    "AreaKind",
    "AsRun",
    "AuditRow",
    "Base",
    "Broadcast",
    "BroadcastClip",
    "BroadcastState",
    "Bulletin",
    "BulletinState",
    "BulletinVersion",
    "Clip",
    "Delivery",
    "Event",
    "Grant",
    "JournalRow",
    "Lease",
    "LinkPurpose",
    "Loudspeaker",
    "OneTimeLink",
    "OutboxMessage",
    "Person",
    "PlanDocument",
    "RenderState",
    "Role",
    "Schedule",
    "ScheduleItem",
]
