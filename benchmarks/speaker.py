"""Thousands of simulated loudspeakers, one urgent announcement and one planned slot, up to the last report.

The server with its broker, and the loudspeakers, are processes of their own; the connections, the downloads,
the signatures and the reports are real, only the sound is not heard. For comparison, in the same run, as many
bare MQTT subscribers receive the same document. Everything shares the cores of one machine: the lead of the
announcement is long enough for all to arm, and how long that took is what is measured. The slot is for the
largest size alone, and planned before its last loudspeakers join: it begins once the announcement is over.

It ends within six minutes, however loaded the machine is; what has not come by then stands in ``missing``.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import _bare_subscribers
from benchmarks._bounded import Child, Late, Limit, children
from benchmarks._speaker_province import Planned, Province, Sent, now

SIZES = (1_250, 2_500, 5_000)
FLEETS = 2  # processes that share the loudspeakers
BUDGET_S = 295.0  # for all sizes; the ends of the processes and the baseline come on top
SHARE = 0.5  # of what is left of it, for any size but the last
BASELINE_S = 30.0  # for the bare subscribers at the end
LEAD_S = 6.0  # of the announcement, and so much more for each thousand loudspeakers:
LEAD_PER_THOUSAND_S = 6.0
LEAD_OF_LAST = 1.5  # on a slow machine: so many times what the size before lets expect
URGENT_LEAD_S = 8.0  # what an officer's button gives
ANSWER_S = 15.0  # for a fleet to say what it saw
JOINING_PER_THOUSAND_S = 30.0  # where no smaller size tells how long it takes
JOINING_MARGIN = 1.3
AFTER_URGENT_S = (
    45.0  # from the urgent announcement's first sample to the slot: both sounds, and the slot's 30 s
)
ARMING_S = 30.0  # before the slot, when it is decoded
ARMED_WITHIN_S = 5.0


def measure(sizes: Sequence[int] = SIZES) -> dict[str, Any]:
    """Five minutes on two idle cores, never more than six."""
    bench = Bench(sorted(sizes), Limit.after(BUDGET_S))
    with tempfile.TemporaryDirectory() as name:
        bench.measure(Path(name))
    bare = _bare_subscribers.publish_to_last_ms(bench.documents, Limit.after(BASELINE_S))
    for run in bench.runs:
        _compare(run, bare.get(run["loudspeakers"]))
    return {
        "loudspeakers": list(sizes),
        "runs": bench.runs,
        "growth": growth(bench.runs),
        "missing": bench.missing,
    }


class Bench:
    """One province that grows from size to size."""

    def __init__(self, sizes: Sequence[int], whole: Limit) -> None:
        self.runs: list[dict[str, Any]] = []
        self.documents: dict[int, bytes] = {}
        self.missing: list[str] = []
        self._sizes = sizes
        self._whole = whole

    def measure(self, folder: Path) -> None:
        """What does not come in time ends it: an answer that is late must not be taken for the next one."""
        try:
            self._measure(folder)
        except Late as late:
            self.missing.append(f"after {len(self.runs)} of {len(self._sizes)} sizes: {late}")

    def _measure(self, folder: Path) -> None:
        province = Province(folder, self._sizes)
        folders = [[str(folder / f"fleet-{number}")] for number in range(FLEETS)]
        with province.server(self._whole), children("benchmarks._speaker_fleet", folders) as fleets:
            bulletin, news = province.announcement(self._whole), province.news(self._whole)
            for size in self._sizes:
                slot = self._plan(province, news, size) if size == self._sizes[-1] else None
                self._run(province, fleets, bulletin, size, self._limit(size))
                if slot is not None:
                    self.runs[-1]["planned_slot"] = self._slot(province, fleets, slot, size)

    def _plan(self, province: Province, news: int, size: int) -> Planned | None:
        """A slot behind the announcement; None where the time is too short for it. Raises Late."""
        missing = size - province.entered
        each = JOINING_PER_THOUSAND_S / 1000
        if self.runs:
            last = self.runs[-1]["joining"]
            each = (last["entering_s"] + last["joining_s"]) / max(1, last["joined"])
        ahead = JOINING_MARGIN * each * (missing + province.entered / 2) + self._lead(size) + AFTER_URGENT_S
        if ahead > self._whole.left_s:
            self.missing.append(f"{size} loudspeakers: the planned slot, {ahead:.0f} s ahead")
            return None
        start = (now() + dt.timedelta(seconds=ahead)).replace(microsecond=0)
        return province.plan(news, size, start, self._whole)

    def _slot(self, province: Province, fleets: Sequence[Child], slot: Planned, size: int) -> dict[str, Any]:
        """What became of the planned slot on every loudspeaker, old and new."""
        reported, last = self._reports(province, slot, size, self._whole)
        seen = ask(fleets, self._whole.later(ANSWER_S), item=slot.item)
        before = sorted(slot.start - at / 1000 for each in seen for at in each["armed"])
        started = [at - slot.start * 1000 for each in seen for at in each["started"]]
        found = {
            "in_every_store_s": slot.in_every_store_s,
            "of_loudspeakers": slot.had_before,
            "armed": len(before),
            "armed_30_s_before": sum(each >= ARMING_S - ARMED_WITHIN_S for each in before),
            "armed_s_before": {"p50": round(statistics.median(before), 2), "least": round(before[0], 2)}
            if before
            else {},
            "start_ms_after_the_plan": spread(started),
            "reports_complete": reported,
            "lost": size - reported,
            "last_report_s_after_the_end": last,
        }
        for name in ("armed_30_s_before", "reports_complete"):
            self._lacks(found[name], size, f"{name} of the planned slot")
        return found

    def _limit(self, size: int) -> Limit:
        """The larger sizes need what is kept for them; what a smaller one saves is theirs too."""
        last = size == self._sizes[-1]
        return self._whole if last else self._whole.within(self._whole.left_s * SHARE)

    def _run(
        self, province: Province, fleets: Sequence[Child], bulletin: int, size: int, limit: Limit
    ) -> None:
        """One announcement to all. Raises Late before it is sent; afterwards what is there counts."""
        joined = self._join(province, fleets, size, limit)
        seen = ask(fleets, limit.within(ANSWER_S), item="")
        before, spent = province.usage(), total(seen, "cpu_s")
        lead = self._lead(size)
        if limit.left_s < lead:
            raise Late(f"an announcement: {limit.left_s:.0f} s are left, its lead alone takes {lead:.0f} s")
        began = time.time()
        sent = province.send(bulletin, size, lead)
        self.documents[size] = sent.document
        reported, last = self._reports(province, sent, size, limit)
        after = province.usage()
        seen = ask(fleets, limit.later(ANSWER_S), item=sent.item)
        run = {
            "loudspeakers": size,
            "joining": joined,
            **told(seen, sent, began),
            "lead_s": lead,
            "reports_complete": reported,
            "last_report_s_after_the_end": last,
            **{name: cost(before[name], after[name], size) for name in after},
            "simulator": cost((spent, 0.0), (total(seen, "cpu_s"), total(seen, "memory_mb")), size),
        }
        self.runs.append(run)
        for name in ("armed", "reports_complete"):
            self._lacks(run[name], size, name)

    def _join(self, province: Province, fleets: Sequence[Child], size: int, limit: Limit) -> dict[str, Any]:
        """Enter those that are missing, and switch them on. Raises Late."""
        began, before = time.monotonic(), province.usage()
        files = [province.folder / f"identities-{size}-{number}.json" for number in range(FLEETS)]
        count = province.enter(size, files, limit)
        entered = time.monotonic()
        joining = limit.within(limit.left_s / 2)
        for fleet, file in zip(fleets, files, strict=True):
            fleet.tell(join=str(file), within=joining.left_s)
        answers = [fleet.answer(joining.later(ANSWER_S)) for fleet in fleets]
        self._lacks(int(total(answers, "with_orders")), count, "orders")
        after = province.usage()
        return {
            "joined": count,
            "with_orders": int(total(answers, "with_orders")),
            "entering_s": round(entered - began, 1),
            "joining_s": round(time.monotonic() - entered, 1),
            **{name: cost(before[name], after[name], count) for name in after},
            "simulator": {
                "cpu_ms_each": round(statistics.fmean(each["cpu_ms_each"] for each in answers), 2),
                "memory_kb_each": round(statistics.fmean(each["memory_kb_each"] for each in answers), 1),
            },
        }

    def _reports(
        self, province: Province, sent: Sent | Planned, size: int, limit: Limit
    ) -> tuple[int, float | None]:
        """How many reports there are, and how long after the end of the sound the last one came."""
        time.sleep(min(limit.left_s, max(0.0, sent.end - time.time())))
        with contextlib.suppress(Late):
            limit.wait(lambda: province.reported(sent.item) >= size, "reports")
            return size, round(time.time() - sent.end, 1)
        return province.reported(sent.item), None

    def _lead(self, size: int) -> float:
        least = LEAD_S + LEAD_PER_THOUSAND_S * size / 1000
        if not self.runs:
            return least
        last = self.runs[-1]
        expected = last["publish_to_armed_s"]["max"] * size / last["loudspeakers"]
        return round(max(least, LEAD_OF_LAST * float(expected)), 1)

    def _lacks(self, found: int, wanted: int, what: str) -> None:
        if found < wanted:
            self.missing.append(f"{wanted} loudspeakers: {wanted - found} {what}")


def ask(fleets: Sequence[Child], limit: Limit, **question: Any) -> list[dict[str, Any]]:
    """Ask all, and hear the answers in their order. Raises Late."""
    for fleet in fleets:
        fleet.tell(**question)
    return [fleet.answer(limit) for fleet in fleets]


def told(seen: Sequence[dict[str, Any]], sent: Sent, began: float) -> dict[str, Any]:
    """What the loudspeakers journaled of an announcement."""
    armed = [at / 1000 for each in seen for at in each["armed"]]
    started = [at for each in seen for at in each["started"]]
    return {
        "publish_to_armed_s": spread([at - began for at in armed]),
        "armed": len(armed),
        "armed_before_the_start": sum(at < sent.start for at in armed),
        "armed_within_the_lead_of_the_button": sum(at - began < URGENT_LEAD_S for at in armed),
        "start_ms_after_the_plan": spread([at - sent.start * 1000 for at in started]),
    }


def cost(before: tuple[float, float], after: tuple[float, float], count: int) -> dict[str, float]:
    cpu = after[0] - before[0]
    return {
        "cpu_s": round(cpu, 2),
        "cpu_ms_each": round(cpu * 1000 / max(1, count), 2),
        "memory_mb": round(after[1]),
    }


def growth(runs: Sequence[dict[str, Any]]) -> dict[str, list[float]]:
    """What a loudspeaker costs at each size, as a multiple of what it costs at the smallest."""
    if not runs:
        return {}
    each = {
        "server_cpu": [run["server"]["cpu_ms_each"] for run in runs],
        "broker_cpu": [run["broker"]["cpu_ms_each"] for run in runs],
        "simulator_cpu": [run["simulator"]["cpu_ms_each"] for run in runs],
        "joining_server_cpu": [run["joining"]["server"]["cpu_ms_each"] for run in runs],
        "publish_to_armed": [run["publish_to_armed_s"]["max"] / run["loudspeakers"] for run in runs],
    }
    return {
        name: [round(value / values[0], 2) for value in values] for name, values in each.items() if values[0]
    }


def _compare(run: dict[str, Any], bare_ms: float | None) -> None:
    run["bare_publish_to_last_ms"] = bare_ms
    if bare_ms:
        run["armed_to_bare"] = round(run["publish_to_armed_s"]["max"] * 1000 / bare_ms, 1)


def total(answers: Sequence[dict[str, Any]], name: str) -> float:
    return sum(float(each[name]) for each in answers)


def spread(values: Sequence[float]) -> dict[str, float]:
    ordered = sorted(values) or [0.0]
    p95 = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
    return {"p50": round(statistics.median(ordered), 3), "p95": round(p95, 3), "max": round(ordered[-1], 3)}
