"""The history of a bulletin: its versions and the decisions about them, in one list."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from flask import g
from flask_babel import gettext as _

from broadcast.authoring import bulletins
from broadcast.models import Approval, Bulletin


@dataclass(frozen=True, slots=True)
class Entry:
    """One line; ``mark`` and ``tone`` are the badge of a decision."""

    at: dt.datetime
    title: str
    who: str
    note: str = ""
    mark: str = ""
    tone: str = ""


def entries(bulletin: Bulletin) -> list[Entry]:
    """Newest first."""
    versions = [
        Entry(each.created_at, _("Phiên bản %(number)s", number=each.number), each.author.name)
        for each in bulletin.versions
    ]
    decisions = [_decision(each) for each in bulletins.decisions(g.session, bulletin)]
    return sorted([*versions, *decisions], key=lambda entry: entry.at, reverse=True)


def _decision(decision: Approval) -> Entry:
    number = decision.version.number
    title = _("Duyệt phiên bản %(number)s", number=number)
    mark, tone = _("Đã duyệt"), "ok"
    if not decision.approved:
        title = _("Trả lại phiên bản %(number)s", number=number)
        mark, tone = _("Trả lại"), "warn"
    elif decision.voided_at:
        mark, tone = _("Hết hiệu lực"), "idle"
    return Entry(decision.at, title, decision.person.name, decision.note, mark, tone)
