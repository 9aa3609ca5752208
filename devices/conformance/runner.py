"""Tries the rules one after the other on one loudspeaker; one that is broken stops none of the others."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection

from . import rules_guard, rules_orders, rules_relay, rules_report, rules_sound, rules_standing
from .bench import Bench, Setup
from .errors import Broken, Lacking, NotTested
from .verdicts import Outcome, Rule, Verdict

RULES: tuple[Rule, ...] = (
    *rules_report.FIRST,
    *rules_orders.RULES,
    *rules_sound.RULES,
    *rules_guard.RULES,
    *rules_relay.RULES,
    *rules_standing.RULES,
    *rules_report.LAST,
)


async def run(
    setup: Setup, only: Collection[str] = (), on_verdict: Callable[[Verdict], None] = lambda _: None
) -> list[Verdict]:
    """Try all rules, or ``only`` some. Raises LinkDown, LinkRefused, Unreachable."""
    bench = Bench(setup)
    verdicts = []
    try:
        await bench.open()
        for rule in RULES:
            if only and rule.id not in only:
                continue
            verdict = await _judge(rule, bench)
            verdicts.append(verdict)
            on_verdict(verdict)
    finally:
        await bench.close()
    return verdicts


async def _judge(rule: Rule, bench: Bench) -> Verdict:
    began = time.monotonic()
    outcome, why = Outcome.PASS, ""
    try:
        await rule.check(bench)
    except Broken as broken:
        outcome, why = Outcome.FAIL, str(broken)
    except Lacking as capability:
        outcome, why = Outcome.LACKS, f"capability {capability}: cụm loa khai trong capabilities là không có"
    except NotTested as skipped:
        outcome, why = Outcome.SKIPPED, str(skipped)
    return Verdict(rule.id, rule.title, outcome, why, round(time.monotonic() - began, 1))
