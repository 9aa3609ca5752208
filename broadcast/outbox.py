"""Messages that must leave: sealed and written in the transaction that causes them, sent by dispatch."""

from __future__ import annotations

import datetime as dt
import enum
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import delete
from sqlalchemy.orm import Session

from devices.envelope import SigningKey, seal
from devices.messages import Order
from devices.topics import Topics

from .models import OutboxMessage


class Urgency(enum.IntEnum):
    """What leaves first."""

    STOP = 0
    ALERT = 1
    COMMAND = 2
    DESIRED = 5
    CURSOR = 7


@dataclass(frozen=True, slots=True)
class Wire:
    """What is needed to speak to loudspeakers: topics, the server's key, and the addresses they are told."""

    topics: Topics
    key: SigningKey
    public_url: str  # of the web server, without a slash at the end
    broker_url: str  # mqtt://host:port as loudspeakers reach it
    urgent_lead: dt.timedelta = dt.timedelta(seconds=8)
    heartbeat_s: int = 60
    new_id: Callable[[], str] = lambda: secrets.token_hex(8)

    def clip_url(self, sha256: str) -> str:
        return f"{self.public_url}/media/{sha256}.mp3"

    def plan_url(self, sha256: str) -> str:
        return f"{self.public_url}/plans/{sha256}.json"


def put(
    session: Session,
    wire: Wire,
    topic: str,
    message: Order | None,
    *,
    urgency: Urgency,
    now: dt.datetime,
    expires_at: dt.datetime | None = None,
) -> None:
    """Queue an order; a document (no ``expires_at``) is retained and replaces a waiting older one.

    None clears what the broker retains.
    """
    retain = expires_at is None
    if retain:
        waiting = (OutboxMessage.topic == topic, OutboxMessage.claimed_by == "")
        session.execute(delete(OutboxMessage).where(*waiting))
    payload = seal(message, wire.key) if message is not None else b""
    session.add(
        OutboxMessage(
            topic=topic,
            payload=payload,
            retain=retain,
            urgency=int(urgency),
            expires_at=expires_at,
            created_at=now,
        )
    )
