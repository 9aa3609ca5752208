"""Vectors of the state machine: every edge, legal or not, and whole stories with the journal they leave."""

from __future__ import annotations

from typing import Any

from protocol_stories import STORIES

WAITING = ["planned", "fetching", "ready", "armed"]
SOUNDING = ["starting", "playing", "resuming"]
FINAL = ["done", "partial", "failed", "cancelled", "skipped", "refused", "expired", "missed", "interrupted"]
STATES = [*WAITING, *SOUNDING, "preempted", *FINAL]
_GIVEN_UP = ["cancelled", "skipped", "refused", "expired", "missed", "failed"]
_ON = {
    "planned": ["fetching", "ready", *_GIVEN_UP],
    "fetching": ["ready", "planned", *_GIVEN_UP],
    "ready": ["armed", "planned", *_GIVEN_UP],
    "armed": ["starting", "planned", *_GIVEN_UP],
    "starting": ["playing", "preempted", "cancelled", "failed", "interrupted"],
    "playing": ["done", "partial", "failed", "preempted", "interrupted"],
    "preempted": ["resuming", "partial", "cancelled", "interrupted"],
    "resuming": ["playing", "preempted", "partial", "cancelled", "failed", "interrupted"],
}


def files() -> dict[str, Any]:
    return {
        "vectors/states.json": {
            "about": "Every pair of states, and whether an occurrence may go from the one to the other.",
            "waiting": WAITING,
            "sounding": SOUNDING,
            "final": FINAL,
            "edges": [
                {"from": old, "to": new, "legal": new in _ON.get(old, ())} for old in STATES for new in STATES
            ],
        },
        "vectors/stories.json": {
            "about": "A loudspeaker, its clock and what reaches it; then what it must journal of each item, "
            "and answer. README.md beside this file says how to read a story.",
            "device": "loa-1",
            "stories": STORIES,
        },
    }
