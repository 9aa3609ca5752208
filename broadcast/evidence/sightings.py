"""What loudspeakers say of themselves, folded into what is known: presence, clock, faults, data used."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import msgspec
from sqlalchemy.orm import Session

from broadcast.speakers import usage
from broadcast.speakers.alarms import Kind
from broadcast.speakers.known import Known
from broadcast.storage import events
from broadcast.storage.moments import from_ms
from devices.messages import Ack, Journal, State, Telemetry
from devices.presence import Sighting, heard, observe

from .intake import Heard

FRESH = dt.timedelta(minutes=2)  # a state that is older was kept by the broker, it is no sign of life
AHEAD = dt.timedelta(seconds=30)  # nothing arrives before it was sent: then a clock is wrong, ours or its own
FIRMWARE_LIMIT = 40
FAULTS_LIMIT = 200


def note(session: Session, mail: Iterable[Heard], now: dt.datetime) -> list[Known]:
    """Fold each loudspeaker's messages in the order in which they came; returns those whose newest desired
    state has come into force."""
    per_speaker: dict[int, list[Heard]] = defaultdict(list)
    for each in mail:
        per_speaker[each.loudspeaker.id].append(each)
    in_force: list[Known] = []
    used = usage.Counter()
    for messages in per_speaker.values():
        loudspeaker = messages[0].loudspeaker
        before = _seen(loudspeaker)
        if _Fold(loudspeaker, used).fold(messages):
            in_force.append(loudspeaker)
        if before != _seen(loudspeaker):
            events.emit(
                session,
                now=now,
                kind="loudspeaker",
                area_id=loudspeaker.area_id,
                subject=loudspeaker.id,
                seen=True,
            )
    used.write(session)
    return in_force


def _seen(loudspeaker: Known) -> tuple[bool, str, str, str]:
    """What an open page shows of it at once."""
    return loudspeaker.online, loudspeaker.playing, loudspeaker.silenced, loudspeaker.faults


class _Fold:
    """One loudspeaker and what it says in one batch."""

    def __init__(self, loudspeaker: Known, used: usage.Counter) -> None:
        self._it = loudspeaker
        self._used = used
        self._known = Sighting(
            loudspeaker.online, loudspeaker.boot, loudspeaker.session, loudspeaker.last_seen
        )
        self._said: dict[str, Any] = dict(loudspeaker.report)
        self._counted: Mapping[str, Any] = self._said.get("tele", {})  # the telemetry before the next
        self._tele: Telemetry | None = None  # the newest of this batch

    def fold(self, messages: Iterable[Heard]) -> bool:
        """Whether it now says that it has the newest desired state, and has not said so before."""
        it = self._it
        before = it.have_epoch, it.have_rev
        for each in messages:
            self._take(each.report, each.received_at)
        if self._tele is not None:
            self._said["tele"] = msgspec.to_builtins(self._tele)
        known = self._known
        it.online, it.boot, it.session = known.online, known.boot, known.session
        if known.last_seen != it.last_seen:
            it.last_seen = known.last_seen
            it.activated_at = it.activated_at or known.last_seen
        if self._said != it.report:
            it.report = self._said
        have = it.have_epoch, it.have_rev
        return have == (it.desired_epoch, it.desired_rev) and have != before

    def _take(self, report: State | Telemetry | Journal | Ack, received_at: dt.datetime) -> None:
        if isinstance(report, State):
            retained = received_at - from_ms(report.at) > FRESH
            seen = observe(self._known, report, received_at, retained=retained)
            if seen is not self._known:
                self._believe(report, received_at)
            self._known = seen
        elif isinstance(report, Telemetry):
            self._used.count(self._it.id, self._counted, report, received_at)
            self._counted = {"at": report.at, "data_bytes": report.data_bytes}
            self._tele = report
            self._known = heard(self._known, report.boot, received_at)
        elif isinstance(report, Journal):
            self._known = heard(self._known, report.boot, received_at)

    def _believe(self, state: State, received_at: dt.datetime) -> None:
        """A birth or heartbeat says everything; a good-bye only that nothing plays."""
        it = self._it
        it.playing = state.playing if state.online else ""
        if not state.online:
            return
        self._said["state"] = msgspec.to_builtins(state)
        it.firmware = state.firmware[:FIRMWARE_LIMIT]
        it.have_epoch, it.have_rev = state.have.epoch, state.have.rev
        is_ahead = from_ms(state.at) - received_at > AHEAD
        it.faults = _codes((*state.faults, Kind.CLOCK_AHEAD) if is_ahead else state.faults)
        if it.clock != state.clock.value:
            it.clock, it.clock_at = state.clock.value, received_at
        if it.silenced != state.silenced:
            it.silenced = state.silenced
            it.silenced_at = received_at if state.silenced else None


def _codes(faults: Collection[str]) -> str:
    """Each code between spaces, so that SQL finds one; what does not fit is in the report."""
    return f" {' '.join(sorted(set(faults)))} "[:FAULTS_LIMIT] if faults else ""
