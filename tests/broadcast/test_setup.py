"""The first start."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from broadcast import setup
from broadcast.errors import (
    AlreadyExists,
    AlreadySetUp,
    InvalidCode,
    LinkExpired,
    LinkInvalid,
    LinkUsed,
    WeakPassword,
)
from broadcast.models import Agency, LinkPurpose, Person, Role
from broadcast.storage import audit
from broadcast.units import areas, people, permissions

COMMUNE = {
    "commune": "Xã An Hòa",
    "code": "H40.10.1",
    "villages": ["Thôn Đông", " Thôn Đoài ", "", "Thôn Trung"],
    "name": "Nguyễn Thị Lan",
    "username": "lan",
    "password": "loa-phường-sáng-sớm",
}


def link(database, now, **more):
    with database.transaction() as session:
        return setup.ensure_setup_link(session, now, **more)


def set_up(database, token, now, **more):
    with database.transaction() as session:
        return setup.set_up(session, token, now=now, **{**COMMUNE, **more})


def test_an_empty_system_gives_its_link_once(database, now):
    with database.transaction(read_only=True) as session:
        assert setup.needs_setup(session)
    assert link(database, now)
    assert link(database, now) is None


def test_a_link_that_ran_out_is_replaced_by_itself(database, now):
    first = link(database, now)
    later = now + setup.VALID
    second = link(database, later)
    with pytest.raises(LinkExpired):
        set_up(database, first, later)
    assert set_up(database, second, later)


def test_a_lost_link_is_replaced_and_the_old_one_is_void(database, now):
    lost = link(database, now)
    fresh = link(database, now, renew=True)
    with pytest.raises(LinkUsed):
        set_up(database, lost, now)
    assert set_up(database, fresh, now)


def test_the_holder_of_the_link_becomes_the_administrator_of_the_commune(database, now):
    person = set_up(database, link(database, now), now)
    with database.transaction() as session:
        assert not setup.needs_setup(session)
        root = areas.by_code(session, "H40.10.1")
        names = [node.area.name for node in areas.tree(session, [root.id])[0].children]
        assert names == ["Thôn Đông", "Thôn Đoài", "Thôn Trung"]
        assert permissions.roles_in(session, person, root) == {
            Role.ADMIN,
            Role.EDITOR,
            Role.APPROVER,
            Role.URGENT,
        }
        assert session.scalars(select(Agency.name)).one() == "Ủy ban nhân dân Xã An Hòa"
        assert people.authenticate(session, "lan", COMMUNE["password"], now).id == person.id
    with database.transaction(read_only=True) as session:
        assert audit.verify(session) is None


def test_a_system_in_use_gives_no_link(database, now):
    token = link(database, now)
    set_up(database, token, now)
    assert link(database, now) is None
    assert link(database, now, renew=True) is None
    with pytest.raises(LinkUsed):
        set_up(database, token, now, username="other", code="H41")


def test_a_link_that_is_still_open_cannot_set_up_a_second_time(database, now):
    set_up(database, link(database, now), now)
    with database.transaction() as session:
        left = people.issue_link(
            session, purpose=LinkPurpose.SETUP, person_id=None, now=now, valid=dt.timedelta(hours=1)
        )
    with pytest.raises(AlreadySetUp):
        set_up(database, left, now, username="other", code="H41")


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"code": "sai"}, InvalidCode),
        ({"password": "ngan"}, WeakPassword),
        ({"villages": ["Thôn Đông", "Thôn Đông"]}, AlreadyExists),
    ],
)
def test_a_mistake_leaves_nothing_behind_and_the_link_still_works(database, now, wrong, error):
    token = link(database, now)
    with pytest.raises(error):
        set_up(database, token, now, **wrong)
    assert set_up(database, token, now)


def test_a_sign_in_link_is_no_setup_link(database, now):
    with database.transaction() as session:
        token = people.issue_link(
            session, purpose=LinkPurpose.SIGN_IN, person_id=None, now=now, valid=dt.timedelta(hours=1)
        )
    with pytest.raises(LinkInvalid):
        set_up(database, token, now)


def test_processes_that_start_together_give_one_link(database, now):
    with ThreadPoolExecutor(4) as pool:
        tokens = list(pool.map(lambda _: link(database, now), range(4)))
    assert sum(token is not None for token in tokens) == 1


def test_two_who_send_the_form_at_once_make_one_administrator(database, now):
    token = link(database, now)

    def send(number):
        try:
            return set_up(database, token, now, username=f"nguoi{number}", code=f"H4{number}")
        except (LinkUsed, AlreadySetUp):
            return None

    with ThreadPoolExecutor(4) as pool:
        made = [person for person in pool.map(send, range(4)) if person]
    assert len(made) == 1
    with database.transaction(read_only=True) as session:
        assert len(session.scalars(select(Person)).all()) == 1
