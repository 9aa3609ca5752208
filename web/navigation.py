"""The places of the site, and what is urgent on every page."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from flask import Flask, g, request, url_for
from flask_babel import gettext as _

from broadcast.models import Role
from broadcast.scheduling import urgent

from .auth import has_role
from .edge import now

PARTS = {  # blueprints whose pages belong to another's
    "enrolment": "loudspeakers",
    "commands": "loudspeakers",
    "faults": "loudspeakers",
    "uptime": "loudspeakers",
    "policies": "loudspeakers",
    "scheduling": "programme",
    "slots": "programme",
    "sounds": "programme",
    "relays": "programme",
    "occurrences": "programme",
    "several": "programme",
    "resizing": "programme",
    "overviews": "programme",
    "week_copies": "programme",
    "week_patterns": "programme",
    "whose_turn": "programme",
    "calendars": "programme",
    "calendar_import": "programme",
    "calendar_holidays": "programme",
    "recordings": "bulletins",
    "merging": "people",
    "airtime": "bulletins",
    "lexicon_table": "lexicon",
    "reconciliation": "matrix",
}


@dataclass(frozen=True, slots=True)
class Place:
    """An entry of the navigation; ``tab`` ones fit in the bar at the bottom of a phone."""

    text: str
    short: str
    icon: str
    url: str
    current: bool
    tab: bool = False
    urgent: bool = False


LATE = dt.timedelta(minutes=2)  # how long after its end an announcement may still be called on air


@dataclass(frozen=True, slots=True)
class UrgentNow:
    """An announcement that may still sound; after ``sounding`` only where a loudspeaker comes back."""

    id: int
    title: str
    area: str
    start: dt.datetime
    sounding: bool
    url: str
    stop_url: str


def places() -> list[Place]:
    """What the signed-in person can open, in order."""
    entries = [
        ("today.index", _("Hôm nay"), _("Hôm nay"), "house", True),
        ("bulletins.index", _("Bản tin"), _("Bản tin"), "file-text", True),
        ("urgent.index", _("Khẩn cấp"), _("Khẩn cấp"), "siren", True),
        ("programme.index", _("Lịch phát"), _("Lịch phát"), "calendar-days", True),
        ("loudspeakers.index", _("Cụm loa"), _("Cụm loa"), "radio-tower", False),
        ("matrix.index", _("Nhật ký phát"), _("Nhật ký"), "layout-grid", False),
        ("lexicon.index", _("Từ điển cách đọc"), _("Từ điển"), "book-open", False),
        ("stations.index", _("Giọng và lời của đài"), _("Giọng đài"), "audio-lines", False),
    ]
    if has_role(Role.ADMIN):
        entries.append(("people.index", _("Người dùng"), _("Người dùng"), "users", False))
    return [_place(*entry) for entry in entries]


def _place(endpoint: str, text: str, short: str, icon: str, tab: bool) -> Place:
    name = endpoint.partition(".")[0]
    return Place(
        text=text,
        short=short,
        icon=icon,
        url=url_for(endpoint),
        current=PARTS.get(request.blueprint or "", request.blueprint) == name,
        tab=tab,
        urgent=name == "urgent",
    )


def urgent_now() -> list[UrgentNow]:
    """The urgent announcements on air that this person can see; asked once a request."""
    if "urgent_now" not in g:
        g.urgent_now = _ask() if "person" in g and "unit" in g else []
    found: list[UrgentNow] = g.urgent_now
    return found


def _ask() -> list[UrgentNow]:
    can_stop = has_role(Role.URGENT)
    return [
        UrgentNow(
            id=each.id,
            title=each.title,
            area=each.area.name,
            start=each.start,
            sounding=now() < each.start + dt.timedelta(milliseconds=each.duration_ms) + LATE,
            url=url_for("urgent.show", broadcast_id=each.id),
            stop_url=url_for("urgent.stop") if can_stop else "",
        )
        for each in urgent.active(g.session, g.person, now())
    ]


def install(app: Flask) -> None:
    app.add_template_global(places, "navigation")
    app.add_template_global(urgent_now)
