"""What goes before what: class, level of the issuing unit, what was begun before, the older order (R6)."""

from __future__ import annotations

from devices.messages import BulletinClass, Item, ItemState

from . import guard
from .memory import Occurrence

_CLASSES = {BulletinClass.EMERGENCY: 0, BulletinClass.PRIORITY: 2, BulletinClass.ROUTINE: 3}


def rank(item: Item) -> tuple[int, int]:
    """Class first, a drill below what is real, then the level of the issuing unit; lower goes first."""
    drill = item.klass is BulletinClass.EMERGENCY and not guard.is_emergency(item)
    return (_CLASSES[item.klass] + drill, item.level)


def order(occurrence: Occurrence) -> tuple[tuple[int, int], bool, int, int, str]:
    """Rank, then what was begun before, then the older order."""
    item = occurrence.item
    fresh = occurrence.state is not ItemState.PREEMPTED
    return (rank(item), fresh, item.issued_at, item.start, item.id)
