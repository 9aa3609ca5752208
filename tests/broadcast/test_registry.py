"""Loudspeakers enter, change and leave; and their accounts say exactly what each may read and write."""

from __future__ import annotations

from typing import Any

import pytest

from broadcast.errors import (
    AlreadyExists,
    EmptyTitle,
    Forbidden,
    InvalidCode,
    NotFound,
    UnknownArea,
    WrongState,
)
from broadcast.joining import registry
from broadcast.models import AreaKind, Loudspeaker
from broadcast.speakers import alarms
from broadcast.units import areas
from devices.broker.accounts import check_password
from devices.messages import Action, Command, ItemState
from schedules.types import Frequency


def add(stage: Any, person: Any = None, **changes: Any) -> Any:
    options = {"device": "loa-1", "name": "Nhà văn hóa", "area_id": stage.cast.villages[0], **changes}
    with stage.database.transaction() as session:
        return registry.add(session, person, wire=stage.wire, now=stage.now, **options)


def accounts(stage: Any) -> dict[str, Any]:
    with stage.database.transaction() as session:
        return {each.username: each for each in registry.accounts(session, stage.wire)}


def revision(stage: Any, known: int = 0) -> int:
    with stage.database.transaction(read_only=True) as session:
        return registry.accounts_revision(session, known)


def test_the_identity_opens_the_broker_and_is_trusted_by_its_key_alone(stage: Any) -> None:
    identity = add(stage, stage.cast.admin)
    identity.check()
    account = accounts(stage)["loa-1"]
    assert check_password(identity.password, account.password_hash)
    assert identity.server_keys == (stage.wire.key.public,)
    assert stage.loudspeaker(type("B", (), {"device": "loa-1"})).public_key == identity.key.public


def test_an_account_reads_itself_and_its_areas_and_writes_only_as_itself(stage: Any) -> None:
    add(stage)
    account = accounts(stage)["loa-1"]
    groups = ("H40.10.1.1", "H40.10.1", "H40.10")
    assert account.reads == stage.wire.topics.device_reads("loa-1", groups)
    assert account.writes == stage.wire.topics.device_writes("loa-1")


def test_only_an_administrator_adds_and_retires(stage: Any) -> None:
    for person in (stage.cast.lan, stage.cast.mai, stage.cast.dung):
        with pytest.raises(Forbidden):
            add(stage, person)
    add(stage, stage.cast.admin)
    with stage.database.transaction() as session, pytest.raises(Forbidden):
        registry.retire(session, stage.cast.lan, wire=stage.wire, loudspeaker_id=1, now=stage.now)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"device": "loa 1"}, InvalidCode),
        ({"device": "x" * 41}, InvalidCode),
        ({"device": "a/b"}, InvalidCode),
        ({"name": " "}, EmptyTitle),
        ({"area_id": 99}, UnknownArea),
    ],
)
def test_what_cannot_be_a_loudspeaker_is_refused(stage: Any, changes: Any, error: Any) -> None:
    with pytest.raises(error):
        add(stage, **changes)


def test_a_device_id_is_used_once(stage: Any) -> None:
    add(stage)
    with pytest.raises(AlreadyExists):
        add(stage)


def test_the_accounts_have_a_new_revision_exactly_when_they_change(stage: Any) -> None:
    before = revision(stage)
    add(stage)
    added = revision(stage, before)
    assert added > before
    assert revision(stage, added) == added
    with stage.database.transaction() as session:
        registry.set_volume(session, stage.cast.lan, 1, 50, stage.now)
    assert revision(stage, added) == added
    with stage.database.transaction() as session:
        areas.create(
            session, code="H40.10.1.9", name="Thôn Mới", kind=AreaKind.VILLAGE, parent_id=2, now=stage.now
        )
    moved = revision(stage, added)
    assert moved > added
    with stage.database.transaction() as session:
        registry.retire(session, None, wire=stage.wire, loudspeaker_id=1, now=stage.now)
    assert revision(stage, moved) > moved
    assert accounts(stage) == {}


def test_a_renewed_identity_makes_the_old_one_worthless(stage: Any) -> None:
    old = add(stage)
    with stage.database.transaction() as session:
        new = registry.renew(session, None, wire=stage.wire, loudspeaker_id=1, now=stage.now)
    stored = accounts(stage)["loa-1"].password_hash
    assert check_password(new.password, stored)
    assert not check_password(old.password, stored)


def test_a_retired_loudspeaker_leaves_what_is_coming_and_is_told_to_play_nothing(stage: Any) -> None:
    """It has its plan for a week: without this word it would go on by itself."""
    one, _ = stage.loudspeakers(2)
    stage.schedule("17:00", frequency=Frequency.ONCE)
    stage.plan()
    rev = stage.loudspeaker(one).desired_rev
    with stage.database.transaction() as session:
        registry.retire(session, None, wire=stage.wire, loudspeaker_id=1, now=stage.now)
    stage.plan()
    assert [d.state for d in stage.deliveries()] == [ItemState.CANCELLED, ItemState.PLANNED]
    (last,) = [order for topic, order in stage.outbox() if topic == stage.wire.topics.desired(one.device)]
    assert (last.plan, last.groups, last.rev) == (None, (), stage.loudspeaker(one).desired_rev)
    assert last.rev > rev
    result = stage.hear(one.state(stage.now))
    assert result.refused == 1


def test_nobody_elses_loudspeaker_is_there(stage: Any) -> None:
    stage.loudspeakers(3)
    with stage.database.transaction() as session:
        assert registry.get(session, stage.cast.lan, 1).device == "loa-001"
        with pytest.raises(NotFound):
            registry.get(session, stage.cast.mai, 1)


def test_the_journal_and_what_was_played_are_read_in_pages(stage: Any) -> None:
    one, other = stage.loudspeakers(2)
    told = [one.event(stage.now, "missed", f"s1.{number}", planned=number) for number in range(5)]
    stage.hear(one.journal(stage.now, *told), other.journal(stage.now, other.event(stage.now, "replayed")))
    with stage.database.transaction() as session:
        first = registry.journal(session, stage.cast.lan, 1, per_page=2)
        last = registry.journal(session, stage.cast.lan, 1, page=99, per_page=2)
        played = registry.as_run(session, stage.cast.lan, 1, page=2, per_page=2)
        for listing in (registry.journal, registry.as_run):
            with pytest.raises(NotFound):
                listing(session, stage.cast.mai, 1)
        assert registry.journal(session, stage.cast.lan, 2).total == 1
    assert ([row.seq for row in first.items], first.pages) == ([5, 4], 3)
    assert ([row.seq for row in last.items], last.page) == ([1], 3)
    assert ([row.occurrence for row in played.items], played.total) == (["s1.2", "s1.1"], 5)


def test_a_command_to_one_loudspeaker_is_signed_and_short_lived(stage: Any) -> None:
    (box,) = stage.loudspeakers(1)
    with stage.database.transaction() as session:
        options = {"wire": stage.wire, "loudspeaker_id": 1, "now": stage.now}
        registry.command(session, stage.cast.lan, action=Action.IDENTIFY, **options)
        with pytest.raises(Forbidden):
            registry.command(session, stage.cast.mai, action=Action.IDENTIFY, **options)
    ((topic, order),) = stage.outbox()
    assert topic == stage.wire.topics.cmd(box.device)
    assert isinstance(order, Command)
    assert order.expires_at - order.issued_at == 60_000


def test_a_loudspeaker_that_moves_keeps_its_history_and_follows_the_new_area(stage: Any) -> None:
    (box,) = stage.loudspeakers(1)
    stage.schedule("08:30", "17:00", frequency=Frequency.ONCE)
    stage.plan()
    played, coming = stage.broadcasts()
    stage.hear(box.journal(stage.now, *box.played(played)))
    stage.now = played.expires
    before = revision(stage)
    to = {"loudspeaker_id": 1, "area_id": stage.cast.other_commune, "now": stage.now}
    for person in (stage.cast.lan, stage.cast.admin):
        with stage.database.transaction() as session, pytest.raises(Forbidden):
            registry.move(session, person, **to)
    with stage.database.transaction() as session:
        registry.move(session, None, **to)
    assert revision(stage, before) > before
    assert accounts(stage)["loa-001"].reads == stage.wire.topics.device_reads(
        "loa-001", ("H40.10.2", "H40.10")
    )
    assert [(d.state, d.reason) for d in stage.deliveries()] == [
        (ItemState.DONE, ""),
        (ItemState.CANCELLED, "moved"),
    ]
    stage.clear_outbox()
    assert stage.plan() == 1
    ((_, desired),) = stage.outbox()
    assert desired.groups == ("H40.10.2", "H40.10")
    with stage.database.transaction() as session:
        assert registry.as_run(session, stage.cast.mai, 1).total == 1
        registry.move(session, None, **{**to, "area_id": stage.cast.villages[1]})
    assert [(d.state, d.evidence) for d in stage.deliveries(coming)] == [(ItemState.PLANNED, None)]


def test_a_retired_loudspeaker_does_not_move_and_its_alarms_end(stage: Any) -> None:
    stage.loudspeakers(1)
    with stage.database.transaction() as session:
        them = session.get_one(Loudspeaker, 1)
        alarm = alarms.raise_alarm(session, kind="silent", now=stage.now, loudspeaker=them)
        registry.retire(session, None, wire=stage.wire, loudspeaker_id=1, now=stage.now)
        assert alarm.well_at == stage.now
        with pytest.raises(WrongState):
            registry.move(session, None, loudspeaker_id=1, area_id=stage.cast.commune, now=stage.now)
