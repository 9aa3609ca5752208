"""Fuzzes message decoder, plan evaluator and journal: no crash, and nothing invalid is taken.

Prints one JSON object. Every input is named by its target and number: ``--target decoder --first 4711
--inputs 1`` lets one come again. ``FUZZ_MINUTES`` sets the time where no option can.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from benchmarks import _fuzz_decoder, _fuzz_evaluator, _fuzz_journal

MINUTES = 10.0
SHOWN = 20  # failures that are printed in full
TARGETS: dict[str, Callable[[random.Random], str]] = {
    "decoder": _fuzz_decoder.one,
    "evaluator": _fuzz_evaluator.one,
    "journal": _fuzz_journal.one,
}
_SHARE = {"decoder": 20, "evaluator": 4, "journal": 1}  # inputs of each in a round


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=float(os.environ.get("FUZZ_MINUTES", MINUTES)))
    parser.add_argument("--target", choices=TARGETS)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--inputs", type=int, default=0, help="stop after so many rounds")
    options = parser.parse_args(arguments)
    found = measure(options.minutes, options.target, options.first, options.inputs)
    print(json.dumps(found, indent=2, ensure_ascii=False))
    return 1 if found["failures"] else 0


def measure(
    minutes: float = float(os.environ.get("FUZZ_MINUTES", MINUTES)),
    only: str | None = None,
    first: int = 0,
    rounds: int = 0,
) -> dict[str, Any]:
    """Run for so many minutes, or so many rounds."""
    began = time.monotonic()
    results = {name: Counter[str]() for name in TARGETS if only in (None, name)}
    failures: list[dict[str, str]] = []
    for number in itertools.count(first):
        if time.monotonic() - began > minutes * 60 or (rounds and number - first >= rounds):
            break
        for name, counts in results.items():
            for part in range(_SHARE[name]):
                counts[_attempt(name, f"{number}.{part}", failures)] += 1
    return {
        "benchmark": "fuzz",
        "minutes": round((time.monotonic() - began) / 60, 2),
        "inputs": {name: sum(counts.values()) for name, counts in results.items()},
        "outcomes": {name: dict(counts) for name, counts in results.items()},
        "failures": len(failures),
        "shown": failures[:SHOWN],
    }


def _attempt(name: str, number: str, failures: list[dict[str, str]]) -> str:
    try:
        return TARGETS[name](random.Random(f"{name} {number}"))
    except Exception:  # noqa: BLE001 - this is what is looked for
        failures.append({"target": name, "number": number, "error": traceback.format_exc(limit=-6)})
        return "failed"


if __name__ == "__main__":
    sys.exit(main())
