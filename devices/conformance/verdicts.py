"""What is said about a loudspeaker: one verdict for each rule, and how a rule reaches it."""

from __future__ import annotations

import enum
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .errors import Broken

if TYPE_CHECKING:
    from .bench import Bench


class Outcome(enum.StrEnum):
    PASS = "PASS"  # noqa: S105 - no password
    FAIL = "FAIL"
    LACKS = "LACKS"  # a capability, as it declares itself: the rule is for others
    SKIPPED = "SKIPPED"


@dataclass(frozen=True, slots=True)
class Rule:
    """One demand of the protocol; ``title`` is for people, ``check`` raises Broken, Lacking or NotTested."""

    id: str
    title: str
    check: Callable[[Bench], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Verdict:
    """``why`` is empty when the rule holds."""

    rule: str
    title: str
    outcome: Outcome
    why: str = ""
    seconds: float = 0.0


def demand(holds: object, why: str) -> None:
    """Raise Broken unless something holds."""
    if not holds:
        raise Broken(why)


def rule(rule_id: str, title: str) -> Callable[[Callable[[Bench], Awaitable[None]]], Rule]:
    """Make a rule of a function."""
    return lambda check: Rule(rule_id, title, check)
