"""Says what was done to the programme, for the notice after it and for the list of changes."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from broadcast.models import ChangeAction, ScheduleChange
from broadcast.scheduling import schedule_changes

NAMES = {
    ChangeAction.CREATE: _l("Lập lịch"),
    ChangeAction.CHANGE: _l("Sửa lịch"),
    ChangeAction.WITHDRAW: _l("Gỡ lịch"),
    ChangeAction.RESTORE: _l("Chạy lại lịch"),
    ChangeAction.MOVE: _l("Dời buổi phát"),
    ChangeAction.SKIP: _l("Bỏ buổi phát"),
    ChangeAction.BRING_BACK: _l("Phát lại buổi đã bỏ"),
    ChangeAction.OVER: _l("Nhường giờ"),
    ChangeAction.COPY: _l("Chép tuần"),
    ChangeAction.UNDO: _l("Hoàn tác"),
}


@dataclass(frozen=True, slots=True)
class Told:
    change: ScheduleChange
    name: str
    titles: str
    undone: bool
    undoable: bool


def told(change: ScheduleChange) -> Told:
    parts = change.parts
    titles = list(dict.fromkeys(part.after["title"] for part in parts))
    more = len(titles) - 2
    listed = ", ".join(titles[:2])
    if more > 0:
        listed += " " + ngettext("và %(num)s lịch khác", "và %(num)s lịch khác", more)
    return Told(
        change=change,
        name=str(NAMES[change.action]),
        titles=listed,
        undone=change.undone_by is not None,
        undoable=schedule_changes.can_undo(change),
    )
