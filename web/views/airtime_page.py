"""What a bulletin's page says of its time: how long it holds, how often it is to air, when it will."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

from flask import g
from flask_babel import gettext as _
from flask_babel import ngettext

from broadcast.authoring import validity
from broadcast.models import Bulletin, BulletinState
from broadcast.scheduling import airtime
from devices.messages import BulletinClass
from schedules.slots import Airings
from web.auth import current_person
from web.edge import now, system
from web.filters import moment
from web.forms.airtime import AirtimeForm, form_of, usual_end
from web.views import sitting_words

SHOWN = 6  # coming airings


def values(bulletin: Bulletin, form: AirtimeForm | None = None) -> dict[str, Any]:
    """``form`` is what was typed, where it could not be saved."""
    wished = validity.airings_of(bulletin)
    found = airtime.of_bulletin(g.session, bulletin, now(), days=system().settings.plan_days)
    reach = found.reach
    too_few = reach is not None and reach.short
    endless = _is_endless(bulletin)
    kept = form_of(bulletin.valid_from, bulletin.valid_until, wished)
    return {
        "airtime": form or (replace(kept, until_day=usual_end(now())) if endless else kept),
        "airtime_endless": endless,
        "airtime_told": told(bulletin.valid_from, bulletin.valid_until, wished),
        "airs": found.coming[:SHOWN],
        "airs_short": sitting_words.short(bulletin.current.title, reach.possible, reach.wanted)
        if reach and too_few
        else "",
    }


def hold_until(bulletin: Bulletin, day: dt.date | None) -> None:
    """Let a new bulletin end with this day. Errors: as for ``validity.save``."""
    if day is not None:
        last = AirtimeForm(until_day=day).valid_until
        person = current_person()
        validity.save(
            g.session, person, bulletin.id, valid_from=None, valid_until=last, airings=None, now=now()
        )


def _is_endless(bulletin: Bulletin) -> bool:
    """Whether it would go into every slot until somebody remembers it."""
    over = bulletin.state is BulletinState.WITHDRAWN
    return bulletin.klass is BulletinClass.PRIORITY and bulletin.valid_until is None and not over


def told(first: dt.datetime | None, last: dt.datetime | None, airings: Airings | None) -> str:
    """``Phát 3 lần trong 5 ngày, cách nhau ít nhất 12 giờ, từ …``; empty where nothing is said."""
    words = [_wish(airings)] if airings else []
    if first:
        words.append(_("từ %(time)s", time=moment(first)))
    if last:
        words.append(_("đến %(time)s", time=moment(last)))
    if not words:
        return ""
    sentence = ", ".join(map(str, words)) + "."
    return sentence if airings else str(_("Có hiệu lực %(span)s", span=sentence))


def _wish(airings: Airings) -> str:
    times = ngettext("Phát %(num)s lần", "Phát %(num)s lần", airings.times)
    days = ngettext("trong %(num)s ngày", "trong %(num)s ngày", airings.days)
    if not airings.gap:
        return f"{times} {days}"
    gap = _("cách nhau ít nhất %(gap)s", gap=sitting_words.gap_words(airings.gap))
    return f"{times} {days}, {gap}"
