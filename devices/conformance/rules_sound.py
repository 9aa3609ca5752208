"""What sounds when: at its time, one at a time, stopped, held, preempted, cancelled, once."""

from __future__ import annotations

import msgspec

from devices.messages import Action, BulletinClass, Evidence, Item, JournalEvent

from .bench import Bench
from .errors import Broken
from .verdicts import demand, rule

STOP_WITHIN = 2_000  # ms
_LONG = 20.0  # seconds of a clip that something must cut


async def over(bench: Bench, item: Item, within: float = 0.0) -> None:
    """Wait until an item has come to its end."""
    length = bench.setup.lead_s + item.duration_ms / 1000 + 10.0
    try:
        await bench.until(lambda: bench.books.is_over(item.id), "", within or length)
    except Broken:
        said = " ".join(bench.books.said(item.id)) or "không có gì"
        raise Broken(f"{item.title}: nhật ký không có kết thúc ({said})") from None


async def sounds(bench: Bench, item: Item) -> JournalEvent:
    """Wait for the first sample."""

    def heard() -> bool:
        return bench.books.last(item.id, "playing") is not None

    await bench.until(heard, f"{item.title}: không phát", bench.setup.lead_s + 10.0)
    event = bench.books.last(item.id, "playing")
    assert event is not None  # noqa: S101 - just seen
    return event


async def silent_until_over(bench: Bench, item: Item, *allowed: str) -> str:
    """Wait for the end of what must never sound; says which end it was."""
    await over(bench, item)
    said = bench.books.said(item.id)
    demand(not bench.books.has_sounded(item.id), f"{item.title}: đã phát ({' '.join(said)})")
    wished = " hoặc ".join(allowed)
    demand(not allowed or said[-1] in allowed, f"{item.title}: nhật ký ghi {said[-1]}, phải là {wished}")
    return bench.books.events(item.id)[-1].reason


def played_whole(bench: Bench, item: Item) -> JournalEvent:
    done = bench.books.last(item.id, "done")
    said = " ".join(bench.books.said(item.id))
    if done is None:
        raise Broken(f"{item.title}: không phát hết ({said})")
    short = item.duration_ms - done.played_ms
    demand(-200 <= short <= 200, f"{item.title}: phát {done.played_ms} ms trên {item.duration_ms} ms")
    demand(done.evidence >= Evidence.RENDERED, f"{item.title}: bằng chứng E{done.evidence}, phải từ E3")
    return done


def on_time(bench: Bench, item: Item, started: int, wished: int) -> None:
    late = started - wished
    demand(abs(late) <= bench.setup.tolerance_ms, f"{item.title}: bắt đầu lệch {late} ms")


@rule("plan_played", "Lượt phát trong kế hoạch phát đúng giờ, đủ, và có nhật ký trước mẫu đầu tiên (R5)")
async def plan_played(bench: Bench) -> None:
    item = bench.item("plan", bench.soon(), 2.0)
    await bench.program(item)
    await over(bench, item)
    done = played_whole(bench, item)
    on_time(bench, item, done.started, item.start)
    said = bench.books.said(item.id)
    demand(said == ["armed", "starting", "playing", "done"], f"nhật ký ghi {' '.join(said)}")
    starting = bench.books.last(item.id, "starting")
    demand(starting and starting.at <= done.started, "lượt phát bắt đầu trước khi ghi nhật ký")
    start = bench.soon()
    await bench.program(msgspec.structs.replace(item, start=start, not_before=start, expires=start + 60_000))
    await bench.wait_until(start + 1_000)
    await bench.fence()
    demand(bench.books.said(item.id).count("starting") == 1, "một lượt phát đã bắt đầu hai lần")


@rule("stop", "DỪNG: im trong 2 giây, và trả lời khi đã im")
async def stop(bench: Bench) -> None:
    item = bench.item("stopped", bench.soon(), _LONG)
    await bench.program(item)
    await sounds(bench, item)
    ordered = bench.now()
    ack = await bench.order(Action.STOP)
    await over(bench, item, 5.0)
    demand(ack.stage == "done", f"trả lời {ack.stage}/{ack.code}")
    end = bench.books.last(item.id, "partial")
    if end is None:
        raise Broken(f"nhật ký ghi {' '.join(bench.books.said(item.id))}, phải kết thúc bằng partial")
    demand(end.ended - ordered <= STOP_WITHIN, f"im sau {end.ended - ordered} ms")
    demand(0 < end.played_ms < item.duration_ms, f"ghi đã phát {end.played_ms} ms")
    await bench.until(
        lambda: bench.books.state and not bench.books.state.playing, "trạng thái vẫn ghi đang phát"
    )


@rule("hold", "DỪNG có thời hạn giữ chương trình lại; THẢ cho phát tiếp")
async def hold(bench: Bench) -> None:
    held = bench.item("held", bench.soon())
    await bench.program(held)
    await bench.order(Action.STOP, hold_until=bench.now() + 600_000)
    await silent_until_over(bench, held, "skipped", "cancelled", "refused")
    await bench.order(Action.RELEASE)
    after = bench.item("after", bench.soon())
    await bench.program(after)
    await over(bench, after)
    played_whole(bench, after)


@rule("preemption", "Tin khẩn cấp cắt tin thường; tin thường phát tiếp phần còn lại (R6)")
async def preemption(bench: Bench) -> None:
    routine = bench.item("routine", bench.soon(), 10.0)
    await bench.program(routine)
    await sounds(bench, routine)
    urgent = bench.item("urgent", bench.now() + 2_000, 1.0, klass=BulletinClass.EMERGENCY)
    await bench.alert(urgent)
    await over(bench, urgent)
    played_whole(bench, urgent)
    await over(bench, routine, 20.0)
    said = bench.books.said(routine.id)
    wished = ["armed", "starting", "playing", "preempted", "resuming", "playing", "done"]
    demand(said == wished, f"tin thường: nhật ký ghi {' '.join(said)}")
    played_whole(bench, routine)
    await bench.alert()


@rule("tombstone_first", "Lệnh hủy đến trước lượt phát vẫn có hiệu lực (R3)")
async def tombstone_first(bench: Bench) -> None:
    stopped = bench.item("stopped-before", bench.soon())
    withdrawn = bench.item("cancelled-before", bench.soon(), klass=BulletinClass.EMERGENCY)
    await bench.order(Action.STOP, stopped.id)
    await bench.alert(cancelled=(withdrawn.id,))
    await bench.program(stopped)
    await bench.alert(withdrawn)
    await silent_until_over(bench, stopped, "cancelled")
    await silent_until_over(bench, withdrawn, "cancelled")
    await bench.alert()


@rule(
    "withdrawn", "Kế hoạch mới bỏ một lượt: không phát; lượt đang phát còn trong kế hoạch thì phát tiếp (R7)"
)
async def withdrawn(bench: Bench) -> None:
    playing, gone = bench.item("playing", bench.soon(), 4.0), bench.item("gone", bench.soon(5.0))
    await bench.program(playing, gone)
    await sounds(bench, playing)
    await bench.program(playing)
    await silent_until_over(bench, gone, "cancelled")
    await over(bench, playing)
    played_whole(bench, playing)


@rule("time_window", "Không bắt đầu ngoài [not_before, expires] (R4)")
async def time_window(bench: Bench) -> None:
    now = bench.now()
    past = bench.item("past", now - 60_000, not_before=now - 60_000, expires=now - 30_000)
    late = bench.item("late", now - 20_000, not_before=now - 20_000, expires=now + 60_000)
    start = bench.soon()
    waiting = bench.item("waiting", start, not_before=start + 1_500)
    await bench.program(past, late, waiting)
    await silent_until_over(bench, past, "missed", "expired")
    await silent_until_over(bench, late, "missed", "expired")
    await over(bench, waiting)
    on_time(bench, waiting, played_whole(bench, waiting).started, waiting.not_before)


RULES = (
    plan_played,
    stop,
    hold,
    preemption,
    tombstone_first,
    withdrawn,
    time_window,
)
