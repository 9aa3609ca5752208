"""Random RRULEs expanded by our rules and by python-dateutil: whether they agree, and how fast each is.

Prints one JSON object. Every event is expanded over a week, a month or a year, at its beginning or up to 40
years after it; ``occurrences_a_second`` counts what is found in those ranges, parsing apart.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks import _rrules as rrules
from schedules import recurrence, rrule_reading
from schedules.errors import RuleError
from schedules.series import Series
from schedules.types import LOCAL, Frequency, Rule

EVENTS = 60_000
LENGTHS = (7, 31, 366)  # days
AGES = ("at_the_beginning", "years_later")
LATEST = dt.datetime(2098, 1, 1)  # noqa: DTZ001  local time without a zone


@dataclass(slots=True)
class Rates:
    """What was found of one age, and the processor's seconds that it took."""

    occurrences: int = 0
    ours: float = 0.0
    dateutil: float = 0.0

    def add(self, occurrences: int, ours: float, dateutil: float) -> None:
        self.occurrences += occurrences
        self.ours += ours
        self.dateutil += dateutil

    def told(self) -> dict[str, Any]:
        return {
            "ours": round(self.occurrences / self.ours),
            "dateutil": round(self.occurrences / self.dateutil),
            "ours_to_dateutil": round(self.dateutil / self.ours, 1),
        }


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="rules", description=__doc__)
    parser.add_argument("--events", type=int, default=EVENTS)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    print(json.dumps(measure(options.events, options.seed), indent=2))


def measure(events: int = EVENTS, seed: int = 1) -> dict[str, Any]:
    """The whole measurement; takes some minutes."""
    rng = random.Random(seed)
    counts: Counter[str] = Counter()
    found = {age: Rates() for age in AGES}
    wrong: list[dict[str, Any]] = []
    while counts["events"] < events:
        event = rrules.series(rng)
        rule = read(event, counts)
        if rule is None:
            continue
        age = rng.choice(AGES)
        begin, end = span(rng, event, age)
        ours, our_seconds = timed_ours(rule, begin, end)
        theirs, their_seconds = timed_dateutil(event, begin, end)
        found[age].add(len(theirs), our_seconds, their_seconds)
        counts.update(events=1, occurrences=len(theirs), **{event_kind(event): 1})
        if ours != theirs:
            wrong.append(
                {"rrule": event.rrule, "start": str(event.start), "from": str(begin), "to": str(end)}
            )
    return {
        "benchmark": "rules",
        "seed": seed,
        **counts,
        "different": len(wrong),
        "examples": wrong[:3],
        "occurrences_a_second": {age: rates.told() for age, rates in found.items()},
        "week_after_thirty_years": week_after_thirty_years(),
    }


def read(event: Series, counts: Counter[str]) -> Rule | None:
    """Our rule; None for one that ends before it begins, which dateutil takes as empty."""
    try:
        return rrule_reading.read(event)
    except RuleError as error:
        counts[f"refused_{error.code}"] += 1
        return None


def span(rng: random.Random, event: Series, age: str) -> tuple[dt.datetime, dt.datetime]:
    later = rng.randrange(400, 40 * 365) if age == "years_later" else rng.randrange(-7, 30)
    begin = min(event.start + dt.timedelta(days=later, minutes=rng.randrange(1440)), LATEST)
    return begin, begin + dt.timedelta(days=rng.choice(LENGTHS), minutes=rng.randrange(1440))


def event_kind(event: Series) -> str:
    return next(part[5:].lower() for part in event.rrule.split(";") if part.startswith("FREQ="))


def timed_ours(rule: Rule, begin: dt.datetime, end: dt.datetime) -> tuple[list[dt.datetime], float]:
    began = time.process_time()
    found = recurrence.occurrences(rule, begin.replace(tzinfo=LOCAL), end.replace(tzinfo=LOCAL))
    moments = [occurrence.nominal for occurrence in found]
    return moments, time.process_time() - began


def timed_dateutil(event: Series, begin: dt.datetime, end: dt.datetime) -> tuple[list[dt.datetime], float]:
    expansion = rrules.expansion(event)
    began = time.process_time()
    moments = [moment for moment in expansion.between(begin, end, inc=True) if moment < end]
    return moments, time.process_time() - began


def week_after_thirty_years(repeats: int = 300) -> dict[str, float]:
    """Microseconds for a week of "every 3 days", of a rule that begins now and one that began long ago."""
    costs = {}
    begin = dt.datetime(2026, 3, 2, tzinfo=LOCAL)
    for name, year in (("begins_now", 2026), ("began_30_years_ago", 1996)):
        rule = Rule(Frequency.DAILY, dt.date(year, 3, 2), (dt.time(5, 30),), interval=3)
        began = time.process_time()
        for _ in range(repeats):
            list(recurrence.occurrences(rule, begin, begin + dt.timedelta(days=7)))
        costs[f"{name}_us"] = round((time.process_time() - began) * 1e6 / repeats, 1)
    return costs


if __name__ == "__main__":
    main()
