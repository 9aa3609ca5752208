"""A schedule as somebody means to have it: asked about before it is saved, and then saved as it stands."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from broadcast.authoring.repertoire import Repertoire, as_one, duration_ms, klass
from broadcast.errors import RuleInvalid
from broadcast.models import Person, Role
from broadcast.units import areas, permissions
from broadcast.units.holiday_book import calendar_of
from schedules import recurrence
from schedules.errors import RuleError
from schedules.slots import Slot
from schedules.types import LOCAL, Frequency, Rule

from .clashes import Side

LOOK_AHEAD = dt.timedelta(days=14)
YEAR = dt.timedelta(days=400)  # for rules that air seldom; a lunar year has up to 384 days
OFTEN = (Frequency.DAILY, Frequency.WEEKLY, Frequency.WORKDAYS)


@dataclass(frozen=True, slots=True)
class Intent:
    """What plays where and when; ``schedule_id`` is the saved schedule that would become so, if there is one.

    With a ``slot`` the bulletins are only those in its order: it takes its time whatever flows in.
    """

    area_id: int
    bulletin_ids: Sequence[int]
    rule: Rule
    schedule_id: int | None = None
    slot: Slot | None = None


def side(session: Session, person: Person, intent: Intent) -> Side:
    """The schedule that is meant, in the eyes of the rest of the programme.

    Errors: UnknownArea, Forbidden, RuleInvalid.
    """
    area = areas.get(session, intent.area_id)
    permissions.require(person, Role.EDITOR, area, session)
    try:
        rule = recurrence.validate(intent.rule)
    except RuleError as error:
        raise RuleInvalid(why=error.code, **error.params) from error
    pieces = Repertoire(session).of(intent.bulletin_ids)
    if intent.slot is not None:
        pieces = [as_one("", intent.slot, pieces)]
    length, rank = duration_ms(pieces), klass(pieces).value
    holidays = calendar_of(session, area.id)
    return Side(intent.schedule_id or 0, area, rule, length, rank, holidays=holidays)


def coming(new: Side, now: dt.datetime) -> list[dt.datetime]:
    """The starts that are looked at: two weeks of what airs often, a year of what seldom does."""
    rule = new.rule
    start = max(now, dt.datetime.combine(rule.starts_on, dt.time(), tzinfo=LOCAL))
    reach = LOOK_AHEAD if rule.frequency in OFTEN and rule.interval <= 2 else YEAR
    return new.starts(start, start + reach)
