"""A virtual month around Tết in one commune, end to end: as-run against the calendar, row by row.

Prints one JSON object. The server is the real one (planner, outbox, inbox, proof, pages, SQLite), and so are
the loudspeakers' programs, their stores and the audio; time is virtual, and so is the broker, since no socket
can be waited for. Which rows differ and why is what the product itself can tell of it.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import json
import logging
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks._leaping_commune import Commune
from benchmarks._tet_month import BEGAN, FIRST, HUNG, LAST_DAY, VILLAGES, Month
from broadcast.evidence import reconciling, wishes_past
from broadcast.evidence.reconciliation import Row, totals
from broadcast.evidence.wishes_past import Wish
from broadcast.storage.moments import day_start
from devices.simulator import VirtualLoop, run_virtual
from schedules.types import LOCAL

DAY = dt.timedelta(days=1)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="month", description=__doc__)
    parser.add_argument("--rows", action="store_true", help="list every row that is not equal")
    parser.add_argument("--days", type=int, default=(LAST_DAY - FIRST).days + 1)
    chosen = parser.parse_args(arguments)
    print(json.dumps(measure(chosen.days, rows=chosen.rows), indent=2, ensure_ascii=False))


def measure(days: int = (LAST_DAY - FIRST).days + 1, *, rows: bool = False) -> dict[str, Any]:
    """The whole measurement; takes some minutes."""
    logging.disable(logging.WARNING)
    with tempfile.TemporaryDirectory(prefix="month-") as folder:
        began = time.process_time()
        place = Path(folder)
        try:
            found: dict[str, Any] = run_virtual(
                lambda loop: _pass(loop, place, days, rows), BEGAN.timestamp()
            )
        finally:
            logging.disable(logging.NOTSET)
    return {"benchmark": "month", **found, "cpu_s": round(time.process_time() - began, 1)}


async def _pass(loop: VirtualLoop, folder: Path, days: int, with_rows: bool) -> dict[str, Any]:
    commune = Commune(folder, loop, VILLAGES)
    month = Month(commune)
    began = time.process_time()
    month.prepare()
    prepared = time.process_time()
    commune.server.start()
    month.tell()
    start, end = day_start(FIRST), day_start(FIRST + days * DAY)
    async with commune.fleet:
        await asyncio.sleep((end - commune.now).total_seconds() + 3600)
        passed = time.process_time()
        rows, short = _compared(commune, start, end)
    compared = time.process_time()
    commune.server.stop()
    return {
        "first": str(FIRST),
        "days": days,
        "villages": len(VILLAGES),
        "loudspeakers": len(HUNG),
        "schedules": len(month.schedules),
        **_told(rows),
        "wishes_short": [f"{each.title}: {each.aired} of {each.wanted}, {each.why}" for each in short],
        "messages": commune.server.link.carried,
        "rounds_of_ticks": commune.server.ticks.rounds,
        "prepare_cpu_s": round(prepared - began, 1),
        "days_cpu_s": round(passed - prepared, 1),
        "compare_cpu_s": round(compared - passed, 2),
        **({"different": [_line(commune, row) for row in rows if not row.is_equal]} if with_rows else {}),
    }


def _compared(commune: Commune, start: dt.datetime, end: dt.datetime) -> tuple[list[Row], list[Wish]]:
    with commune.server.system.database.transaction(read_only=True) as session:
        lan = commune.person(session, "lan")
        span = (session, lan, commune.areas["commune"], start, end)
        return reconciling.rows(*span), wishes_past.short(*span)


def _told(rows: Sequence[Row]) -> dict[str, Any]:
    sums = totals(rows)
    return {
        "airings": len({row.part.key for row in rows}),
        "rows": sums.rows,
        "equal": sums.equal,
        "differences": {why.value: count for why, count in sums.differences.items()},
        "unexplained": sums.unexplained,
        "sounded_off_the_calendar": sum(map(_is_off, rows)),
    }


def _is_off(row: Row) -> bool:
    """It sounded although the calendar had it no more when it did."""
    gone, heard = row.part.gone, row.heard
    return gone is not None and heard is not None and heard.sounded


def _line(commune: Commune, row: Row) -> str:
    """As an officer would read it."""
    names = {number: device for device, number in commune.speakers.items()}
    heard, change = row.heard, row.change
    words = [_face(row.part.start), names[row.part.loudspeaker_id], f"{row.part.title}: {row.why}"]
    if change is not None:
        words += [f"({change.why} {_face(change.at)} {change.by})"]
    if heard is not None:
        began = f" at {_face(heard.started)}" if heard.started else ""
        words += [f"{heard.state} {heard.reason} {heard.played_ms}/{heard.length_ms} ms{began}"]
    if row.other:
        words += [f"[{row.other}]"]
    return " ".join(words)


def _face(at: dt.datetime) -> str:
    return f"{at.astimezone(LOCAL):%m-%d %H:%M:%S}"


if __name__ == "__main__":
    main()
