"""How far one broadcast has come on its loudspeakers: what has it, what sounds, what is proved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from flask import g

from broadcast.errors import NotFound
from broadcast.evidence import proof
from broadcast.evidence.proof import Verdict
from broadcast.models import Broadcast, Delivery, Person, Role
from broadcast.units import permissions
from devices.messages import Evidence
from web.views import words


@dataclass(frozen=True, slots=True)
class Airing:
    """Numbers of loudspeakers; ``proved`` alone means that it sounded to its end."""

    broadcast: Broadcast
    deliveries: tuple[Delivery, ...]
    received: int
    armed: int
    sounding: int
    proved: int
    partial: int
    silent: int

    @property
    def total(self) -> int:
        return len(self.deliveries)


def find(person: Person, broadcast_id: int) -> Airing:
    """The broadcast as far as ``person`` may see its loudspeakers. Errors: NotFound."""
    broadcast: Broadcast | None = g.session.get(Broadcast, broadcast_id)
    if broadcast is None:
        raise NotFound(kind="broadcast", id=broadcast_id)
    seen = permissions.visible_areas(g.session, person)
    deliveries = [each for each in broadcast.deliveries if each.loudspeaker.area_id in seen]
    if not deliveries and not permissions.may(person, Role.VIEWER, broadcast.area_id, g.session):
        raise NotFound(kind="broadcast", id=broadcast_id)
    return count(broadcast, deliveries)


def count(broadcast: Broadcast, deliveries: Iterable[Delivery]) -> Airing:
    ordered = tuple(sorted(deliveries, key=lambda each: (each.loudspeaker.area_id, each.loudspeaker.name)))
    reached = [each.evidence if each.evidence is not None else -1 for each in ordered]
    verdicts = Counter(proof.verdict(each.state, each.evidence) for each in ordered)
    return Airing(
        broadcast=broadcast,
        deliveries=ordered,
        received=sum(level >= Evidence.ACKNOWLEDGED for level in reached),
        armed=sum(level >= Evidence.ARMED for level in reached),
        sounding=sum(each.state in words.SOUNDING for each in ordered),
        proved=verdicts[Verdict.PLAYED],
        partial=verdicts[Verdict.PARTLY],
        silent=verdicts[Verdict.UNHEARD],
    )
