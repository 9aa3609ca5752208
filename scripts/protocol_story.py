"""The words in which the stories of the vectors are told."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import protocol_keys as keys
from protocol_examples import NOW

DEVICE, GROUP = "loa-1", "xa"
OPEN = {"windows": [{"start": "00:00", "end": "24:00"}], "night_volume": 100, "minutes_a_day": 1440}


def ms(seconds: float) -> int:
    """An instant, in seconds from the beginning of the story: 2 March 2026, 08:00 in Vietnam."""
    return NOW + round(seconds * 1000)


def clip(name: str, seconds: float) -> dict[str, Any]:
    sha256 = hashlib.sha256(f"{name} {seconds}".encode()).hexdigest()
    url = f"https://truyenthanh.example/{sha256}"
    return {"sha256": sha256, "size": 1000, "duration_ms": round(seconds * 1000), "url": url}


def item(name: str, start: float, seconds: float = 10.0, **changes: Any) -> dict[str, Any]:
    """Planned at ``start``; may begin within a minute."""
    return {
        "id": name,
        "title": name,
        "start": ms(start),
        "not_before": ms(start),
        "expires": ms(start + 60),
        "clips": [clip(name, seconds)],
        "issued_at": NOW,
    } | changes


def urgent(name: str, start: float, seconds: float = 10.0, **changes: Any) -> dict[str, Any]:
    return item(name, start, seconds, **({"class": "emergency"} | changes))


def carried(
    name: str,
    start: float,
    seconds: float,
    *,
    before: Sequence[dict[str, Any]] = (),
    behind: Sequence[dict[str, Any]] = (),
    **changes: Any,
) -> dict[str, Any]:
    """An item that carries a stream, with clips around it."""
    relay = {"url": stream(name), "duration_ms": round(seconds * 1000), "after": len(before)}
    return item(name, start, **{"clips": [*before, *behind], "relays": [relay]} | changes)


def stream(name: str) -> str:
    return f"https://radio.example/{name}"


def dead(name: str, since: float, reason: str) -> dict[str, Any]:
    """The stream of an item, from which nothing comes any more."""
    return {"url": stream(name), "from": ms(since), "reason": reason}


def programme(at: float, rev: int, *items: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A desired state and the plan that its address gives."""
    plan = {"start": NOW - 86_400_000, "end": NOW + 7 * 86_400_000, "items": list(items)}
    body = keys.encoded(plan)
    pointer = {
        "epoch": 1,
        "rev": rev,
        "sha256": hashlib.sha256(body).hexdigest(),
        "size": len(body),
        "url": f"https://truyenthanh.example/plans/{rev}",
    }
    message = {
        "type": "desired",
        "device": DEVICE,
        "epoch": 1,
        "rev": rev,
        "issued_at": ms(at),
        "groups": [GROUP],
        "policy": OPEN,
        "plan": pointer,
        "volume": 80,
        "wake_ms": 0,
    } | changes
    return {"at": ms(at), "topic": f"d/{DEVICE}/desired", "message": message, "plan": plan}


def alerts(
    at: float, rev: int, *items: dict[str, Any], cancelled: tuple[str, ...] = (), **how: Any
) -> dict[str, Any]:
    stones = [{"id": name, "at": ms(at), "until": ms(at + 86_400)} for name in cancelled]
    message = {
        "type": "alerts",
        "group": GROUP,
        "epoch": 1,
        "rev": rev,
        "issued_at": ms(at),
        "alerts": [{"item": each} | how for each in items],
        "cancelled": stones,
    }
    return {"at": ms(at), "topic": f"g/{GROUP}/alerts", "message": message}


def command(at: float, name: str, action: str, **changes: Any) -> dict[str, Any]:
    message = {
        "type": "cmd",
        "id": name,
        "target": DEVICE,
        "issued_at": ms(at),
        "expires_at": ms(at + 30),
        "action": action,
    } | changes
    own = message["target"] == DEVICE
    return {
        "at": ms(at),
        "topic": f"d/{DEVICE}/cmd" if own else f"g/{message['target']}/cmd",
        "message": message,
    }


def happens(at: float, **what: Any) -> dict[str, Any]:
    """The button, the power, the clock."""
    return {"at": ms(at)} | what


def tells(event: str, at: float | None = None, reason: str | None = None, **more: Any) -> dict[str, Any]:
    """One event of the journal; ``played`` are the seconds that were heard, ``evidence`` the grade."""
    found: dict[str, Any] = {"event": event}
    if at is not None:
        found["at"] = ms(at)
    if reason is not None:
        found["reason"] = reason
    if "played" in more:
        found["played_ms"] = round(more.pop("played") * 1000)
    return found | more


BEGUN = [tells("armed"), tells("starting")]


def ack(name: str, stage: str, code: str) -> dict[str, str]:
    return {"command": name, "stage": stage, "code": code}


def played(start: float, seconds: float = 10.0) -> list[dict[str, Any]]:
    """What an item tells that plays from its beginning to its end."""
    return [
        tells("armed", evidence=2),
        tells("starting"),
        tells("playing", start),
        tells("done", start + seconds, played=seconds, evidence=3),
    ]


def story(name: str, rule: str, until: float, *steps: dict[str, Any], **expect: Any) -> dict[str, Any]:
    """``items``: what is journaled of each; ``alarms``: what else; ``acks``: the answers."""
    missing = expect.pop("missing", [])
    told = {"name": name, "rule": rule, "begin": NOW, "until": ms(until), "missing": missing}
    told |= {key: expect.pop(key) for key in ("dead", "capabilities") if key in expect}
    return told | {"steps": list(steps), "expect": {"items": {}, "alarms": [], "acks": []} | expect}
