"""How long loudspeakers were there and how many plays proved no sound, by commune and by maker."""

from __future__ import annotations

import datetime as dt

from flask import Blueprint, g, render_template, request
from flask_babel import gettext as _

from broadcast.care import uptime
from broadcast.speakers import faults
from schedules.types import LOCAL
from web.asked import integer
from web.auth import current_person, signed_in
from web.edge import now

blueprint = Blueprint("uptime", __name__, url_prefix="/uptime")

SPANS = (7, 30)  # days


@blueprint.get("/")
@signed_in
def index() -> str:
    person = current_person()
    wished = request.args.get("days", type=integer)
    days = wished if wished in SPANS else SPANS[0]
    last = now().astimezone(LOCAL).date()
    first = last - dt.timedelta(days=days - 1)
    return render_template(
        "uptime/index.html",
        days=days,
        spans=SPANS,
        first=first,
        last=last,
        tables=(
            (_("Theo xã"), _("Xã"), uptime.per_commune(g.session, person, first=first, last=last)),
            (_("Theo hãng"), _("Hãng"), uptime.per_maker(g.session, person, first=first, last=last)),
        ),
        open_faults=faults.count_open(g.session, person),
    )
