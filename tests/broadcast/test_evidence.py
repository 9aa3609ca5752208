"""What sensors add to the proof of a play, as the server judges it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select, update

from broadcast.evidence import airlog, proof
from broadcast.models import AsRun, JournalRow
from devices.messages import Evidence, JournalEvent
from schedules.types import Frequency


@pytest.mark.parametrize(
    ("events", "score", "evidence"),
    [
        (["done"], None, Evidence.RENDERED),
        (["done", "load"], None, Evidence.ELECTRICAL),
        (["done", "load", "no_load"], None, Evidence.RENDERED),
        (["done", "no_load"], None, Evidence.ARMED),
        (["done", "no_load"], 0.9, Evidence.ACOUSTIC),
        (["done"], 0.9, Evidence.ACOUSTIC),
        (["done", "load"], 0.1, Evidence.ELECTRICAL),
        (["armed", "load"], 0.9, Evidence.ARMED),
    ],
)
def test_a_sensor_adds_to_what_was_rendered_or_denies_it_and_proves_nothing_alone(
    events: list[str], score: float | None, evidence: Evidence
) -> None:
    entries = [
        ("b", JournalEvent(seq=seq, at=seq, event="electrical", item="x", reason=event, evidence=6))
        if event.endswith("load")
        else ("b", JournalEvent(seq=seq, at=seq, event=event, item="x", samples=9, volume=80))
        for seq, event in enumerate(events, start=1)
    ]
    found = proof.outcome(entries, score)
    assert found is not None
    assert (found.evidence, found.score) == (evidence, score)


def test_what_was_heard_counts_only_with_the_score_that_the_server_gave(stage: Any) -> None:
    (box,) = stage.loudspeakers(1)
    stage.schedule("17:00", frequency=Frequency.ONCE)
    stage.plan()
    (broadcast,) = stage.broadcasts()
    heard = box.event(stage.now, "heard", broadcast.occurrence, energies="AAAA", evidence=5)
    stage.hear(box.journal(stage.now, *box.played(broadcast), heard))
    assert [d.evidence for d in stage.deliveries()] == [Evidence.RENDERED]
    with stage.database.transaction() as session:
        session.execute(update(JournalRow).where(JournalRow.event == "heard").values(score=0.75))
        airlog.update(session, {(1, broadcast.occurrence)}, stage.now)
        row = session.scalars(select(AsRun)).one()
    assert (row.evidence, row.score) == (Evidence.ACOUSTIC, 0.75)
    assert [d.evidence for d in stage.deliveries()] == [Evidence.ACOUSTIC]
