"""Says what was done to the programme, for the notice after it and for the list of changes."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from flask import g, request
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from broadcast.models import ChangeAction, Role, ScheduleChange
from broadcast.scheduling import schedule_changes
from broadcast.units import permissions
from web.asked import integer
from web.auth import current_person

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
    others: bool  # a schedule is in it that this person may not change

    @property
    def text(self) -> str:
        return f"{self.name}: {self.titles}"


def just_made(changes: Iterable[ScheduleChange]) -> Told | None:
    """Of these the change that led to the page, to be undone there."""
    wanted = request.args.get("changed", type=integer)
    found = next((each for each in changes if each.id == wanted), None)
    if found is None:
        return None
    return told(found, permissions.visible_areas(g.session, current_person(), Role.EDITOR))


def told(change: ScheduleChange, mine: Collection[int]) -> Told:
    """``mine`` are the areas in which the person is an editor."""
    parts = change.parts
    titles = list(dict.fromkeys(part.after["title"] for part in parts))
    more = len(titles) - 2
    listed = ", ".join(titles[:2])
    if more > 0:
        listed += " " + ngettext("và %(num)s lịch khác", "và %(num)s lịch khác", more)
    others = not schedule_changes.touched(change) <= set(mine)
    return Told(
        change=change,
        name=str(NAMES[change.action]),
        titles=listed,
        undone=change.undone_by is not None,
        undoable=not others and schedule_changes.can_undo(change),
        others=others,
    )
