"""Vectors of envelopes: which must be opened, which refused, and under which alarm."""

from __future__ import annotations

import base64
import copy
import json
from typing import Any

import protocol_keys as keys
from protocol_examples import MESSAGES

_L = 2**252 + 27742317777372353535851937790883648493  # order of the group of Ed25519
_TRUSTED = [keys.public("server"), keys.public("second server")]


def files() -> dict[str, Any]:
    cases = [*_good(), *_badly_signed(), *_no_envelopes(), *_bad_payloads(), *_reports()]
    return {
        "vectors/envelopes.json": {
            "about": "Open data (or data_base64) with the trusted keys; result is opened, bad_signature or "
            "malformed. When pad_to is there, spaces are added up to so many bytes. as is order (to a "
            "loudspeaker), sealed (journal and ack of a loudspeaker) or open (state, tele, time_req).",
            "cases": cases,
        }
    }


def _case(name: str, data: Any, result: str, **more: Any) -> dict[str, Any]:
    text = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)
    return {"name": name, "as": "order", "trusted": _TRUSTED, "data": text, "result": result} | more


def _sealed(message: Any, *names: str) -> dict[str, Any]:
    return keys.envelope(keys.encoded(message), *(names or ("server",)))


def _changed(name: str, **changes: Any) -> dict[str, Any]:
    return copy.deepcopy(MESSAGES[name]) | changes


def _without(name: str, *fields: str) -> dict[str, Any]:
    return {field: value for field, value in MESSAGES[name].items() if field not in fields}


def _good() -> list[dict[str, Any]]:
    orders = ("desired", "alerts", "cmd", "cursor", "time")
    cases = [
        _case(f"a signed {name}", _sealed(MESSAGES[name]), "opened", message=MESSAGES[name])
        for name in orders
    ]
    spaced = json.dumps(MESSAGES["cmd"], indent=3).encode()
    least = {"type": "cmd", "id": "c", "target": "d", "issued_at": 1, "expires_at": 2, "action": "report"}
    return [
        *cases,
        _case(
            "a signature by the newer of two trusted keys",
            _sealed(MESSAGES["cmd"], "second server"),
            "opened",
        ),
        _case(
            "a stranger's signature beside a good one",
            _sealed(MESSAGES["cmd"], "stranger", "server"),
            "opened",
        ),
        _case("both trusted keys", _sealed(MESSAGES["cmd"], "server", "second server"), "opened"),
        _case(
            "a body with white space: the bytes are signed, not their meaning",
            keys.envelope(spaced, "server"),
            "opened",
        ),
        _case(
            "a field in the message that nobody knows",
            _sealed(_changed("cmd", moon={"phase": [1]})),
            "opened",
        ),
        _case("a field in the envelope that nobody knows", _sealed(MESSAGES["cmd"]) | {"hint": 1}, "opened"),
        _case("the fewest fields that a command has", _sealed(least), "opened"),
        _case("the largest number that may travel", _sealed(_changed("cmd", expires_at=2**53)), "opened"),
    ]


def _badly_signed() -> list[dict[str, Any]]:
    good, other = _sealed(MESSAGES["cmd"]), _sealed(_changed("cmd", id="another"))
    body = keys.encoded(MESSAGES["cmd"])
    raw = base64.b64decode(good["signatures"][0]["sig"])
    flipped = raw[:-1] + bytes([raw[-1] ^ 1])
    doubled = raw[:32] + (int.from_bytes(raw[32:], "little") + _L).to_bytes(32, "little")
    plain = {"keyid": keys.keyid("server"), "sig": keys.b64(keys.signer("server").sign(body))}
    borrowed = keys.signature(body, "stranger") | {"keyid": keys.keyid("server")}

    def signed(**changes: Any) -> dict[str, Any]:
        return good | {"signatures": [good["signatures"][0] | changes]}

    return [
        _case("a stranger's key", _sealed(MESSAGES["cmd"], "stranger"), "bad_signature"),
        _case(
            "the loudspeaker's own key is not the server's",
            _sealed(MESSAGES["cmd"], "loudspeaker"),
            "bad_signature",
        ),
        _case("no signature", good | {"signatures": []}, "bad_signature"),
        _case("an empty signature", signed(sig=""), "bad_signature"),
        _case("one bit of the signature", signed(sig=keys.b64(flipped)), "bad_signature"),
        _case("half a signature", signed(sig=keys.b64(raw[:32])), "bad_signature"),
        _case("a signature with S + L", signed(sig=keys.b64(doubled)), "bad_signature"),
        _case(
            "the signature of another message", good | {"signatures": other["signatures"]}, "bad_signature"
        ),
        _case("the payload of another message", good | {"payload": other["payload"]}, "bad_signature"),
        _case("a signature over the payload alone", good | {"signatures": [plain]}, "bad_signature"),
        _case(
            "a stranger's signature under the server's key id",
            good | {"signatures": [borrowed]},
            "bad_signature",
        ),
        _case("no key is trusted", good, "bad_signature", trusted=[]),
        _case(
            "the key was taken out of the set", good, "bad_signature", trusted=[keys.public("second server")]
        ),
    ]


def _no_envelopes() -> list[dict[str, Any]]:
    good = _sealed(MESSAGES["cmd"])
    text = json.dumps(good)
    retyped = "application/json"
    body = keys.encoded(MESSAGES["cmd"])
    foreign = {
        "payloadType": retyped,
        "payload": keys.b64(body),
        "signatures": [keys.signature(body, "server", retyped)],
    }
    urlsafe = good | {"payload": "_-" + good["payload"][2:]}
    return [
        _case("nothing", "", "malformed"),
        _case("no JSON", "stop!", "malformed"),
        _case("null", "null", "malformed"),
        _case("a list", f"[{text}]", "malformed"),
        _case("a cut envelope", text[:-20], "malformed"),
        _case("two envelopes", text + text, "malformed"),
        _case("a message without an envelope", MESSAGES["cmd"], "malformed"),
        _case("no payload", {k: v for k, v in good.items() if k != "payload"}, "malformed"),
        _case("no list of signatures", {k: v for k, v in good.items() if k != "signatures"}, "malformed"),
        _case("a payload that is no base64", good | {"payload": "@@@@"}, "malformed"),
        _case("a payload in base64 for addresses", urlsafe, "malformed"),
        _case(
            "a signature that is no base64",
            good | {"signatures": [{"keyid": keys.keyid("server"), "sig": "%%"}]},
            "malformed",
        ),
        _case("another payload type, signed", foreign, "malformed"),
        _case("bytes that are no text", "", "malformed", data_base64=keys.b64(b"\xff\xfe{}")),
        _case("one byte more than a message may have", good, "malformed", pad_to=262_145),
        _case("as many bytes as a message may have", good, "opened", pad_to=262_144),
    ]


def _bad_payloads() -> list[dict[str, Any]]:
    late = json.dumps(MESSAGES["cmd"]).replace(str(MESSAGES["cmd"]["expires_at"]), "NaN")
    alert = copy.deepcopy(MESSAGES["alerts"])
    alert["alerts"][0]["item"]["class"] = "urgent"
    deep = json.dumps(_changed("cmd", items="?")).replace('"?"', "[" * 10_000 + "]" * 10_000)
    halves = json.dumps(_changed("cmd", id="?")).replace("?", "\\ud800")
    bodies = {
        "no JSON": b"stop",
        "bytes that are no text": b'{"type":"cmd","id":"\xff"}',
        "a field that nobody knows, whose name is no text": keys.encoded(MESSAGES["cmd"])[:-1]
        + b',"\xff":1}',
        "half a surrogate pair": halves.encode(),
        "something behind the message": keys.encoded(MESSAGES["cmd"]) + b"{}",
        "NaN for a number": late.encode(),
        "no type": keys.encoded(_without("cmd", "type")),
        "an unknown type": keys.encoded(_changed("cmd", type="reset")),
        "a plan, which comes over HTTP only": keys.encoded({"start": 1, "end": 2, "items": []}),
        "a state, which only a loudspeaker sends": keys.encoded(MESSAGES["state"]),
        "a command without an id": keys.encoded(_without("cmd", "id")),
        "a command without an end": keys.encoded(_without("cmd", "expires_at")),
        "a command without a target": keys.encoded(_without("cmd", "target")),
        "an action that does not exist": keys.encoded(_changed("cmd", action="explode")),
        "an end as text": keys.encoded(_changed("cmd", expires_at="2026-03-02")),
        "an end with a fraction": keys.encoded(_changed("cmd", expires_at=1.5)),
        "an end beyond what JSON keeps exact": keys.encoded(_changed("cmd", expires_at=2**53 + 1)),
        "lists in lists, ten thousand deep": deep.encode(),
        "items as text": keys.encoded(_changed("cmd", items="u5")),
        "a document without a revision": keys.encoded(_without("desired", "rev")),
        "a revision as text": keys.encoded(_changed("desired", rev="42")),
        "a revision that is true": keys.encoded(_changed("desired", rev=True)),
        "a revision that is null": keys.encoded(_changed("desired", rev=None)),
        "groups as text": keys.encoded(_changed("desired", groups="VN")),
        "a document without a policy": keys.encoded(_without("desired", "policy")),
        "windows that are no windows": keys.encoded(_changed("desired", policy={"windows": ["05:00"]})),
        "a class that does not exist": keys.encoded(alert),
    }
    return [
        _case(f"signed: {name}", keys.envelope(body, "server"), "malformed") for name, body in bodies.items()
    ]


def _reports() -> list[dict[str, Any]]:
    own = {"as": "sealed", "trusted": [keys.public("loudspeaker")]}
    plain = {"as": "open", "trusted": []}
    return [
        _case("a journal", _sealed(MESSAGES["evt"], "loudspeaker"), "opened", message=MESSAGES["evt"], **own),
        _case("an ack", _sealed(MESSAGES["ack"], "loudspeaker"), "opened", message=MESSAGES["ack"], **own),
        _case(
            "a journal sealed by somebody else", _sealed(MESSAGES["evt"], "stranger"), "bad_signature", **own
        ),
        _case("a journal without a seal proves nothing", MESSAGES["evt"], "malformed", **own),
        _case("an ack on an open way", MESSAGES["ack"], "malformed", **plain),
        _case("an order is no report", _sealed(MESSAGES["cmd"], "loudspeaker"), "malformed", **own),
        _case("a state", MESSAGES["state"], "opened", message=MESSAGES["state"], **plain),
        _case("telemetry", MESSAGES["tele"], "opened", message=MESSAGES["tele"], **plain),
        _case(
            "a question for the time", MESSAGES["time_req"], "opened", message=MESSAGES["time_req"], **plain
        ),
        _case("a state without a boot", _without("state", "boot"), "malformed", **plain),
    ]
