"""A unit becomes stricter about who approves: what is not on the air yet is approved anew, and told so."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select

from broadcast.authoring import approval, approval_rules, bulletins
from broadcast.care import monitoring
from broadcast.errors import Forbidden
from broadcast.evidence import reconciling
from broadcast.evidence.whys import Why
from broadcast.models import Approvers, Area, AreaKind, AuditRow, Bulletin, BulletinState, Grant, Person, Role
from broadcast.storage.moments import day_start
from broadcast.units import areas, people, policies

HOUR = dt.timedelta(hours=1)


@pytest.fixture
def mild(stage: Any) -> Any:
    """The district lets another officer approve, and a writer of the commune is one."""
    with stage.database.transaction() as session:
        admin = session.get_one(Person, stage.cast.admin.id)
        people.grant(session, admin, Role.ADMIN, stage.cast.district, now=stage.now)
        session.query(Grant).filter(Grant.person_id == stage.cast.binh.id).delete()
        session.flush()
        binh = session.get_one(Person, stage.cast.binh.id)
        people.grant(session, binh, Role.EDITOR, stage.cast.commune, now=stage.now)
    rule(stage, Approvers.ANOTHER, stage.cast.district)
    return stage


def rule(stage: Any, approvers: Approvers | None, area_id: int, after: dt.timedelta = 0 * HOUR) -> int:
    with stage.database.transaction() as session:
        admin, values = session.get_one(Person, stage.cast.admin.id), {"approvers": approvers}
        return approval_rules.save(session, admin, area_id, values=values, now=stage.now + after)[1]


def get(stage: Any, bulletin_id: int) -> Bulletin:
    with stage.database.transaction(read_only=True) as session:
        return session.get_one(Bulletin, bulletin_id)


def test_what_the_milder_rule_let_pass_leaves_the_programme_until_it_is_approved_again(mild: Any) -> None:
    mild.loudspeakers(1)
    made = mild.bulletin()
    mild.schedule("17:00", bulletin_ids=[made])
    mild.plan()
    assert rule(mild, Approvers.LEADER, mild.cast.commune, HOUR) == 1
    mild.plan(mild.now + HOUR)
    found = get(mild, made)
    assert (found.state, found.return_note) == (BulletinState.SUBMITTED, approval_rules.NOTE)
    assert {each.state.value for each in mild.broadcasts()} == {"cancelled"}
    start = day_start(mild.now.date())
    with mild.database.transaction(read_only=True) as session:
        rows = reconciling.rows(session, mild.cast.lan, mild.cast.commune, start, start + 24 * HOUR)
    [row] = rows
    assert row.change is not None
    assert (row.why, row.change.at, row.change.by) == (Why.UNAPPROVED, mild.now + HOUR, mild.cast.admin.name)


def test_the_writer_and_the_leader_are_told_and_the_leaders_word_brings_it_back(mild: Any) -> None:
    made = mild.bulletin()
    with mild.database.transaction() as session:
        dung = session.get_one(Person, mild.cast.dung.id)
        people.grant(session, dung, Role.APPROVER, mild.cast.district, now=mild.now)
    rule(mild, Approvers.LEADER, mild.cast.commune)
    with mild.database.transaction() as session:
        lan, dung = (session.get_one(Person, each.id) for each in (mild.cast.lan, mild.cast.dung))
        seen = {each.name: monitoring.today(session, each, mild.now) for each in (lan, dung)}
        assert [each.id for each in seen[lan.name].returned] == [made]
        assert [each.id for each in seen[dung.name].awaiting] == [made]
        current = session.get_one(Bulletin, made).current
        assert current.clip is not None
        hashes = {"text_sha256": current.text_sha256, "audio_sha256": current.clip.sha256}
        with pytest.raises(Forbidden):
            bulletins.approve(session, mild.cast.binh, made, version=1, **hashes, now=mild.now)
        bulletins.approve(session, dung, made, version=1, **hashes, now=mild.now)
        assert approval.approved_version(session, session.get_one(Bulletin, made)) is not None
        assert monitoring.today(session, lan, mild.now).returned == []


def test_who_could_approve_it_by_the_new_rule_need_not_do_so_twice(mild: Any) -> None:
    made = mild.bulletin()
    with mild.database.transaction() as session:
        binh = session.get_one(Person, mild.cast.binh.id)
        people.grant(session, binh, Role.APPROVER, mild.cast.commune, now=mild.now)
    assert rule(mild, Approvers.LEADER, mild.cast.commune) == 0
    assert get(mild, made).state is BulletinState.APPROVED


def test_a_milder_rule_and_one_of_another_commune_void_nothing(mild: Any) -> None:
    made = mild.bulletin()
    assert rule(mild, Approvers.LEADER, mild.cast.other_commune) == 0
    assert rule(mild, Approvers.ALONE, mild.cast.district) == 0
    assert get(mild, made).state is BulletinState.APPROVED
    with mild.database.transaction(read_only=True) as session:
        assert session.scalar(select(AuditRow.id).where(AuditRow.action == approval_rules.REOPEN)) is None
        assert policies.of(session, mild.cast.commune).approvers is Approvers.ALONE


def test_what_is_withdrawn_comes_back_as_one_that_waits(mild: Any) -> None:
    made = mild.bulletin()
    with mild.database.transaction() as session:
        bulletins.withdraw(session, mild.cast.lan, made, wire=mild.wire, now=mild.now)
    assert rule(mild, Approvers.LEADER, mild.cast.commune) == 0  # none of them was in use
    found = get(mild, made)
    assert (found.state, found.withdrawn_state) == (BulletinState.WITHDRAWN, BulletinState.SUBMITTED)


def test_a_commune_that_is_hung_under_a_stricter_unit_follows_its_rule(mild: Any) -> None:
    made = mild.bulletin()
    with mild.database.transaction() as session:
        admin = session.get_one(Person, mild.cast.admin.id)
        stricter = areas.create(
            session, code="H41", name="Huyện khác", kind=AreaKind.DISTRICT, parent_id=None, now=mild.now
        )
        moved = approval_rules.move(
            session, admin, mild.cast.commune, parent_id=stricter.id, now=mild.now + HOUR
        )
        assert moved == (session.get_one(Area, mild.cast.commune), 1)
    assert get(mild, made).state is BulletinState.SUBMITTED


def test_under_a_unit_with_the_same_rule_nothing_is_approved_anew(mild: Any) -> None:
    made = mild.bulletin()
    with mild.database.transaction() as session:
        admin = session.get_one(Person, mild.cast.admin.id)
        parent = areas.create(
            session,
            code="H40.10.8",
            name="Cụm xã",
            kind=AreaKind.COMMUNE,
            parent_id=mild.cast.district,
            now=mild.now,
        )
        assert (
            approval_rules.move(session, admin, mild.cast.commune, parent_id=parent.id, now=mild.now + HOUR)[
                1
            ]
            == 0
        )
    assert get(mild, made).state is BulletinState.APPROVED


def test_communes_that_were_tops_and_become_one_lose_their_milder_rule(mild: Any) -> None:
    made = mild.bulletin()
    with mild.database.transaction() as session:
        admin = session.get_one(Person, mild.cast.admin.id)
        people.grant(session, admin, Role.ADMIN, mild.cast.other_commune, now=mild.now)
        both = [mild.cast.commune, mild.cast.other_commune]
        for each in both:
            policies.save(session, admin, each, values={"approvers": Approvers.ANOTHER}, now=mild.now)
            assert approval_rules.move(session, admin, each, parent_id=None, now=mild.now)[1] == 0
        _one, reopened = approval_rules.merge(
            session, admin, both, code="H40.10.9", name="Xã An Tiến", now=mild.now
        )
        assert reopened == 1
    assert get(mild, made).state is BulletinState.SUBMITTED
