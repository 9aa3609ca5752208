"""What follows when bulletins are read otherwise than before: audio and approvals are made anew."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from broadcast.models import Bulletin, BulletinState

from . import composition, layers, rendering, voiding
from .affected import CHUNK, Edit, affected
from .voiding import standing

NOTE = "Cách đọc “{words}” đã đổi. Hãy nghe lại rồi duyệt."


@dataclass(frozen=True, slots=True)
class Effect:
    """The bulletins that are made anew, and how many of them had been approved."""

    bulletins: tuple[int, ...] = ()
    approvals: int = 0


def estimate(session: Session, edit: Edit, now: dt.datetime) -> Effect:
    """What ``edit`` would do."""
    found = [
        (bulletin.id, standing(bulletin))
        for bulletin, _ in affected(session, edit, now)
        if bulletin.state is not BulletinState.WITHDRAWN
    ]
    approved = sum(state is BulletinState.APPROVED for _, state in found)
    return Effect(tuple(bulletin_id for bulletin_id, _ in found), approved)


def follow(session: Session, edit: Edit, now: dt.datetime) -> Effect:
    """Have everything made anew that ``edit``, already written, lets be read otherwise."""
    words: dict[str, list[int]] = {}
    for bulletin, written in affected(session, edit, now):
        words.setdefault(written, []).append(bulletin.id)
    effects = [renew(session, ids, written, now) for written, ids in words.items()]
    ids = sorted(bulletin_id for effect in effects for bulletin_id in effect.bulletins)
    return Effect(tuple(ids), sum(effect.approvals for effect in effects))


def renew(session: Session, bulletin_ids: Sequence[int], words: str, now: dt.datetime) -> Effect:
    """Void the approvals of these bulletins, saying why, and have their audio made anew."""
    done: list[int] = []
    approvals = 0
    ordered = sorted(bulletin_ids)
    for first in range(0, len(ordered), CHUNK):
        # Locked before their versions, in one order, as everybody does who decides about a bulletin.
        query = select(Bulletin).where(Bulletin.id.in_(ordered[first : first + CHUNK])).order_by(Bulletin.id)
        locked = query.with_for_update(key_share=True).execution_options(populate_existing=True)
        found = list(session.scalars(locked))
        approvals += voiding.reopen(session, found, NOTE.format(words=words), now)
        rendering.renew(session, found)
        open_ones = [each for each in found if each.state is not BulletinState.WITHDRAWN]
        for bulletin in open_ones:
            voiding.announce(session, bulletin, now)
        done += [each.id for each in open_ones]
    return Effect(tuple(done), approvals)


def freshen(session: Session, bulletin: Bulletin, now: dt.datetime) -> bool:
    """Before something approved earlier comes on the air again: void it when it is read otherwise today."""
    layers.hold(session)
    version = bulletin.current
    heard = [piece for piece in composition.pieces(version) if piece.is_read]
    lexicons = {
        language: layers.for_area(session, bulletin.area_id, language)
        for language in composition.languages(heard)
    }
    today = composition.reading(composition.read(piece, lexicons).text for piece in heard)
    if not composition.contradicts(version.reading, today):
        return False
    renew(session, [bulletin.id], version.title, now)
    return True
