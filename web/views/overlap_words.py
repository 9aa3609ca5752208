"""Says with what a schedule would sound at once, and what can be done: another time, after it, over it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass, replace

from flask import g
from flask_babel import gettext as _
from flask_babel import ngettext

from broadcast.scheduling import free_times, overlaps
from broadcast.scheduling.clashes import Near
from broadcast.scheduling.intents import Intent
from broadcast.scheduling.overlaps import Overlap
from schedules import recurrence
from schedules.conflicts import Say
from schedules.types import LOCAL, Frequency, Rule
from web.auth import current_person
from web.edge import now
from web.filters import moment

SHOWN = 20  # the rest is told as a number


@dataclass(frozen=True, slots=True)
class Choice:
    """Another time of day; ``value`` is taken by the form: the time that goes, and the one that comes.

    ``day``: the date on which a single airing may be heard instead.
    """

    text: str
    value: str
    time: dt.time
    day: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """One overlap; ``over`` is the schedule that would give way, 0 where this person may not decide that.

    ``author`` made that one and would be told; ``cost`` is what that one would lose.
    """

    text: str
    title: str
    choices: tuple[Choice, ...] = ()
    over: int = 0
    author: str = ""
    cost: str = ""


def told(intent: Intent, decided: Collection[int] = (), near: Near | None = None) -> list[Told]:
    """The overlaps that nobody has decided on. Errors: UnknownArea, Forbidden, RuleInvalid."""
    near = near or Near(g.session, intent.area_id)
    found = overlaps.find(g.session, current_person(), intent, now(), near)
    left = [each for each in found if each.schedule_id not in decided]
    known: dict[dt.time, tuple[Choice, ...]] = {}
    listed = []
    for each in left[:SHOWN]:
        time = _time(intent.rule, each)
        if time not in known:
            known[time] = _choices(intent, time, near)
        over = each.schedule_id if each.may_displace else 0
        listed.append(Told(_sentence(each), each.title, known[time], over, each.author, _cost(each)))
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


def _cost(each: Overlap) -> str:
    """What is lost of the other one: what goes first cuts it, what the unit puts over it takes its place."""
    if each.say is Say.RULE:
        return str(_("Chỉ phần trùng bị ngắt."))
    if each.times == 1:
        return str(_("Cả buổi đó bị bỏ, không chỉ phần trùng."))
    if each.all_of_it:
        return str(
            _(
                "Bị bỏ cả buổi, không chỉ phần trùng; trong thời gian đó “%(title)s” không còn buổi nào.",
                title=each.title,
            )
        )
    return str(_("Mỗi buổi trùng bị bỏ cả buổi, không chỉ phần trùng."))


def _choices(intent: Intent, time: dt.time, near: Near) -> tuple[Choice, ...]:
    behind = free_times.after(g.session, current_person(), intent, now(), time, near=near)
    free = free_times.next_free(g.session, current_person(), intent, now(), time, near=near)
    found = []
    if behind and behind != time:
        found.append(_choice(_("Ngay sau đó: %(time)s", time=f"{behind:%H:%M}"), time, behind))
    if free and free.rule:
        found.append(_other_days(intent.rule, time, free.time, free.rule))
    elif free and free.time not in (time, behind):
        found.append(_choice(_("Giờ trống gần nhất: %(time)s", time=f"{free.time:%H:%M}"), time, free.time))
    return tuple(found)


def _choice(text: str, was: dt.time, time: dt.time) -> Choice:
    return Choice(str(text), f"{was:%H:%M}>{time:%H:%M}", time)


def _other_days(asked: Rule, was: dt.time, time: dt.time, days: Rule) -> Choice:
    times = {time if each == was else each for each in asked.times}
    rule = recurrence.describe(replace(days, times=tuple(sorted(times))))
    found = _choice(_("Vào ngày được phép gần nhất: %(rule)s", rule=rule), was, time)
    if days.frequency is Frequency.ONCE:
        return replace(found, value=f"{found.value}@{days.starts_on}", day=days.starts_on)
    return replace(found, value=f"{found.value}@{','.join(map(str, sorted(days.weekdays)))}")


def _time(rule: Rule, each: Overlap) -> dt.time:
    """Which of the rule's times it is that overlaps: the last before."""
    at = each.start.astimezone(LOCAL).time()
    return max((time for time in rule.times if time <= at), default=max(rule.times))
