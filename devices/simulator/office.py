"""The server of a rehearsal, in memory: it confirms journals, tells the time, and counts what it heard."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from devices.envelope import KeySet, SigningKey, open_order, open_report, seal
from devices.errors import OrderRejected
from devices.messages import Cursor, Journal, JournalEvent, Order, TimeRequest, TimeResponse
from devices.speaker.identity import Identity
from devices.speaker.ports import Message
from devices.topics import Kind, Place, Topics

from .memory import MemoryBroker
from .sharing import SharedReading


class Office(SharedReading):
    """Orders nothing: what the loudspeakers play they brought. They take its word through ``open_order``.

    Its key is its own, since that of the true server never leaves it.
    """

    def __init__(self, identities: Iterable[Identity], wall: Callable[[], float]) -> None:
        """``wall`` is UTC in seconds."""
        super().__init__()
        self.broker = MemoryBroker(self._hear)
        self.messages: Counter[str] = Counter()  # by kind
        self.journals: dict[str, list[JournalEvent]] = {}  # by device, without gaps and doubles
        self._wall = wall
        self._key = SigningKey.generate()
        self._own = KeySet((self._key.public,))
        self._theirs = {each.device: (KeySet((each.key.public,)), Topics(each.tenant)) for each in identities}
        self._stored: dict[tuple[str, str], int] = {}  # (device, boot) -> seq

    def open_order(self, data: bytes, keys: KeySet) -> Order:
        """Raises BadSignature, Malformed."""
        return open_order(data, self._own)

    def _hear(self, message: Message) -> None:
        device = message.topic.split("/")[-2]
        keys, topics = self._theirs[device]
        place = topics.parse(message.topic)
        self.messages[place.kind] += 1
        if place.kind not in (Kind.EVT, Kind.TIME_REQ):
            return
        try:
            report = open_report(message.payload, keys if place.kind is Kind.EVT else None)
        except OrderRejected as error:
            self.messages[error.code] += 1
        else:
            self._answer(report, place, topics)

    def _answer(self, report: object, place: Place, topics: Topics) -> None:
        now = self._wall()
        match report:
            case Journal():
                self._store(report)
                stored = self._stored[report.device, report.boot]
                cursor = Cursor(device=place.name, boot=report.boot, seq=stored, issued_at=round(now * 1000))
                self._publish(topics.cursor(place.name), cursor, retain=True)
            case TimeRequest():
                us = round(now * 1e6)
                told = TimeResponse(device=place.name, nonce=report.nonce, received_us=us, sent_us=us)
                self._publish(topics.time(place.name), told)

    def _store(self, journal: Journal) -> None:
        last = self._stored.get((journal.device, journal.boot), 0)
        fresh = [event for event in journal.events if event.seq > last]
        self.journals.setdefault(journal.device, []).extend(fresh)
        self._stored[journal.device, journal.boot] = max(last, journal.events[-1].seq)

    def _publish(self, topic: str, order: Order, *, retain: bool = False) -> None:
        self.broker.publish(Message(topic, seal(order, self._key), retain))
