"""Vectors of single decisions about documents and commands: revisions, tombstones, key sets, commands."""

from __future__ import annotations

from typing import Any

import protocol_keys as keys
from protocol_examples import NOW

_SECOND, _DAY = 1000, 86_400_000

# what is held, what is offered, what becomes of it (R1)
_REVISIONS: list[tuple[list[int] | None, list[int], str]] = [
    (None, [1, 1], "taken"),
    ([1, 5], [1, 6], "taken"),
    ([1, 5], [1, 900], "taken"),
    ([1, 5], [1, 5], "same"),
    ([1, 5], [1, 4], "replayed"),
    ([1, 5], [1, 0], "replayed"),
    ([1, 5], [2, 1], "taken"),
    ([1, 5], [2, 0], "taken"),
    ([2, 1], [1, 900], "replayed"),
    ([2, 1], [2, 1], "same"),
    ([2, 1], [0, 9], "replayed"),
    ([1, 5], [1, 2**53], "taken"),
]

# version held, version offered, days that its keys still live (negative: over), adopted
_KEYSETS: list[tuple[str, int | None, int, list[int], bool]] = [
    ("the first set", None, 1, [300], True),
    ("a newer version", 3, 4, [300], True),
    ("two keys while one replaces the other", 3, 4, [10, 300], True),
    ("a newer version with one dead key and one living", 3, 4, [-1, 300], True),
    ("an older version", 3, 2, [300], False),
    ("an empty set is never trusted", 3, 4, [], False),
    ("a set of dead keys is never trusted", 3, 4, [-1, -5], False),
]

# seconds from now to the end of the command, times seen before, what becomes of it (R2)
_COMMANDS: list[tuple[str, int, int, str]] = [
    ("a new command in time", 30, 0, "obeyed"),
    ("a new command whose end is this instant", 0, 0, "obeyed"),
    ("a new command one second too late", -1, 0, "stale"),
    ("a new command of yesterday", -86_400, 0, "stale"),
    ("a second copy in time", 30, 1, "answered_again"),
]

# how it was cancelled, when it arrives, state it ends in (R3)
_TOMBSTONES: list[tuple[str, str, str]] = [
    ("an announcement in the same document as its tombstone", "same_alerts", "cancelled"),
    ("an announcement after its tombstone", "earlier_alerts", "cancelled"),
    ("an announcement whose tombstone is listed no more", "dropped_tombstone", "cancelled"),
    ("a planned item after STOP named it", "stop_command", "cancelled"),
    ("an item that nobody cancelled", "nothing", "armed"),
]


def files() -> dict[str, Any]:
    return {
        "vectors/documents.json": {
            "about": "now is the instant of every decision. revisions: a held and an offered (epoch, rev) "
            "of one document. keysets: whether an offered set replaces the held one. commands: what becomes "
            "of a command; stale and replayed are alarms. tombstones: what becomes of an item that starts "
            "in 10 s.",
            "now": NOW,
            "revisions": [{"held": held, "offered": offered, "result": r} for held, offered, r in _REVISIONS],
            "keysets": [_keyset(*row) for row in _KEYSETS],
            "commands": [
                {"name": name, "expires_at": NOW + left * _SECOND, "seen_before": seen, "result": result}
                for name, left, seen, result in _COMMANDS
            ],
            "tombstones": [
                {"name": name, "cancelled_by": by, "ends": ends} for name, by, ends in _TOMBSTONES
            ],
        }
    }


def _keyset(name: str, held: int | None, offered: int, days: list[int], adopted: bool) -> dict[str, Any]:
    roles = ("second server", "loudspeaker")
    offer = [
        {"key": keys.public(role), "not_after": NOW + n * _DAY} for role, n in zip(roles, days, strict=False)
    ]
    living = [entry["key"] for entry in offer if entry["not_after"] > NOW]
    return {
        "name": name,
        "held_version": held,
        "held": [keys.public("server")],
        "offered": {"version": offered, "keys": offer},
        "trusted": living if adopted else [keys.public("server")],
    }
