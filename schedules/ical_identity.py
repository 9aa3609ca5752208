"""Tells which events of a file are one and the same, and which version of one counts."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence

from .ical_lines import Component

MAX_UID = 200
_TEXTS = "SUMMARY DESCRIPTION STATUS"
_TIMES = "RECURRENCE-ID DTSTART DTEND DURATION RRULE EXRULE RDATE EXDATE"
_SAID = frozenset(f"{_TEXTS} {_TIMES}".split())


def revision(event: Component) -> tuple[int, str, int]:
    """Grows with each change of an event; of equals the first of the file is the greatest."""
    text = event.text("SEQUENCE")
    counted = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
    stamps = (event.text(name) for name in ("LAST-MODIFIED", "DTSTAMP"))
    return counted, next((stamp for stamp in stamps if stamp), ""), -event.number


def uid_of(event: Component) -> str:
    """Of one without: what it says."""
    uid = event.text("UID")
    if uid and len(uid) <= MAX_UID:
        return uid
    said = uid or "\n".join(f"{line.name}:{line.value}" for line in event.lines if line.name in _SAID)
    return hashlib.sha256(said.encode(errors="replace")).hexdigest()


def kept_of(same: Sequence[Component], *, alone: bool) -> list[Component]:
    """The newest of one UID, or of several events that somebody gave the same."""
    newest = max(same, key=revision)
    if not alone:
        return [newest]
    by_start: dict[str, list[Component]] = defaultdict(list)
    for each in same:
        if revision(each)[0] == revision(newest)[0]:
            by_start[each.text("DTSTART")].append(each)
    return [max(each, key=revision) for each in by_start.values()]
