"""The page of a slot that fills itself: what it holds, and what it will play in the coming days."""

from __future__ import annotations

from flask import g, render_template

from broadcast.models import Role, Schedule
from broadcast.scheduling import schedule_changes, sittings
from broadcast.scheduling.sittings import Preview
from broadcast.units import permissions
from schedules import slots
from web.auth import current_person
from web.edge import now
from web.filters import duration
from web.views import change_words, sitting_pages, slot_form, words
from web.views.slot_offers import offers

NOTHING = Preview((), ())


def page(schedule: Schedule) -> str:
    form = slot_form.of(schedule)
    off = schedule.withdrawn_at is not None
    found = NOTHING if off else sittings.planned(g.session, schedule.id, now())
    return render_template(
        "slots/show.html",
        schedule=schedule,
        changed=change_words.just_made(schedule_changes.last_of(g.session, schedule.id)),
        form=form,
        length=duration(slots.from_dict(schedule.slot or {}).length_ms),
        titles=offers(form).titles,
        may_edit=permissions.may(current_person(), Role.EDITOR, schedule.area_id, g.session),
        words=words,
        **sitting_pages.values(found, schedule.area_id),
    )
