"""What the intake of reports must know of a loudspeaker, and may change: read and written by the thousand."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, Final

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from .models import Loudspeaker

FORGOTTEN: Final = "previous_key"  # once the present one was used
CHANGES: Final = (
    *(FORGOTTEN, "online", "boot", "session", "last_seen", "activated_at", "playing", "report"),
    *("firmware", "clock", "clock_at", "faults", "silenced", "silenced_at", "refused_at"),
    *("have_epoch", "have_rev", "cursor_boot", "cursor_seq"),
)
_changeable: Final = attrgetter(*CHANGES)
_PARAMETERS: Final = {name: f"new_{name}" for name in CHANGES}


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
    query = select(*_COLUMNS).where(_TABLE.c.device.in_(devices), _TABLE.c.retired_at.is_(None))
    return {row[1]: Known(*row) for row in session.connection().execute(query)}


def write(session: Session, loudspeakers: Iterable[Known]) -> None:
    """Store what has changed: one statement for each set of columns."""
    rows: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    for each in loudspeakers:
        changed = each.changed()
        if changed:
            row = {_PARAMETERS[name]: value for name, value in changed.items()}
            row["its_id"] = each.id
            if FORGOTTEN in changed:
                row["its_key"] = each.public_key
            rows[tuple(changed)].append(row)
    for names, values in rows.items():
        statement = update(Loudspeaker).where(Loudspeaker.id == bindparam("its_id"))
        if FORGOTTEN in names:  # not when the loudspeaker has asked for another key since it was read
            statement = statement.where(Loudspeaker.public_key == bindparam("its_key"))
        session.connection().execute(
            statement.values({name: bindparam(_PARAMETERS[name]) for name in names}), values
        )
