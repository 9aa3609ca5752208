"""Who may do what where."""

from __future__ import annotations

import pytest

from broadcast.errors import Forbidden
from broadcast.models import Role
from broadcast.units import areas, people, permissions


def may(database, person, role, area_id):
    with database.transaction(read_only=True) as session:
        return permissions.may(person, role, area_id, session)


def test_a_role_holds_in_its_area_and_everything_below(database, cast):
    assert may(database, cast.dung, Role.URGENT, cast.district)
    assert may(database, cast.dung, Role.URGENT, cast.commune)
    assert may(database, cast.dung, Role.URGENT, cast.villages[2])
    assert may(database, cast.lan, Role.EDITOR, cast.villages[0])


def test_a_role_never_reaches_up_or_sideways(database, cast):
    assert not may(database, cast.lan, Role.EDITOR, cast.district)
    assert not may(database, cast.lan, Role.EDITOR, cast.other_commune)
    assert not may(database, cast.mai, Role.EDITOR, cast.commune)


def test_a_role_is_only_itself_and_the_right_to_look(database, cast):
    assert not may(database, cast.lan, Role.APPROVER, cast.commune)
    assert not may(database, cast.binh, Role.EDITOR, cast.commune)
    assert not may(database, cast.admin, Role.EDITOR, cast.commune)
    assert may(database, cast.lan, Role.VIEWER, cast.commune)


def test_an_officer_of_another_commune_is_refused_with_what_is_missing(database, cast):
    with database.transaction(read_only=True) as session:
        area = areas.get(session, cast.commune)
        with pytest.raises(Forbidden) as caught:
            permissions.require(cast.mai, Role.EDITOR, area, session)
    assert caught.value.params == {"role": "editor", "area_id": cast.commune}


def test_each_sees_their_own_subtree_only(database, cast):
    with database.transaction(read_only=True) as session:
        assert permissions.visible_areas(session, cast.lan) == {cast.commune, *cast.villages}
        assert permissions.visible_areas(session, cast.mai) == {cast.other_commune}
        assert permissions.visible_areas(session, cast.lan, Role.APPROVER) == set()
        assert permissions.roles_in(session, cast.dung, cast.villages[0]) == {Role.URGENT}


def test_someone_deactivated_may_do_nothing_at_once(database, cast, now):
    with database.transaction() as session:
        people.set_active(session, people.get_person(session, cast.lan.id), False, now)
    assert not may(database, cast.lan, Role.EDITOR, cast.commune)
    with database.transaction(read_only=True) as session:
        assert permissions.visible_areas(session, cast.lan) == set()


def test_a_moved_area_takes_its_rights_from_where_it_is(database, cast, now):
    with database.transaction() as session:
        areas.move(session, cast.villages[0], parent_id=cast.other_commune, now=now)
    assert may(database, cast.mai, Role.EDITOR, cast.villages[0])
    assert not may(database, cast.lan, Role.EDITOR, cast.villages[0])
