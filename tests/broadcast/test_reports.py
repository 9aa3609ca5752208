"""What loudspeakers say becomes rows, whatever the order and however often; only with their own key."""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from broadcast.evidence import closing, proof
from broadcast.models import Alarm, AsRun, Delivery, Event, JournalRow
from devices.envelope import SigningKey
from devices.link import Inbound
from devices.messages import Cursor, Evidence, ItemState, JournalEvent
from schedules.types import Frequency

MINUTE = dt.timedelta(minutes=1)


def on_air(stage: Any, speakers: int = 1) -> Any:
    """One broadcast at 17:00, planned for all loudspeakers."""
    stage.loudspeakers(speakers)
    stage.schedule("17:00", frequency=Frequency.ONCE)
    stage.plan()
    stage.clear_outbox()
    (broadcast,) = stage.broadcasts()
    return broadcast


def alarms(stage: Any) -> dict[str, int]:
    with stage.database.transaction(read_only=True) as session:
        return {alarm.kind: alarm.count for alarm in session.scalars(select(Alarm))}


def rows(stage: Any) -> list[Any]:
    """Everything that reports decide, without ids and times of arrival."""
    with stage.database.transaction(read_only=True) as session:
        journal = sorted((r.boot, r.seq, r.event, r.occurrence) for r in session.scalars(select(JournalRow)))
        as_run = [
            (r.occurrence, r.result, r.evidence, r.started_at, r.ended_at, r.played_ms, r.volume, r.reason)
            for r in session.scalars(select(AsRun).order_by(AsRun.loudspeaker_id, AsRun.occurrence))
        ]
        deliveries = [
            (d.state, d.evidence, d.reason) for d in session.scalars(select(Delivery).order_by(Delivery.id))
        ]
        return [journal, as_run, deliveries]


def test_the_way_of_a_delivery_from_acknowledged_over_armed_to_rendered(stage: Any) -> None:
    broadcast = on_air(stage)
    (box,) = stage.boxes
    stage.hear(box.state(stage.now, rev=1))
    assert [(d.state, d.evidence) for d in stage.deliveries()] == [(ItemState.PLANNED, 1)]
    armed, starting, playing, done = box.played(broadcast)
    stage.hear(box.journal(stage.now, armed))
    assert [(d.state, d.evidence) for d in stage.deliveries()] == [(ItemState.ARMED, 2)]
    stage.hear(box.journal(stage.now, starting, playing))
    assert [(d.state, d.evidence) for d in stage.deliveries()] == [(ItemState.PLAYING, 2)]
    stage.hear(box.journal(stage.now, done))
    assert [(d.state, d.evidence) for d in stage.deliveries()] == [(ItemState.DONE, 3)]


def test_the_as_run_row_says_what_was_measured(stage: Any) -> None:
    broadcast = on_air(stage)
    (box,) = stage.boxes
    stage.hear(box.journal(stage.now, *box.played(broadcast)))
    with stage.database.transaction(read_only=True) as session:
        row = session.scalars(select(AsRun)).one()
    assert row.broadcast_id == broadcast.id
    assert row.title == broadcast.title
    assert row.planned_start == broadcast.start
    assert row.started_at == broadcast.start + dt.timedelta(milliseconds=3)
    assert (row.played_ms, row.volume, row.evidence) == (60_000, 80, 3)


def test_an_older_revision_acknowledges_nothing(stage: Any) -> None:
    on_air(stage)
    (box,) = stage.boxes
    stage.schedule("18:00", frequency=Frequency.ONCE)
    stage.plan()
    stage.hear(box.state(stage.now, rev=1))
    assert {d.evidence for d in stage.deliveries()} == {None}
    stage.hear(box.state(stage.now, rev=2))
    assert {d.evidence for d in stage.deliveries()} == {1}


@pytest.mark.parametrize(
    ("fields", "evidence"),
    [
        ({"samples": 0, "volume": 80}, Evidence.ACKNOWLEDGED),
        ({"samples": 480, "volume": 0}, Evidence.ARMED),
        ({"samples": 480, "volume": 80, "underruns": 1}, Evidence.ARMED),
        ({"samples": 480, "volume": 80}, Evidence.RENDERED),
        ({"samples": 0, "volume": 0, "evidence": 6}, Evidence.ACKNOWLEDGED),
    ],
)
def test_a_done_is_rendered_only_with_samples_volume_and_no_gap(
    fields: dict[str, int], evidence: Evidence
) -> None:
    assert proof.evidence(JournalEvent(seq=1, at=1, event="done", item="x", **fields)) is evidence


events = st.builds(
    JournalEvent,
    seq=st.integers(1, 30),
    at=st.integers(0, 50),
    event=st.sampled_from([state.value for state in ItemState]),
    item=st.just("x"),
    samples=st.integers(0, 3),
    volume=st.integers(0, 2),
    underruns=st.integers(0, 1),
    played_ms=st.integers(0, 5),
    started=st.integers(0, 9),
    ended=st.integers(0, 9),
    reason=st.sampled_from(["", "late", "stop"]),
)


@given(st.lists(events, min_size=1, max_size=12, unique_by=lambda e: e.seq), st.randoms(), st.integers(1, 12))
def test_the_fold_ignores_order_and_never_gets_weaker(
    them: list[JournalEvent], rng: random.Random, some: int
) -> None:
    entries = [("b1", event) for event in them]
    shuffled = list(entries)
    rng.shuffle(shuffled)
    whole = proof.outcome(shuffled)
    assert whole == proof.outcome(entries)
    part = proof.outcome(shuffled[:some])
    assert whole is not None
    assert part is not None
    assert whole.evidence >= part.evidence
    assert not (part.state in proof.FINAL and whole.state not in proof.FINAL)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_any_repetition_and_order_of_a_journal_gives_the_same_rows(
    stage: Any, database_url: str, data: st.DataObject
) -> None:
    if not stage.boxes:
        on_air(stage, 2)
    broadcast = stage.broadcasts()[0]
    messages = []
    for box in stage.boxes:
        box.boot, box.seq = f"b{random.Random(box.device).randrange(9)}", 0
        messages += [box.journal(stage.now, event) for event in box.played(broadcast)]
    stage.hear(*messages)
    expected = rows(stage)
    with stage.database.transaction() as session:
        for table in (AsRun, JournalRow):
            for row in session.scalars(select(table)):
                session.delete(row)
        for delivery in session.scalars(select(Delivery)):
            delivery.state, delivery.evidence, delivery.reason = ItemState.PLANNED, None, ""
    order = data.draw(st.permutations(range(len(messages))))
    extra = data.draw(st.lists(st.sampled_from(range(len(messages))), max_size=6))
    cut = data.draw(st.integers(0, len(order)))
    stage.hear(*[messages[i] for i in (*order[:cut], *extra)])
    stage.hear(*[messages[i] for i in (*order[cut:], *extra)])
    assert rows(stage) == expected


def test_a_late_journal_upgrades_what_the_server_had_to_call_missed(stage: Any) -> None:
    broadcast = on_air(stage)
    (box,) = stage.boxes
    over = broadcast.expires + dt.timedelta(minutes=5)
    with stage.database.transaction() as session:
        assert closing.close_over(session, stage.wire, over) == 1
    assert [(d.state, d.reason) for d in stage.deliveries()] == [(ItemState.MISSED, "no_report")]
    stage.hear(box.journal(over, *box.played(broadcast)), now=over)
    assert [(d.state, d.reason, d.evidence) for d in stage.deliveries()] == [(ItemState.DONE, "", 3)]


def test_half_a_late_journal_raises_the_evidence_and_leaves_missed_standing(stage: Any) -> None:
    broadcast = on_air(stage)
    (box,) = stage.boxes
    over = broadcast.expires + dt.timedelta(minutes=5)
    with stage.database.transaction() as session:
        closing.close_over(session, stage.wire, over)
    stage.hear(box.journal(over, box.played(broadcast)[0]), now=over)
    assert [(d.state, d.evidence) for d in stage.deliveries()] == [(ItemState.MISSED, 2)]


def test_missed_as_told_by_the_loudspeaker_is_acknowledged_and_never_played(stage: Any) -> None:
    broadcast = on_air(stage)
    (box,) = stage.boxes
    told = box.event(stage.now, "missed", broadcast.occurrence, reason="offline", planned=1)
    stage.hear(box.journal(stage.now, told))
    assert [(d.state, d.evidence, d.reason) for d in stage.deliveries()] == [(ItemState.MISSED, 1, "offline")]


def test_a_journal_signed_by_another_key_is_an_alarm_and_no_proof(stage: Any) -> None:
    broadcast = on_air(stage)
    (box,) = stage.boxes
    forged = box.journal(stage.now, *box.played(broadcast), key=SigningKey.generate())
    result = stage.hear(forged)
    assert (result.refused, result.new_events) == (1, 0)
    assert alarms(stage) == {"forged_report": 1}
    assert [(d.state, d.evidence) for d in stage.deliveries()] == [(ItemState.PLANNED, None)]


def test_a_loudspeaker_cannot_report_for_another(stage: Any) -> None:
    broadcast = on_air(stage, 2)
    one, two = stage.boxes
    letter = one.journal(stage.now, *one.played(broadcast))
    stage.hear(Inbound(stage.wire.topics.evt(two.device), letter.payload, stage.now))
    said = one.state(stage.now, rev=1)
    stage.hear(Inbound(stage.wire.topics.state(two.device), said.payload, stage.now))
    assert alarms(stage) == {"forged_report": 1, "malformed_report": 1}
    assert {d.evidence for d in stage.deliveries()} == {None}


@pytest.mark.parametrize(
    "payload",
    [b"\xff\x00", b"{}", b'{"type":"state"}', b"[1,2]", b'{"type":"state","device":"loa-001","online":true,'
     b'"boot":"' + b"x" * 90 + b'","session":1}',
     b'{"type":"state","device":"loa-001","online":true,"boot":"a\\u0000b","session":1}',
     b'{"type":"state","device":"loa-001","online":true,"boot":"b","session":99999999999}',
     b'{"type":"state","device":"loa-001","online":true,"boot":"b","session":1,"at":-5}'],
)  # fmt: skip
def test_garbage_never_stops_what_comes_with_it(stage: Any, payload: bytes) -> None:
    broadcast = on_air(stage)
    (box,) = stage.boxes
    bad = [
        Inbound(topic, payload, stage.now)
        for topic in (box.topics.state(box.device), box.topics.evt(box.device), "ttcs/1/other/d/x/state")
    ]
    result = stage.hear(*bad, box.journal(stage.now, *box.played(broadcast)))
    assert (result.refused, result.new_events) == (3, 4)
    assert [d.state for d in stage.deliveries()] == [ItemState.DONE]


def test_a_stranger_is_an_alarm(stage: Any) -> None:
    stage.hear(Inbound(stage.wire.topics.state("loa-la"), b"{}", stage.now))
    stage.hear(Inbound(stage.wire.topics.state("loa-la"), b"{}", stage.now))
    assert alarms(stage) == {"unknown_device": 2}


def test_an_alarm_that_a_loudspeaker_reports_is_counted_once_however_often_it_is_sent(stage: Any) -> None:
    on_air(stage)
    (box,) = stage.boxes
    letter = box.journal(
        stage.now, box.event(stage.now, "bad_signature", reason="g/alerts"), box.event(stage.now, "replayed")
    )
    for _ in range(3):
        stage.hear(letter)
    assert alarms(stage) == {"bad_signature": 1, "replayed": 1}


def test_presence_follows_birth_and_will_and_ignores_a_will_of_before(stage: Any) -> None:
    on_air(stage)
    (box,) = stage.boxes
    stage.hear(box.state(stage.now))
    assert stage.loudspeaker(box).online
    old_will = box.state(stage.now, online=False)
    box.session = 2
    stage.hear(box.state(stage.now + MINUTE, playing="x"), old_will)
    assert stage.loudspeaker(box).online
    assert stage.loudspeaker(box).playing == "x"
    stage.hear(box.state(stage.now + 2 * MINUTE, online=False))
    assert not stage.loudspeaker(box).online
    assert stage.loudspeaker(box).playing == ""
    assert stage.loudspeaker(box).last_seen == stage.now + MINUTE


def test_a_state_that_the_broker_kept_is_no_sign_of_life(stage: Any) -> None:
    on_air(stage)
    (box,) = stage.boxes
    kept = box.state(stage.now)
    hours_later = stage.now + dt.timedelta(hours=5)
    stage.hear(Inbound(kept.topic, kept.payload, hours_later), now=hours_later)
    assert stage.loudspeaker(box).last_seen == stage.now


def test_a_heartbeat_is_a_sign_of_life(stage: Any) -> None:
    on_air(stage)
    (box,) = stage.boxes
    stage.hear(box.state(stage.now), box.tele(stage.now + MINUTE))
    assert stage.loudspeaker(box).last_seen == stage.now + MINUTE
    assert stage.loudspeaker(box).report["tele"]["uptime_s"] == 5


# --- the cursor -----------------------------------------------------------------


def cursor(stage: Any, box: Any) -> tuple[str, int] | None:
    found = [o for _, o in stage.outbox() if isinstance(o, Cursor) and o.device == box.device]
    return (found[-1].boot, found[-1].seq) if found else None


def test_the_cursor_stops_at_the_first_gap_and_goes_on_when_it_is_filled(stage: Any) -> None:
    on_air(stage)
    (box,) = stage.boxes
    one, two, three, four = (box.event(stage.now, "replayed") for _ in range(4))
    stage.hear(box.journal(stage.now, one, two))
    assert cursor(stage, box) == ("b1", 2)
    stage.hear(box.journal(stage.now, four))
    assert cursor(stage, box) == ("b1", 2)
    stage.hear(box.journal(stage.now, three))
    assert cursor(stage, box) == ("b1", 4)


def test_nothing_is_confirmed_while_the_beginning_is_missing(stage: Any) -> None:
    on_air(stage)
    (box,) = stage.boxes
    first, second = box.event(stage.now, "replayed"), box.event(stage.now, "replayed")
    stage.hear(box.journal(stage.now, second))
    assert cursor(stage, box) is None
    stage.hear(box.journal(stage.now, first))
    assert cursor(stage, box) == ("b1", 2)


def test_a_cursor_covers_a_boot_only_when_everything_before_it_is_stored(stage: Any) -> None:
    on_air(stage)
    (box,) = stage.boxes
    one, two = box.event(stage.now, "replayed"), box.event(stage.now, "replayed")
    first, second = box.journal(stage.now, one), box.journal(stage.now, two)
    box.boot = "b2"
    third = box.journal(stage.now, box.event(stage.now, "replayed"))
    stage.hear(first)
    stage.hear(box.state(stage.now), third)
    assert cursor(stage, box) == ("b1", 1)
    stage.hear(second)
    assert cursor(stage, box) == ("b2", 3)


def test_a_repeated_journal_is_confirmed_again(stage: Any) -> None:
    on_air(stage)
    (box,) = stage.boxes
    letter = box.journal(stage.now, box.event(stage.now, "replayed"))
    stage.hear(letter)
    stage.clear_outbox()
    stage.hear(letter)
    assert cursor(stage, box) == ("b1", 1)


def test_an_emptied_store_begins_its_numbers_again(stage: Any) -> None:
    on_air(stage)
    (box,) = stage.boxes
    stage.hear(box.journal(stage.now, *[box.event(stage.now, "replayed") for _ in range(5)]))
    box.boot, box.seq = "new", 0
    stage.hear(box.journal(stage.now, box.event(stage.now, "replayed"), box.event(stage.now, "replayed")))
    assert cursor(stage, box) == ("new", 2)
    stage.hear(box.journal(stage.now, box.event(stage.now, "replayed")))
    assert cursor(stage, box) == ("new", 3)


def test_acks_of_a_command_are_told_as_one_event(stage: Any) -> None:
    on_air(stage, 3)
    stage.hear(*[box.ack(stage.now, "c1") for box in stage.boxes])
    with stage.database.transaction(read_only=True) as session:
        told = [e.data for e in session.scalars(select(Event).where(Event.kind == "ack"))]
    assert told == [{"command": "c1", "stage": "done", "code": "", "count": 3}]


def test_a_loudspeaker_has_no_word_about_what_was_never_meant_for_it(stage: Any) -> None:
    """Its as-run would else carry the title of another commune's broadcast."""
    stage.loudspeakers(1)
    (stranger,) = stage.loudspeakers(1, area_id=stage.cast.other_commune)
    stage.schedule("17:00", frequency=Frequency.ONCE)
    stage.plan()
    (broadcast,) = stage.broadcasts()
    stage.hear(stranger.journal(stage.now, *stranger.played(broadcast)))
    with stage.database.transaction(read_only=True) as session:
        row = session.scalars(select(AsRun)).one()
    assert (row.broadcast_id, row.title, row.occurrence) == (None, "", broadcast.occurrence)
    assert stage.deliveries()[0].evidence is None


def test_a_refusal_that_arrives_twice_in_one_batch_is_counted_once(stage: Any) -> None:
    (box,) = stage.loudspeakers(1)
    told = box.journal(
        stage.now, box.event(stage.now, "replayed", reason="cmd"), box.event(stage.now, "stale")
    )
    stage.hear(told, told)
    stage.hear(told)
    with stage.database.transaction(read_only=True) as session:
        alarms = {each.kind: (each.count, each.detail) for each in session.scalars(select(Alarm))}
    assert alarms == {"replayed": (1, {"why": "cmd"}), "stale": (1, {"why": ""})}
