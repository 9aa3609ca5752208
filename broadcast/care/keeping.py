"""How long the units of a tree keep things: the longest that is said in an area or above it."""

from __future__ import annotations

from sqlalchemy import Select, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from broadcast.models import AreaClosure, AreaPolicy

Areas = Select[int]


def days_of(session: Session, column: InstrumentedAttribute[int | None]) -> dict[int, Areas]:
    """By how many days are kept, the areas."""
    kept = (
        select(AreaClosure.descendant_id.label("area_id"), func.max(column).label("days"))
        .join(AreaPolicy, AreaPolicy.area_id == AreaClosure.ancestor_id)
        .where(column.is_not(None))
        .group_by(AreaClosure.descendant_id)
        .subquery()
    )
    found = session.scalars(select(kept.c.days).distinct()).all()
    return {days: select(kept.c.area_id).where(kept.c.days == days) for days in found}
