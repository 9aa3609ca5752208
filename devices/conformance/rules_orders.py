"""Which orders a loudspeaker takes: signed, for it, in time, in order, once."""

from __future__ import annotations

import asyncio
import base64
import json

import msgspec

from devices.envelope import PAYLOAD_TYPE, SigningKey, seal
from devices.messages import Action, Alert, Alerts, Desired, Keyset, TrustedKey

from .bench import PATIENCE, Bench, widened
from .errors import NotTested
from .verdicts import demand, rule

_SETTLE = 0.7  # seconds in which a plan that was wrongly wished for is asked for
_YEAR = 365 * 24 * 3600_000


async def _expect_alarm(bench: Bench, kind: str) -> None:
    """What was refused is reported; one alarm a minute is enough, and the last may be of an earlier run."""
    patience = max(PATIENCE, bench.setup.alarms_within_s - bench.elapsed_s)
    await bench.until(lambda: bench.books.alarms(kind), f"nhật ký không có cảnh báo {kind}", patience)


def _tampered(sealed: bytes) -> bytes:
    """The same signature over another payload."""
    envelope = json.loads(sealed)
    body = base64.b64decode(envelope["payload"]).replace(b'"volume":7', b'"volume":8')
    return json.dumps(envelope | {"payload": base64.b64encode(body).decode()}).encode()


def _retyped(sealed: bytes) -> bytes:
    return json.dumps(json.loads(sealed) | {"payloadType": "text/plain"}).encode()


@rule("signature", "Chỉ nghe lệnh có chữ ký của máy chủ")
async def signature(bench: Bench) -> None:
    stranger = SigningKey.generate()
    orders = [bench.command(Action.VOLUME, volume=7) for _ in range(6)]
    server = bench.setup.server_key
    forged = [
        seal(orders[0], stranger),
        seal(orders[1]),
        msgspec.json.encode(orders[2]),
        _tampered(seal(orders[3], server)),
        _retyped(seal(orders[4], server)),
        seal(orders[5], stranger).replace(stranger.keyid.encode(), server.keyid.encode()),
    ]
    for payload in forged:
        await bench.publish_raw(bench.topics.cmd(bench.device), payload)
    before = bench.books.state
    false = bench.desired()
    await bench.publish_raw(bench.topics.desired(bench.device), seal(false, stranger))
    await bench.fence()
    obeyed = [n for n, order in enumerate(orders) if bench.books.answers(order.id)]
    demand(not obeyed, f"đã trả lời lệnh giả số {obeyed}")
    state = bench.books.state
    demand(state and before and state.have == before.have, "đã nhận trạng thái mong muốn có chữ ký lạ")
    await _expect_alarm(bench, "bad_signature")


@rule("malformed", "Không ngã vì thông điệp hỏng")
async def malformed(bench: Bench) -> None:
    topic = bench.topics.cmd(bench.device)
    server = bench.setup.server_key
    command = msgspec.to_builtins(bench.command(Action.REPORT))
    broken = [
        b"",
        b"\x00\xff\xfe",
        b"[1,2,3]",
        b"{" * 2000,
        b'{"payloadType":"' + PAYLOAD_TYPE.encode() + b'","payload":"@@","signatures":[]}',
        _sealed_raw(server, b"not JSON"),
        _sealed_raw(server, b'{"type":"cmd"}'),
        _sealed_raw(server, json.dumps(command | {"expires_at": "soon"}).encode()),
        _sealed_raw(server, json.dumps(command | {"type": "unheard_of"}).encode()),
        b"x" * 300_000,
    ]
    for payload in broken:
        await bench.publish_raw(topic, payload)
    await bench.fence()
    demand(not bench.books.answers(command["id"]), "đã nghe một lệnh thiếu hoặc sai trường")
    await _expect_alarm(bench, "malformed")


def _sealed_raw(key: SigningKey, body: bytes) -> bytes:
    """A good signature over whatever bytes."""
    covered = b"DSSEv1 %d %b %d %b" % (len(PAYLOAD_TYPE), PAYLOAD_TYPE.encode(), len(body), body)
    sig = base64.b64encode(key.sign(covered)).decode()
    return json.dumps(
        {
            "payloadType": PAYLOAD_TYPE,
            "payload": base64.b64encode(body).decode(),
            "signatures": [{"keyid": key.keyid, "sig": sig}],
        }
    ).encode()


@rule("unsigned_url", "Không tải gì từ địa chỉ chưa được ký")
async def unsigned_url(bench: Bench) -> None:
    stranger = SigningKey.generate()
    secret = [bench.name("bait") for _ in range(3)]
    desired, plain = bench.desired(), bench.desired()
    clip = msgspec.structs.replace(bench.files.clip(0.5), url=bench.files.url(secret[2]), sha256="0" * 64)
    urgent = msgspec.structs.replace(bench.item("bait", bench.soon()), clips=(clip,))
    baits: list[tuple[str, bytes]] = [
        (bench.topics.desired(bench.device), seal(_pointing(bench, desired, secret[0]), stranger)),
        (
            bench.topics.desired(bench.device),
            msgspec.json.encode(_pointing(bench, plain, secret[1])),
        ),
        (
            bench.topics.alerts(bench.setup.group),
            seal(
                Alerts(
                    group=bench.setup.group,
                    epoch=bench.epoch,
                    rev=1 << 40,
                    issued_at=bench.now(),
                    alerts=(Alert(item=urgent),),
                ),
                stranger,
            ),
        ),
    ]
    for topic, payload in baits:
        await bench.publish_raw(topic, payload)
    await bench.fence()
    fetched = [name for name in secret if name in bench.files.asked]
    demand(not fetched, "đã hỏi một địa chỉ chỉ có trong lệnh giả")


def _pointing(bench: Bench, order: Desired, path: str) -> Desired:
    assert order.plan is not None  # noqa: S101 - bench.desired always names one
    plan = msgspec.structs.replace(order.plan, url=bench.files.url(path), sha256="1" * 64)
    return msgspec.structs.replace(order, plan=plan)


@rule("wrong_target", "Không nghe lệnh gửi cho cụm loa khác")
async def wrong_target(bench: Bench) -> None:
    own = bench.topics.cmd(bench.device)
    for_others = bench.command(Action.REPORT, target="somebody-else")
    for_us = bench.command(Action.REPORT)
    for_group = bench.command(Action.REPORT, target=bench.setup.group)
    await bench.publish(own, for_others)
    await bench.publish(bench.topics.group_cmd(bench.setup.group), for_us)
    await bench.publish(own, for_group)
    foreign = msgspec.structs.replace(bench.desired(), device="somebody-else")
    await bench.publish(bench.topics.desired(bench.device), foreign)
    await bench.fence()
    for order, why in (
        (for_others, "lệnh của cụm loa khác"),
        (for_us, "lệnh riêng đến trên kênh của nhóm"),
        (for_group, "lệnh của nhóm đến trên kênh riêng"),
    ):
        demand(not bench.books.answers(order.id), f"đã nghe {why}")
    demand(f"{foreign.plan and foreign.plan.sha256}" not in bench.files.asked, "đã theo văn bản của loa khác")
    await _expect_alarm(bench, "wrong_target")


@rule("stale", "Bỏ lệnh đã hết hạn")
async def stale(bench: Bench) -> None:
    now = bench.now()
    old = bench.command(Action.VOLUME, volume=7, issued_at=now - 60_000, expires_at=now - 5_000)
    await bench.send(old)
    await bench.fence()
    demand(not bench.books.answers(old.id), "đã trả lời một lệnh đã hết hạn")
    await _expect_alarm(bench, "stale")


@rule("duplicate", "Lệnh trùng: làm một lần, trả lời như cũ (R2)")
async def duplicate(bench: Bench) -> None:
    first = bench.command(Action.VOLUME, volume=33)
    await bench.send(first)
    answer = await bench.answer(first)
    other = await bench.order(Action.VOLUME, volume=66)
    demand((answer.stage, other.stage) == ("done", "done"), "không đặt được âm lượng")
    await bench.send(first)
    await bench.until(lambda: len(bench.books.answers(first.id)) > 1, "không lặp lại trả lời của lệnh trùng")
    again = bench.books.answers(first.id)[1]
    demand((again.stage, again.code) == (answer.stage, answer.code), "lệnh trùng được trả lời khác lần đầu")
    await _expect_volume(bench, 66, "lệnh trùng được làm lại")


@rule("replayed", "Lệnh phát lại sau khi hết hạn không có tác dụng")
async def replayed(bench: Bench) -> None:
    recorded = bench.command(Action.VOLUME, volume=44, valid_s=3.0)
    await bench.send(recorded)
    await bench.answer(recorded)
    demand((await bench.order(Action.VOLUME, volume=55)).stage == "done", "không đặt được âm lượng")
    await bench.wait_until(recorded.expires_at + 100)
    answers = len(bench.books.answers(recorded.id))
    await bench.send(recorded)
    await _expect_volume(bench, 55, "lệnh cũ được phát lại đã đổi âm lượng")
    demand(len(bench.books.answers(recorded.id)) == answers, "đã trả lời lệnh được phát lại sau hạn")


async def _expect_volume(bench: Bench, volume: int, why: str) -> None:
    """The telemetry that a REPORT brings tells the volume that holds."""
    known = len(bench.books.telemetry)
    await bench.fence()
    await bench.until(lambda: len(bench.books.telemetry) > known, "lệnh report không đem lại số đo")
    heard = bench.books.telemetry[-1].volume
    demand(heard == volume, f"{why}: âm lượng {heard}, phải là {volume}")


@rule("revision", "Văn bản chỉ có hiệu lực khi (epoch, rev) tăng (R1)")
async def revision(bench: Bench) -> None:
    bait = bench.item("bait", bench.soon(3600))
    older = bench.desired(bait)
    newer = await bench.program()
    earlier_epoch = msgspec.structs.replace(bench.desired(bait), epoch=bench.epoch - 1)
    for order in (older, earlier_epoch):
        await bench.publish(bench.topics.desired(bench.device), order)
    await bench.fence()
    await asyncio.sleep(_SETTLE)
    fetched = older.plan is not None and older.plan.sha256 in bench.files.asked
    demand(not fetched, "đã tải kế hoạch của bản cũ hơn")
    state = bench.books.state
    demand(state and (state.have.epoch, state.have.rev) == (newer.epoch, newer.rev), "đã lùi về bản cũ hơn")
    demand(state and state.planned == 0, "kế hoạch của bản cũ đã có hiệu lực")
    await _expect_alarm(bench, "replayed")


@rule("unknown_fields", "Bỏ qua trường chưa biết")
async def unknown_fields(bench: Bench) -> None:
    item = bench.item("future", bench.soon(3600))
    order = bench.desired(item)
    body = json.dumps(widened(order)).encode()
    await bench.publish_raw(
        bench.topics.desired(bench.device), _sealed_raw(bench.setup.server_key, body), retain=True
    )
    await bench.has(order.rev)
    await bench.program()


@rule("group_command", "Nghe lệnh của nhóm, trả lời trong 5 giây")
async def group_command(bench: Bench) -> None:
    await bench.program()
    ack = await bench.order(Action.REPORT, target=bench.setup.group, within=7.0)
    demand(ack.stage == "done", f"trả lời {ack.stage}/{ack.code}")


@rule("keyset", "Đổi khóa máy chủ: khóa mới được tin, khóa bị bỏ không còn được tin")
async def keyset(bench: Bench) -> None:
    if not bench.setup.rotate_keys:
        raise NotTested("cần --rotate-keys: bộ khóa của loa đổi phiên bản và giữ nguyên sau lần thử")
    second = SigningKey.generate()
    until = bench.now() + _YEAR
    server = TrustedKey(key=bench.setup.server_key.public, not_after=until)
    both = (server, TrustedKey(key=second.public, not_after=until))
    await bench.program(keyset=Keyset(version=bench.epoch, keys=both))
    accepted, refused = bench.command(Action.REPORT), bench.command(Action.REPORT)
    await bench.publish_raw(bench.topics.cmd(bench.device), seal(accepted, second))
    await bench.answer(accepted)
    await bench.program(keyset=Keyset(version=bench.epoch + 1, keys=(server,)))
    await bench.publish_raw(bench.topics.cmd(bench.device), seal(refused, second))
    old = bench.desired(keyset=Keyset(version=bench.epoch, keys=both))
    await bench.publish(bench.topics.desired(bench.device), old, retain=True)
    again = bench.command(Action.REPORT)
    await bench.publish_raw(bench.topics.cmd(bench.device), seal(again, second))
    await bench.fence()
    demand(not bench.books.answers(refused.id), "khóa đã bỏ vẫn được tin")
    demand(not bench.books.answers(again.id), "bộ khóa cũ hơn đã có hiệu lực trở lại")


RULES = (
    signature,
    malformed,
    wrong_target,
    stale,
    unsigned_url,
    unknown_fields,
    revision,
    duplicate,
    replayed,
    group_command,
    keyset,
)
