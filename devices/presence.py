"""Whether a loudspeaker is there, computed for one instant from its births, last wills and signs of life."""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from devices.messages import State


class Presence(enum.StrEnum):
    """``late`` has missed a heartbeat; ``offline`` said good-bye, was reported dead or is silent for long."""

    ONLINE = "online"
    LATE = "late"
    OFFLINE = "offline"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Sighting:
    """What is remembered of one loudspeaker; ``last_seen`` is when it was last heard itself."""

    online: bool = False
    boot: str = ""
    session: int = 0
    last_seen: datetime | None = None


def observe(known: Sighting, state: State, received_at: datetime, *, retained: bool = False) -> Sighting:
    """Fold a birth or a last will in; one that belongs to an earlier connection changes nothing.

    ``retained``: the broker kept the message for us, so it says nothing about the present moment.
    """
    if not state.online:
        return _depart(known, state)
    if state.boot == known.boot and state.session < known.session:
        return known
    heard = received_at
    if retained:
        said = datetime.fromtimestamp(max(state.at, 0) / 1000, UTC)
        heard = max(known.last_seen or said, said)
    return Sighting(True, state.boot, state.session, min(heard, received_at))


def heard(known: Sighting, boot: str, received_at: datetime) -> Sighting:
    """Fold in telemetry, a journal or an acknowledgement of the boot that is known; others change nothing."""
    if boot != known.boot:
        return known
    last_seen = max(known.last_seen or received_at, received_at)
    return Sighting(known.online, known.boot, known.session, last_seen)


def presence(
    known: Sighting, now: datetime, *, interval: timedelta, grace: timedelta = timedelta(seconds=15)
) -> Presence:
    """Status at ``now`` of a loudspeaker that shows a sign of life at least once per ``interval``."""
    if known.last_seen is None:
        return Presence.NEVER
    silence = now - known.last_seen
    if not known.online or silence > 3 * interval + grace:
        return Presence.OFFLINE
    return Presence.ONLINE if silence <= interval + grace else Presence.LATE


def _depart(known: Sighting, state: State) -> Sighting:
    """A will is believed about the connection that is known, or about a later one of the same boot."""
    if known.boot and (state.boot != known.boot or state.session < known.session):
        return known
    return replace(known, online=False, boot=state.boot, session=state.session)
