"""Journals become as-run rows and delivery states: recomputed from all that is known of an item."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any

import msgspec
from sqlalchemy import bindparam, or_, select
from sqlalchemy import update as sql_update
from sqlalchemy.orm import Session

from devices.messages import Evidence, ItemState, JournalEvent

from . import events, proof
from .models import AsRun, Broadcast, Delivery, JournalRow, Loudspeaker, Witness
from .models.base import UtcDateTime
from .moments import from_ms
from .proof import FINAL, Outcome
from .upsert import insert_replacing

Key = tuple[int, str]  # loudspeaker id, occurrence
REASON_LIMIT = 80
# Rows are written past the mapped classes: a journal of a thousand loudspeakers comes in one batch.
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
    columns = (JournalRow.loudspeaker_id, JournalRow.occurrence, JournalRow.boot, JournalRow.body)
    query = select(*columns, JournalRow.score).where(
        JournalRow.loudspeaker_id.in_({loudspeaker_id for loudspeaker_id, _ in keys}),
        JournalRow.occurrence.in_({occurrence for _, occurrence in keys}),
    )
    entries: dict[Key, list[tuple[str, JournalEvent]]] = defaultdict(list)
    scores: dict[Key, float] = {}
    for loudspeaker_id, occurrence, boot, body, score in session.execute(query):
        key = loudspeaker_id, occurrence
        if key in keys:
            entries[key].append((boot, msgspec.convert(body, JournalEvent)))
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
    changed: list[dict[str, Any]] = []
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
            changed.append(dict(zip(_CHANGED, (id_, now, *after), strict=True)))
    if changed:
        session.connection().execute(_CHANGE_DELIVERY, changed)
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
    ordered: list[dict[str, Any]] = []
    strange: list[dict[str, Any]] = []
    for key, outcome in outcomes.items():
        if outcome.started or outcome.state in FINAL:
            broadcast = addressed.get(key)
            rows = strange if broadcast is None else ordered
            rows.append({**_named(key, outcome, broadcast), **_measured(outcome)})
    for values, replaced in ((ordered, (*_NAMED, *_MEASURED)), (strange, _MEASURED)):
        if values:
            keys = ("loudspeaker_id", "occurrence")
            session.connection().execute(insert_replacing(session, AsRun, keys, replaced), values)


def _named(key: Key, outcome: Outcome, broadcast: Broadcast | None) -> dict[str, Any]:
    keys = {"loudspeaker_id": key[0], "occurrence": key[1]}
    values: tuple[Any, ...] = (None, "", from_ms(outcome.planned), 0)  # nobody ordered it
    if broadcast is not None:
        values = (broadcast.id, broadcast.title, _planned(outcome, broadcast), broadcast.duration_ms)
    return keys | dict(zip(_NAMED, values, strict=True))


def _measured(outcome: Outcome) -> dict[str, Any]:
    values = (
        from_ms(outcome.started) if outcome.started else None,
        from_ms(outcome.ended) if outcome.ended else None,
        *(outcome.played_ms, outcome.volume, outcome.underruns),
        *(outcome.state, outcome.reason[:REASON_LIMIT], int(outcome.evidence), outcome.score),
    )
    return dict(zip(_MEASURED, values, strict=True))


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
    if not starts:
        return
    start = bindparam("start", type_=UtcDateTime())
    older = or_(Loudspeaker.proved_at.is_(None), Loudspeaker.proved_at < start)
    proved = (
        sql_update(Loudspeaker).where(Loudspeaker.id == bindparam("whose"), older).values(proved_at=start)
    )
    session.connection().execute(
        proved, [{"whose": each, "start": at} for each, at in sorted(starts.items())]
    )
