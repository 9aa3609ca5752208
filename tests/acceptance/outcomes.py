"""What came of it: the rows of the server, the journals of the loudspeakers, and waiting for both."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection

import pytest
from sqlalchemy import func, select

from broadcast.demo import Cast
from broadcast.evidence.proof import FINAL
from broadcast.models import Alarm, AsRun, Broadcast, BroadcastClip, Delivery, Loudspeaker, Person, Schedule
from broadcast.storage.database import Database
from broadcast.units import people
from devices.simulator import FleetThread

PATIENCE = float(os.environ.get("PATIENCE_S", "40"))  # everything waited for happens much sooner


def wait_until(holds: Callable[[], bool], what: str, patience: float = PATIENCE) -> None:
    """Look again and again until it holds; fails with ``what`` was waited for."""
    limit = time.monotonic() + patience
    while not holds():
        if time.monotonic() > limit:
            pytest.fail(f"waited {patience:.0f} s in vain: {what}")
        time.sleep(0.05)


class Outcomes:
    """Looks at a station that has these."""

    database: Database
    cast: Cast
    fleet: FleetThread

    wait_for = staticmethod(wait_until)

    def planned(self, schedule_id: int, count: int) -> list[Broadcast]:
        """The broadcasts of a schedule, once so many are planned."""
        wait_until(lambda: len(self.broadcasts(schedule_id)) == count, f"{count} broadcasts planned")
        return self.broadcasts(schedule_id)

    @property
    def schedules(self) -> int:
        with self.database.transaction(read_only=True) as session:
            return session.scalar(select(func.count(Schedule.id))) or 0

    def broadcasts(self, schedule_id: int) -> list[Broadcast]:
        with self.database.transaction(read_only=True) as session:
            query = select(Broadcast).where(Broadcast.schedule_id == schedule_id).order_by(Broadcast.start)
            return list(session.scalars(query))

    def broadcast(self, broadcast_id: int) -> Broadcast:
        with self.database.transaction(read_only=True) as session:
            return session.get_one(Broadcast, broadcast_id)

    def clips(self, broadcast_id: int) -> list[BroadcastClip]:
        with self.database.transaction(read_only=True) as session:
            query = select(BroadcastClip).where(BroadcastClip.broadcast_id == broadcast_id)
            return list(session.scalars(query))

    def deliveries(self, broadcast_id: int) -> list[Delivery]:
        with self.database.transaction(read_only=True) as session:
            query = select(Delivery).where(Delivery.broadcast_id == broadcast_id).order_by(Delivery.id)
            return list(session.scalars(query))

    def as_runs(self, broadcast_id: int) -> list[AsRun]:
        with self.database.transaction(read_only=True) as session:
            return list(session.scalars(select(AsRun).where(AsRun.broadcast_id == broadcast_id)))

    def wait_online(self, count: int) -> None:
        def online() -> bool:
            with self.database.transaction(read_only=True) as session:
                return len(session.scalars(select(Loudspeaker.id).where(Loudspeaker.online)).all()) == count

        wait_until(online, f"{count} loudspeakers online")

    def wait_states(self, broadcast_id: int, states: Collection[str], patience: float = PATIENCE) -> None:
        def over() -> bool:
            found = self.deliveries(broadcast_id)
            return bool(found) and all(each.state.value in states for each in found)

        wait_until(over, f"deliveries in {sorted(states)}", patience)

    def wait_over(self, broadcast_id: int, patience: float = PATIENCE) -> None:
        """Until every loudspeaker has said its last word."""
        self.wait_states(broadcast_id, {state.value for state in FINAL}, patience)

    def alarms(self) -> set[str]:
        """The kinds of what is open."""
        with self.database.transaction(read_only=True) as session:
            return set(session.scalars(select(Alarm.kind).where(Alarm.closed_at.is_(None))))

    def person(self, session, person_id: int | None = None) -> Person:
        """Lan, or whoever is named."""
        return people.get_person(session, person_id or self.cast.lan_id)

    @property
    def samples_heard(self) -> int:
        """What has left the outputs of all loudspeakers so far."""
        chains = (speaker.chain for speaker in self.fleet.fleet.speakers.values())
        return sum(chain.rendered for chain in chains if chain)

    def starts_heard(self, occurrence: str) -> dict[str, int]:
        """By device, how often it began to play this, by its own journal."""
        return {
            device: sum(each.item == occurrence and each.event == "playing" for each in speaker.journal)
            for device, speaker in self.fleet.fleet.speakers.items()
        }
