"""From when until when bulletins held, and how often they wished to air, as it was said at any time."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from broadcast.authoring.repertoire import wish_of
from broadcast.storage import audit
from broadcast.storage.chunks import chunks
from schedules.slots import Airings

from .reconciliation import Change
from .whys import Why

SAVE = "bulletin.validity"


@dataclass(frozen=True, slots=True)
class Held:
    """What was said at ``at``, by somebody; nothing before the first word."""

    at: dt.datetime
    by: str
    valid_from: dt.datetime | None
    valid_until: dt.datetime | None
    airings: Airings | None

    def holds(self, start: dt.datetime) -> bool:
        return (self.valid_from or start) <= start and (self.valid_until or start) >= start

    @property
    def change(self) -> Change:
        return Change(Why.NOT_VALID, self.at, self.by)


class HeldTimes:
    """Of some bulletins: each time somebody says how long one holds, the audit log keeps it."""

    def __init__(self, session: Session, bulletin_ids: Collection[int]) -> None:
        self._said: dict[int, list[Held]] = defaultdict(list)
        for some in chunks(sorted(bulletin_ids)):
            subjects = [f"bulletin:{bulletin_id}" for bulletin_id in some]
            for at, whose, detail, by in audit.told(session, SAVE, subjects=subjects):
                self._said[whose].append(_held(at, by, detail))

    def at(self, bulletin_id: int, at: dt.datetime) -> Held | None:
        """What held then; None: nothing was said yet, it holds until it is withdrawn."""
        return next((each for each in reversed(self._said.get(bulletin_id, ())) if each.at <= at), None)


def _held(at: dt.datetime, by: str, detail: dict[str, Any]) -> Held:
    airings = wish_of(detail["times"], detail["days"], detail["gap_s"])
    return Held(at, by, _instant(detail["valid_from"]), _instant(detail["valid_until"]), airings)


def _instant(text: str | None) -> dt.datetime | None:
    return dt.datetime.fromisoformat(text) if text else None
