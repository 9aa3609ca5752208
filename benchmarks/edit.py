"""What one changed sentence in fifty costs, against rendering all of them in the same run.

Prints one JSON object. Both include mastering, encoding and joining; the engine is the real espeak-ng.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.render import script, texts, warm_up
from tts.engines.espeak import EspeakEngine
from tts.synthesis import Synthesiser

SENTENCES = 50
WORKERS = 2


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="edit", description=__doc__)
    parser.add_argument("--edits", type=int, default=9)
    print(json.dumps(measure(parser.parse_args(arguments).edits), indent=2))


def measure(edits: int = 9) -> dict[str, Any]:
    """The whole measurement; takes a few seconds."""
    words = texts(SENTENCES)
    with (
        contextlib.closing(EspeakEngine(children=WORKERS)) as engine,
        tempfile.TemporaryDirectory() as folder,
    ):
        warm_up(engine, WORKERS)
        synthesiser = Synthesiser([engine], Path(folder), WORKERS)
        full = timed(synthesiser, words)
        changed = [timed(synthesiser, edited(words, number)) for number in range(edits)]
        unchanged = timed(synthesiser, words)
    edit = statistics.median(changed)
    return {
        "benchmark": "edit",
        "sentences": SENTENCES,
        "full_s": round(full, 3),
        "edit_s": round(edit, 3),
        "unchanged_s": round(unchanged, 3),
        "edit_to_full": round(edit / full, 4),
        "target": 1 / 20,
    }


def edited(words: Sequence[str], number: int) -> list[str]:
    """Another sentence each time, each as long as before."""
    place = number * 7 % len(words)
    return [
        *words[:place],
        words[place].replace("tối", ("sáng", "trưa", "chiều")[number % 3]),
        *words[place + 1 :],
    ]


def timed(synthesiser: Synthesiser, words: Sequence[str]) -> float:
    began = time.monotonic()
    synthesiser.render(script(words))
    return time.monotonic() - began


if __name__ == "__main__":
    main()
