"""Says with what a schedule would sound at once, and what can be done: another time, after it, over it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

from flask import g
from flask_babel import gettext as _
from flask_babel import ngettext

from broadcast.scheduling import free_times, overlaps
from broadcast.scheduling.intents import Intent
from broadcast.scheduling.overlaps import Overlap
from schedules.types import LOCAL, Rule
from web.auth import current_person
from web.edge import now
from web.filters import moment

SHOWN = 20  # the rest is told as a number


@dataclass(frozen=True, slots=True)
class Choice:
    """Another time of day; ``value`` is taken by the form: the time that goes, and the one that comes."""

    text: str
    value: str
    time: dt.time


@dataclass(frozen=True, slots=True)
class Told:
    """One overlap; ``over`` is the schedule that would give way, 0 where this person may not decide that.

    ``author`` made that one and would be told.
    """

    text: str
    title: str
    choices: tuple[Choice, ...] = ()
    over: int = 0
    author: str = ""


def told(intent: Intent, decided: Collection[int] = ()) -> list[Told]:
    """The overlaps that nobody has decided on. Errors: UnknownArea, Forbidden, RuleInvalid."""
    found = overlaps.find(g.session, current_person(), intent, now())
    left = [each for each in found if each.schedule_id not in decided]
    known: dict[dt.time, tuple[Choice, ...]] = {}
    listed = []
    for each in left[:SHOWN]:
        time = _time(intent.rule, each)
        if time not in known:
            known[time] = _choices(intent, time)
        over = each.schedule_id if each.may_displace else 0
        listed.append(Told(_sentence(each), each.title, known[time], over, each.author))
    if left[SHOWN:]:
        rest = len(left) - SHOWN
        listed.append(Told(ngettext("Còn trùng %(num)s lịch nữa.", "Còn trùng %(num)s lịch nữa.", rest), ""))
    return listed


def _sentence(each: Overlap) -> str:
    words = _(
        "Trùng với “%(title)s” (%(area)s) lúc %(start)s: %(count)s cụm loa ở %(where)s.",
        title=each.title,
        area=each.area,
        start=moment(each.theirs),
        count=each.loudspeakers,
        where=each.where,
    )
    if each.times > 1:
        words += " " + ngettext("%(num)s lần trùng sắp tới.", "%(num)s lần trùng sắp tới.", each.times)
    return str(words)


def _choices(intent: Intent, time: dt.time) -> tuple[Choice, ...]:
    free, behind = (
        ask(g.session, current_person(), intent, now(), time)
        for ask in (free_times.next_free, free_times.after)
    )
    found = []
    if behind and behind != time:
        found.append(_choice(_("Ngay sau đó: %(time)s", time=f"{behind:%H:%M}"), time, behind))
    if free and free not in (time, behind):
        found.append(_choice(_("Giờ trống gần nhất: %(time)s", time=f"{free:%H:%M}"), time, free))
    return tuple(found)


def _choice(text: str, was: dt.time, time: dt.time) -> Choice:
    return Choice(str(text), f"{was:%H:%M}>{time:%H:%M}", time)


def _time(rule: Rule, each: Overlap) -> dt.time:
    """Which of the rule's times it is that overlaps: the last before."""
    at = each.start.astimezone(LOCAL).time()
    return max((time for time in rule.times if time <= at), default=max(rule.times))
