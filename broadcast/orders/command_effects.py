"""How far orders have come: from what left, what loudspeakers answered, and what is in force on them."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Update, and_, func, or_, select, update
from sqlalchemy.orm import Session, joinedload

from broadcast.errors import NotFound
from broadcast.models import Bulk, CommandOrder, CommandState, Loudspeaker, Person
from broadcast.speakers.known import Known
from broadcast.storage import events
from broadcast.storage.pages import Page, cut
from broadcast.units import permissions
from devices.messages import Ack, Action

from . import commanding
from .standing import OPEN

MARGIN = dt.timedelta(seconds=30)  # for answers on their way
CODE_LIMIT = 80
LAST = (CommandState.DONE, CommandState.FAILED)
CHUNK = 5_000  # loudspeakers named in one statement


@dataclass(frozen=True, slots=True)
class Progress:
    """One act and how far it has come on all its loudspeakers."""

    bulk: Bulk
    counts: Mapping[CommandState, int]
    can_undo: bool

    @property
    def total(self) -> int:
        """Of the loudspeakers that the person sees."""
        return sum(self.counts.values())

    @property
    def over(self) -> bool:
        return not any(self.counts[state] for state in OPEN)


def progress(session: Session, person: Person, bulk_id: int) -> Progress:
    """Errors: NotFound, also where the person may not look."""
    bulk = _visible(session, person, bulk_id)
    grouped = select(CommandOrder.state, func.count()).join(Loudspeaker).where(_shown(person, bulk_id))
    found = dict(session.execute(grouped.group_by(CommandOrder.state)).all())
    return Progress(bulk, {state: found.get(state, 0) for state in CommandState}, commanding.can_undo(bulk))


def results(
    session: Session,
    person: Person,
    bulk_id: int,
    *,
    state: CommandState | None = None,
    page: int = 1,
    per_page: int = 50,
) -> Page[CommandOrder]:
    """What became of it on each loudspeaker, what is not done first. Errors: NotFound."""
    _visible(session, person, bulk_id)
    query = select(CommandOrder).join(Loudspeaker).where(_shown(person, bulk_id))
    if state is not None:
        query = query.where(CommandOrder.state == state)
    ordered = query.order_by(CommandOrder.state == CommandState.DONE, Loudspeaker.name, Loudspeaker.id)
    whole = joinedload(CommandOrder.loudspeaker).joinedload(Loudspeaker.area)
    return cut(session, ordered.options(whole), page, per_page)


def of_loudspeaker(
    session: Session, person: Person, loudspeaker_id: int, page: int = 1, per_page: int = 20
) -> Page[CommandOrder]:
    """What a loudspeaker was ordered, newest first. Errors: NotFound."""
    loudspeaker = session.get(Loudspeaker, loudspeaker_id)
    if loudspeaker is None or loudspeaker.area_id not in permissions.visible_areas(session, person):
        raise NotFound(kind="loudspeaker", id=loudspeaker_id)
    query = select(CommandOrder).where(CommandOrder.loudspeaker_id == loudspeaker_id)
    return cut(session, query.order_by(CommandOrder.created_at.desc(), CommandOrder.id), page, per_page)


def recent(session: Session, person: Person, page: int = 1, per_page: int = 20) -> Page[Bulk]:
    """What was ordered where the person may look, newest first."""
    return cut(session, select(Bulk).where(_seen(person)).order_by(Bulk.id.desc()), page, per_page)


# --- what happened -----------------------------------------------------------


def note_sent(
    session: Session, order_ids: Collection[str], devices: Collection[str], now: dt.datetime
) -> None:
    """The broker has these commands, and the newest desired states of these devices."""
    queued = update(CommandOrder).where(CommandOrder.state == CommandState.QUEUED)
    sent = {"state": CommandState.SENT, "sent_at": now}
    bulks: set[int | None] = set()
    named = sorted(each for each in order_ids if each)
    if named:
        bulks |= _apply(session, queued.where(CommandOrder.id.in_(named)).values(**sent))
    if devices:
        told = _reached(
            Loudspeaker.device.in_(devices),
            Loudspeaker.desired_rev >= CommandOrder.detail["rev"].as_integer(),
        )
        volumes = queued.where(CommandOrder.action == Action.VOLUME, told)
        bulks |= _apply(session, volumes.values(**sent))
    _show(session, bulks, now)


def note_acks(session: Session, acks: Iterable[tuple[Known, Ack]], now: dt.datetime) -> None:
    """What loudspeakers answered; a last word stays, and comes also after the time was over."""
    answers: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for loudspeaker, ack in acks:
        answers[ack.command[:40], ack.stage, ack.code[:CODE_LIMIT]].append(loudspeaker.id)
    bulks: set[int | None] = set()
    for (order_id, stage, code), ids in answers.items():
        values = _answer(stage, code, now)
        if values is None:
            continue
        earlier = (
            CommandOrder.state.in_((CommandState.QUEUED, CommandState.SENT, CommandState.EXPIRED))
            if stage == "received"
            else CommandOrder.state.not_in(LAST)
        )
        for first in range(0, len(ids), CHUNK):
            theirs = CommandOrder.loudspeaker_id.in_(ids[first : first + CHUNK])
            answered = update(CommandOrder).where(CommandOrder.id == order_id, theirs, earlier)
            bulks |= _apply(session, answered.values(**values))
    _show(session, bulks, now)


def note_in_force(session: Session, loudspeakers: Collection[Known], now: dt.datetime) -> None:
    """On these the newest desired state has come into force, with everything that was asked in it."""
    if not loudspeakers:
        return
    ids = [each.id for each in loudspeakers]
    there = _reached(Loudspeaker.id.in_(ids), Loudspeaker.have_rev >= CommandOrder.detail["rev"].as_integer())
    session.flush()
    asked = update(CommandOrder).where(
        CommandOrder.loudspeaker_id.in_(ids),
        CommandOrder.action == Action.VOLUME,
        CommandOrder.state.not_in(LAST),
        there,
    )
    done = asked.values(state=CommandState.DONE, received_at=now, done_at=now)
    _show(session, _apply(session, done), now)


def note_expired(session: Session, order_ids: Collection[str], now: dt.datetime) -> None:
    """Commands that never left; what stands is told in the desired state all the same."""
    named = sorted(each for each in order_ids if each)
    if named:
        over = (CommandOrder.state.in_(OPEN), CommandOrder.expires_at <= now)
        unsent = update(CommandOrder).where(CommandOrder.id.in_(named), *over)
        _show(session, _apply(session, unsent.values(state=CommandState.EXPIRED)), now)


def expire(session: Session, now: dt.datetime) -> None:
    """Orders without a last word in their time."""
    over = update(CommandOrder).where(CommandOrder.state.in_(OPEN), CommandOrder.expires_at < now - MARGIN)
    _show(session, _apply(session, over.values(state=CommandState.EXPIRED)), now)


def _answer(stage: str, code: str, now: dt.datetime) -> dict[str, object] | None:
    if stage == "received":
        return {"state": CommandState.RECEIVED, "received_at": now}
    if stage not in ("done", "refused", "failed"):
        return None
    state = CommandState.DONE if stage == "done" else CommandState.FAILED
    received = func.coalesce(CommandOrder.received_at, now)
    return {"state": state, "code": code, "received_at": received, "done_at": now}


def _reached(*where: ColumnElement[bool]) -> ColumnElement[bool]:
    same = Loudspeaker.id == CommandOrder.loudspeaker_id
    return select(Loudspeaker.id).where(same, *where).correlate(CommandOrder).exists()


def _apply(session: Session, statement: Update) -> set[int | None]:
    told = statement.returning(CommandOrder.bulk_id).execution_options(synchronize_session=False)
    return set(session.scalars(told))


def _show(session: Session, bulks: Iterable[int | None], now: dt.datetime) -> None:
    """One event for each act, however many loudspeakers it is about."""
    wanted = [each for each in bulks if each is not None]
    if not wanted:
        return
    query = select(Bulk.id, Bulk.area_id).where(Bulk.id.in_(wanted)).order_by(Bulk.id)
    for bulk_id, area_id in session.execute(query):
        events.emit(session, now=now, kind="command", area_id=area_id, subject=bulk_id)


def _visible(session: Session, person: Person, bulk_id: int) -> Bulk:
    bulk = session.scalar(select(Bulk).where(Bulk.id == bulk_id, _seen(person)))
    if bulk is None:
        raise NotFound(kind="bulk", id=bulk_id)
    return bulk


def _seen(person: Person) -> ColumnElement[bool]:
    """One's own acts, and those on any loudspeaker that one sees."""
    theirs = (
        select(CommandOrder.id)
        .join(Loudspeaker)
        .where(CommandOrder.bulk_id == Bulk.id, Loudspeaker.area_id.in_(permissions.visible(person)))
    )
    return or_(
        Bulk.person_id == person.id,
        Bulk.area_id.in_(permissions.visible(person)),
        theirs.correlate(Bulk).exists(),
    )


def _shown(person: Person, bulk_id: int) -> ColumnElement[bool]:
    """The orders of an act as far as the person sees the loudspeakers."""
    return and_(CommandOrder.bulk_id == bulk_id, Loudspeaker.area_id.in_(permissions.visible(person)))
