"""What loudspeakers report becomes presence, journal, as-run rows, proof and alarms."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from broadcast.models import JournalRow
from broadcast.orders import command_effects
from broadcast.orders.outbox import Wire
from broadcast.speakers import alarms, known
from broadcast.speakers.known import Known
from broadcast.storage import bulk, events
from broadcast.storage.moments import from_ms
from broadcast.storage.upsert import insert_new
from devices.link import Inbound
from devices.messages import Ack, ItemState, Journal, JournalEvent

from . import acknowledgement, airlog, cursors, intake, sightings
from .intake import Heard, Refused

_STORED = ("loudspeaker_id", "boot", "seq", "at", "event", "occurrence", "body", "received_at")
FLAWLESS = ("", "ok")  # the result of a self-test that found nothing


@dataclass(frozen=True, slots=True)
class Ingested:
    """What became of a batch: messages believed and refused, journal events that were new."""

    heard: int
    refused: int
    new_events: int


def ingest(session: Session, batch: Sequence[Inbound], wire: Wire, now: dt.datetime) -> Ingested:
    """Take in a batch; the same message twice, or in another order, gives the same rows."""
    addressed = intake.sort(batch, wire.topics)
    loudspeakers = known.read(session, {each.place.name for each in addressed})
    mail = intake.read(addressed, loudspeakers)
    _complain(session, mail.refused, now)
    in_force = sightings.note(session, mail.heard, now)
    new = _store_journals(session, mail.heard)
    _raise_reported(session, {(row.loudspeaker_id, row.boot, row.seq) for row in new}, mail.heard, now)
    airlog.update(session, {(row.loudspeaker_id, row.occurrence) for row in new if row.occurrence}, now)
    cursors.confirm(session, wire, _journals(mail.heard), now)
    known.write(session, loudspeakers.values())
    acknowledgement.note(session, in_force, now)
    command_effects.note_in_force(session, in_force, now)
    _note_acks(session, mail.heard, now)
    return Ingested(len(mail.heard), len(mail.refused), len(new))


def _complain(session: Session, refused: Iterable[Refused], now: dt.datetime) -> None:
    counts = Counter((each.kind, each.device) for each in refused)
    last = {(each.kind, each.device): each for each in refused}
    for key, each in last.items():
        alarms.raise_alarm(
            session,
            kind=each.kind,
            now=now,
            loudspeaker=each.loudspeaker,
            count=counts[key],
            device=each.device,
            why=each.why,
        )


def _journals(mail: Iterable[Heard]) -> list[tuple[Known, Journal]]:
    return [(each.loudspeaker, each.report) for each in mail if isinstance(each.report, Journal)]


def _store_journals(session: Session, mail: Iterable[Heard]) -> Sequence[Row[int, str, int, str]]:
    """Insert what is new, by (loudspeaker, boot, seq); returns the new rows."""
    rows = [
        (
            *(each.loudspeaker.id, each.report.boot, event.seq, from_ms(event.at)),
            *(event.event, event.item, event, each.received_at),
        )
        for each in mail
        if isinstance(each.report, Journal)
        for event in each.report.events
    ]
    if not rows:
        return []
    last = session.scalar(select(func.max(JournalRow.id))) or 0
    bulk.execute(session, insert_new(session, JournalRow), _STORED, rows)
    columns = (JournalRow.loudspeaker_id, JournalRow.boot, JournalRow.seq, JournalRow.occurrence)
    return session.execute(select(*columns).where(JournalRow.id > last)).all()


def _raise_reported(
    session: Session, new: Container[tuple[int, str, int]], mail: Iterable[Heard], now: dt.datetime
) -> None:
    """What a loudspeaker noticed: somebody who speaks in our name, a sound nobody ordered, its own damage."""
    reasons: dict[tuple[Known, str], dict[tuple[str, int], str]] = defaultdict(dict)
    for loudspeaker, journal in _journals(mail):
        for event in journal.events:
            kind = _noticed(event)
            if kind and (loudspeaker.id, journal.boot, event.seq) in new:
                reasons[loudspeaker, kind][journal.boot, event.seq] = event.reason
                if kind in alarms.REFUSALS or kind == alarms.REFUSING:
                    at = min(from_ms(event.at), now)
                    loudspeaker.refused_at = max(loudspeaker.refused_at or at, at)
    for (loudspeaker, kind), why in reasons.items():
        last = why[max(why)]
        alarms.raise_alarm(session, kind=kind, now=now, loudspeaker=loudspeaker, count=len(why), why=last)


def _noticed(event: JournalEvent) -> str:
    """The alarm that an entry raises, if it does."""
    if event.event == ItemState.REFUSED:
        return alarms.REFUSING
    if event.event == alarms.SELF_TEST:
        return alarms.SELF_TEST if event.reason not in FLAWLESS else ""
    return event.event if event.event in alarms.NOTICED else ""


def _note_acks(session: Session, mail: Iterable[Heard], now: dt.datetime) -> None:
    """One event a command and stage, however many loudspeakers answer."""
    acks = [(each.loudspeaker, each.report) for each in mail if isinstance(each.report, Ack)]
    command_effects.note_acks(session, acks, now)
    answers = Counter((ack.command, ack.stage, ack.code) for _, ack in acks)
    for (command, stage, code), count in answers.items():
        events.emit(session, now=now, kind="ack", command=command, stage=stage, code=code, count=count)
