"""The page about programmes names what the code knows, and its examples are true."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from pathlib import Path

from schedules import airings, filling, sanity, slots
from schedules.slots import Airings, Candidate, Entry, Kind, Reason, Slot, Version, Why
from schedules.types import LOCAL

PAGE = (Path(__file__).resolve().parents[2] / "docs/programme.md").read_text()
MINUTE = 60_000


def first_cells(heading: str) -> set[str]:
    """The names in the first column of the tables under a heading."""
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    cells = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    return {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}


def test_every_reason_kind_and_code_has_its_line() -> None:
    assert first_cells("Why a bulletin is not played") == set(Reason)
    assert first_cells("A slot") == set(Kind)
    assert first_cells("Odd times") == set(re.findall(r"``(\w+)``", sanity.Doubt.__doc__ or ""))
    assert {f"`{why}`" for why in Why} <= set(re.findall(r"`\w+`", PAGE))


def test_the_example_of_an_order_is_what_is_played() -> None:
    flow = Entry(Kind.FLOW, fixed=False, classes=frozenset({"priority", "routine"}))
    song = Entry(Kind.PIECE, "song", 4 * MINUTE, fixed=False)
    slot = Slot(
        30 * MINUTE, (Entry(Kind.TUNE, "tune", 20_000), flow, song, Entry(Kind.CLOSING, "closing", 20_000))
    )
    rows = re.findall(
        r"^\| ([\w-]+) \| ?(\w*) \| (\d+):(\d+) \| (\d+):(\d+) \| `(\w+)` \|$", PAGE, re.MULTILINE
    )
    monday = dt.datetime(2026, 3, 2, 5, 30, tzinfo=LOCAL)
    given = [
        Candidate(name, klass, (Version("vi", ms(minutes, seconds)),), monday)
        for name, klass, minutes, seconds, *_ in rows
        if klass
    ]
    programme = filling.fill(slots.validate(slot), monday, given, {})
    told = [(name, ms(m, s), ms(at_m, at_s), why) for name, _, m, s, at_m, at_s, why in rows]
    assert [(each.ref, each.length_ms, each.offset_ms, each.why) for each in programme.placed] == told
    assert f"{programme.used_ms // MINUTE}:{programme.used_ms // 1000 % 60} of 30:00 are used" in PAGE


def ms(minutes: str, seconds: str) -> int:
    return (int(minutes) * 60 + int(seconds)) * 1000


def test_the_examples_of_a_spread_are_what_is_aired() -> None:
    monday = dt.datetime(2026, 3, 2, tzinfo=LOCAL)
    flow = Entry(Kind.FLOW, fixed=False, classes=frozenset({"routine"}))
    open_slot = Slot(30 * MINUTE, (flow,))
    full = Slot(30 * MINUTE, (flow, Entry(Kind.RELAY, "dai-tinh", 30 * MINUTE)))
    times = [dt.timedelta(days=day, hours=hours) for day in range(7) for hours in (5.5, 17)]
    week = [airings.Sitting(monday + time, open_slot) for time in times]
    crowded = [dataclasses.replace(each, slot=full) if n == 4 else each for n, each in enumerate(week)]
    wanted = Candidate("a", "routine", (Version("vi", MINUTE),), monday, airings=Airings(3, 5))
    for sittings, name in (
        (week, "3 times in 5 days from Monday"),
        (crowded, "the same, and Wednesday morning"),
    ):
        made = airings.spread(sittings, [wanted], {}, horizon=monday + dt.timedelta(days=7))
        aired = [each.start for each in made.programmes if list(each.bulletins())]
        (line,) = [line for line in PAGE.splitlines() if line.startswith(f"| {name}")]
        assert line.endswith(f"| {', '.join(f'{each:%a %H:%M}' for each in aired)} |")
