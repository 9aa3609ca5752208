"""One example of every message, signed with the published test keys."""

from __future__ import annotations

import hashlib
from typing import Any

import protocol_keys as keys

ROOT = "ttcs/1/xa/"
DEVICE, GROUP = "loa-dinh-lang", "VN.TN.DINHHOA"
NOW = 1_772_413_200_000  # 2 March 2026, 08:00 in Vietnam
_HOUR = 3_600_000
_SEALED_BY = {
    "desired": "server",
    "alerts": "server",
    "cmd": "server",
    "cursor": "server",
    "time": "server",
    "evt": "loudspeaker",
    "ack": "loudspeaker",
}
_CLIP = {
    "sha256": hashlib.sha256(b"clip").hexdigest(),
    "size": 96_044,
    "duration_ms": 16_000,
    "url": "https://truyenthanh.example/audio/clip.mp3",
    "media_type": "audio/mpeg",
}


def item(name: str, start: int, **changes: Any) -> dict[str, Any]:
    return {
        "id": name,
        "title": "Lịch tiêm chủng tháng Ba",
        "start": start,
        "not_before": start,
        "expires": start + 10 * 60_000,
        "clips": [_CLIP],
        "class": "routine",
        "status": "actual",
        "level": 3,
        "issued_at": NOW,
        "volume": 100,
    } | changes


PLAN = {
    "start": NOW,
    "end": NOW + 7 * 24 * _HOUR,
    "items": [
        item("s12@2026-03-02T17:00", NOW + 9 * _HOUR),
        item(
            "s13@2026-03-03T05:30",
            NOW + 21 * _HOUR + _HOUR // 2,
            title="Tiếp âm thời sự",
            relays=[
                {
                    "url": "https://radio.example/vov1.mp3",
                    "duration_ms": 30 * 60_000,
                    "media_type": "audio/mpeg",
                    "after": 1,
                }
            ],
        ),
    ],
}
_PLAN_BODY = keys.encoded(PLAN)
POLICY = {
    "windows": [{"start": "05:00", "end": "06:30"}, {"start": "16:30", "end": "18:30"}],
    "quiet": [],
    "max_volume": 90,
    "night_volume": 60,
    "volumes": [{"start": "05:00", "end": "06:00", "percent": 70}],
    "minutes_a_day": 60,
    "utc_offset_minutes": 420,
    "relay_networks": ["10.20.0.0/16"],
    "weekdays": [1, 2, 3, 4, 5, 6],
    "sessions_a_day": 3,
    "minutes_a_session": 45,
}
MESSAGES: dict[str, dict[str, Any]] = {
    "desired": {
        "type": "desired",
        "device": DEVICE,
        "epoch": 1,
        "rev": 42,
        "issued_at": NOW,
        "groups": [GROUP, "VN.TN", "VN"],
        "policy": POLICY,
        "plan": {
            "epoch": 1,
            "rev": 42,
            "sha256": hashlib.sha256(_PLAN_BODY).hexdigest(),
            "size": len(_PLAN_BODY),
            "url": "https://truyenthanh.example/plans/42.json",
        },
        "volume": 80,
        "heartbeat_s": 60,
        "keyset": {
            "version": 3,
            "keys": [
                {"key": keys.public("server"), "not_after": NOW + 400 * 24 * _HOUR},
                {"key": keys.public("second server"), "not_after": NOW + 800 * 24 * _HOUR},
            ],
        },
        "key_expires": NOW + 300 * 24 * _HOUR,
        "wake_ms": 5000,
        "orders": [
            {
                "type": "cmd",
                "id": "01JNA4Z9",
                "target": DEVICE,
                "issued_at": NOW - 2 * _HOUR,
                "expires_at": NOW + 700 * _HOUR,
                "action": "release",
                "items": [],
                "hold_until": 0,
                "volume": 0,
            }
        ],
    },
    "alerts": {
        "type": "alerts",
        "group": GROUP,
        "epoch": 1,
        "rev": 7,
        "issued_at": NOW,
        "alerts": [
            {
                "item": item("u5", NOW + 8000, **{"class": "emergency", "title": "Lũ về trong đêm nay"}),
                "repeat": 3,
                "gap_ms": 2000,
            }
        ],
        "cancelled": [{"id": "u4", "at": NOW - _HOUR, "until": NOW + 23 * _HOUR}],
    },
    "cmd": {
        "type": "cmd",
        "id": "01JNA5K3",
        "target": GROUP,
        "issued_at": NOW,
        "expires_at": NOW + 30_000,
        "action": "stop",
        "items": [],
        "hold_until": NOW + 15 * 60_000,
        "volume": 0,
    },
    "cursor": {"type": "cursor", "device": DEVICE, "boot": "9f2c61d0", "seq": 118, "issued_at": NOW},
    "time": {
        "type": "time",
        "device": DEVICE,
        "nonce": "b1946ac92492d234",
        "received_us": NOW * 1000 + 120,
        "sent_us": NOW * 1000 + 310,
    },
    "state": {
        "type": "state",
        "device": DEVICE,
        "online": True,
        "boot": "9f2c61d0",
        "session": 17,
        "at": NOW,
        "firmware": "maker-x 2.1",
        "playing": "",
        "clock": "synced",
        "have": {"epoch": 1, "rev": 42},
        "ready": 2,
        "planned": 2,
        "silenced": "",
        "faults": [],
        "clock_error_ms": 4,
        "capabilities": ["relay"],
    },
    "tele": {
        "type": "tele",
        "device": DEVICE,
        "boot": "9f2c61d0",
        "at": NOW,
        "uptime_s": 86_400,
        "clock_offset_ms": -1.5,
        "temperature_c": 48.2,
        "free_bytes": 3_100_000_000,
        "volume": 80,
        "signal_dbm": -87,
        "voltage_v": 12.4,
        "data_bytes": 41_000_000,
        "network": "4g",
    },
    "evt": {
        "type": "evt",
        "device": DEVICE,
        "boot": "9f2c61d0",
        "events": [
            {
                "seq": 118,
                "at": NOW + 9 * _HOUR + 16_000,
                "event": "done",
                "item": "s12@2026-03-02T17:00",
                "planned": NOW + 9 * _HOUR,
                "started": NOW + 9 * _HOUR + 3,
                "ended": NOW + 9 * _HOUR + 16_003,
                "played_ms": 16_000,
                "volume": 80,
                "samples": 768_000,
                "evidence": 3,
            }
        ],
    },
    "ack": {
        "type": "ack",
        "device": DEVICE,
        "command": "01JNA5K3",
        "stage": "done",
        "code": "stopped",
        "at": NOW + 700,
    },
    "time_req": {"type": "time_req", "device": DEVICE, "nonce": "b1946ac92492d234"},
}
_LEAVES = {"alerts": f"g/{GROUP}/alerts", "cmd": f"g/{GROUP}/cmd"}


def files() -> dict[str, Any]:
    """What stands on each topic, opened and as it travels."""
    found = keys.files()
    for name, message in MESSAGES.items():
        topic = ROOT + _LEAVES.get(name, f"d/{DEVICE}/{name}")
        example: dict[str, Any] = {"topic": topic, "message": message}
        if name in _SEALED_BY:
            example["signed_by"] = f"the published test key of the {_SEALED_BY[name]}"
            example["envelope"] = keys.envelope(keys.encoded(message), _SEALED_BY[name])
        found[f"examples/{name}.json"] = example
    found["examples/plan.json"] = {
        "note": "body is what the address gives, byte for byte; its sha256 stands in the example of desired",
        "message": PLAN,
        "body": _PLAN_BODY.decode(),
    }
    found["examples/server_state.json"] = {
        "topic": ROOT + "srv/state",
        "message": {"online": True, "birth": "5d41402abc4b2a76", "connection": 1, "at": NOW},
    }
    return found
