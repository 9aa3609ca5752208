"""What of an item is live: a stream that gives way to something else goes on all the same, unheard."""

from __future__ import annotations

from devices.speaker.ports import RATE

from .memory import Occurrence


def passed(occurrence: Occurrence, at: int) -> int:
    """The samples of its stream that nobody heard, if what was cut goes on at ``at``.

    The stream ends when it would have; clips after it are not shortened. Before its time nothing was lost.
    """
    position = occurrence.position
    cut_at = max(occurrence.preempted_at, occurrence.begin)
    for begin, end in occurrence.live:
        if begin <= position < end:
            return min(end - position, max(0, at - cut_at) * RATE // 1000)
    return 0


def rest(occurrence: Occurrence, at: int) -> int:
    """The samples that are left of what was cut, if it goes on at ``at``."""
    return occurrence.total - occurrence.position - passed(occurrence, at)
