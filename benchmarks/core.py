"""Random histories of a loudspeaker on all cores: none may break a rule; and how many ran in a second.

Prints one JSON object. A history is named by its number: ``--first 4711 --runs 1`` lets one happen again.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import resource
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

from benchmarks._core_world import STEPS, Outcome, run

RUNS = 100_000
SHOWN = 20  # violations that are printed in full
CHUNK = 250


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="core", description=__doc__)
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--first", type=int, default=0)
    options = parser.parse_args(arguments)
    print(json.dumps(measure(options.runs, options.first), indent=2))


def measure(runs: int = RUNS, first: int = 0) -> dict[str, Any]:
    """The whole measurement; a hundred thousand histories take a quarter of an hour on two cores."""
    began = time.monotonic()
    violations, happened, broken = 0, Counter[str](), []
    with multiprocessing.Pool(os.cpu_count()) as pool:
        for outcome in pool.imap_unordered(attempt, range(first, first + runs), CHUNK):
            happened += outcome.stats
            violations += len(outcome.violations)
            if outcome.violations and len(broken) < SHOWN:
                broken.append({"history": outcome.seed, "broken": outcome.violations})
        pool.close()
        pool.join()
    seconds = time.monotonic() - began
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "benchmark": "core",
        "runs": runs,
        "steps": STEPS * runs,
        "violations": violations,
        "broken": broken,
        "processes": os.cpu_count(),
        "runs_per_second": round(runs / seconds, 1),
        "runs_per_cpu_second": round(runs / (used.ru_utime + used.ru_stime), 1),
        "happened": dict(happened.most_common()),
    }


def attempt(seed: int) -> Outcome:
    """One history; an error of the core is a violation like any other."""
    try:
        return run(seed)
    except Exception as error:  # noqa: BLE001 - a broken history must not end the other ones
        return Outcome(seed, [f"error: {type(error).__name__}: {error}"], Counter())


if __name__ == "__main__":
    main()
