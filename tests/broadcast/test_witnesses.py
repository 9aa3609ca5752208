"""E6: somebody stood below the horn; the word is kept, may be taken back, and no journal makes it weaker."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select

from broadcast.errors import Forbidden, NotFound, WrongState
from broadcast.evidence import witnesses
from broadcast.models import AsRun, Delivery
from devices.messages import Evidence


@pytest.fixture
def aired(stage: Any) -> Any:
    (box,) = stage.loudspeakers(1)
    stage.schedule("17:00")
    stage.plan()
    broadcast = stage.broadcasts()[0]
    stage.hear(box.journal(stage.now, *box.played(broadcast)))
    return box, broadcast


def bear_witness(stage: Any, box: Any, broadcast: Any, *, person: Any = None, after_s: int = 90) -> None:
    with stage.database.transaction() as session:
        witnesses.testify(
            session,
            person or stage.cast.lan,
            broadcast_id=broadcast.id,
            loudspeaker_id=stage.loudspeaker(box).id,
            now=broadcast.start + dt.timedelta(seconds=after_s),
        )


def proof(stage: Any) -> tuple[int, int | None]:
    with stage.database.transaction(read_only=True) as session:
        return session.scalars(select(AsRun)).one().evidence, session.scalars(
            select(Delivery).order_by(Delivery.broadcast_id)
        ).first().evidence


def test_a_word_is_the_strongest_proof_and_a_late_journal_does_not_weaken_it(stage: Any, aired: Any) -> None:
    box, broadcast = aired
    assert proof(stage) == (Evidence.RENDERED, Evidence.RENDERED)
    bear_witness(stage, *aired)
    assert proof(stage) == (Evidence.HUMAN, Evidence.HUMAN)
    stage.hear(
        box.journal(stage.now, box.event(stage.now, "electrical", broadcast.occurrence, reason="load"))
    )
    assert proof(stage) == (Evidence.HUMAN, Evidence.HUMAN)


def test_a_word_taken_back_leaves_what_the_journal_says(stage: Any, aired: Any) -> None:
    box, broadcast = aired
    bear_witness(stage, *aired)
    bear_witness(stage, *aired)
    with stage.database.transaction() as session:
        witnesses.retract(
            session,
            stage.cast.lan,
            broadcast_id=broadcast.id,
            loudspeaker_id=stage.loudspeaker(box).id,
            now=stage.now,
        )
    assert proof(stage) == (Evidence.RENDERED, Evidence.RENDERED)


def test_nobody_hears_what_has_not_begun(stage: Any, aired: Any) -> None:
    with pytest.raises(WrongState):
        bear_witness(stage, *aired, after_s=-1)


def test_only_who_works_there_may_testify_and_only_of_what_was_to_play_there(stage: Any, aired: Any) -> None:
    box, broadcast = aired
    with pytest.raises(Forbidden):
        bear_witness(stage, *aired, person=stage.cast.binh)
    with pytest.raises(NotFound), stage.database.transaction() as session:
        witnesses.testify(
            session, stage.cast.lan, broadcast_id=broadcast.id, loudspeaker_id=999, now=broadcast.start
        )
    bear_witness(stage, *aired)
    with pytest.raises((NotFound, Forbidden)), stage.database.transaction() as session:
        witnesses.retract(
            session,
            stage.cast.admin,
            broadcast_id=broadcast.id,
            loudspeaker_id=stage.loudspeaker(box).id,
            now=stage.now,
        )
