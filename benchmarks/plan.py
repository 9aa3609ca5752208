"""Planning a week for a province, and planning one changed rule of it, beside dateutil's bare expansion.

100 communes, 3,000 rules, 5,000 loudspeakers. A full planning expands every rule, writes the broadcasts and
who has to play them, and signs a new document for every loudspeaker; the baseline expands the same rules
with dateutil in the same run and does nothing with the dates. The same for a quarter and for half of the
province: the cost must grow with it and not faster. All in a database file, commit included.
"""

from __future__ import annotations

import argparse
import datetime as dt
import gc
import json
import math
import time
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

from dateutil import rrule
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from benchmarks._province import NOW, Province, commune_id, province, rule
from broadcast.models import Area, Broadcast, Delivery, Loudspeaker, OutboxMessage, Schedule
from broadcast.orders.items import horizon
from broadcast.plans.planner import Planner
from broadcast.storage import events
from schedules import recurrence
from schedules.types import LOCAL, Frequency, Rule

DAYS = 7
SIZES = (25, 50, 100)  # communes
ROUNDS = 7
MIDNIGHT = dt.timedelta(days=1)

Change = Callable[[Session, int], None]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="plan", description=__doc__)
    parser.add_argument("--communes", type=int, nargs="+", default=SIZES)
    print(json.dumps(measure(tuple(parser.parse_args(arguments).communes)), indent=2))


def measure(sizes: Sequence[int] = SIZES) -> dict[str, Any]:
    """A minute or two."""
    found = [measure_one(communes) for communes in sizes]
    small, whole = found[0], found[-1]
    larger = sizes[-1] / sizes[0]
    growth = whole["full"]["cpu_s"] / small["full"]["cpu_s"]
    return {
        "benchmark": "plan",
        "sizes": found,
        "size_ratio": round(larger, 2),
        "full_cpu_ratio": round(growth, 2),
        "growth_exponent": round(math.log(growth) / math.log(larger), 2) if larger > 1 else None,
        "growth_exponent_linear": 1.0,
        "one_rule_to_full": whole["one_rule_to_full"],
        "one_rule_target": 1 / 100,
    }


def measure_one(communes: int) -> dict[str, Any]:
    with province(communes) as made:
        bare = best(timed(lambda: expand_bare(made.size.rules)) for _ in range(3))
        own = best(timed(lambda: expand_own(made.size.rules)) for _ in range(3))
        full = timed(lambda: plan(made, NOW))
        changes = {name: measure_change(made, change) for name, change in CHANGES.items()}
        inspected = timed(lambda: inspect(made))
        counts = count(made)
        midnight = timed(lambda: plan(made, NOW + MIDNIGHT))
    return {
        "communes": communes,
        "rules": made.size.rules,
        "loudspeakers": made.size.loudspeakers,
        **counts,
        "bare_dateutil": bare,
        "our_expansion": own,
        "full": full,
        "full_to_bare": round(full["cpu_s"] / bare["cpu_s"], 1),
        "changes": changes,
        "one_rule_to_full": {
            kind: round(changes["one_rule"][kind] / full[kind], 5) for kind in ("cpu_s", "wall_s")
        },
        "inspection_without_lock": inspected,
        "new_day": midnight,
    }


def plan(made: Province, now: dt.datetime) -> int:
    with made.database.transaction() as session:
        return Planner(session, made.wire, now, DAYS).plan()


def inspect(made: Province) -> None:
    with made.database.transaction(read_only=True) as session:
        found = Planner(session, made.wire, NOW, DAYS).inspect()
    if found:
        raise RuntimeError(f"the changes were not planned as a plan from scratch would: {found}")


def measure_change(made: Province, change: Change) -> dict[str, Any]:
    """The median of some plannings, each after one more such change."""
    taken, told = [], 0
    for number in range(ROUNDS):
        with made.database.transaction() as session:
            change(session, number)
        told = 0

        def planned() -> None:
            nonlocal told
            told = plan(made, NOW)

        taken.append(timed(planned))
    return {
        "cpu_s": round(median(each["cpu_s"] for each in taken), 5),
        "wall_s": round(median(each["wall_s"] for each in taken), 5),
        "loudspeakers_told": told,
    }


def change_rule(session: Session, number: int) -> None:
    """Another time, the whole commune hears it: what is planned is cancelled, and planned anew."""
    changed = Rule(Frequency.DAILY, NOW.date(), (dt.time(6, number),))
    _tell(session, "schedule", 1, Schedule, rule=recurrence.to_dict(changed))


def change_village_rule(session: Session, number: int) -> None:
    changed = Rule(Frequency.DAILY, NOW.date(), (dt.time(7, number),))
    _tell(session, "schedule", 21, Schedule, rule=recurrence.to_dict(changed))


def change_window(session: Session, number: int) -> None:
    _tell(session, "area", commune_id(1), Area, window_end=f"21:{number:02}")


def change_volume(session: Session, number: int) -> None:
    _tell(session, "loudspeaker", 77, Loudspeaker, volume=40 + number)


def change_nothing(session: Session, number: int) -> None:
    """A quiet tick."""


CHANGES: dict[str, Change] = {
    "one_rule": change_rule,
    "one_rule_of_a_village": change_village_rule,
    "hours_of_a_commune": change_window,
    "one_volume": change_volume,
    "nothing": change_nothing,
}


def _tell(session: Session, kind: str, subject: int, table: Any, **values: Any) -> None:
    session.execute(update(table).where(table.id == subject).values(**values))
    events.emit(session, now=NOW, kind=kind, subject=subject)


def expand_bare(rules: int) -> int:
    """What dateutil alone takes to name the days."""
    first, last = NOW.astimezone(LOCAL).replace(tzinfo=None), horizon(NOW, DAYS).astimezone(LOCAL)
    found = 0
    for number in range(rules):
        each = rule(number)
        start = dt.datetime.combine(max(each.starts_on, first.date()), each.times[0])
        end = start if each.frequency is Frequency.ONCE else last.replace(tzinfo=None)
        days = sorted(each.weekdays) if each.frequency is Frequency.WEEKLY else None
        found += sum(1 for _ in rrule.rrule(rrule.DAILY, dtstart=start, until=end, byweekday=days))
    return found


def expand_own(rules: int) -> int:
    end = horizon(NOW, DAYS)
    return sum(sum(1 for _ in recurrence.occurrences(rule(number), NOW, end)) for number in range(rules))


def count(made: Province) -> dict[str, int]:
    with made.database.transaction(read_only=True) as session:
        return {
            name: session.scalar(select(func.count()).select_from(table)) or 0
            for name, table in (
                ("broadcasts", Broadcast),
                ("deliveries", Delivery),
                ("signed", OutboxMessage),
            )
        }


def timed(work: Callable[[], Any]) -> dict[str, float]:
    gc.collect()
    cpu, wall = time.process_time(), time.monotonic()
    work()
    return {"cpu_s": round(time.process_time() - cpu, 4), "wall_s": round(time.monotonic() - wall, 4)}


def best(taken: Any) -> dict[str, float]:
    return min(taken, key=lambda each: each["cpu_s"])


if __name__ == "__main__":
    main()
