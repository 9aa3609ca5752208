"""Presence from births, last wills, heartbeats and silence."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.messages import State
from devices.presence import Presence, Sighting, heard, observe, presence

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def birth(boot: str = "b1", session: int = 1, at: datetime = NOON) -> State:
    return State(device="loa-01", online=True, boot=boot, session=session, at=int(at.timestamp() * 1000))


def will(boot: str = "b1", session: int = 1) -> State:
    return State(device="loa-01", online=False, boot=boot, session=session)


def status(known: Sighting, now: datetime = NOON) -> Presence:
    return presence(known, now, interval=MINUTE)


def test_a_loudspeaker_that_never_spoke_is_not_called_offline() -> None:
    assert status(Sighting()) is Presence.NEVER
    assert status(observe(Sighting(), will(), NOON)) is Presence.NEVER


def test_a_birth_makes_it_online_and_its_will_offline() -> None:
    known = observe(Sighting(), birth(), NOON)
    assert status(known) is Presence.ONLINE
    assert status(observe(known, will(), NOON)) is Presence.OFFLINE


@pytest.mark.parametrize(
    ("silence", "expected"),
    [
        (timedelta(0), Presence.ONLINE),
        (timedelta(seconds=75), Presence.ONLINE),
        (timedelta(seconds=76), Presence.LATE),
        (timedelta(seconds=195), Presence.LATE),
        (timedelta(seconds=196), Presence.OFFLINE),
        (timedelta(days=300), Presence.OFFLINE),
        (timedelta(seconds=-30), Presence.ONLINE),  # the server's clock was set back
    ],
)
def test_silence_makes_it_late_and_then_offline(silence: timedelta, expected: Presence) -> None:
    assert status(observe(Sighting(), birth(), NOON), NOON + silence) is expected


def test_a_heartbeat_ends_the_silence() -> None:
    known = observe(Sighting(), birth(), NOON)
    later = NOON + 10 * MINUTE
    assert status(heard(known, "b1", later), later) is Presence.ONLINE
    assert status(heard(known, "another boot", later), later) is Presence.OFFLINE


@pytest.mark.parametrize("late", [will("b1", 1), will("b0", 7)])
def test_a_will_older_than_the_birth_is_ignored(late: State) -> None:
    known = observe(observe(Sighting(), birth("b1", 1), NOON), birth("b1", 2), NOON)
    assert observe(known, late, NOON) == known


def test_a_late_copy_of_an_old_birth_does_not_bring_an_old_session_back() -> None:
    known = observe(Sighting(), birth("b1", 5), NOON)
    assert observe(known, birth("b1", 4), NOON) == known


def test_the_will_of_a_connection_whose_birth_was_missed_is_believed() -> None:
    known = observe(Sighting(), birth("b1", 1), NOON)
    assert status(observe(known, will("b1", 2), NOON)) is Presence.OFFLINE


def test_a_restart_of_the_server_does_not_make_an_old_birth_new() -> None:
    known = observe(Sighting(), birth(at=NOON - 60 * MINUTE), NOON, retained=True)
    assert known.last_seen == NOON - 60 * MINUTE
    assert status(known) is Presence.OFFLINE
    from_the_future = observe(Sighting(), birth(at=NOON + 60 * MINUTE), NOON, retained=True)
    assert from_the_future.last_seen == NOON


MESSAGES = st.lists(
    st.tuples(st.booleans(), st.sampled_from(["b1", "b2"]), st.integers(1, 3), st.booleans()), max_size=12
)


@given(MESSAGES)
def test_after_any_history_a_new_birth_is_online_and_only_its_own_will_ends_it(
    history: list[tuple[bool, str, int, bool]],
) -> None:
    known = Sighting()
    for online, boot, session, retained in history:
        known = observe(
            known, birth(boot, session) if online else will(boot, session), NOON, retained=retained
        )
    known = observe(known, birth("b9", 1), NOON)
    for _, boot, session, _ in history:
        known = observe(known, will(boot, session), NOON)
    assert status(known) is Presence.ONLINE
    assert status(observe(known, will("b9", 1), NOON)) is Presence.OFFLINE
