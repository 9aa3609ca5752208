"""Writes the vectors of the programme, ``schedules/vectors/*.json``: what other makers' firmware is held to.

What is expected comes from python-dateutil, from two lunar libraries that must agree, and from people who
reckoned; never from this project's evaluator, which the tests hold to the same files. ``--check`` writes
nothing and fails when a file is not what would be written.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from schedule_vectors_airings import airings
from schedule_vectors_conflicts import conflicts
from schedule_vectors_exceptions import exceptions, refusals
from schedule_vectors_filling import filling
from schedule_vectors_holidays import holidays
from schedule_vectors_lunar import lunar, lunar_dates
from schedule_vectors_precedence import precedence
from schedule_vectors_solar import solar, validity
from schedule_vectors_windows import windows

FOLDER = Path(__file__).resolve().parents[1] / "schedules" / "vectors"
FILES = {
    "solar": ("Rules by the solar calendar", solar),
    "validity": ("First and last valid dates, and the edges of the range asked for", validity),
    "lunar": ("Rules by the lunar calendar", lunar),
    "lunar-dates": ("Days and their lunar dates", lunar_dates),
    "holidays": ("Public holidays, days worked instead, and what a unit changes", holidays),
    "exceptions": ("Dates and occurrences left out, and moved", exceptions),
    "refusals": ("What is no rule, and the code of its refusal", refusals),
    "windows": ("Daily windows, also over midnight", windows),
    "precedence": ("What goes first, what cuts what, and what is heard", precedence),
    "filling": ("What a slot plays, what it leaves out, and what is no slot", filling),
    "airings": ("How airings are spread over the days", airings),
    "conflicts": ("What is displaced by what, and the next free time", conflicts),
}


def text(name: str) -> str:
    about, cases = FILES[name]
    lines = ",\n".join("    " + json.dumps(case, ensure_ascii=False) for case in numbered(name, cases()))
    head = {"format": "schedule-vectors/1", "about": about, "zone": "Asia/Ho_Chi_Minh"}
    opening = ",\n".join(f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in head.items())
    return f'{{\n{opening},\n  "cases": [\n{lines}\n  ]\n}}\n'


def numbered(name: str, cases: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"id": f"{name}-{number:03}", **case} for number, case in enumerate(cases, 1)]


def main(arguments: list[str]) -> int:
    stale = []
    for name in FILES:
        path = FOLDER / f"{name}.json"
        if "--check" in arguments:
            if not path.exists() or path.read_text() != text(name):
                stale.append(path.name)
        else:
            path.write_text(text(name))
    if stale:
        sys.stderr.write(f"not what scripts/schedule_vectors.py writes: {', '.join(stale)}\n")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
