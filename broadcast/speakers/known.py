"""What the intake of reports must know of a loudspeaker, and may change: read and written by the thousand."""

from __future__ import annotations

import datetime as dt
import functools
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, Final

from sqlalchemy import String, Update, bindparam, select, update
from sqlalchemy.orm import Session

from broadcast.models import Loudspeaker
from broadcast.storage import bulk, listed

FORGOTTEN: Final = "previous_key"  # once the present one was used
CHANGES: Final = (
    *(FORGOTTEN, "online", "boot", "session", "last_seen", "activated_at", "playing", "report"),
    *("firmware", "clock", "clock_at", "faults", "silenced", "silenced_at", "refused_at"),
    *("have_epoch", "have_rev", "cursor_boot", "cursor_seq"),
)
_changeable: Final = attrgetter(*CHANGES)


@dataclass(slots=True, eq=False)
class Known:
    """A row of ``loudspeaker``, without the cost of a mapped object; the meanings are those of the table."""

    id: int
    device: str
    area_id: int
    public_key: str
    key_expires_at: dt.datetime | None
    desired_epoch: int
    desired_rev: int
    previous_key: str
    online: bool
    boot: str
    session: int
    last_seen: dt.datetime | None
    activated_at: dt.datetime | None
    playing: str
    report: dict[str, Any]
    firmware: str
    clock: str
    clock_at: dt.datetime | None
    faults: str
    silenced: str
    silenced_at: dt.datetime | None
    refused_at: dt.datetime | None
    have_epoch: int
    have_rev: int
    cursor_boot: str
    cursor_seq: int
    _before: tuple[Any, ...] = field(default=(), init=False)

    def __post_init__(self) -> None:
        self._before = _changeable(self)

    def changed(self) -> dict[str, Any]:
        """What is other than when it was read; a report is replaced as a whole."""
        now = _changeable(self)
        if now == self._before:
            return {}
        pairs = zip(CHANGES, self._before, now, strict=True)
        return {name: after for name, before, after in pairs if after is not before and after != before}


_TABLE: Final = Loudspeaker.__table__  # past the mapped class, whose rows cost twice as much
_COLUMNS: Final = tuple(_TABLE.c[name] for name in Known.__dataclass_fields__ if not name.startswith("_"))


def read(session: Session, devices: Collection[str]) -> dict[str, Known]:
    """Those in service, by their names on the wire."""
    (named,) = listed.columns(session, [(each,) for each in set(devices)], String())
    query = select(*_COLUMNS).where(_TABLE.c.device == named, _TABLE.c.retired_at.is_(None))
    return {row[1]: Known(*row) for row in session.connection().execute(query)}


def write(session: Session, loudspeakers: Iterable[Known]) -> None:
    """Store what has changed: one statement for each set of columns."""
    rows: dict[tuple[str, ...], list[tuple[Any, ...]]] = defaultdict(list)
    for each in loudspeakers:
        changed = each.changed()
        if changed:
            whose = (each.id, each.public_key) if FORGOTTEN in changed else (each.id,)
            rows[tuple(changed)].append((*changed.values(), *whose))
    for names, values in rows.items():
        statement, bound = _statement(names)
        bulk.execute(session, statement, bound, values)


@functools.lru_cache(maxsize=256)
def _statement(names: tuple[str, ...]) -> tuple[Update, tuple[str, ...]]:
    """What changes these columns, and the names of what it binds."""
    parameters = {name: f"new_{name}" for name in names}
    statement = update(Loudspeaker).where(Loudspeaker.id == bindparam("its_id"))
    bound = (*parameters.values(), "its_id")
    if FORGOTTEN in names:  # not when the loudspeaker has asked for another key since it was read
        statement = statement.where(Loudspeaker.public_key == bindparam("its_key"))
        bound = (*bound, "its_key")
    return statement.values({name: bindparam(new) for name, new in parameters.items()}), bound
