"""What the pages of a unit's sounds and of its stations have in common: both are offered to its slots."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import g, request

from broadcast.authoring.offering import Offering, Row
from broadcast.models import Area, Role
from broadcast.units import permissions
from web.asked import integer
from web.auth import current_person
from web.views import places


def values(offering: Offering[Row], wanted: int | None) -> dict[str, Any]:
    """The area that is looked at, what is ``offered`` there, and what of it this person may change."""
    choices = places.choices(current_person(), Role.VIEWER)
    area = places.chosen(choices, wanted)
    found: list[Row] = offering.offered(g.session, area.id) if area else []
    return {
        "area": area,
        "areas": [choice.option for choice in choices],
        "offered": found,
        "editable": _editable(each.area for each in found),
        "may_add": may_edit(area),
    }


def gone(offering: Offering[Row]) -> Row | None:
    """What was retired just now, to be brought back."""
    wanted = request.args.get("gone", type=integer)
    found = offering.get(g.session, current_person(), wanted) if wanted else None
    return found if found is not None and found.retired_at else None


def may_edit(area: Area | None) -> bool:
    return area is not None and permissions.may(current_person(), Role.EDITOR, area.id, g.session)


def _editable(whose: Iterable[Area]) -> set[int]:
    return {area.id for area in set(whose) if may_edit(area)}
