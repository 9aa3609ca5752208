"""The sittings of a slot as pages show them: what plays when and why, what does not, what differs where."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from flask import g
from flask_babel import gettext as _
from flask_babel import ngettext

from broadcast.scheduling import choosing
from broadcast.scheduling.sittings import Heard, Preview, SittingView, Unheard, Variant
from broadcast.units import permissions
from schedules.slots import Kind, Reason
from web.auth import current_person
from web.filters import duration
from web.views import sitting_words

MOST_PLACES = 4  # named; the rest is told as a number
MOST_LEFT = 12
_AS_IT_SHOULD = (Reason.LATER, Reason.NOT_VALID_YET, Reason.AIRED_ENOUGH, Reason.TOO_SOON)


@dataclass(frozen=True, slots=True)
class Line:
    """Something that is played; ``bulletin_id`` where it is a bulletin."""

    at_ms: int
    title: str
    length_ms: int
    why: str
    bulletin_id: int | None


@dataclass(frozen=True, slots=True)
class Left:
    """Something that is not played."""

    title: str
    why: str
    advice: str
    bulletin_id: int | None


@dataclass(frozen=True, slots=True)
class Difference:
    """What some places hear otherwise than the others."""

    where: str
    used: str
    more: tuple[Line, ...]
    less: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SittingPage:
    start: dt.datetime
    used: str
    used_ms: int
    length_ms: int
    silent: bool
    lines: tuple[Line, ...]
    left: tuple[Left, ...]
    more_left: int  # that are not named
    differences: tuple[Difference, ...]
    marks: tuple[str, ...]


def values(found: Preview, area_id: int) -> dict[str, Any]:
    """For slots/_sittings.html; ``area_id`` is the area of the slot."""
    shown = [page_of(each) for each in found.sittings]
    return {
        "sittings": shown,
        "shorts": [
            sitting_words.short(each.title, each.possible, each.wanted)
            for each in found.reaches
            if each.short
        ],
        "brief": shown[0].used if shown else "",
        "spoken": sitting_words.spoken(found.languages) if found.languages else "",
        "openable": _openable(shown, area_id),
    }


def _openable(shown: Sequence[SittingPage], area_id: int) -> set[int]:
    """The bulletins whose pages this person may open: not all that flow in are of their own unit."""
    named = {line.bulletin_id for page in shown for line in page.lines}
    named |= {left.bulletin_id for page in shown for left in page.left}
    ids = [each for each in named if each is not None]
    seen = permissions.visible_areas(g.session, current_person())
    found = choosing.nameable(g.session, current_person(), area_id, ids)
    return {id_ for id_, bulletin in found.items() if bulletin.area_id in seen}


def page_of(view: SittingView) -> SittingPage:
    """What is usual first, then where it differs."""
    usual, *others = view.variants
    used_ms = 0 if usual.says_nothing else usual.used_ms
    left = sorted(usual.left_out, key=lambda each: each.why in _AS_IT_SHOULD)
    differences = tuple(_difference(each, usual, view.length_ms) for each in others)
    return SittingPage(
        start=view.start,
        used=sitting_words.used(used_ms, view.length_ms),
        used_ms=used_ms,
        length_ms=view.length_ms,
        silent=usual.says_nothing,
        lines=() if usual.says_nothing else _lines(usual),
        left=tuple(_left(each) for each in left[:MOST_LEFT]),
        more_left=len(left[MOST_LEFT:]),
        differences=differences,
        marks=_marks(view, usual),
    )


def _marks(view: SittingView, usual: Variant) -> tuple[str, ...]:
    """What a sitting holds, for when it is folded."""
    count = sum(each.bulletin_id is not None for each in usual.placed)
    told = [_("im lặng") if usual.says_nothing else ngettext("%(num)s bản tin", "%(num)s bản tin", count)]
    out = sum(each.why not in _AS_IT_SHOULD for each in usual.left_out)
    if out:
        told.append(ngettext("%(num)s không phát được", "%(num)s không phát được", out))
    if len(view.variants) > 1:
        told.append(_("có nơi nghe khác, dài nhất %(length)s", length=duration(view.used_ms)))
    return tuple(map(str, told))


def _lines(variant: Variant) -> tuple[Line, ...]:
    return tuple(_line(each) for each in variant.placed)


def _line(each: Heard) -> Line:
    told = [sitting_words.why(each.why), *_in_which_languages(each)]
    title = each.title or sitting_words.kind(each.kind)
    return Line(each.offset_ms, title, each.length_ms, ", ".join(told), each.bulletin_id)


def _in_which_languages(each: Heard) -> Iterator[str]:
    """Nothing of what is only in Vietnamese, unless more was wished."""
    if each.languages and (each.languages != ("vi",) or each.missing):
        yield sitting_words.languages(each.languages)
    if each.in_own_order:
        yield sitting_words.in_own_order()
    elif each.missing:
        yield sitting_words.missing(each.missing)


def _left(each: Unheard) -> Left:
    title = each.title or sitting_words.kind(each.kind)
    if each.kind not in (Kind.FLOW, Kind.BULLETIN):
        return Left(title, *_lost_sound(each), None)
    told = sitting_words.reason(each.why, each.params)
    bulletin_id = int(each.ref) if each.ref.isdecimal() else None
    return Left(title, told, sitting_words.advice(each.why), bulletin_id)


def _lost_sound(each: Unheard) -> tuple[str, str]:
    """A sound, or a station, has no approval and no place in an order: it finds room, or is out of use."""
    if each.why is Reason.NOT_APPROVED:
        return _("không còn dùng"), _("Bỏ mục này khỏi khung giờ, hoặc chọn cái khác.")
    return sitting_words.reason(each.why, each.params), ""


def _difference(variant: Variant, usual: Variant, length_ms: int) -> Difference:
    here, there = ({(each.entry, each.ref) for each in one.placed} for one in (variant, usual))
    silent = variant.says_nothing
    return Difference(
        where=_places([area.name for area in variant.areas]),
        used=sitting_words.used(0 if silent else variant.used_ms, length_ms),
        more=tuple(_line(each) for each in variant.placed if (each.entry, each.ref) not in there),
        less=tuple(each.title for each in usual.placed if silent or (each.entry, each.ref) not in here),
    )


def _places(names: Sequence[str]) -> str:
    if len(names) <= MOST_PLACES:
        return ", ".join(names)
    rest = len(names) - MOST_PLACES
    first = ", ".join(names[:MOST_PLACES])
    return str(_("%(places)s và %(count)s nơi nữa", places=first, count=rest))
