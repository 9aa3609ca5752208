"""Reads what came from the broker: whose it is, whether it is theirs, and whether it can be stored."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from broadcast.speakers.known import Known
from devices.envelope import KeySet, open_report
from devices.errors import BadSignature, KeyEnded, Malformed, OrderRejected
from devices.link import Inbound
from devices.messages import Ack, Journal, JournalEvent, Report, State, Telemetry, TimeRequest
from devices.topics import Kind, Place, Topics

LAST_MS = 253_402_300_799_000  # the end of year 9999
LARGEST = 2**31 - 1  # what a column of whole numbers holds
DAY_MS = 86_400_000
REASON_LIMIT = 4_000
PICTURE_LIMIT = 4_800  # base64 of thirty seconds of band energies; honest ones have ten
_STRANGE = Place(Kind.SERVER_STATE, "")


@dataclass(frozen=True, slots=True)
class Heard:
    """One good message of a loudspeaker."""

    loudspeaker: Known
    report: State | Telemetry | Journal | Ack
    received_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Refused:
    """One message that is not believed; ``kind`` is the alarm it raises."""

    kind: str
    device: str
    loudspeaker: Known | None
    why: str


@dataclass(slots=True)
class Mail:
    """A batch, sorted into what is believed and what is not; nothing is lost on the way."""

    heard: list[Heard] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)


class Addressed(NamedTuple):
    """A message and what its topic says."""

    place: Place
    inbound: Inbound


def sort(batch: Iterable[Inbound], topics: Topics) -> list[Addressed]:
    """Read the topics; one that is not ours has the kind of the server's own, which nobody believes."""
    found = []
    for inbound in batch:
        try:
            found.append(Addressed(_place(topics, inbound.topic), inbound))
        except Malformed:
            found.append(Addressed(_STRANGE, inbound))
    return found


def read(batch: Iterable[Addressed], known: Mapping[str, Known]) -> Mail:
    """Open every message; one that is forged, malformed or of a stranger never stops the others."""
    mail = Mail()
    for (kind, device), inbound in batch:
        loudspeaker = known.get(device)
        if loudspeaker is None:
            alarm = "unknown_device" if device else "malformed_report"
            mail.refused.append(Refused(alarm, device, None, str(kind) if device else inbound.topic[:200]))
            continue
        try:
            report = _open(kind, inbound, loudspeaker)
        except OrderRejected as error:
            alarm = _ALARMS.get(error.code, "malformed_report")
            mail.refused.append(Refused(alarm, device, loudspeaker, str(error)[:200]))
        else:
            if report is not None:
                mail.heard.append(Heard(loudspeaker, report, inbound.received_at))
    return mail


def _open(kind: Kind, inbound: Inbound, loudspeaker: Known) -> State | Telemetry | Journal | Ack | None:
    if not inbound.payload:
        return None  # a retained state that was cleared
    sealed = kind in (Kind.EVT, Kind.ACK)
    report = _unsealed(inbound, loudspeaker) if sealed else open_report(inbound.payload, None)
    if _EXPECTED.get(kind) is not type(report):
        raise Malformed(f"{type(report).__name__} on a topic of {kind}")
    if isinstance(report, TimeRequest):
        return None  # answered at once where it arrived: a late answer is a wrong one
    if report.device != loudspeaker.device:
        raise Malformed(f"written by {report.device[:80]!r}")
    _check(report)
    return report


def _unsealed(inbound: Inbound, loudspeaker: Known) -> Report:
    """While its key is replaced a loudspeaker may use the old one, until it has used the new one."""
    ends = loudspeaker.key_expires_at
    if ends is not None and ends <= inbound.received_at:
        raise KeyEnded(f"on {ends:%Y-%m-%d}")
    try:
        report = open_report(inbound.payload, _keys(loudspeaker.public_key))
    except BadSignature:
        if not loudspeaker.previous_key:
            raise
        return open_report(inbound.payload, _keys(loudspeaker.previous_key))
    if loudspeaker.previous_key:
        loudspeaker.previous_key = ""
    return report


_ALARMS = {"bad_signature": "forged_report", "key_ended": "key_ended"}
_EXPECTED = {
    Kind.STATE: State,
    Kind.TELE: Telemetry,
    Kind.EVT: Journal,
    Kind.ACK: Ack,
    Kind.TIME_REQ: TimeRequest,
}


@functools.lru_cache(maxsize=32768)
def _place(topics: Topics, topic: str) -> Place:
    """The same topics come again every minute."""
    return topics.parse(topic)


@functools.lru_cache(maxsize=8192)
def _keys(public_key: str) -> KeySet:
    return KeySet([public_key])


def _check(report: State | Telemetry | Journal | Ack) -> None:
    """Refuse what a column cannot hold: one such value would stop the whole batch."""
    if isinstance(report, Journal):
        _text(report.boot, 40)
        for event in report.events:
            _check_event(event)
    elif isinstance(report, State):
        _text(report.boot, 40)
        _text(report.playing, 64)
        _text(report.silenced, 12)
        _text(report.firmware, 200)
        _text(" ".join(report.faults), 400)
        for count in (report.session, report.have.epoch, report.have.rev):
            _number(count, LARGEST)
        _number(report.at, LAST_MS)
    elif isinstance(report, Telemetry):
        _text(report.boot, 40)
        _number(report.at, LAST_MS)
        _text(report.network, 40)
        _number(report.data_bytes or 0, 2**53)
    else:
        _text(report.command, 80)
        _text(report.stage, 40)
        _text(report.code, REASON_LIMIT)


def _check_event(event: JournalEvent) -> None:
    _text(event.event, 40)
    _text(event.item, 64)
    _text(event.reason, REASON_LIMIT)
    _text(event.energies, PICTURE_LIMIT)
    _number(event.offset_ms, DAY_MS)
    for instant in (event.at, event.planned, event.started, event.ended):
        _number(instant, LAST_MS)
    for amount in (event.seq, event.played_ms, event.volume, event.underruns):
        _number(amount, LARGEST)
    _number(event.samples, 2**53)


def _text(value: str, limit: int) -> None:
    if len(value) > limit or "\0" in value:
        raise Malformed(f"not a name: {value[:80]!r}")


def _number(value: int, largest: int) -> None:
    if not 0 <= value <= largest:
        raise Malformed(f"out of range: {value}")
