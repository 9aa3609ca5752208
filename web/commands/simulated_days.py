"""``simulate --days``: the coming days played ahead, with progress while they pass and a summary."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import click

from devices.errors import RehearsalFailed
from devices.simulator import crew, tally
from devices.simulator.profile import Profile
from devices.simulator.rehearsal import GATHERING, PASSING, Result
from devices.simulator.tally import BoxDay, Group
from devices.speaker.identity import Identity

from .common import emit, table

PATIENCE_S = 60.0  # how long no plan and no audio may come before the rest is given up
EVERY_S = 5.0  # between two lines of progress
STAGES = {GATHERING: "Tải lịch và âm thanh", PASSING: "Phát trước"}
FATES = {
    tally.PLAYED: "phát đủ",
    tally.PARTLY: "phát dở",
    tally.REFUSED: "từ chối",
    tally.MISSED: "lỡ",
    tally.FAILED: "hỏng",
    tally.WITHDRAWN: "đã rút",
    tally.UNKNOWN: "không rõ",
}
FAULTS = {
    tally.SOUND: "không hỏng gì",
    "no_power": "mất điện",
    "no_network": "mất mạng",
    "slow_link": "mạng chậm",
    "wrong_clock": "sai đồng hồ",
    "no_stream": "mất luồng tiếp âm",
    "full_disk": "đầy bộ nhớ",
    "dead_horn": "đứt củ loa",
    "muted_amplifier": "tắt tăng âm",
    "foreign_sound": "tiếng lạ",
    "stolen_credential": "lộ mật khẩu",
}


class Progress:
    """Lines on the error output: how far it is, and not more often than one can read."""

    def __init__(self) -> None:
        self._last: tuple[str, float] = ("", 0.0)

    def __call__(self, stage: str, done: float) -> None:
        before, at = self._last
        now = time.monotonic()
        if stage == before and done < 1 and now - at < EVERY_S:
            return
        self._last = stage, now
        click.echo(f"{STAGES[stage]}: {done:.0%}", err=True)
        sys.stderr.flush()


def rehearse(
    identities: Sequence[Identity], directory: Path, days: float, profile: Profile | None, seed: int | None
) -> None:
    """Play the coming days ahead, and say how everything would end."""
    began = time.monotonic()
    try:
        result = crew.rehearse(
            identities,
            directory,
            days,
            profile=profile,
            seed=seed,
            patience_s=PATIENCE_S,
            watch=Progress(),
        )
    except RehearsalFailed as error:
        raise click.ClickException("Một tiến trình của buổi phát trước đã dừng giữa chừng.") from error
    took = round(time.monotonic() - began, 1)
    emit(as_json(result, days, took), summary(result, days, took))


def as_json(result: Result, days: float, took_s: float) -> dict[str, object]:
    total: Counter[str] = sum((Counter(day.ends) for day in result.days), Counter())
    return {
        "days": days,
        "took_s": took_s,
        "ready": result.ready,
        "total": total,
        "all": tally.add_up(result.days),
        "by_fault": tally.by_fault(result.days),
        "speakers": {day.device: day.ends for day in result.days},
    }


def summary(result: Result, days: float, took_s: float) -> list[str]:
    boxes: Sequence[BoxDay] = result.days
    groups = {"tất cả": tally.add_up(boxes)}
    groups |= {FAULTS.get(name, name): group for name, group in tally.by_fault(boxes).items()}
    gathered = f"{result.ready}/{len(boxes)} cụm loa có đủ lịch và âm thanh"
    return [
        f"{gathered}; phát trước {days:g} ngày mất {took_s:g} giây.",
        *table([row(name, group) for name, group in groups.items()], ""),
    ]


def row(name: str, group: Group) -> dict[str, object]:
    """One line of the summary; what nobody has stands as a dot, so that the rest is seen."""
    counts = {words: group["fates"].get(fate, 0) for fate, words in FATES.items()}
    shown = {
        "cụm loa": group["loudspeakers"],
        "phải phát": group["due"],
        **counts,
        "loa không có điện": group["without_current"],
        "đã báo về": group["reported"],
    }
    return {"hỏng hóc": name, **{words: count or "·" for words, count in shown.items()}}
