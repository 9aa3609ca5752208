"""What a loudspeaker tells: birth and last will, health, a journal that arrives whole."""

from __future__ import annotations

import asyncio
import contextlib

from devices.errors import LinkDown, LinkRefused
from devices.link_async import SpeakerLink
from devices.messages import Action
from devices.speaker.ports import Message

from .bench import Bench
from .errors import Broken, NotTested
from .rules_sound import sounds
from .rules_standing import REBORN_WITHIN, power_cycle
from .verdicts import demand, rule

_SPREAD = 5.0  # seconds within which a loudspeaker announces itself after the server's birth


@rule("birth", "Tự giới thiệu: trạng thái được giữ lại trên máy chủ MQTT")
async def birth(bench: Bench) -> None:
    demand(await bench.is_retained(), "trạng thái không được giữ lại (retain)")
    state = bench.books.state
    demand(state and state.online and state.boot, "trạng thái thiếu mã lần khởi động")
    demand(state and state.session >= 1, "trạng thái không đếm số lần kết nối")


@rule("last_will", "Mất kết nối: di chúc báo ngoại tuyến, rồi giới thiệu lại")
async def last_will(bench: Bench) -> None:
    if not bench.setup.device_password:
        raise NotTested("cần --device-password để chiếm kết nối của cụm loa")
    before = bench.books.state
    assert before is not None  # noqa: S101 - no run begins without a state
    seen = len(bench.books.states)
    intruder = SpeakerLink(bench.setup.broker, bench.device, bench.setup.device_password, clean_session=True)
    try:
        await intruder.connect(Message("conformance/nobody", b""), ())
    except (LinkDown, LinkRefused) as error:
        raise NotTested(f"không chiếm được kết nối của cụm loa: {error}") from error
    with contextlib.suppress(LinkDown):
        await intruder.close()
    await bench.until(
        lambda: any(not state.online for state in bench.books.states[seen:]), "không có di chúc"
    )
    will = next(state for state in bench.books.states[seen:] if not state.online)
    demand((will.boot, will.session) == (before.boot, before.session), "di chúc không thuộc kết nối vừa mất")
    await _returned(bench)
    state = bench.books.state
    demand(state and state.session > before.session, "số lần kết nối không tăng")


async def _returned(bench: Bench) -> None:
    def online() -> bool:
        return bench.books.state is not None and bench.books.state.online

    await bench.until(online, "không kết nối lại", REBORN_WITHIN)
    await bench.fence()


@rule("heartbeat", "Số đo sức khỏe theo nhịp máy chủ đặt")
async def heartbeat(bench: Bench) -> None:
    await bench.program(heartbeat_s=1)
    await bench.until(lambda: bench.books.telemetry, "không có số đo")
    known = len(bench.books.telemetry)
    await bench.until(lambda: len(bench.books.telemetry) >= known + 3, "số đo không theo nhịp 1 giây", 6.0)
    await bench.program()


@rule("journal_repeated", "Nhật ký được gửi lại cho đến khi máy chủ xác nhận, rồi thôi (R9)")
async def journal_repeated(bench: Bench) -> None:
    bench.confirming = False
    try:
        item = bench.item("forgotten", bench.soon(3600))
        await bench.program(item)
        await bench.program()
        await bench.until(lambda: bench.books.is_over(item.id), "lượt bị rút không có trong nhật ký")
        seq = bench.books.events(item.id)[-1].seq
        known = bench.books.arrivals.count(seq)
        await bench.announce()
        await bench.until(
            lambda: bench.books.arrivals.count(seq) > known, "nhật ký chưa xác nhận không được gửi lại", 12.0
        )
    finally:
        bench.confirming = True
    await bench.confirm()
    await bench.fence()
    known = len(bench.books.arrivals)
    await bench.announce()
    await asyncio.sleep(_SPREAD + 1.0)
    repeated = [old for old in bench.books.arrivals[known:] if old <= seq]
    demand(not repeated, f"nhật ký đã xác nhận được gửi lại: {repeated[:5]}")


@rule("server_birth", "Giới thiệu lại khi máy chủ khởi động")
async def server_birth(bench: Bench) -> None:
    known = len(bench.books.states)
    await bench.announce()
    await bench.until(lambda: len(bench.books.states) > known, "không giới thiệu lại", _SPREAD + 4.0)


@rule("time_exchange", "Hỏi giờ máy chủ và tin câu trả lời có chữ ký")
async def time_exchange(bench: Bench) -> None:
    if not bench.books.time_requests:
        raise NotTested("cụm loa không hỏi giờ: nó có nguồn giờ khác")
    nonces = [request.nonce for request in bench.books.time_requests]
    demand(len(set(nonces)) == len(nonces), "số dùng một lần được dùng lại")
    state = bench.books.state
    demand(state and state.clock != "unknown", "đồng hồ vẫn không rõ sau khi được trả lời")


@rule("self_test", "Tự kiểm tra theo lệnh và ghi kết quả vào nhật ký")
async def self_test(bench: Bench) -> None:
    ack = await bench.order(Action.SELF_TEST, within=30.0)
    if (ack.stage, ack.code) == ("refused", "unsupported"):
        raise NotTested("cụm loa không có bộ phận tự kiểm tra")
    demand(ack.stage in ("done", "failed"), f"trả lời {ack.stage}/{ack.code}")
    await bench.until(lambda: bench.books.alarms("self_test"), "nhật ký không có kết quả tự kiểm tra")


@rule("power_cut", "Mất điện: không quên văn bản, lệnh đã làm và nhật ký; không phát lại từ đầu")
async def power_cut(bench: Bench) -> None:
    if not bench.setup.power_cycle:
        raise NotTested("cần --power-cycle LỆNH để cắt điện và cấp điện lại cho cụm loa")
    command = bench.command(Action.VOLUME, volume=21, valid_s=300.0)
    await bench.send(command)
    answer = await bench.answer(command)
    item = bench.item("cut", bench.soon(), 60.0, expires=bench.soon(600))
    older = bench.desired()
    order = await bench.program(item)
    await sounds(bench, item)
    await power_cycle(bench)
    await bench.until(
        lambda: bench.books.is_over(item.id), "lượt bị mất điện không có kết thúc trong nhật ký"
    )
    said = bench.books.said(item.id)
    demand(said[-1] == "interrupted", f"nhật ký ghi {' '.join(said)}")
    await bench.publish(bench.topics.desired(bench.device), older)
    await bench.send(command)
    await bench.until(lambda: len(bench.books.answers(command.id)) > 1, "quên lệnh đã làm")
    again = bench.books.answers(command.id)[-1]
    demand((again.stage, again.code) == (answer.stage, answer.code), "trả lời lệnh cũ khác lần đầu")
    await bench.fence()
    state = bench.books.state
    demand(state and state.have.rev == order.rev, "văn bản cũ hơn có hiệu lực sau khi mất điện")
    demand(bench.books.said(item.id).count("starting") == 1, "lượt bị mất điện đã phát lại")
    await bench.program()


@rule("journal_whole", "Nhật ký không hở, không kể một việc theo hai cách")
async def journal_whole(bench: Bench) -> None:
    await bench.fence()
    await bench.announce()
    await bench.until(lambda: not bench.books.gaps(), "nhật ký thiếu số thứ tự", _SPREAD + 5.0)
    demand(bench.books.journal, "không có nhật ký")


@rule("messages", "Mọi thông điệp của cụm loa đúng lược đồ; trả lời và nhật ký có chữ ký của nó")
async def messages(bench: Bench) -> None:
    if bench.books.offences:
        raise Broken("; ".join(bench.books.offences[:3]))


FIRST = (birth, server_birth)
LAST = (heartbeat, self_test, journal_repeated, last_will, power_cut, time_exchange, journal_whole, messages)
