"""The bulletins that a schedule or a slot may be given."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from flask import g

from broadcast.authoring import bulletins
from broadcast.models import Bulletin, BulletinState
from broadcast.scheduling import choosing
from devices.messages import BulletinClass
from web.auth import current_person

MOST = 200  # offered in a form
SHOWN = 40  # found by a search; the rest is found by other words


@dataclass(frozen=True, slots=True)
class Found:
    """What a search in a form shows: what is chosen, in its order, then what was found."""

    bulletins: list[Bulletin]
    more: bool  # there are others


def airable() -> list[Bulletin]:
    """The approved ones with audio, newest change first."""
    found = bulletins.search(g.session, current_person(), state=BulletinState.APPROVED, per_page=MOST)
    return list(_usable(found.items))


def find(query: str, area_id: int = 0, chosen: Sequence[int] = ()) -> Found:
    """Those whose title or text has every word, typed with or without accents, and those that are chosen."""
    page = bulletins.search(
        g.session, current_person(), query=query, state=BulletinState.APPROVED, per_page=SHOWN
    )
    known = choosing.nameable(g.session, current_person(), area_id, chosen)
    kept = _usable(known[each] for each in chosen if each in known)
    listed = [*kept, *(each for each in _usable(page.items) if each.id not in chosen)]
    return Found(listed, page.total > len(page.items))


def _usable(found: Iterable[Bulletin]) -> Iterable[Bulletin]:
    return (
        each
        for each in found
        if each.state is BulletinState.APPROVED
        and each.klass is not BulletinClass.EMERGENCY
        and each.current.clip
    )
