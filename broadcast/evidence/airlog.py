"""Journals become as-run rows and delivery states: recomputed from all that is known of an item."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any

import msgspec
from sqlalchemy import BigInteger, String, Text, bindparam, cast, or_, select
from sqlalchemy import update as sql_update
from sqlalchemy.orm import Session

from broadcast.models import AsRun, Broadcast, Delivery, JournalRow, Loudspeaker, Witness
from broadcast.models.base import UtcDateTime
from broadcast.storage import bulk, events, listed
from broadcast.storage.moments import from_ms
from broadcast.storage.upsert import insert_replacing
from devices.messages import Evidence, ItemState, JournalEvent

from . import proof
from .proof import FINAL, Outcome

Key = tuple[int, str]  # loudspeaker id, occurrence
REASON_LIMIT = 80
# Rows are written past the mapped classes: a journal of a thousand loudspeakers comes in one batch.
_KEY = ("loudspeaker_id", "occurrence")
_NAMED = ("broadcast_id", "title", "planned_start", "planned_ms")
_MEASURED = (
    *("started_at", "ended_at", "played_ms", "volume", "underruns"),
    *("result", "reason", "evidence", "score"),
)
_DELIVERY = (
    *(Delivery.id, Delivery.broadcast_id, Delivery.loudspeaker_id),
    *(Delivery.state, Delivery.evidence, Delivery.reason),
)
_CHANGED = ("its_id", "changed_at", "new_state", "new_evidence", "new_reason")
_CHANGE_DELIVERY = (
    sql_update(Delivery)
    .where(Delivery.id == bindparam("its_id"))
    .values(
        updated_at=bindparam("changed_at"),
        state=bindparam("new_state"),
        evidence=bindparam("new_evidence"),
        reason=bindparam("new_reason"),
    )
)
_START = bindparam("start", type_=UtcDateTime())
_PROVE = (
    sql_update(Loudspeaker)
    .where(Loudspeaker.id == bindparam("whose"))
    .where(or_(Loudspeaker.proved_at.is_(None), Loudspeaker.proved_at < _START))
    .values(proved_at=_START)
)
# The text of a body is decoded once, to what it is: half of the time of reading it.
_ENTRY = (
    *(JournalRow.loudspeaker_id, JournalRow.occurrence, JournalRow.boot),
    *(cast(JournalRow.body, Text), JournalRow.score),
)
_event = msgspec.json.Decoder(JournalEvent)


def update(session: Session, keys: Collection[Key], now: dt.datetime) -> None:
    """Bring as-run rows and deliveries of these items in line with the journal; never to something weaker."""
    if not keys:
        return
    outcomes = _outcomes(session, keys)
    occurrences = {occurrence for _, occurrence in outcomes}
    query = select(Broadcast).where(Broadcast.occurrence.in_(occurrences))
    broadcasts = {each.occurrence: each for each in session.scalars(query)}
    addressed = _update_deliveries(session, outcomes, broadcasts, now)
    _update_as_run(session, outcomes, addressed)
    _note_proved(session, outcomes, addressed)


def _outcomes(session: Session, keys: Collection[Key]) -> dict[Key, Outcome]:
    """Folded from the whole journal of each item, with the best score of what was heard of it."""
    entries: dict[Key, list[tuple[str, JournalEvent]]] = defaultdict(list)
    scores: dict[Key, float] = {}
    whose, item = listed.columns(session, list(keys), BigInteger(), String())
    query = select(*_ENTRY).where(JournalRow.loudspeaker_id == whose, JournalRow.occurrence == item)
    for loudspeaker_id, occurrence, boot, body, score in session.execute(query):
        key = loudspeaker_id, occurrence
        entries[key].append((boot, _event.decode(body)))
        if score is not None:
            scores[key] = max(score, scores.get(key, 0.0))
    seen = _witnessed(session, keys)
    folded = (
        (key, proof.outcome(each, scores.get(key), witnessed=key in seen)) for key, each in entries.items()
    )
    return {key: outcome for key, outcome in folded if outcome is not None}


def _witnessed(session: Session, keys: Collection[Key]) -> set[Key]:
    query = select(Witness.loudspeaker_id, Witness.occurrence).where(
        Witness.occurrence.in_({occurrence for _, occurrence in keys})
    )
    return {(loudspeaker_id, occurrence) for loudspeaker_id, occurrence in session.execute(query)}


def _update_deliveries(
    session: Session, outcomes: Mapping[Key, Outcome], broadcasts: Mapping[str, Broadcast], now: dt.datetime
) -> dict[Key, Broadcast]:
    """The broadcasts that these loudspeakers were meant to play: none speaks of another commune's."""
    by_id = {broadcast.id: broadcast for broadcast in broadcasts.values()}
    query = select(*_DELIVERY).where(
        Delivery.broadcast_id.in_(by_id),
        Delivery.loudspeaker_id.in_({loudspeaker_id for loudspeaker_id, _ in outcomes}),
    )
    changed: list[tuple[Any, ...]] = []
    touched: set[int] = set()
    addressed: dict[Key, Broadcast] = {}
    for id_, broadcast_id, loudspeaker_id, state, evidence, reason in session.execute(query):
        broadcast = by_id[broadcast_id]
        key = (loudspeaker_id, broadcast.occurrence)
        if key not in outcomes:
            continue
        addressed[key] = broadcast
        after = _stronger(outcomes[key], state, evidence, reason)
        if after != (state, evidence, reason):
            touched.add(broadcast_id)
            changed.append((id_, now, *after))
    bulk.execute(session, _CHANGE_DELIVERY, _CHANGED, changed)
    for broadcast_id in sorted(touched):
        area_id = by_id[broadcast_id].area_id
        events.emit(session, now=now, kind="delivery", area_id=area_id, subject=broadcast_id)
    return addressed


def _stronger(
    outcome: Outcome, state: ItemState, evidence: int | None, reason: str
) -> tuple[ItemState, int, str]:
    """What the server had to assume gives way to a last word of the loudspeaker, and to nothing less."""
    if outcome.state in FINAL or state not in FINAL:
        state, reason = outcome.state, outcome.reason[:REASON_LIMIT]
    return state, max(evidence or 0, int(outcome.evidence)), reason


def _update_as_run(
    session: Session, outcomes: Mapping[Key, Outcome], addressed: Mapping[Key, Broadcast]
) -> None:
    """A row for whatever sounded or has come to its end."""
    ordered: list[tuple[Any, ...]] = []
    strange: list[tuple[Any, ...]] = []
    for key, outcome in outcomes.items():
        if outcome.started or outcome.state in FINAL:
            broadcast = addressed.get(key)
            rows = strange if broadcast is None else ordered
            rows.append((*key, *_named(outcome, broadcast), *_measured(outcome)))
    for values, replaced in ((ordered, (*_NAMED, *_MEASURED)), (strange, _MEASURED)):
        statement = insert_replacing(session, AsRun, _KEY, replaced)
        bulk.execute(session, statement, (*_KEY, *_NAMED, *_MEASURED), values)


def _named(outcome: Outcome, broadcast: Broadcast | None) -> tuple[Any, ...]:
    if broadcast is None:  # nobody ordered it
        return None, "", from_ms(outcome.planned), 0
    return broadcast.id, broadcast.title, _planned(outcome, broadcast), broadcast.duration_ms


def _measured(outcome: Outcome) -> tuple[Any, ...]:
    return (
        from_ms(outcome.started) if outcome.started else None,
        from_ms(outcome.ended) if outcome.ended else None,
        *(outcome.played_ms, outcome.volume, outcome.underruns),
        *(outcome.state, outcome.reason[:REASON_LIMIT], int(outcome.evidence), outcome.score),
    )


def _planned(outcome: Outcome, broadcast: Broadcast) -> dt.datetime:
    """What the loudspeaker was told: later than the broadcast where it had to wait for its turn."""
    return max(from_ms(outcome.planned), broadcast.start) if outcome.planned else broadcast.start


def _note_proved(
    session: Session, outcomes: Mapping[Key, Outcome], addressed: Mapping[Key, Broadcast]
) -> None:
    """When each loudspeaker last proved a sound of what it had to play."""
    starts: dict[int, dt.datetime] = {}
    for key, broadcast in addressed.items():
        if outcomes[key].evidence >= Evidence.RENDERED:
            starts[key[0]] = max(broadcast.start, starts.get(key[0], broadcast.start))
    bulk.execute(session, _PROVE, ("whose", "start"), sorted(starts.items()))
