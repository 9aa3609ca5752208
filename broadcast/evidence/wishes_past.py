"""Bulletins heard less often than they wished, and those that slots left out altogether: with the reason.

Each start of a slot that was offered one and did not play it is asked for its reason, as it stood then.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from broadcast.authoring.repertoire import Repertoire
from broadcast.errors import OutOfRange
from broadcast.models import (
    Broadcast,
    BroadcastClip,
    BroadcastState,
    Bulletin,
    BulletinState,
    Person,
    Role,
)
from broadcast.orders import parts
from broadcast.storage.chunks import chunks
from broadcast.units import areas, permissions
from broadcast.units.tree_past import TreePast
from devices.messages import BulletinClass
from schedules import slots
from schedules.slots import Airings, Kind, Slot

from . import calendar_past
from .approved_times import ApprovedTimes
from .calendar_past import Airing
from .held_times import Held, HeldTimes
from .lengths_past import Lengths
from .reconciling import LONGEST


class Left(enum.StrEnum):
    """Why a start of a slot did not play a bulletin; what more slots would not have cured comes first."""

    NOT_APPROVED = "not_approved"
    NOT_VALID = "not_valid"  # its time had not begun or was over
    NO_LANGUAGE = "no_language"  # it has none of those heard in the slot
    NO_PLACE = "no_place"  # its class does not flow into the slot
    NO_ROOM = "no_room"
    NOT_AIRED = "not_aired"  # the slot itself: taken out, or stopped before it began
    TOO_SOON = "too_soon"  # nearer to another airing than its gap
    LATER = "later"  # spared for a later start
    NO_SLOT = "no_slot"  # none came in its time


@dataclass(frozen=True, slots=True)
class Wish:
    """``wanted`` airings from ``since`` until ``until``; ``left``: how many starts left it out, by why."""

    bulletin_id: int
    title: str
    since: dt.datetime
    until: dt.datetime
    wanted: int
    aired: int
    left: Mapping[Left, int] = field(default_factory=dict)

    @property
    def why(self) -> Left:
        """The most frequent reason; that it was spared is one only where there is no other."""
        harder = {why: count for why, count in self.left.items() if why not in (Left.TOO_SOON, Left.LATER)}
        found = harder or self.left
        return max(found, key=lambda why: (found[why], -list(Left).index(why)), default=Left.NO_SLOT)


@dataclass(frozen=True, slots=True)
class _Meant:
    """One bulletin of which something was expected in a time; ``gap`` between two airings."""

    bulletin: Bulletin
    since: dt.datetime
    until: dt.datetime
    wanted: int
    gap: dt.timedelta = dt.timedelta()


def short(session: Session, person: Person, area_id: int, start: dt.datetime, end: dt.datetime) -> list[Wish]:
    """Of the bulletins of an area and below it: wishes whose time ended in the span and that fell short, and
    what never came on the air in it though slots were offered it. Errors: UnknownArea, Forbidden, OutOfRange.
    """
    areas.get(session, area_id)
    permissions.require(person, Role.VIEWER, area_id, session)
    if end - start > LONGEST:
        raise OutOfRange(field="days", value=(end - start).days, minimum=1, maximum=LONGEST.days)
    tree = TreePast(session)
    meant = _meant(session, tree.below_ever(area_id, start, end), start, end)
    aired = _aired(session, [each.bulletin.id for each in meant])
    lacking = [each for each in meant if len(_within(aired[each.bulletin.id], each)) < each.wanted]
    if not lacking:
        return []
    past = _Occasions(session, tree, lacking, aired)
    found = [past.told(each) for each in lacking]
    wished = {each.bulletin.id for each in lacking if each.bulletin.airing_times is not None}
    kept = (each for each in found if each.left or each.bulletin_id in wished)
    return sorted(kept, key=lambda each: (each.until, each.bulletin_id))


def _meant(session: Session, area_ids: Collection[int], start: dt.datetime, end: dt.datetime) -> list[_Meant]:
    flows = or_(Bulletin.klass == BulletinClass.PRIORITY, Bulletin.valid_until.is_not(None))
    in_use = (Bulletin.state == BulletinState.APPROVED) & flows
    found: list[Bulletin] = []
    for ids in chunks(sorted(area_ids)):
        query = select(Bulletin).where(Bulletin.area_id.in_(ids), Bulletin.created_at < end)
        found += session.scalars(query.where(or_(Bulletin.airing_times.is_not(None), in_use)))
    ids = [bulletin.id for bulletin in found]
    held, approved = HeldTimes(session, ids), ApprovedTimes(session, ids)
    meant = []
    for bulletin in found:
        said = held.at(bulletin.id, end)
        if said is not None and said.airings is not None:
            meant.append(_wished(bulletin, said, said.airings))
        elif (since := approved.at([bulletin.id], end)) is not None:
            until = (said.valid_until if said else None) or end
            offered = said.at if said and bulletin.klass is BulletinClass.ROUTINE else start
            since = max(start, since, offered, (said.valid_from if said else None) or start)
            meant.append(_Meant(bulletin, since, min(until, end), 1))
    return [each for each in meant if start < each.until <= end and each.since < each.until]


def _wished(bulletin: Bulletin, said: Held, airings: Airings) -> _Meant:
    since = said.valid_from or said.at
    until = since + dt.timedelta(days=airings.days)
    return _Meant(bulletin, since, min(until, said.valid_until or until), airings.times, airings.gap)


def _aired(session: Session, bulletin_ids: Collection[int]) -> dict[int, dict[int, dt.datetime]]:
    """By bulletin, the broadcasts with it that began, and when."""
    began = or_(Broadcast.state != BroadcastState.CANCELLED, Broadcast.stopped_at >= Broadcast.start)
    found: dict[int, dict[int, dt.datetime]] = defaultdict(dict)
    for ids in chunks(sorted(bulletin_ids)):
        query = (
            select(BroadcastClip.bulletin_id, Broadcast.id, Broadcast.start)
            .join(Broadcast, Broadcast.id == BroadcastClip.broadcast_id)
            .where(BroadcastClip.bulletin_id.in_(ids), began, ~parts.kept_silent())
        )
        for bulletin_id, broadcast_id, at in session.execute(query):
            found[bulletin_id or 0][broadcast_id] = at
    return found


def _within(aired: Mapping[int, dt.datetime], each: _Meant) -> list[dt.datetime]:
    return [at for at in aired.values() if each.since <= at < each.until]


class _Occasions:
    """The starts of slots that might have played some bulletins, and why they did not."""

    def __init__(
        self,
        session: Session,
        tree: TreePast,
        lacking: Collection[_Meant],
        aired: Mapping[int, Mapping[int, dt.datetime]],
    ) -> None:
        self._tree = tree
        self._aired = aired
        first, last = min(each.since for each in lacking), max(each.until for each in lacking)
        around = (tree.above_ever(each.bulletin.area_id, first, last) for each in lacking)
        lower = (
            tree.below_ever(each.bulletin.area_id, first, last)
            for each in lacking
            if each.bulletin.klass is BulletinClass.PRIORITY
        )
        found = calendar_past.airings(session, tree, frozenset().union(*around, *lower), first, last)
        self._airings = [each for each in found if each.slot is not None]
        self._lengths = Lengths(session, self._airings, BroadcastClip.bulletin_id.is_not(None))
        ids = [each.bulletin.id for each in lacking]
        self._held, self._approved = HeldTimes(session, ids), ApprovedTimes(session, ids)
        self._repertoire = Repertoire(session)

    def told(self, each: _Meant) -> Wish:
        left = Counter(
            self._why(each, airing, slots.from_dict(airing.slot or {}))
            for airing in self._airings
            if each.since <= airing.start < each.until
            and airing.broadcast_id not in self._aired[each.bulletin.id]
            and self._is_offered(each, airing)
        )
        aired = len(_within(self._aired[each.bulletin.id], each))
        title = each.bulletin.current.title
        return Wish(each.bulletin.id, title, each.since, each.until, each.wanted, aired, left)

    def _is_offered(self, each: _Meant, airing: Airing) -> bool:
        whose, at = each.bulletin.area_id, airing.start
        if each.bulletin.id in airing.bulletin_ids or airing.area_id in self._tree.chain(whose, at):
            return True
        priority = each.bulletin.klass is BulletinClass.PRIORITY
        return priority and whose in self._tree.chain(airing.area_id, at)

    def _why(self, each: _Meant, airing: Airing, slot: Slot) -> Left:
        id_, at = each.bulletin.id, airing.start
        held, piece = self._held.at(id_, at), self._repertoire.piece(id_)
        length = piece.length_ms(slot.languages) if piece is not None else None
        near = (abs(at - other) < each.gap for other in self._aired[id_].values())
        reasons = (
            (Left.NOT_APPROVED, self._approved.at([id_], at) is None),
            (Left.NOT_VALID, held is not None and not held.holds(at)),
            (Left.NO_LANGUAGE, length == 0),
            (Left.NO_PLACE, not _takes(slot, each.bulletin)),
            (Left.NOT_AIRED, airing.gone is not None and airing.broadcast_id is not None),
            (Left.TOO_SOON, any(near)),
            (Left.NO_ROOM, self._used(each, airing, slot) + (length or 0) > slot.length_ms),
        )
        return next((why for why, holds in reasons if holds), Left.LATER)

    def _used(self, each: _Meant, airing: Airing, slot: Slot) -> int:
        """What has its room in any case, and the bulletins that were heard where this one is for."""
        fixed = sum(
            entry.length_ms for entry in slot.entries if entry.fixed and entry.kind is not Kind.BULLETIN
        )
        if airing.broadcast_id is None:
            return fixed
        return fixed + (self._lengths.of(airing, self._tree.chain(each.bulletin.area_id, airing.start)) or 0)


def _takes(slot: Slot, bulletin: Bulletin) -> bool:
    flows: Iterable[frozenset[str]] = (each.classes for each in slot.entries if each.kind is Kind.FLOW)
    fixed = any(each.kind is Kind.BULLETIN and each.ref == str(bulletin.id) for each in slot.entries)
    return fixed or any(bulletin.klass.value in classes for classes in flows)
