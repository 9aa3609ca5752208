"""Orders that must also reach a loudspeaker that was away: its desired state carries them until it answers.

A broker may lose what it kept for a box that was off, and keeps nothing beyond the life of a message. A
hold whose RELEASE is lost would leave a village without its evening news, and without its next warning.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any, Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from broadcast.models import Bulk, CommandOrder, CommandState, Loudspeaker
from broadcast.storage.moments import from_ms, to_ms
from devices.messages import Action, Command

ACTIONS: Final = (Action.STOP, Action.SILENCE, Action.RELEASE)
OPEN: Final = (CommandState.QUEUED, CommandState.SENT, CommandState.RECEIVED)
LIFE: Final = dt.timedelta(days=30)  # of what has no end of its own: whoever is away longer is asked anew
GRACE: Final = dt.timedelta(seconds=15)  # in which whoever is there has answered the message itself
AT_MOST: Final = 8  # orders in one document, the newest
CHUNK: Final = 5_000  # loudspeakers named in one statement

Carried = Mapping[int, tuple[str, ...]]
"""The ids of the orders in the documents of loudspeakers."""


def hold_until(detail: Mapping[str, Any], issued_at: dt.datetime) -> dt.datetime | None:
    """When the hold of an act ends; None where it has none, or no end."""
    if seconds := int(detail.get("hold_s", 0)):
        return issued_at + dt.timedelta(seconds=seconds)
    ms = int(detail.get("hold_until", 0))
    return from_ms(ms) if ms else None


def end(action: Action, detail: Mapping[str, Any], issued_at: dt.datetime) -> dt.datetime | None:
    """Until when an act stands; None for one that is only for whoever is there now."""
    if action not in ACTIONS:
        return None
    until = hold_until(detail, issued_at)
    return until if until or action is Action.STOP else issued_at + LIFE


def unanswered(
    session: Session, now: dt.datetime, only: Collection[int] | None = None
) -> Mapping[int, tuple[Command, ...]]:
    """What each loudspeaker (of those in ``only``) still has to be told, oldest first."""
    query = (
        select(CommandOrder, Loudspeaker.device, Bulk.detail)
        .join(Loudspeaker, Loudspeaker.id == CommandOrder.loudspeaker_id)
        .join(Bulk, Bulk.id == CommandOrder.bulk_id)
        .where(
            CommandOrder.state.in_(OPEN),
            CommandOrder.expires_at > now,
            CommandOrder.action.in_(ACTIONS),
            CommandOrder.created_at <= now - GRACE,
        )
        .order_by(CommandOrder.created_at, CommandOrder.id)
    )
    found: dict[int, list[Command]] = defaultdict(list)
    for order, device, detail in session.execute(query):
        if (only is None or order.loudspeaker_id in only) and end(order.action, detail, order.created_at):
            found[order.loudspeaker_id].append(_command(order, device, detail))
    return {key: tuple(orders[-AT_MOST:]) for key, orders in found.items()}


def mark(session: Session, now: dt.datetime, carried: Carried) -> Carried:
    """Have new documents made where what they should carry is not what they did; says what they should."""
    wanted = {key: tuple(each.id for each in orders) for key, orders in unanswered(session, now).items()}
    changed = sorted(key for key in wanted.keys() | carried.keys() if wanted.get(key) != carried.get(key))
    for first in range(0, len(changed), CHUNK):
        theirs = update(Loudspeaker).where(Loudspeaker.id.in_(changed[first : first + CHUNK]))
        session.execute(theirs.values(desired_sha256=""))
    return wanted


def _command(order: CommandOrder, device: str, detail: Mapping[str, Any]) -> Command:
    """As it was sent, to this loudspeaker alone and for as long as it stands."""
    held = hold_until(detail, order.created_at)
    return Command(
        id=order.id,
        target=device,
        issued_at=to_ms(order.created_at),
        expires_at=to_ms(order.expires_at),
        action=order.action,
        items=tuple(detail.get("items", ())),
        hold_until=to_ms(held) if held else 0,
    )
