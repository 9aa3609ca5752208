"""What a loudspeaker refuses whoever orders it: hours, quiet, loudness, minutes, silence."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec

from devices.messages import Action, AlertStatus, AllowedWindow, BulletinClass, Item, VolumeCap

from .bench import ALL_DAY, Bench
from .rules_sound import over, played_whole, silent_until_over
from .verdicts import demand, rule

_LOCAL = dt.timezone(dt.timedelta(minutes=ALL_DAY.utc_offset_minutes))


def _window(from_minutes: int, to_minutes: int) -> AllowedWindow:
    """A window of the local day around now."""
    now = dt.datetime.now(_LOCAL)
    start, end = (now + dt.timedelta(minutes=minutes) for minutes in (from_minutes, to_minutes))
    return AllowedWindow(start=f"{start:%H:%M}", end=f"{end:%H:%M}")


def _policy(**changes: Any) -> Any:
    return msgspec.structs.replace(ALL_DAY, **changes)


async def _refused(bench: Bench, item: Item) -> str:
    return await silent_until_over(bench, item, "refused")


@rule("guard_hours", "Ngoài giờ cho phép: từ chối và báo, kể cả diễn tập; chỉ khẩn cấp thật được phát")
async def guard_hours(bench: Bench) -> None:
    routine = bench.item("night", bench.soon())
    drill = bench.item("drill", bench.soon(), klass=BulletinClass.EMERGENCY, status=AlertStatus.EXERCISE)
    actual = bench.item("actual", bench.soon(1.0), klass=BulletinClass.EMERGENCY)
    await bench.program(routine, policy=_policy(windows=(_window(180, 240),)))
    await bench.alert(drill, actual)
    reason = await _refused(bench, routine)
    demand(reason == "outside_hours", f"lý do ghi {reason!r}, phải là outside_hours")
    await _refused(bench, drill)
    await over(bench, actual)
    played_whole(bench, actual)
    await bench.alert()


@rule("guard_quiet", "Giờ yên tĩnh nằm trong giờ cho phép: từ chối và báo")
async def guard_quiet(bench: Bench) -> None:
    item = bench.item("quiet", bench.soon())
    await bench.program(item, policy=_policy(quiet=(_window(-60, 120),)))
    await _refused(bench, item)


@rule("guard_minutes", "Hết số phút trong ngày: từ chối và báo")
async def guard_minutes(bench: Bench) -> None:
    item = bench.item("too-much", bench.soon())
    await bench.program(item, policy=_policy(minutes_a_day=0))
    reason = await _refused(bench, item)
    demand(reason == "daily_limit", f"lý do ghi {reason!r}, phải là daily_limit")


@rule("guard_weekdays", "Ngày không phát: từ chối và báo; ngày phát: được phát; khẩn cấp thật luôn được phát")
async def guard_weekdays(bench: Bench) -> None:
    now = dt.datetime.now(_LOCAL)
    today = {now.isoweekday(), (now + dt.timedelta(minutes=5)).isoweekday()}
    item, actual = (
        bench.item("sunday", bench.soon()),
        bench.item("actual", bench.soon(1.0), klass=BulletinClass.EMERGENCY),
    )
    await bench.program(item, policy=_policy(weekdays=tuple({1, 2, 3, 4, 5, 6, 7} - today)))
    await bench.alert(actual)
    reason = await _refused(bench, item)
    demand(reason == "weekday", f"lý do ghi {reason!r}, phải là weekday")
    await over(bench, actual)
    played_whole(bench, actual)
    await bench.alert()
    allowed = bench.item("weekday", bench.soon())
    await bench.program(allowed, policy=_policy(weekdays=tuple(sorted(today))))
    await over(bench, allowed)
    played_whole(bench, allowed)


@rule("guard_sessions", "Hết số buổi trong ngày: từ chối và báo")
async def guard_sessions(bench: Bench) -> None:
    item = bench.item("one-more", bench.soon())
    await bench.program(item, policy=_policy(sessions_a_day=0))
    reason = await _refused(bench, item)
    demand(reason == "session_limit", f"lý do ghi {reason!r}, phải là session_limit")


@rule("guard_session_minutes", "Hết số phút của một buổi: từ chối và báo")
async def guard_session_minutes(bench: Bench) -> None:
    item = bench.item("too-long", bench.soon())
    await bench.program(item, policy=_policy(minutes_a_session=0))
    reason = await _refused(bench, item)
    demand(reason == "session_minutes", f"lý do ghi {reason!r}, phải là session_minutes")


@rule("guard_volume", "Âm lượng không vượt trần của chính sách theo giờ")
async def guard_volume(bench: Bench) -> None:
    item = bench.item("loud", bench.soon())
    cap = VolumeCap(start="00:00", end="24:00", percent=20)
    await bench.program(item, policy=_policy(max_volume=50, volumes=(cap,)), volume=90)
    await over(bench, item)
    done = played_whole(bench, item)
    demand(done.volume <= 20, f"phát với âm lượng {done.volume} %, trần là 20 %")


@rule("volume_range", "Âm lượng ngoài 0–100 bị từ chối")
async def volume_range(bench: Bench) -> None:
    ack = await bench.order(Action.VOLUME, volume=130)
    demand(ack.stage == "refused", f"trả lời {ack.stage}/{ack.code}")


@rule("silence", "IM: không gì được phát, kể cả khẩn cấp, cho đến khi THẢ")
async def silence(bench: Bench) -> None:
    ack = await bench.order(Action.SILENCE)
    demand(ack.stage == "done", f"trả lời {ack.stage}/{ack.code}")
    await bench.until(
        lambda: bench.books.state and bench.books.state.silenced == "central", "trạng thái không ghi im"
    )
    urgent = bench.item("silenced", bench.soon(), klass=BulletinClass.EMERGENCY, expires=bench.soon(2.0))
    await bench.alert(urgent)
    await silent_until_over(bench, urgent)
    await bench.order(Action.RELEASE)
    await bench.until(lambda: bench.books.state and not bench.books.state.silenced, "trạng thái vẫn ghi im")
    after = bench.item("after", bench.soon())
    await bench.program(after)
    await over(bench, after)
    played_whole(bench, after)
    await bench.alert()


RULES = (
    guard_hours,
    guard_quiet,
    guard_minutes,
    guard_weekdays,
    guard_sessions,
    guard_session_minutes,
    guard_volume,
    volume_range,
    silence,
)
