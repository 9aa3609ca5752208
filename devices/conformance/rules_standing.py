"""Orders that stand in the desired state because nobody has answered them: for a box that was away."""

from __future__ import annotations

import asyncio

import msgspec

from devices.messages import Action, Command

from .bench import Bench
from .errors import NotTested
from .rules_sound import over, played_whole, silent_until_over
from .verdicts import demand, rule

REBORN_WITHIN = 75.0  # seconds for a loudspeaker to come back: its pauses between attempts grow


async def _is_silent(bench: Bench, *, wished: bool, why: str) -> None:
    def told() -> bool:
        state = bench.books.state
        return state is not None and state.online and (state.silenced == "central") is wished

    await bench.until(told, why)


async def _answers(bench: Bench, command: Command, count: int, why: str) -> None:
    """Wait for so many answers, all the same."""
    await bench.until(lambda: len(bench.books.answers(command.id)) >= count, why)
    told = {(ack.stage, ack.code) for ack in bench.books.answers(command.id) if ack.stage != "received"}
    demand(len(told) == 1, f"lệnh {command.action} được trả lời theo nhiều cách: {sorted(told)}")


@rule("standing_orders", "Lệnh còn chờ trong trạng thái mong muốn: làm một lần, trả lời mỗi lần (R2)")
async def standing_orders(bench: Bench) -> None:
    now, stale = bench.now(), bench.books.alarms("stale")
    before = bench.command(Action.RELEASE, issued_at=now - 10_000, valid_s=600.0)
    silence = bench.command(Action.SILENCE, valid_s=600.0)
    over_by_now = bench.command(Action.SILENCE, issued_at=now - 60_000, expires_at=now - 1_000)
    another = bench.command(Action.VOLUME, volume=7, valid_s=600.0)
    foreign = msgspec.structs.replace(bench.command(Action.SILENCE), target="somebody-else")
    await bench.program(orders=(silence,))
    await _answers(bench, silence, 1, "không trả lời lệnh còn chờ trong trạng thái mong muốn")
    await _is_silent(bench, wished=True, why="lệnh IM còn chờ không có tác dụng")
    await bench.program(orders=(silence, before, over_by_now, another, foreign))
    await _answers(bench, silence, 2, "không lặp lại trả lời của lệnh còn chờ đã làm")
    await _answers(bench, before, 1, "không trả lời lệnh THẢ còn chờ")
    await bench.fence()
    await _is_silent(bench, wished=True, why="lệnh THẢ ra trước đã bỏ lệnh IM ra sau")
    release = bench.command(Action.RELEASE, valid_s=600.0)
    await bench.program(orders=(release, silence))
    await _answers(bench, release, 1, "không trả lời lệnh THẢ còn chờ")
    await _is_silent(bench, wished=False, why="lệnh IM cũ lặp lại đã bỏ lệnh THẢ ra sau")
    for order, why in (
        (over_by_now, "đã hết hạn"),
        (another, "không thuộc loại còn chờ"),
        (foreign, "của cụm loa khác"),
    ):
        demand(not bench.books.answers(order.id), f"đã trả lời một lệnh {why}")
    demand(bench.books.alarms("stale") == stale, "lệnh còn chờ đã hết hạn bị báo động")
    await bench.program()


@rule("standing_kept", "Mất điện không xóa lệnh đã làm: vẫn im, trả lời như cũ, và THẢ được")
async def standing_kept(bench: Bench) -> None:
    if not bench.setup.power_cycle:
        raise NotTested("cần --power-cycle LỆNH để cắt điện và cấp điện lại cho cụm loa")
    silence = bench.command(Action.SILENCE, valid_s=600.0)
    await bench.program(orders=(silence,))
    await _answers(bench, silence, 1, "không trả lời lệnh còn chờ trong trạng thái mong muốn")
    await power_cycle(bench)
    await _is_silent(bench, wished=True, why="không còn im sau khi mất điện")
    held = bench.item("held", bench.soon())
    await bench.program(held, orders=(silence,))
    await _answers(bench, silence, 2, "quên câu trả lời của lệnh đã làm trước khi mất điện")
    await silent_until_over(bench, held, "skipped", "cancelled")
    release = bench.command(Action.RELEASE, valid_s=600.0)
    after = bench.item("after", bench.soon())
    await bench.program(after, orders=(release,))
    await _is_silent(bench, wished=False, why="lệnh THẢ còn chờ không có tác dụng")
    await over(bench, after)
    played_whole(bench, after)
    await bench.program()


async def power_cycle(bench: Bench) -> None:
    """Take the power away and give it back; wait until the loudspeaker is on, with another boot."""
    boot = bench.books.state and bench.books.state.boot
    process = await asyncio.create_subprocess_shell(bench.setup.power_cycle)
    await process.wait()
    await bench.until(
        lambda: bench.books.state and bench.books.state.boot != boot and bench.books.state.online,
        "không trở lại với mã khởi động mới",
        REBORN_WITHIN,
    )


RULES = (standing_orders, standing_kept)
