"""The form that would save a slot again as it is."""

from __future__ import annotations

from broadcast.models import Schedule
from schedules import recurrence, slots
from web.forms.rule_fields import RuleFields
from web.forms.slots import MINUTE, SlotForm, rows_of


def of(schedule: Schedule) -> SlotForm:
    slot = slots.from_dict(schedule.slot or {})
    return SlotForm(
        title=schedule.title,
        area_id=schedule.area_id,
        minutes=slot.length_ms // MINUTE,
        rows=rows_of(slot),
        order=tuple(item.bulletin_id for item in schedule.items),
        languages=slot.languages,
        when=RuleFields.of(recurrence.from_dict(schedule.rule)),
    )
