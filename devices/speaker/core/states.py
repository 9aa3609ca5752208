"""The state machine of one occurrence on one loudspeaker: its edges are data, any other edge is a bug."""

from __future__ import annotations

from devices.messages import ItemState as S

WAITING = frozenset({S.PLANNED, S.FETCHING, S.READY, S.ARMED})
SOUNDING = frozenset({S.STARTING, S.PLAYING, S.RESUMING})
BEGUN = SOUNDING | {S.PREEMPTED}
FINAL = frozenset(S) - WAITING - BEGUN

# An occurrence that has not begun may be withdrawn, refused or run out of time at any moment.
_GIVEN_UP = frozenset({S.CANCELLED, S.SKIPPED, S.REFUSED, S.EXPIRED, S.MISSED, S.FAILED})

EDGES: dict[S, frozenset[S]] = {
    S.PLANNED: frozenset({S.FETCHING, S.READY}) | _GIVEN_UP,
    S.FETCHING: frozenset({S.READY, S.PLANNED}) | _GIVEN_UP,
    S.READY: frozenset({S.ARMED, S.PLANNED}) | _GIVEN_UP,
    S.ARMED: frozenset({S.STARTING, S.PLANNED}) | _GIVEN_UP,
    S.STARTING: frozenset({S.PLAYING, S.PREEMPTED, S.CANCELLED, S.FAILED, S.INTERRUPTED}),
    S.PLAYING: frozenset({S.DONE, S.PARTIAL, S.FAILED, S.PREEMPTED, S.INTERRUPTED}),
    S.PREEMPTED: frozenset({S.RESUMING, S.PARTIAL, S.CANCELLED, S.INTERRUPTED}),
    S.RESUMING: frozenset({S.PLAYING, S.PREEMPTED, S.PARTIAL, S.CANCELLED, S.FAILED, S.INTERRUPTED}),
} | {state: frozenset() for state in FINAL}

# What the server is told: everything from the proof that an item is ready to sound.
JOURNALED = FINAL | BEGUN | {S.ARMED}


class IllegalEdge(AssertionError):
    """The core tried an edge that the machine does not have."""


def check_edge(old: S, new: S) -> None:
    """Raise IllegalEdge unless ``old`` may become ``new``."""
    if new not in EDGES[old]:
        raise IllegalEdge(f"{old} -> {new}")
