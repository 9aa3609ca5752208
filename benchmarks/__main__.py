"""``python -m benchmarks NAME…``: runs measurements and prints one JSON object, a member for each.

A measurement is a module of this folder with ``measure() -> dict``. Numbers depend on the machine:
each measurement carries a baseline from the same run, and the ratio is what to compare.
"""

from __future__ import annotations

import importlib
import json
import os
import platform
import sys
import time
from pathlib import Path


def names() -> list[str]:
    folder = Path(__file__).parent
    return sorted(path.stem for path in folder.glob("*.py") if not path.stem.startswith("_"))


def main(asked: list[str]) -> int:
    known = names()
    wanted = known if asked in ([], ["all"]) else asked
    unknown = sorted(set(wanted) - set(known))
    if unknown:
        sys.stderr.write(f"no such benchmark: {', '.join(unknown)}; there are: {', '.join(known)}\n")
        return 2
    results: dict[str, object] = {
        "machine": {
            "cores": os.cpu_count(),
            "python": platform.python_version(),
            "system": platform.platform(),
        }
    }
    for name in wanted:
        sys.stderr.write(f"{name} …\n")
        began = time.monotonic()
        measured = importlib.import_module(f"benchmarks.{name}").measure()
        results[name] = {**measured, "took_s": round(time.monotonic() - began, 1)}
    sys.stdout.write(json.dumps(results, indent=2, ensure_ascii=False) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
