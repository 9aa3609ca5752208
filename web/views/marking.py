"""What the marks of a reading lead to: the lexicon of the area, where the person may change it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import g, url_for

from broadcast.errors import Forbidden
from broadcast.models import Role
from broadcast.units import areas, permissions
from web.auth import current_person
from web.forms.bulletins import BulletinForm
from web.views import places


def placed(form: BulletinForm) -> BulletinForm:
    """The form with an area the person can see: the given one, else the first. Errors: Forbidden."""
    person = current_person()
    if form.area_id:
        permissions.require(person, Role.VIEWER, form.area_id, g.session)
        return form
    first = places.chosen(places.choices(person, Role.EDITOR) or places.choices(person, Role.VIEWER), None)
    if first is None:
        raise Forbidden(role=Role.VIEWER.value)
    return replace(form, area_id=first.id)


def values(area_id: int, back: str = "") -> dict[str, Any]:
    """``entry_areas`` are this area and those above it where the person may, the nearest first.

    ``back`` is the page to come back to from the lexicon, '' for what is only part of a page.
    """
    person = current_person()
    above = [
        (area.id, area.name)
        for area in areas.ancestors(g.session, area_id)
        if permissions.may(person, Role.EDITOR, area, g.session)
    ]
    return {
        "entry_url": url_for("lexicon.write"),
        "entry_save": url_for("lexicon.put"),
        "entry_areas": above,
        "entry_area": area_id,
        "area_id": area_id,
        "back": back,
    }
