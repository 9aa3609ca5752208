"""From the link's queue into the database, in batches; a message that cannot be stored stops no other."""

from __future__ import annotations

import datetime as dt
import logging
import queue
from collections.abc import Callable, Sequence

from broadcast.errors import Unavailable
from broadcast.orders.outbox import Wire
from broadcast.storage import garbage
from broadcast.storage.database import Database
from broadcast.storage.lease import Leadership, LeaseLost, fenced
from devices.link import Inbound

from .reports import ingest

log = logging.getLogger(__name__)

BATCH = 4000  # of what is light; the more wait, the less each costs
SEALED = 8  # such a message, with a signature and events in it, weighs as much: no transaction lasts long
WORTH = 500  # messages for which the next tick is not waited for
CAPACITY = 100_000  # messages; a full queue makes the broker wait
CAPACITY_BYTES = 128_000_000  # of their contents: honest ones are far smaller than the largest allowed


class Waiting(queue.Queue[Inbound]):
    """What came and is not taken yet, in its order; what may wait, and who is next, is decided here."""

    def _init(self, maxsize: int) -> None:
        super()._init(maxsize)
        self._held = 0  # bytes

    def put_nowait(self, item: Inbound) -> None:
        """Raises queue.Full."""
        if self._held >= CAPACITY_BYTES:
            raise queue.Full
        super().put_nowait(item)

    def _put(self, item: Inbound) -> None:
        super()._put(item)
        self._held += len(item.payload)

    def _get(self) -> Inbound:
        item: Inbound = super()._get()
        self._held -= len(item.payload)
        return item


class Inbox:
    """The messages that came and are not stored yet."""

    def __init__(self, database: Database, wire: Wire, clock: Callable[[], dt.datetime]) -> None:
        self.queue = Waiting(CAPACITY)
        self._database = database
        self._wire = wire
        self._clock = clock
        self._batch: list[Inbound] = []
        self.stored = 0  # messages since the start

    def store(self, leadership: Leadership) -> bool:
        """Store one batch; True when another is worth its transaction already.

        A busy database raises and the batch is kept.
        """
        self._batch = self._batch or self._take()
        if not self._batch:
            return False
        try:
            self._ingest(leadership, self._batch)
        except (Unavailable, LeaseLost):
            raise
        except Exception as error:
            details = {"action": "batch_failed", "messages": len(self._batch)}
            log.exception("a batch could not be stored, trying its messages one by one", extra=details)
            self._one_by_one(leadership, self._batch, error)
        self.stored += len(self._batch)
        self._batch = []
        return self.queue.qsize() >= WORTH

    def forget(self) -> None:
        """Drop what is here: another leader is told again by the loudspeakers' journals."""
        self._batch = []
        self._take(CAPACITY * SEALED)

    def _ingest(self, leadership: Leadership, batch: Sequence[Inbound]) -> None:
        now = self._clock()
        with garbage.uncollected(), fenced(self._database, leadership, now) as session:
            ingest(session, batch, self._wire, now)

    def _one_by_one(self, leadership: Leadership, batch: Sequence[Inbound], cause: Exception) -> None:
        for inbound in batch:
            try:
                self._ingest(leadership, [inbound])
            except (Unavailable, LeaseLost):
                raise
            except Exception:
                details = {"action": "message_dropped", "topic": inbound.topic, "cause": str(cause)}
                log.exception("a message was dropped", extra=details)

    def _take(self, limit: int = BATCH) -> list[Inbound]:
        taken: list[Inbound] = []
        weight = 0
        while weight < limit:
            try:
                taken.append(self.queue.get_nowait())
            except queue.Empty:
                break
            weight += SEALED if taken[-1].topic.endswith(("/evt", "/ack")) else 1
        return taken
