"""The stories of the guard, of power cuts and of clocks."""

from __future__ import annotations

from typing import Any

from protocol_story import (
    BEGUN,
    OPEN,
    ack,
    alerts,
    command,
    happens,
    item,
    ms,
    played,
    programme,
    story,
    tells,
    urgent,
)

_NOT_NOW = OPEN | {"windows": [{"start": "16:30", "end": "18:30"}]}


_GUARD: list[dict[str, Any]] = [
    story(
        "outside the hours a routine item and a drill are refused, an emergency plays",
        "guard",
        120,
        programme(0, 1, item("a", 30), policy=_NOT_NOW),
        alerts(0.5, 1, urgent("drill", 50, status="exercise"), urgent("real", 70)),
        items={
            "a": [tells("armed"), tells("refused", reason="outside_hours")],
            "drill": [tells("armed"), tells("refused", reason="outside_hours")],
            "real": played(70),
        },
    ),
    story(
        "what plays when its window closes is ended",
        "guard",
        120,
        programme(0, 1, item("a", 50, 30), policy=OPEN | {"windows": [{"start": "07:00", "end": "08:01"}]}),
        items={"a": [*BEGUN, tells("playing", 50), tells("partial", 60, "outside_hours", played=10)]},
    ),
    story(
        "the minutes of a day are counted, an emergency is not",
        "guard",
        300,
        programme(
            0,
            1,
            item("a", 30, 40),
            item("b", 100, 30),
            item("c", 150, 20),
            policy=OPEN | {"minutes_a_day": 1},
        ),
        alerts(0.5, 1, urgent("u", 200, 30)),
        items={
            "a": played(30, 40),
            "b": [tells("armed"), tells("refused", reason="daily_limit")],
            "c": played(150, 20),
            "u": played(200, 30),
        },
    ),
    story(
        "on a day without programmes nothing begins but an emergency",
        "guard",
        120,
        programme(0, 1, item("a", 30), policy=OPEN | {"weekdays": [2, 3, 4, 5, 6, 7]}),
        alerts(0.5, 1, urgent("drill", 50, status="exercise"), urgent("real", 70)),
        items={
            "a": [tells("armed"), tells("refused", reason="weekday")],
            "drill": [tells("armed"), tells("refused", reason="weekday")],
            "real": played(70),
        },
    ),
    story(
        "the sessions of a day are counted over a power cut, an emergency is none of them",
        "guard",
        1100,
        programme(
            0,
            1,
            item("a", 60),
            item("b", 300),
            item("c", 920),
            policy=OPEN | {"sessions_a_day": 1},
        ),
        happens(320, power=False),
        happens(330, power=True),
        alerts(1000, 1, urgent("u", 1030)),
        items={
            "a": played(60),
            "b": played(300),  # less than ten minutes after a: the same session
            "c": [tells("armed"), tells("refused", reason="session_limit")],
            "u": played(1030),
        },
    ),
    story(
        "what an emergency has cut goes on within its session",
        "guard",
        200,
        programme(0, 1, item("a", 60, 30), policy=OPEN | {"sessions_a_day": 1, "minutes_a_session": 1}),
        alerts(65, 1, urgent("u", 70)),
        items={
            "u": played(70),
            "a": [
                *BEGUN,
                tells("playing", 60),
                tells("preempted", 70, "", played=10),
                tells("resuming", 80),
                tells("playing", 80),
                tells("done", 100, played=30),
            ],
        },
    ),
    story(
        "the minutes of a session are counted, the next one begins anew",
        "guard",
        1000,
        programme(
            0,
            1,
            item("a", 60, 30),
            item("b", 100, 40),
            item("c", 150, 20),
            item("d", 800, 50),
            policy=OPEN | {"minutes_a_session": 1},
        ),
        items={
            "a": played(60, 30),
            "b": [tells("armed"), tells("refused", reason="session_minutes")],
            "c": played(150, 20),
            "d": played(800, 50),
        },
    ),
]

_BOX: list[dict[str, Any]] = [
    story(
        "the state tells who silences: the button before the server",
        "SILENCE",
        60,
        programme(0, 1),
        command(10, "c1", "silence"),
        happens(20, button=True),
        alarms=["silenced", "silenced"],
        acks=[ack("c1", "done", "silenced")],
        silenced="local",
    ),
    story(
        "what was played with no loudness is not rendered",
        "E3",
        120,
        programme(0, 1, item("a", 60), volume=0),
        items={"a": [*BEGUN, tells("playing", 60), tells("done", 70, played=10, evidence=2)]},
        volume=0,
    ),
    story(
        "a power cut ends what played, for good; the rest of the plan goes on",
        "R5",
        180,
        programme(0, 1, item("a", 60, 30), item("b", 120)),
        happens(70, power=False),
        happens(75, power=True),
        items={"a": [*BEGUN, tells("playing", 60), tells("interrupted", reason="power")], "b": played(120)},
    ),
    story(
        "a slot during a power cut is missed",
        "R4",
        180,
        programme(0, 1, item("a", 60), item("b", 120)),
        happens(40, power=False),
        happens(80, power=True),
        items={"a": [tells("armed"), tells("missed")], "b": played(120)},
    ),
    story(
        "revisions, answers and tombstones outlive a power cut",
        "R1 R2 R3",
        180,
        programme(0, 5, item("a", 120)),
        command(10, "c1", "volume", volume=30, expires_at=ms(100)),
        alerts(20, 3, cancelled=("u",)),
        happens(30, power=False),
        happens(40, power=True),
        programme(50, 4, item("old", 130)),
        command(60, "c1", "volume", volume=30, issued_at=ms(10), expires_at=ms(100)),
        alerts(70, 4, urgent("u", 90)),
        items={"a": played(120), "old": [], "u": [tells("cancelled")]},
        alarms=["replayed"],
        acks=[ack("c1", "done", ""), ack("c1", "done", "")],
        volume=30,
    ),
    story(
        "by a clock that nobody has set nothing starts, not even an emergency",
        "clock",
        180,
        happens(0, clock="unknown"),
        programme(1, 1, item("a", 60)),
        alerts(2, 1, urgent("u", 70)),
        items={"a": [], "u": []},
        alarms=["clock_unknown"],
    ),
]

STORIES = [*_GUARD, *_BOX]
