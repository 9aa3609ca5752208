"""How far one broadcast has come on its loudspeakers: what has it, what sounds, what is proved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from flask import g

from broadcast.errors import NotFound
from broadcast.evidence import matrix, proof
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


@dataclass(frozen=True, slots=True)
class Tally:
    """How many loudspeakers have a broadcast, say that it sounds, proved it, or did not play it."""

    total: int
    sounding: int
    proved: int
    silent: int


def tallies(person: Person, broadcast_ids: Collection[int]) -> dict[int, Tally]:
    """Of each of these broadcasts that is for loudspeakers that ``person`` sees."""
    sounding: Counter[int] = Counter()
    verdicts: dict[int, Counter[Verdict]] = {}
    for broadcast_id, state, evidence, count in matrix.counts(g.session, person, broadcast_ids):
        verdicts.setdefault(broadcast_id, Counter())[proof.verdict(state, evidence)] += count
        sounding[broadcast_id] += count if state in words.SOUNDING else 0
    return {
        id_: Tally(each.total(), sounding[id_], each[Verdict.PLAYED], each[Verdict.UNHEARD])
        for id_, each in verdicts.items()
    }


def find(person: Person, broadcast_id: int) -> Airing:
    """The broadcast as far as ``person`` may see its loudspeakers. Errors: NotFound."""
    broadcast: Broadcast | None = g.session.get(Broadcast, broadcast_id)
    if broadcast is None:
        raise NotFound(kind="broadcast", id=broadcast_id)
    seen = permissions.visible_areas(g.session, person)
    of_it = matrix.deliveries(g.session, broadcast_id)
    deliveries = [each for each in of_it if each.loudspeaker.area_id in seen]
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
