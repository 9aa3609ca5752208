"""The bulletins that a schedule or a slot may be given."""

from __future__ import annotations

from collections.abc import Sequence

from flask import g

from broadcast.authoring import bulletins
from broadcast.models import Bulletin, BulletinState
from devices.messages import BulletinClass
from web.auth import current_person

MOST = 200  # offered in a form


def airable(chosen: Sequence[int] = ()) -> list[Bulletin]:
    """The approved ones with audio, those that are chosen first and in their order."""
    found = bulletins.search(g.session, current_person(), state=BulletinState.APPROVED, per_page=MOST).items
    places_of = {bulletin_id: place for place, bulletin_id in enumerate(chosen)}
    usable = [each for each in found if each.klass is not BulletinClass.EMERGENCY and each.current.clip]
    return sorted(usable, key=lambda each: places_of.get(each.id, len(chosen)))
