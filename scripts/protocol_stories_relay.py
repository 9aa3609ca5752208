"""The stories of streams, and of orders that stand in the desired state."""

from __future__ import annotations

from typing import Any

from protocol_story import (
    BEGUN,
    OPEN,
    ack,
    alerts,
    carried,
    clip,
    command,
    dead,
    happens,
    item,
    ms,
    played,
    programme,
    story,
    tells,
    urgent,
)

_LOST = "relay_unreachable"

_STREAMS: list[dict[str, Any]] = [
    story(
        "a stream is carried at its time and for its length, and is done when all of it came",
        "relay",
        120,
        programme(0, 1, carried("r", 60, 20)),
        items={"r": played(60, 20)},
    ),
    story(
        "a stream that is dead from the beginning is never said to play",
        "relay",
        120,
        programme(0, 1, carried("r", 60, 20), item("b", 90)),
        dead=[dead("r", 0, "relay_missing")],
        items={
            "r": [*BEGUN, tells("failed", 80, "relay_missing", played=0, evidence=0)],
            "b": played(90),
        },
    ),
    story(
        "a stream that dies is silence up to the end of its time, and never done",
        "relay",
        120,
        programme(0, 1, carried("r", 60, 20)),
        dead=[dead("r", 66, _LOST)],
        items={"r": [*BEGUN, tells("playing", 60), tells("partial", 80, _LOST, played=6, evidence=3)]},
    ),
    story(
        "the clips around a dead stream are played, each at its time",
        "relay",
        120,
        programme(0, 1, carried("r", 60, 10, before=[clip("a", 5)], behind=[clip("b", 5)])),
        dead=[dead("r", 0, _LOST)],
        items={"r": [*BEGUN, tells("playing", 60), tells("partial", 80, _LOST, played=10, evidence=3)]},
    ),
    story(
        "clips around a stream are one sound with it",
        "relay",
        120,
        programme(0, 1, carried("r", 60, 10, before=[clip("a", 5)], behind=[clip("b", 5)])),
        items={"r": played(60, 20)},
    ),
    story(
        "a dead stream before a clip: it plays from the clip on",
        "relay",
        120,
        programme(0, 1, carried("r", 60, 10, behind=[clip("b", 5)])),
        dead=[dead("r", 0, _LOST)],
        items={"r": [*BEGUN, tells("playing", 70), tells("partial", 75, _LOST, played=5)]},
    ),
    story(
        "a stream that gave way goes on with what is live, and ends when it would have",
        "relay R6",
        180,
        programme(0, 1, carried("r", 60, 30)),
        alerts(65, 1, urgent("u", 70)),
        items={
            "u": played(70),
            "r": [
                *BEGUN,
                tells("playing", 60),
                tells("preempted", 70, "", played=10),
                tells("resuming", 80),
                tells("playing", 80),
                tells("partial", 90, "preempted", played=20),
            ],
        },
    ),
    story(
        "a stream of which less than 5 seconds would be left does not go on",
        "relay R6",
        180,
        programme(0, 1, carried("r", 60, 22)),
        alerts(65, 1, urgent("u", 70)),
        items={
            "u": played(70),
            "r": [
                *BEGUN,
                tells("playing", 60),
                tells("preempted", 70, "", played=10),
                tells("partial", None, "preempted", played=10),
            ],
        },
    ),
    story(
        "STOP ends a stream",
        "relay STOP",
        120,
        programme(0, 1, carried("r", 60, 30)),
        command(70, "c1", "stop"),
        items={"r": [*BEGUN, tells("playing", 60), tells("partial", 70, "stopped", played=10)]},
        acks=[ack("c1", "done", "stopped")],
    ),
    story(
        "a plan that leaves a stream out ends it",
        "relay R7",
        120,
        programme(0, 1, carried("r", 60, 30)),
        programme(70, 2),
        items={"r": [*BEGUN, tells("playing", 60), tells("partial", 70, "withdrawn", played=10)]},
    ),
    story(
        "a window that closes ends a stream",
        "relay guard",
        180,
        programme(
            0, 1, carried("r", 50, 60), policy=OPEN | {"windows": [{"start": "07:00", "end": "08:01"}]}
        ),
        items={"r": [*BEGUN, tells("playing", 50), tells("partial", 60, "outside_hours", played=10)]},
    ),
    story(
        "the minutes of a day count a stream by its planned length",
        "relay guard",
        120,
        programme(0, 1, carried("r", 60, 61), policy=OPEN | {"minutes_a_day": 1}),
        items={"r": [tells("armed"), tells("refused", reason="daily_limit")]},
    ),
    story(
        "a slot of a stream that is learned of late is missed",
        "relay R4",
        120,
        programme(30, 1, carried("r", 10, 60)),
        items={"r": [tells("missed")]},
    ),
    story(
        "an item with a stream is played once, whatever repeat says",
        "relay repeat",
        120,
        programme(0, 1),
        alerts(10, 1, carried("u", 30, 10, **{"class": "emergency"}), repeat=3, gap_ms=2000),
        items={"u": played(30, 10)},
    ),
    story(
        "a power cut ends a stream for good",
        "relay R5",
        180,
        programme(0, 1, carried("r", 60, 60)),
        happens(70, power=False),
        happens(75, power=True),
        items={"r": [*BEGUN, tells("playing", 60), tells("interrupted", reason="power")]},
    ),
    story(
        "a box that declares no relay fails such an item, its clips too, and plays the rest",
        "relay capabilities",
        120,
        programme(0, 1, carried("r", 60, 10, before=[clip("a", 5)]), item("b", 90)),
        capabilities=[],
        items={"r": [tells("failed", None, "relay_unsupported", played=0, evidence=0)], "b": played(90)},
    ),
]


def _standing(at: float, name: str, action: str, **changes: Any) -> dict[str, Any]:
    """An order that was given at ``at`` and stands until somebody answers it."""
    message: dict[str, Any] = command(at, name, action, **({"expires_at": ms(86_400)} | changes))["message"]
    return message


_STANDING: list[dict[str, Any]] = [
    story(
        "an order that stands in desired is obeyed and answered as if it had come by itself",
        "orders",
        120,
        programme(0, 1, item("a", 60), orders=[_standing(-600, "c1", "silence")]),
        items={"a": [tells("armed"), tells("skipped", reason="silenced")]},
        alarms=["silenced"],
        acks=[ack("c1", "done", "silenced")],
        silenced="central",
    ),
    story(
        "an order that a document repeats is answered again and obeyed once, and is no alarm",
        "orders R2",
        120,
        command(0, "c1", "silence", expires_at=ms(86_400)),
        programme(10, 1, orders=[_standing(0, "c1", "silence", issued_at=ms(0))]),
        command(20, "c2", "release"),
        programme(30, 2, item("a", 60), orders=[_standing(0, "c1", "silence", issued_at=ms(0))]),
        items={"a": played(60)},
        alarms=["silenced", "unsilenced"],
        acks=[
            ack("c1", "done", "silenced"),
            ack("c1", "done", "silenced"),
            ack("c2", "done", "released"),
            ack("c1", "done", "silenced"),
        ],
        silenced="",
    ),
    story(
        "what stood in desired, and was obeyed, outlives a power cut",
        "orders SILENCE",
        240,
        programme(0, 1, item("a", 60), item("b", 180), orders=[_standing(-600, "c1", "silence")]),
        happens(10, power=False),
        happens(20, power=True),
        programme(100, 2, item("b", 180), orders=[_standing(-600, "c1", "silence")]),
        programme(120, 3, item("b", 180), orders=[_standing(110, "c2", "release")]),
        items={"a": [tells("armed"), tells("skipped", reason="silenced")], "b": played(180)},
        alarms=["silenced", "unsilenced"],
        acks=[
            ack("c1", "done", "silenced"),
            ack("c1", "done", "silenced"),
            ack("c2", "done", "released"),
        ],
        silenced="",
    ),
    story(
        "a box that was off when it was silenced learns it when it is back",
        "orders SILENCE",
        180,
        programme(0, 1, item("a", 120)),
        happens(10, power=False),
        happens(60, power=True),
        programme(70, 2, item("a", 120), orders=[_standing(30, "c1", "silence")]),
        items={"a": [tells("armed"), tells("skipped", reason="silenced")]},
        alarms=["silenced"],
        acks=[ack("c1", "done", "silenced")],
    ),
    story(
        "a STOP that holds reaches a box by its desired state, an emergency plays",
        "orders STOP",
        180,
        programme(0, 1, item("a", 60), orders=[_standing(-60, "c1", "stop", hold_until=ms(600))]),
        alerts(1, 1, urgent("u", 90)),
        items={"a": [tells("armed"), tells("skipped", reason="held")], "u": played(90)},
        acks=[ack("c1", "done", "nothing_playing")],
    ),
    story(
        "an older RELEASE that stands ends no newer SILENCE",
        "orders",
        60,
        command(10, "c1", "silence"),
        programme(20, 1, orders=[_standing(5, "c2", "release")]),
        alarms=["silenced"],
        acks=[ack("c1", "done", "silenced"), ack("c2", "done", "released")],
        silenced="central",
    ),
    story(
        "what has run out, or may not stand, is passed over in silence; what is another's is reported",
        "orders target",
        60,
        programme(
            10,
            1,
            orders=[
                _standing(0, "c1", "silence", expires_at=ms(9)),
                _standing(0, "c2", "volume", volume=30),
                _standing(0, "c3", "silence", target="elsewhere"),
            ],
        ),
        alarms=["wrong_target"],
        volume=80,
        silenced="",
    ),
    story(
        "an older document brings no order back",
        "orders R1",
        60,
        programme(10, 2),
        programme(20, 1, orders=[_standing(0, "c1", "silence")]),
        alarms=["replayed"],
        silenced="",
    ),
]

STORIES = [*_STREAMS, *_STANDING]
