"""The form of a schedule: which bulletins, in which area, when."""

from __future__ import annotations

from dataclasses import dataclass, field

from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from schedules.types import Rule

from .reading import FormReader
from .rule_fields import FIELDS, RuleFields, read_rule

NOTHING = RuleFields()


@dataclass(frozen=True, slots=True)
class ScheduleForm:
    """What stands in the page; ``rule`` is None while its fields are wrong."""

    title: str = ""
    area_id: int = 0
    bulletin_ids: tuple[int, ...] = ()
    when: RuleFields = NOTHING
    over: tuple[int, ...] = ()  # schedules that give way
    accepted: bool = False  # the warnings were shown and the person goes on all the same
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def rule(self) -> Rule | None:
        return None if self.errors.keys() & FIELDS else self.when.rule()


def read_schedule(form: MultiDict[str, str]) -> ScheduleForm:
    reader = FormReader(form)
    read = ScheduleForm(
        title=reader.text("title", longest=200, missing=_("Hãy đặt tên cho lịch phát.")),
        area_id=reader.integer("area_id", missing=_("Hãy chọn địa bàn.")),
        bulletin_ids=reader.integers("bulletin_id"),
        when=read_rule(reader),
        over=reader.integers("over"),
        accepted=reader.raw("accepted") == "yes",
        errors=reader.errors,
    )
    if not read.bulletin_ids:
        reader.refuse("bulletin_id", _("Hãy chọn ít nhất một bản tin đã duyệt."))
    return read
