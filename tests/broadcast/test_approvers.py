"""Who lets a bulletin go on air, by the policy of the unit: stricter below, and never an emergency alone."""

from __future__ import annotations

from typing import Any

import pytest

from broadcast.approval_errors import LeaderNeeded
from broadcast.authoring import approval, bulletins
from broadcast.care import monitoring
from broadcast.errors import Forbidden, SelfApproval
from broadcast.models import Approvers, AreaPolicy, Bulletin, Grant, Role
from broadcast.units import areas, policies
from devices.messages import BulletinClass


def rule(stage: Any, approvers: Approvers) -> None:
    """Said by the top of the tree."""
    with stage.database.transaction() as session:
        top = areas.ancestors(session, stage.cast.commune)[-1].id
        at = {"updated_at": stage.now, "updated_by": stage.cast.admin.id}
        session.merge(AreaPolicy(area_id=top, approvers=approvers, **at))


def submitted(stage: Any, klass: BulletinClass = BulletinClass.ROUTINE) -> int:
    made = stage.bulletin(klass=klass, approved=False)
    with stage.database.transaction() as session:
        if session.get_one(Bulletin, made).state.value == "draft":
            bulletins.submit(session, stage.cast.lan, made, now=stage.now)
    return int(made)


def approve(stage: Any, person: Any, bulletin_id: int) -> Any:
    with stage.database.transaction() as session:
        current = session.get_one(Bulletin, bulletin_id).current
        assert current.clip is not None
        return approval.approve(
            session,
            person,
            bulletin_id,
            version=current.number,
            text_sha256=current.text_sha256,
            audio_sha256=current.clip.sha256,
            now=stage.now,
        )


def may_air(stage: Any, bulletin_id: int) -> bool:
    with stage.database.transaction(read_only=True) as session:
        return approval.approved_version(session, session.get_one(Bulletin, bulletin_id)) is not None


@pytest.fixture
def colleague(stage: Any) -> Any:
    """Binh, who only writes now: another officer of the commune."""
    with stage.database.transaction() as session:
        session.query(Grant).filter(Grant.person_id == stage.cast.binh.id).delete()
        session.add(Grant(person_id=stage.cast.binh.id, area_id=stage.cast.commune, role=Role.EDITOR))
    return stage.cast.binh


def test_where_nobody_says_anything_a_leader_approves(stage: Any, colleague: Any) -> None:
    made = submitted(stage)
    with pytest.raises(LeaderNeeded):
        approve(stage, colleague, made)
    with pytest.raises(LeaderNeeded):
        approve(stage, stage.cast.lan, made)
    assert not may_air(stage, made)


def test_four_eyes_need_another_but_no_leader(stage: Any, colleague: Any) -> None:
    rule(stage, Approvers.ANOTHER)
    made = submitted(stage, BulletinClass.PRIORITY)
    with pytest.raises(SelfApproval):
        approve(stage, stage.cast.lan, made)
    with pytest.raises(Forbidden):
        approve(stage, stage.cast.mai, made)  # of another commune
    assert approve(stage, colleague, made).approvers is Approvers.ANOTHER
    assert may_air(stage, made)


def test_whoever_may_not_approve_may_not_send_back(stage: Any, colleague: Any) -> None:
    made = submitted(stage)

    def send_back() -> Bulletin:
        with stage.database.transaction() as session:
            how = {"version": 1, "note": "Sửa ngày", "now": stage.now}
            return approval.send_back(session, colleague, made, **how)

    with pytest.raises(LeaderNeeded):
        send_back()
    rule(stage, Approvers.ANOTHER)
    assert send_back().return_note == "Sửa ngày"


def test_an_officer_alone_lets_routine_go_on_air_and_nothing_else(stage: Any) -> None:
    rule(stage, Approvers.ALONE)
    routine, priority = submitted(stage), submitted(stage, BulletinClass.PRIORITY)
    assert approve(stage, stage.cast.lan, routine).approvers is Approvers.ALONE
    assert may_air(stage, routine)
    with pytest.raises(LeaderNeeded):
        approve(stage, stage.cast.lan, priority)


def test_a_commune_may_be_stricter_than_its_province(stage: Any) -> None:
    rule(stage, Approvers.ALONE)
    with stage.database.transaction() as session:
        wish = {"approvers": Approvers.LEADER}
        policies.save(session, stage.cast.admin, stage.cast.commune, values=wish, now=stage.now)
    made = submitted(stage)
    with pytest.raises(LeaderNeeded):
        approve(stage, stage.cast.lan, made)


def test_an_approval_of_ones_own_counts_only_by_the_rule_that_allows_it(stage: Any) -> None:
    rule(stage, Approvers.ALONE)
    made = submitted(stage)
    decision = approve(stage, stage.cast.lan, made)
    with stage.database.transaction() as session:
        session.merge(decision).approvers = None
    assert not may_air(stage, made)
    with stage.database.transaction() as session:
        session.merge(decision).approvers = Approvers.ALONE
        session.get_one(Bulletin, made).klass = BulletinClass.PRIORITY
    assert not may_air(stage, made)


def test_who_sees_what_waits_for_a_decision_follows_the_rule(stage: Any, colleague: Any) -> None:
    made = submitted(stage)

    def waiting(person: Any) -> list[int]:
        with stage.database.transaction(read_only=True) as session:
            return [each.id for each in monitoring.today(session, person, stage.now).awaiting]

    assert (waiting(colleague), waiting(stage.cast.lan)) == ([], [])
    rule(stage, Approvers.ANOTHER)
    assert (waiting(colleague), waiting(stage.cast.lan)) == ([made], [])
    rule(stage, Approvers.ALONE)
    assert (waiting(colleague), waiting(stage.cast.lan)) == ([made], [made])
