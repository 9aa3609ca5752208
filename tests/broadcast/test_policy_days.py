"""Days, sessions, approval and keeping in a unit's policy: each level only makes them stricter."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadcast.errors import OutOfRange
from broadcast.models import Approvers, Area, AreaPolicy
from broadcast.units import areas, policies
from devices.messages import Desired


def say(stage: Any, area_id: int, **values: Any) -> None:
    with stage.database.transaction() as session:
        person, now = stage.cast.admin, stage.now
        policies.save(session, person, area_id, values=values, now=now)


def say_above(stage: Any, **values: Any) -> None:
    """Another administrator's word, in the area above all."""
    with stage.database.transaction() as session:
        top = areas.ancestors(session, stage.cast.commune)[-1].id
        own = AreaPolicy(area_id=top, updated_at=stage.now, updated_by=stage.cast.admin.id, **values)
        session.merge(own)


def told(stage: Any) -> dict[str, Desired]:
    return {order.device: order for _, order in stage.outbox() if isinstance(order, Desired)}


def test_the_loudspeakers_are_told_the_days_and_the_sessions(stage: Any) -> None:
    stage.loudspeakers(1)
    stage.plan()
    stage.clear_outbox()
    say(stage, stage.cast.commune, weekdays=[1, 2, 3, 4, 5], sessions_a_day=2, minutes_a_session=45)
    assert stage.plan() == 1
    policy = told(stage)["loa-001"].policy
    assert (policy.weekdays, policy.sessions_a_day, policy.minutes_a_session) == ((1, 2, 3, 4, 5), 2, 45)


def test_who_approves_and_what_is_kept_are_no_business_of_the_loudspeakers(stage: Any) -> None:
    stage.loudspeakers(1)
    stage.plan()
    stage.clear_outbox()
    say(stage, stage.cast.commune, approvers=Approvers.LEADER, keep_audio_days=90, keep_reports_days=400)
    assert stage.plan() == 0


days = st.none() | st.lists(st.integers(1, 7), unique=True, max_size=7)
numbers = st.none() | st.integers(1, 400)
words = st.builds(
    dict,
    weekdays=days,
    sessions_a_day=numbers,
    minutes_a_session=numbers,
    keep_audio_days=numbers,
    keep_reports_days=numbers,
    keep_journals_days=numbers,
    approvers=st.none() | st.sampled_from(Approvers),
)
STRICTER = {
    "weekdays": lambda below, above: set(below) <= set(above),
    "sessions_a_day": lambda below, above: above is None or (below is not None and below <= above),
    "minutes_a_session": lambda below, above: above is None or (below is not None and below <= above),
    "keep_audio_days": lambda below, above: above is None or (below is not None and below >= above),
    "keep_reports_days": lambda below, above: above is None or (below is not None and below >= above),
    "keep_journals_days": lambda below, above: above is None or (below is not None and below >= above),
    "approvers": lambda below, above: list(Approvers).index(below) >= list(Approvers).index(above),
}


@given(st.lists(words, min_size=1, max_size=4))
def test_each_level_is_at_least_as_strict_as_the_one_above_and_as_its_own_word(levels: Any) -> None:
    chain = [Area(id=n, window_start="05:00", window_end="21:30") for n in range(len(levels))]
    said = {n: AreaPolicy(area_id=n, **level) for n, level in enumerate(levels)}
    found = [policies.effective(chain[n:], said) for n in range(len(levels))]
    for n, below in enumerate(found):
        for name, holds in STRICTER.items():
            if n + 1 < len(found):
                assert holds(getattr(below, name), getattr(found[n + 1], name)), name
            own = levels[n][name]
            if own is not None:
                assert holds(getattr(below, name), own), name


@given(st.lists(words, min_size=1, max_size=4))
def test_whoever_is_named_as_the_source_says_just_what_holds(levels: Any) -> None:
    chain = [Area(id=n, window_start="05:00", window_end="21:30") for n in range(len(levels))]
    said = {n: AreaPolicy(area_id=n, **level) for n, level in enumerate(levels)}
    holds, found = policies.effective(chain, said), policies.sources(chain, said)
    for name in STRICTER:
        for area in found[name]:
            value = getattr(said[area.id], name)
            assert value is not None
            assert name == "weekdays" or value == getattr(holds, name)
    assert policies.sources(chain, {}) == dict.fromkeys(policies.FIELDS, ())


def test_only_the_top_of_the_tree_may_loosen_who_approves(stage: Any) -> None:
    say(stage, stage.cast.commune, approvers=Approvers.ALONE)
    with stage.database.transaction(read_only=True) as session:
        assert policies.of(session, stage.cast.commune).approvers is Approvers.LEADER
    say_above(stage, approvers=Approvers.ALONE)
    with stage.database.transaction(read_only=True) as session:
        assert policies.of(session, stage.cast.commune).approvers is Approvers.ALONE
    say(stage, stage.cast.commune, approvers=Approvers.ANOTHER)
    with stage.database.transaction(read_only=True) as session:
        assert policies.of(session, stage.cast.villages[0]).approvers is Approvers.ANOTHER


@pytest.mark.parametrize(
    "values",
    [
        {"weekdays": [0]},
        {"weekdays": [1, 8]},
        {"sessions_a_day": -1},
        {"minutes_a_session": 0},
        {"keep_audio_days": 29},
        {"keep_reports_days": 364},
        {"keep_journals_days": 89},
    ],
)
def test_limits_outside_their_bounds_are_refused(stage: Any, values: Any) -> None:
    with pytest.raises(OutOfRange):
        say(stage, stage.cast.commune, **values)


def test_a_proposal_changes_nothing_that_is_stored(stage: Any) -> None:
    say(stage, stage.cast.commune, sessions_a_day=4, max_volume=60)
    with stage.database.transaction() as session:
        own = session.get(AreaPolicy, stage.cast.commune)
        wished = policies.proposed(own, stage.cast.commune, {"sessions_a_day": 2})
        assert (wished.sessions_a_day, wished.max_volume) == (2, 60)
        assert wished not in session
    with stage.database.transaction(read_only=True) as session:
        assert policies.of(session, stage.cast.commune).sessions_a_day == 4
