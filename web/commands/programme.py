"""``programme``: put approved bulletins on the air by a rule, and look at the week."""

from __future__ import annotations

import datetime as dt

import click

from broadcast import console
from broadcast.scheduling import programme
from broadcast.scheduling.intents import Intent
from broadcast.scheduling.programme import Concern
from broadcast.units import areas
from schedules.types import LOCAL, Frequency, Rule

from .bulletins import AS
from .common import emit, json_option, now, opened_database, table

CODE = click.option("--area", "code", required=True, help="Mã địa bàn.")


@click.group("programme")
def group() -> None:
    """Lịch phát."""


@group.command()
@click.argument("bulletin_ids", type=int, nargs=-1, required=True, metavar="SỐ_BẢN_TIN...")
@CODE
@click.option("--title", required=True)
@click.option(
    "--date", type=click.DateTime(["%Y-%m-%d"]), help="Ngày phát hoặc ngày đầu tiên; mặc định hôm nay."
)
@click.option(
    "--at", "times", required=True, multiple=True, metavar="GIỜ", help="Giờ phát, ví dụ 17:00; lặp lại được."
)
@click.option("--every-day", is_flag=True, help="Phát hằng ngày; nếu không thì một lần.")
@AS
@json_option
def add(
    *,
    bulletin_ids: tuple[int, ...], code: str, title: str, date: dt.datetime | None, times: tuple[str, ...],
    every_day: bool, username: str,
) -> None:  # fmt: skip
    """Xếp lịch cho bản tin đã duyệt."""
    instant = now()
    rule = Rule(
        frequency=Frequency.DAILY if every_day else Frequency.ONCE,
        starts_on=date.date() if date else instant.astimezone(LOCAL).date(),
        times=tuple(sorted(clock_time(text) for text in times)),
    )
    with opened_database() as database, database.transaction() as session:
        person = console.person(session, username)
        area_id = areas.by_code(session, code).id
        concerns = programme.check(session, person, Intent(area_id, bulletin_ids, rule), instant)
        schedule = programme.create_schedule(
            session, person, Intent(area_id, bulletin_ids, rule), title=title, now=instant
        )
        result = {"id": schedule.id, "title": schedule.title, "rule": schedule.rule_text}
    warnings = [{"code": each.code, **each.params} for each in concerns]
    lines = [
        f"Đã xếp lịch {result['id']}: {result['rule']}.",
        *(f"  Chú ý: {doubt(each)}" for each in concerns),
    ]
    emit({**result, "warnings": warnings}, lines)


@group.command()
@CODE
@AS
@json_option
def week(code: str, username: str) -> None:
    """Lịch phát bảy ngày tới."""
    instant = now()
    with opened_database() as database, database.transaction(read_only=True) as session:
        slots = programme.week(
            session,
            console.person(session, username),
            areas.by_code(session, code).id,
            instant.astimezone(LOCAL).date(),
            instant,
        )
    rows: list[dict[str, object]] = [
        {"start": slot.start.astimezone(LOCAL).isoformat(timespec="minutes"), "title": slot.title,
         "area": slot.area, "class": slot.klass.value, "state": slot.state.value}
        for slot in slots
    ]  # fmt: skip
    emit(rows, table(rows, "Bảy ngày tới chưa có gì."))


def clock_time(text: str) -> dt.time:
    try:
        return dt.time.fromisoformat(text)
    except ValueError as error:
        raise click.BadParameter(f"“{text}” phải có dạng 05:30.") from error


def doubt(concern: Concern) -> str:
    details = ", ".join(f"{name}={value}" for name, value in concern.params.items())
    return f"{DOUBTS.get(concern.code, concern.code)}{f' ({details})' if details else ''}"


DOUBTS = {
    "in_past": "có giờ đã qua",
    "too_near": "quá gần, loa có thể chưa kịp tải",
    "outside_hours": "ngoài khung giờ cho phép, loa sẽ từ chối",
    "runs_over": "kéo quá khung giờ cho phép",
    "weekday": "ngày không được phát theo lịch, loa sẽ từ chối",
    "session_limit": "quá số buổi một ngày, loa sẽ từ chối",
    "session_minutes": "quá số phút một buổi, loa sẽ từ chối phần quá giờ",
    "overlap": "trùng với lịch khác",
}
