"""What a loudspeaker has said during a conformance run, and what of it is against the protocol."""

from __future__ import annotations

from devices.envelope import KeySet, open_report
from devices.errors import OrderRejected
from devices.messages import (
    Ack,
    Journal,
    JournalEvent,
    Report,
    State,
    Telemetry,
    TimeRequest,
)
from devices.topics import Kind

SOUND = frozenset({"starting", "playing", "resuming"})
OVER = frozenset(
    {"done", "partial", "failed", "cancelled", "skipped", "refused", "expired", "missed", "interrupted"}
)
_SEALED = (Kind.EVT, Kind.ACK)


class Books:
    """Keeps everything in order of arrival."""

    def __init__(self, device: str, key: KeySet) -> None:
        self._device = device
        self._key = key
        self.states: list[State] = []
        self.telemetry: list[Telemetry] = []
        self.acks: list[Ack] = []
        self.journal: dict[int, JournalEvent] = {}
        self.boot_of: dict[int, str] = {}
        self.arrivals: list[int] = []  # seqs as they came, repetitions too
        self.time_requests: list[TimeRequest] = []
        self.offences: list[str] = []  # what no loudspeaker may send

    def take(self, kind: Kind, payload: bytes) -> Report | None:
        """Verify, decode and keep one message; says what it was, None for an offence."""
        try:
            report = open_report(payload, self._key if kind in _SEALED else None)
        except OrderRejected as error:
            self.offences.append(f"{kind}: {error}")
            return None
        if report.device != self._device:
            self.offences.append(f"{kind}: device {report.device!r}")
            return None
        self._keep(report)
        return report

    @property
    def state(self) -> State | None:
        return self.states[-1] if self.states else None

    def capabilities(self) -> tuple[str, ...] | None:
        """What the box has declared of itself; None when it never did."""
        told = (state.capabilities for state in reversed(self.states))
        return next((each for each in told if each is not None), None)

    def events(self, item: str) -> list[JournalEvent]:
        """What was journaled of an item, in order."""
        return [event for _, event in sorted(self.journal.items()) if event.item == item]

    def said(self, item: str) -> list[str]:
        return [event.event for event in self.events(item)]

    def last(self, item: str, event: str) -> JournalEvent | None:
        return next((e for e in reversed(self.events(item)) if e.event == event), None)

    def is_over(self, item: str) -> bool:
        return not OVER.isdisjoint(self.said(item))

    def has_sounded(self, item: str) -> bool:
        return not SOUND.isdisjoint(self.said(item))

    def alarms(self, kind: str) -> int:
        return sum(event.event == kind for event in self.journal.values())

    def answers(self, command: str) -> list[Ack]:
        return [ack for ack in self.acks if ack.command == command]

    def gaps(self) -> list[int]:
        """Sequence numbers that never came."""
        if not self.journal:
            return []
        known = sorted(self.journal)
        return sorted(set(range(known[0], known[-1])) - set(known))

    def confirmable(self) -> tuple[str, int] | None:
        """Up to where the journal is here without a gap."""
        gaps = self.gaps()
        last = (gaps[0] - 1) if gaps else max(self.journal, default=0)
        return (self.boot_of[last], last) if last in self.journal else None

    def _keep(self, report: Report) -> None:
        match report:
            case State():
                self.states.append(report)
            case Telemetry():
                self.telemetry.append(report)
            case Ack():
                self.acks.append(report)
            case TimeRequest():
                self.time_requests.append(report)
            case Journal():
                for event in report.events:
                    self._keep_event(report.boot, event)

    def _keep_event(self, boot: str, event: JournalEvent) -> None:
        known = self.journal.get(event.seq)
        if known is not None and (known != event or self.boot_of[event.seq] != boot):
            self.offences.append(f"evt: {event.seq} was told in two ways")
        self.arrivals.append(event.seq)
        self.journal[event.seq] = event
        self.boot_of[event.seq] = boot
