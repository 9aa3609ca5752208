"""Messages that must leave: sealed and written in the transaction that causes them, sent by dispatch."""

from __future__ import annotations

import datetime as dt
import enum
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import delete, insert
from sqlalchemy.orm import Session

from broadcast.models import OutboxMessage
from broadcast.signing.keyring import Keyring
from broadcast.storage import bulk
from devices.envelope import SigningKey, seal
from devices.messages import Command, Order
from devices.topics import Topics

_DOCUMENTS = insert(OutboxMessage)
_DOCUMENT = ("topic", "payload", "retain", "order_id", "urgency", "created_at", "claimed_by")


class Urgency(enum.IntEnum):
    """What leaves first."""

    STOP = 0
    ALERT = 1
    COMMAND = 2
    DESIRED = 5
    CURSOR = 7


@dataclass(frozen=True, slots=True)
class Wire:
    """What is needed to speak to loudspeakers: topics, the server's keys, and the addresses they are told."""

    topics: Topics
    keys: Keyring
    public_url: str  # of the web server, without a slash at the end
    broker_url: str  # mqtt://host:port as loudspeakers reach it
    urgent_lead: dt.timedelta = dt.timedelta(seconds=8)
    heartbeat_s: int = 60
    relay_networks: tuple[str, ...] = ()  # beside public addresses, where streams may be called
    new_id: Callable[[], str] = lambda: secrets.token_hex(8)

    @property
    def key(self) -> SigningKey:
        """The newest of the keys that sign."""
        return self.keys.current.newest.signing

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
    payload = seal(message, *wire.keys.current.signers) if message is not None else b""
    if expires_at is None:
        _replace(session, {topic: payload}, urgency, now)
        return
    session.add(
        OutboxMessage(
            topic=topic,
            payload=payload,
            retain=False,
            order_id=message.id if isinstance(message, Command) else "",
            urgency=int(urgency),
            expires_at=expires_at,
            created_at=now,
        )
    )


def put_documents(
    session: Session, wire: Wire, documents: Mapping[str, Order], *, urgency: Urgency, now: dt.datetime
) -> None:
    """Queue many documents by their topics at once, each in the place of a waiting older one."""
    signers = wire.keys.current.signers
    sealed = {topic: seal(message, *signers) for topic, message in documents.items()}
    _replace(session, sealed, urgency, now)


def _replace(session: Session, payloads: Mapping[str, bytes], urgency: Urgency, now: dt.datetime) -> None:
    if not payloads:
        return
    waiting = delete(OutboxMessage).where(OutboxMessage.topic.in_(payloads), OutboxMessage.claimed_by == "")
    session.execute(waiting.execution_options(synchronize_session=False))
    rows = [(topic, payload, True, "", int(urgency), now, "") for topic, payload in payloads.items()]
    bulk.execute(session, _DOCUMENTS, _DOCUMENT, rows)
