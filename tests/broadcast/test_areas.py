"""The tree of areas agrees with a naive tree after any changes."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from broadcast.errors import (
    AlreadyExists,
    AreaCycle,
    EmptyTitle,
    InvalidCode,
    InvalidPosition,
    InvalidWindow,
    UnknownArea,
    ValueTooLong,
)
from broadcast.models import Area, AreaClosure, AreaKind
from broadcast.units import areas

NOW = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
steps = st.lists(
    st.tuples(st.sampled_from(["add", "add", "move"]), st.integers(0, 30), st.integers(-1, 30)),
    min_size=1,
    max_size=25,
)


class NaiveTree:
    def __init__(self):
        self.parents: dict[int, int | None] = {}

    def path(self, node):
        found = [node]
        while self.parents[found[-1]] is not None:
            found.append(self.parents[found[-1]])
        return found

    def below(self, node):
        return {other for other in self.parents if node in self.path(other)}


def make(session, code, parent_id=None, **more):
    values = {"name": code, "kind": AreaKind.VILLAGE, "now": NOW, **more}
    return areas.create(session, code=code, parent_id=parent_id, **values)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=steps)
def test_the_closure_always_agrees_with_a_naive_tree(database, steps):
    naive = NaiveTree()
    with database.transaction() as session:
        for action, which, under in steps:
            ids = list(naive.parents)
            parent = ids[under % len(ids)] if ids and under >= 0 else None
            if action == "add" or not ids:
                naive.parents[make(session, f"A{len(ids)}", parent).id] = parent
                continue
            moved = ids[which % len(ids)]
            if parent in naive.below(moved):
                with pytest.raises(AreaCycle):
                    areas.move(session, moved, parent_id=parent, now=NOW)
            else:
                areas.move(session, moved, parent_id=parent, now=NOW)
                naive.parents[moved] = parent
        agrees(session, naive)
        session.rollback()


def agrees(session, naive):
    pairs = session.execute(
        select(AreaClosure.descendant_id, AreaClosure.ancestor_id, AreaClosure.depth)
    ).all()
    expected = {(node, up, depth) for node in naive.parents for depth, up in enumerate(naive.path(node))}
    assert sorted(tuple(pair) for pair in pairs) == sorted(expected)
    for area in session.scalars(select(Area)):
        path = naive.path(area.id)
        assert (area.level, area.parent_id) == (len(path) - 1, naive.parents[area.id])
        assert [up.id for up in areas.ancestors(session, area.id)] == path
        assert areas.descendants(session, area.id) == naive.below(area.id)


def test_a_merged_commune_keeps_its_code_and_its_villages(database, cast, now):
    with database.transaction() as session:
        moved = areas.move(session, cast.commune, parent_id=cast.other_commune, now=now)
        assert moved.code == "H40.10.1"
        village = areas.get(session, cast.villages[0])
        assert village.level == 3
        assert [a.id for a in areas.ancestors(session, village.id)] == [
            village.id,
            cast.commune,
            cast.other_commune,
            cast.district,
        ]


def test_the_tree_shows_each_area_once_below_its_parent(database, cast):
    with database.transaction(read_only=True) as session:
        nodes = areas.tree(session, [cast.commune, cast.villages[0], cast.other_commune])
        shape = [(node.area.code, [child.area.code for child in node.children]) for node in nodes]
    assert shape == [("H40.10.1", ["H40.10.1.1", "H40.10.1.2", "H40.10.1.3"]), ("H40.10.2", [])]
    assert len(list(nodes[0].walk())) == 4


@pytest.mark.parametrize("code", ["", "h40", "H40.", ".H40", "H40..1", "H 40", "H40.1\n", "Đ1", "A" * 36])
def test_a_code_outside_the_rule_is_refused(database, code):
    with pytest.raises(InvalidCode), database.transaction() as session:
        make(session, code)


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"window_start": "25:00"}, InvalidWindow),
        ({"window_end": "9:00"}, InvalidWindow),
        ({"latitude": 91.0, "longitude": 105.0}, InvalidPosition),
        ({"name": "  "}, EmptyTitle),
        ({"name": "x" * 121}, ValueTooLong),
        ({"parent_id": 999}, UnknownArea),
    ],
)
def test_an_area_with_a_wrong_value_is_refused(database, wrong, error):
    with pytest.raises(error), database.transaction() as session:
        make(session, "A1", **wrong)


def test_a_code_is_given_once(database, cast):
    with pytest.raises(AlreadyExists), database.transaction() as session:
        make(session, "H40.10.1")


def test_an_area_that_is_not_there_is_named(database, cast, now):
    with database.transaction() as session:
        for ask in (areas.get, areas.ancestors):
            with pytest.raises(UnknownArea):
                ask(session, 999)
        with pytest.raises(UnknownArea):
            areas.by_code(session, "X")
        assert areas.by_code(session, "H40.10.1").id == cast.commune


def test_the_allowed_window_is_kept_as_given(database, cast, now):
    with database.transaction() as session:
        areas.set_window(session, cast.commune, start="05:30", end="17:45", now=now)
    with database.transaction(read_only=True) as session:
        area = areas.get(session, cast.commune)
        assert (area.window_start, area.window_end) == ("05:30", "17:45")
    with pytest.raises(InvalidWindow), database.transaction() as session:
        areas.set_window(session, cast.commune, start="05:30", end="24:00", now=now)
