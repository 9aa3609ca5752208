"""Urgent announcements: who may, what goes out, and that STOP always works."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select

from broadcast.authoring import bulletins
from broadcast.care import monitoring
from broadcast.errors import ExpiryInvalid, Forbidden, NoAudio, NoLoudspeakers, NotFound, WrongState
from broadcast.evidence import closing
from broadcast.models import AuditRow, Broadcast, BroadcastState, Bulletin
from broadcast.scheduling import drills, urgent
from broadcast.storage import audit
from devices.messages import Action, Alerts, AlertStatus, BulletinClass, Command, ItemState
from schedules.types import Frequency

HOUR = dt.timedelta(hours=1)
TEXT = "Nước lũ đang lên nhanh, mời bà con đến nhà văn hóa thôn."


def prepare(stage: Any, status: AlertStatus = AlertStatus.ACTUAL, *, spoken: bool = True) -> int:
    with stage.database.transaction() as session:
        made = urgent.prepare(
            session,
            stage.cast.dung,
            area_id=stage.cast.commune,
            text=TEXT,
            status=status,
            title="Lũ lên",
            now=stage.now,
        )
        if spoken:
            stage.speak(session, made, 20)
        return made.id


def send(stage: Any, status: AlertStatus = AlertStatus.ACTUAL, **changes: Any) -> Broadcast:
    bulletin_id = changes.pop("bulletin_id", None) or prepare(stage, status)
    options = {"area_id": stage.cast.commune, "expires_in": HOUR, "person": stage.cast.dung, **changes}
    with stage.database.transaction() as session:
        return urgent.send(
            session,
            options.pop("person"),
            wire=stage.wire,
            bulletin_id=bulletin_id,
            status=status,
            now=stage.now,
            **options,
        )


def stop(stage: Any, person: Any = None, **what: Any) -> list[Broadcast]:
    with stage.database.transaction() as session:
        return urgent.stop(session, person or stage.cast.dung, wire=stage.wire, now=stage.now, **what)


def documents(stage: Any) -> list[Alerts]:
    return [order for _, order in stage.outbox() if isinstance(order, Alerts)]


def commands(stage: Any) -> list[tuple[str, Command]]:
    return [(topic, order) for topic, order in stage.outbox() if isinstance(order, Command)]


def test_an_actual_alarm_goes_out_as_an_emergency_to_every_loudspeaker_of_the_area(stage: Any) -> None:
    stage.loudspeakers(3)
    sent = send(stage)
    (document,) = documents(stage)
    (alert,) = document.alerts
    assert (document.group, document.rev) == ("H40.10.1", 1)
    assert (alert.item.klass, alert.item.status) == (BulletinClass.EMERGENCY, AlertStatus.ACTUAL)
    assert alert.item.start == int((stage.now.timestamp() + 2) * 1000)
    assert alert.item.expires - alert.item.start == 3_600_000
    assert len(stage.deliveries(sent)) == 3
    assert sent.occurrence.startswith("u")


@pytest.mark.parametrize("status", [AlertStatus.EXERCISE, AlertStatus.TEST])
def test_a_drill_says_so_first_and_is_never_an_emergency_on_the_wire(stage: Any, status: AlertStatus) -> None:
    stage.loudspeakers(1)
    sent = send(stage, status)
    (document,) = documents(stage)
    assert document.alerts[0].item.klass is BulletinClass.PRIORITY
    assert document.alerts[0].item.status is status
    assert sent.text == drills.PREFIXES[status] + TEXT
    with stage.database.transaction() as session:
        assert session.get_one(Bulletin, 1).current.chime == "drill"


@pytest.mark.parametrize("prepared", list(AlertStatus))
@pytest.mark.parametrize("sent_as", list(AlertStatus))
def test_what_was_prepared_for_one_status_is_never_sent_as_another(
    stage: Any, prepared: AlertStatus, sent_as: AlertStatus
) -> None:
    stage.loudspeakers(1)
    bulletin_id = prepare(stage, prepared)
    if prepared is sent_as:
        assert send(stage, sent_as, bulletin_id=bulletin_id).status is sent_as
        return
    with pytest.raises(WrongState):
        send(stage, sent_as, bulletin_id=bulletin_id)
    assert stage.outbox() == []


def test_only_who_may_send_sends(stage: Any) -> None:
    stage.loudspeakers(1)
    bulletin_id = prepare(stage)
    for person in (stage.cast.lan, stage.cast.mai, stage.cast.binh):
        with pytest.raises(Forbidden):
            send(stage, bulletin_id=bulletin_id, person=person)
    assert stage.broadcasts() == []


def test_an_announcement_without_audio_loudspeakers_or_a_sane_expiry_is_refused(stage: Any) -> None:
    silent = prepare(stage, spoken=False)
    ready = prepare(stage)
    with pytest.raises(NoLoudspeakers):
        send(stage, bulletin_id=ready)
    stage.loudspeakers(1)
    with pytest.raises(NoAudio):
        send(stage, bulletin_id=silent)
    for wrong in (dt.timedelta(seconds=1), dt.timedelta(days=3)):
        with pytest.raises(ExpiryInvalid):
            send(stage, bulletin_id=ready, expires_in=wrong)
    assert stage.broadcasts() == []


def test_an_ordinary_bulletin_is_never_sent_as_urgent(stage: Any) -> None:
    stage.loudspeakers(1)
    with pytest.raises(WrongState):
        send(stage, bulletin_id=stage.bulletin())


def test_a_second_announcement_joins_the_first_in_the_next_revision(stage: Any) -> None:
    stage.loudspeakers(1)
    send(stage)
    send(stage)
    (document,) = documents(stage)
    assert document.rev == 2
    assert len(document.alerts) == 2


def test_stop_sends_a_command_and_a_tombstone_and_waits_for_the_loudspeakers_word(stage: Any) -> None:
    (box,) = stage.loudspeakers(1)
    sent = send(stage)
    (stopped,) = stop(stage, broadcast_id=sent.id)
    assert stopped.state is BroadcastState.CANCELLED
    (document,) = documents(stage)
    assert (document.rev, document.alerts) == (2, ())
    assert [t.id for t in document.cancelled] == [sent.occurrence]
    ((topic, command),) = commands(stage)
    assert topic == stage.wire.topics.group_cmd("H40.10.1")
    assert (command.action, command.items, command.target) == (Action.STOP, (sent.occurrence,), "H40.10.1")
    assert stage.outbox()[0][0] == topic, "the command leaves before everything else"
    assert [d.state for d in stage.deliveries()] == [ItemState.PLANNED]
    stage.hear(box.journal(stage.now, box.event(stage.now, "cancelled", sent.occurrence, reason="stop")))
    assert [d.state for d in stage.deliveries()] == [ItemState.CANCELLED]


def test_stop_for_an_area_silences_everything_there_and_holds_the_schedule(stage: Any) -> None:
    stage.loudspeakers(3)
    stage.schedule("08:00", frequency=Frequency.DAILY)
    stage.now -= dt.timedelta(minutes=10)
    stage.plan()
    stage.now += dt.timedelta(minutes=10, seconds=20)  # twenty seconds into the broadcast of 08:00
    sent = send(stage)
    stopped = stop(stage, area_id=stage.cast.commune, hold_s=600)
    assert {each.id for each in stopped} == {stage.broadcasts()[0].id, sent.id}
    ((_, command),) = commands(stage)
    assert command.items == ()
    assert command.hold_until == int((stage.now.timestamp() + 600) * 1000)
    assert [b.state for b in stage.broadcasts() if b.schedule_id][1] is BroadcastState.PLANNED


def test_stop_in_a_village_leaves_the_communes_broadcast_to_the_others(stage: Any) -> None:
    stage.loudspeakers(3)
    sent = send(stage)
    assert stop(stage, area_id=stage.cast.villages[0]) == []
    ((topic, _),) = commands(stage)
    assert topic == stage.wire.topics.group_cmd("H40.10.1.1")
    assert next(b for b in stage.broadcasts() if b.id == sent.id).state is BroadcastState.PLANNED


def test_stop_may_be_pressed_twice(stage: Any) -> None:
    stage.loudspeakers(1)
    sent = send(stage)
    assert len(stop(stage, broadcast_id=sent.id)) == 1
    assert stop(stage, broadcast_id=sent.id) == []
    assert len(commands(stage)) == 2


def test_an_editor_stops_the_programme_but_not_an_alarm_and_a_stranger_nothing(stage: Any) -> None:
    stage.loudspeakers(1)
    stage.schedule("17:00", frequency=Frequency.ONCE)
    stage.plan()
    scheduled, sent = stage.broadcasts()[0], send(stage)
    with pytest.raises(Forbidden):
        stop(stage, stage.cast.lan, broadcast_id=sent.id)
    with pytest.raises(Forbidden):
        stop(stage, stage.cast.mai, broadcast_id=scheduled.id)
    with pytest.raises(Forbidden):
        stop(stage, stage.cast.mai, area_id=stage.cast.commune)
    with pytest.raises(NotFound):
        stop(stage, broadcast_id=999)
    assert len(stop(stage, stage.cast.lan, broadcast_id=scheduled.id)) == 1


def test_what_is_over_leaves_the_document_and_the_list(stage: Any) -> None:
    stage.loudspeakers(1)
    sent = send(stage)
    with stage.database.transaction() as session:
        assert [b.id for b in urgent.active(session, stage.cast.lan, stage.now)] == [sent.id]
        assert urgent.active(session, stage.cast.mai, stage.now) == []
    over = stage.now + 2 * HOUR
    with stage.database.transaction() as session:
        assert closing.close_over(session, stage.wire, over) == 1
        assert urgent.active(session, stage.cast.lan, over) == []
    (document,) = documents(stage)
    assert (document.rev, document.alerts, document.cancelled) == (2, (), ())
    assert [(d.state, d.reason) for d in stage.deliveries()] == [(ItemState.MISSED, "no_report")]


def test_a_tombstone_stays_until_nothing_could_sound_any_more(stage: Any) -> None:
    stage.loudspeakers(1)
    sent = send(stage)
    stop(stage, broadcast_id=sent.id)
    with stage.database.transaction() as session:
        assert closing.close_over(session, stage.wire, stage.now + HOUR / 2) == 0
    assert len(documents(stage)[0].cancelled) == 1
    with stage.database.transaction() as session:
        assert closing.close_over(session, stage.wire, stage.now + 2 * HOUR) == 1
    assert documents(stage)[0].cancelled == ()


def test_sending_and_stopping_are_in_the_audit(stage: Any) -> None:
    stage.loudspeakers(1)
    sent = send(stage)
    stop(stage, broadcast_id=sent.id)
    with stage.database.transaction() as session:
        actions = [row.action for row in session.scalars(select(AuditRow).order_by(AuditRow.id))]
        assert {"urgent.send", "broadcast.stop", "stop"} <= set(actions)
        assert audit.verify(session) is None


def test_a_hold_is_released(stage: Any) -> None:
    stage.loudspeakers(1)
    with stage.database.transaction() as session:
        urgent.release(session, stage.cast.dung, wire=stage.wire, area_id=stage.cast.commune, now=stage.now)
    ((_, command),) = commands(stage)
    assert command.action is Action.RELEASE


def test_the_prefix_is_spoken_once_and_recognised() -> None:
    for status in AlertStatus:
        once = drills.spoken(TEXT, status)
        assert drills.spoken(once, status) == once
        assert drills.status_of(once) is status


def test_an_alert_from_above_is_seen_below(stage: Any) -> None:
    stage.loudspeakers(1)
    sent = send(stage, area_id=stage.cast.district)
    with stage.database.transaction() as session:
        found = monitoring.today(session, stage.cast.lan, stage.now)
        assert [b.id for b in found.urgent] == [sent.id]
        assert session.get_one(Bulletin, 1).klass is BulletinClass.EMERGENCY


def test_withdrawing_the_words_of_an_announcement_silences_it(stage: Any) -> None:
    stage.loudspeakers(1)
    bulletin_id = prepare(stage)
    sent = send(stage, bulletin_id=bulletin_id)
    stage.clear_outbox()
    with stage.database.transaction() as session:
        bulletins.withdraw(session, stage.cast.dung, bulletin_id, wire=stage.wire, now=stage.now)
    ((_, order),) = commands(stage)
    assert (order.action, order.items) == (Action.STOP, (sent.occurrence,))
    (document,) = documents(stage)
    assert [each.id for each in document.cancelled] == [sent.occurrence]
