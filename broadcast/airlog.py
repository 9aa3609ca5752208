"""Journals become as-run rows and delivery states: recomputed from all that is known of an item."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Mapping

import msgspec
from sqlalchemy import bindparam, or_, select
from sqlalchemy import update as sql_update
from sqlalchemy.orm import Session

from devices.messages import Evidence, JournalEvent

from . import events, proof
from .models import AsRun, Broadcast, Delivery, JournalRow, Loudspeaker
from .models.base import UtcDateTime
from .moments import from_ms
from .proof import FINAL, Outcome

Key = tuple[int, str]  # loudspeaker id, occurrence
REASON_LIMIT = 80


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
    folded = ((key, proof.outcome(each, scores.get(key))) for key, each in entries.items())
    return {key: outcome for key, outcome in folded if outcome is not None}


def _update_deliveries(
    session: Session, outcomes: Mapping[Key, Outcome], broadcasts: Mapping[str, Broadcast], now: dt.datetime
) -> dict[Key, Broadcast]:
    """The broadcasts that these loudspeakers were meant to play: none speaks of another commune's."""
    by_id = {broadcast.id: broadcast for broadcast in broadcasts.values()}
    query = select(Delivery).where(
        Delivery.broadcast_id.in_(by_id),
        Delivery.loudspeaker_id.in_({loudspeaker_id for loudspeaker_id, _ in outcomes}),
    )
    touched = set()
    addressed: dict[Key, Broadcast] = {}
    for delivery in session.scalars(query):
        broadcast = by_id[delivery.broadcast_id]
        key = (delivery.loudspeaker_id, broadcast.occurrence)
        if key in outcomes:
            addressed[key] = broadcast
            if _apply(delivery, outcomes[key], now):
                touched.add(broadcast.id)
    for broadcast_id in sorted(touched):
        area_id = by_id[broadcast_id].area_id
        events.emit(session, now=now, kind="delivery", area_id=area_id, subject=broadcast_id)
    return addressed


def _apply(delivery: Delivery, outcome: Outcome, now: dt.datetime) -> bool:
    """What the server had to assume gives way to a last word of the loudspeaker, and to nothing less."""
    before = (delivery.state, delivery.evidence, delivery.reason)
    if outcome.state in FINAL or delivery.state not in FINAL:
        delivery.state, delivery.reason = outcome.state, outcome.reason[:REASON_LIMIT]
    delivery.evidence = max(delivery.evidence or 0, int(outcome.evidence))
    if before == (delivery.state, delivery.evidence, delivery.reason):
        return False
    delivery.updated_at = now
    return True


def _update_as_run(
    session: Session, outcomes: Mapping[Key, Outcome], addressed: Mapping[Key, Broadcast]
) -> None:
    """A row for whatever sounded or has come to its end."""
    told = {key: outcome for key, outcome in outcomes.items() if outcome.started or outcome.state in FINAL}
    query = select(AsRun).where(
        AsRun.loudspeaker_id.in_({loudspeaker_id for loudspeaker_id, _ in told}),
        AsRun.occurrence.in_({occurrence for _, occurrence in told}),
    )
    rows = {(row.loudspeaker_id, row.occurrence): row for row in session.scalars(query)}
    for key, outcome in told.items():
        row = rows.get(key)
        if row is None:
            row = AsRun(loudspeaker_id=key[0], occurrence=key[1])
            session.add(row)
        _fill(row, outcome, addressed.get(key))
    session.flush()


def _fill(row: AsRun, outcome: Outcome, broadcast: Broadcast | None) -> None:
    if broadcast is not None:
        row.broadcast_id, row.title = broadcast.id, broadcast.title
        row.planned_start, row.planned_ms = _planned(outcome, broadcast), broadcast.duration_ms
    elif row.title is None:
        row.title, row.planned_start, row.planned_ms = "", from_ms(outcome.planned), 0
    row.started_at = from_ms(outcome.started) if outcome.started else None
    row.ended_at = from_ms(outcome.ended) if outcome.ended else None
    row.played_ms, row.volume, row.underruns = outcome.played_ms, outcome.volume, outcome.underruns
    row.result, row.reason = outcome.state, outcome.reason[:REASON_LIMIT]
    row.evidence, row.score = int(outcome.evidence), outcome.score


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
