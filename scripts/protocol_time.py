"""Vectors of time: exchanges with the server, which of them counts, and what a clock may not do."""

from __future__ import annotations

from typing import Any

from protocol_examples import NOW

_MINUTE = 60_000
_MS = 1000  # microseconds

# name, our clock when we asked, the way there, the server's thinking, the way back (all ms), its lead (ms)
_EXCHANGES: list[tuple[str, int, int, int, int, int]] = [
    ("a quiet line, the clock right", 5_000, 20, 0, 20, 0),
    ("a quiet line, the clock 1.5 s behind", 5_000, 20, 0, 20, 1_500),
    ("a quiet line, the clock 2 s ahead", 5_000, 20, 0, 20, -2_000),
    ("the server thinks for 300 ms", 5_000, 20, 300, 20, 1_500),
    ("the way back is slow", 5_000, 20, 0, 400, 1_500),
    ("the way there is slow", 5_000, 400, 0, 20, 1_500),
    ("a satellite", 5_000, 300, 5, 300, -40_000),
]


def files() -> dict[str, Any]:
    return {
        "vectors/clock.json": {
            "about": "exchanges: sent_us and arrived_us are of the loudspeaker's clock, the others of the "
            "server's; offset_us = ((received - sent) + (answered - arrived)) / 2 is how far the loudspeaker "
            "is behind, and true_offset_us is never further from it than error_us, half the delay. filter: "
            "of several exchanges the one with the least delay counts. judged: what a loudspeaker may do "
            "whose clock shows now, when the latest time that the server has signed is signed.",
            "exchanges": [_exchange(*row) for row in _EXCHANGES],
            "refused": _refused(),
            "filter": _filter(),
            "judged": _judged(),
        }
    }


def _exchange(name: str, sent: int, *hops: int) -> dict[str, Any]:
    there, think, back, lead = hops
    arrived = sent + there + think + back
    received, answered = sent + there + lead, sent + there + think + lead
    return {
        "name": name,
        "sent_us": sent * _MS,
        "received_us": received * _MS,
        "answered_us": answered * _MS,
        "arrived_us": arrived * _MS,
        "offset_us": (lead * 2 + there - back) * _MS // 2,
        "error_us": (there + back) * _MS // 2,
        "true_offset_us": lead * _MS,
    }


def _refused() -> list[dict[str, Any]]:
    good = {"sent_us": 1_000_000, "received_us": 2_000_000, "answered_us": 2_010_000, "arrived_us": 1_050_000}
    return [
        good | {"name": "the answer left before the question came", "answered_us": 1_999_000},
        good | {"name": "the server thought for longer than we waited", "answered_us": 2_200_000},
    ]


def _filter() -> dict[str, Any]:
    rows = [("slow", 5_000, 30, 0, 700), ("quick", 6_000, 15, 0, 15), ("slow again", 7_000, 500, 0, 30)]
    exchanges = [_exchange(*row, 1_234) for row in rows]
    return {"exchanges": exchanges, "counts": "quick", "offset_us": 1_234_000, "error_us": 15_000}


def _judged() -> list[dict[str, Any]]:
    rows = [
        ("a synchronised clock", "synced", NOW, NOW - _MINUTE, "synced", True),
        ("a synchronised clock needs no signed time", "synced", NOW - 60 * _MINUTE, NOW, "synced", True),
        (
            "in holdover, four minutes behind a signed time",
            "holdover",
            NOW - 4 * _MINUTE,
            NOW,
            "holdover",
            True,
        ),
        (
            "in holdover, six minutes behind a signed time",
            "holdover",
            NOW - 6 * _MINUTE,
            NOW,
            "unknown",
            False,
        ),
        (
            "in holdover, a day behind: the battery is empty",
            "holdover",
            NOW - 1440 * _MINUTE,
            NOW,
            "unknown",
            False,
        ),
        (
            "in holdover, far ahead of what was signed last",
            "holdover",
            NOW + 6 * 1440 * _MINUTE,
            NOW,
            "holdover",
            True,
        ),
        ("a clock that nobody has set", "unknown", NOW, NOW - _MINUTE, "unknown", False),
    ]
    names = ("name", "quality", "now", "signed", "reported", "may_start")
    return [dict(zip(names, row, strict=True)) for row in rows]
