"""Everything that is known of one loudspeaker, for its page: why it is as it is, and what can be done."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from flask import g, render_template, request, url_for

from broadcast.care import uptime
from broadcast.joining import registry
from broadcast.models import Loudspeaker, Role, UptimeDay
from broadcast.orders import command_effects
from broadcast.speakers import boxes, conditions, faults, fleet, usage
from broadcast.speakers.conditions import Status
from broadcast.speakers.faults import FaultKind
from broadcast.units import permissions
from schedules.types import LOCAL
from web.asked import integer
from web.auth import current_person
from web.edge import now
from web.views import fleet as fleet_view
from web.views import fleet_words, words

DAYS = 30
ORDERS = 8  # of the latest
FAR = dt.datetime(2200, 1, 1, tzinfo=dt.UTC).timestamp()  # what a box says may lie beyond any calendar
KEY_SOON = dt.timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Day:
    """One bar of the row: how long it was there, in thousandths of what is known of the day."""

    day: dt.date
    known: bool
    online: int = 0
    late: int = 0

    @property
    def share(self) -> float:
        return (self.online + self.late) / 1000


def page(loudspeaker_id: int) -> str:
    person = current_person()
    loudspeaker = registry.get(g.session, person, loudspeaker_id)
    roles = permissions.roles_in(g.session, person, loudspeaker.area_id)
    in_service = loudspeaker.retired_at is None
    statuses = fleet.status_of(g.session, loudspeaker, now(), fleet_view.heartbeat())
    state = loudspeaker.report.get("state", {})
    return render_template(
        "loudspeakers/show.html",
        loudspeaker=loudspeaker,
        statuses=statuses,
        advice=[each for each in statuses if each not in (Status.ONLINE, Status.RETIRED)],
        state=state,
        tele=loudspeaker.report.get("tele", {}),
        box_faults=[fleet_words.box_fault(code) for code in loudspeaker.faults.split()],
        held_until=_instant(state.get("held_until", 0)),
        used_bytes=_used(loudspeaker),
        key_ends=_key_ends(loudspeaker),
        history=boxes.history(g.session, loudspeaker_id),
        orders=command_effects.of_loudspeaker(g.session, person, loudspeaker_id, per_page=ORDERS).items,
        tickets=faults.list_(g.session, person, open_only=False, loudspeaker_id=loudspeaker_id, per_page=10),
        ticket_kinds=[(each.value, fleet_words.fault_kind(each.value)) for each in FaultKind],
        age=faults.age,
        days=_days(loudspeaker_id),
        as_run=registry.as_run(g.session, person, loudspeaker_id, request.args.get("page", 1, type=integer)),
        as_run_url=lambda number: url_for(
            "loudspeakers.show", loudspeaker_id=loudspeaker_id, page=number, _anchor="as-run"
        ),
        may_order=Role.EDITOR in roles and in_service,
        may_silence=Role.URGENT in roles and in_service,
        may_manage=Role.ADMIN in roles and in_service,
        may_report=bool(roles & {Role.EDITOR, Role.ADMIN}),
        words=words,
        fleet_words=fleet_words,
    )


def _instant(milliseconds: int) -> dt.datetime | None:
    """None for a time that is over or was never set."""
    if not milliseconds or milliseconds / 1000 < now().timestamp():
        return None
    return dt.datetime.fromtimestamp(min(milliseconds / 1000, FAR), dt.UTC)


def _used(loudspeaker: Loudspeaker) -> int:
    this = conditions.month(now())
    return sum(
        each.bytes for each in usage.of_loudspeaker(g.session, loudspeaker.id, 1) if each.month == this
    )


def _key_ends(loudspeaker: Loudspeaker) -> int | None:
    """Days until its key ends, when that is soon; below 0 it has."""
    if loudspeaker.key_expires_at is None or loudspeaker.key_expires_at - now() > KEY_SOON:
        return None
    return (loudspeaker.key_expires_at - now()).days


def _days(loudspeaker_id: int) -> list[Day]:
    today = now().astimezone(LOCAL).date()
    first = today - dt.timedelta(days=DAYS - 1)
    found = uptime.of_loudspeaker(g.session, loudspeaker_id, first=first, last=today)
    return _bars(first, found)


def _bars(first: dt.date, found: Iterable[UptimeDay]) -> list[Day]:
    known = {each.day: each for each in found}
    return [_bar(first + dt.timedelta(days=number), known) for number in range(DAYS)]


def _bar(day: dt.date, known: dict[dt.date, UptimeDay]) -> Day:
    counted = known.get(day)
    total = counted.online_s + counted.late_s + counted.offline_s if counted else 0
    if counted is None or not total:
        return Day(day, known=False)
    return Day(day, known=True, online=counted.online_s * 1000 // total, late=counted.late_s * 1000 // total)
