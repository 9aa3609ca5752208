"""Single airings of a rule moved, left out and brought back; pure: a rule in, a rule out.

People see a set of airings. Moving one takes it out of the set and puts another in; so does a second move,
of what was moved before. What was left out is remembered where it would have been heard.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import replace

from . import recurrence
from .errors import NotAiring
from .holidays import NATIONAL, Calendar
from .types import LOCAL, Frequency, Move, OnHolidays, Rule
from .validation import validate

INSTANT = dt.timedelta(microseconds=1)


def bare(rule: Rule) -> Rule:
    """The rule without what was left out and moved."""
    return replace(rule, skipped_days=(), skipped=(), moved=())


def airs(rule: Rule, at: dt.datetime, holidays: Calendar = NATIONAL) -> bool:
    """Whether a validated rule has an airing at that local wall time."""
    instant = at.replace(tzinfo=LOCAL)
    return next(recurrence.occurrences(rule, instant, instant + INSTANT, holidays), None) is not None


def is_left_out(rule: Rule, at: dt.datetime, holidays: Calendar = NATIONAL) -> bool:
    """Whether an airing would be heard at that time if it had not been left out."""
    return any(_silent(rule, each) for each in _sources(rule, at, holidays))


def move(rule: Rule, moves: Mapping[dt.datetime, dt.datetime], holidays: Calendar = NATIONAL) -> Rule:
    """Airings at other local times, all at once. Raises NotAiring, RuleError."""
    if _is_single(rule) and len(moves) == 1:
        [(was, to)] = moves.items()
        if airs(rule, was, holidays):
            return validate(replace(rule, starts_on=to.date(), until=None, times=(to.time(),)))
    moved = {each.was: each.to for each in rule.moved}
    for was, to in moves.items():
        for source in _sounding(rule, was, holidays):
            if to == source:
                moved.pop(source, None)
            else:
                moved[source] = to
    return validate(replace(rule, moved=tuple(Move(was, to) for was, to in moved.items())))


def leave_out(rule: Rule, ats: Collection[dt.datetime], holidays: Calendar = NATIONAL) -> Rule:
    """Nothing at these local times. Raises NotAiring, RuleError."""
    gone = [source for at in ats for source in _sounding(rule, at, holidays)]
    return validate(replace(rule, skipped=(*rule.skipped, *gone)))


def bring_back(rule: Rule, at: dt.datetime, holidays: Calendar = NATIONAL) -> Rule:
    """What was left out is heard again, where it had been moved to. Raises NotAiring."""
    back = [source for source in _sources(rule, at, holidays) if _silent(rule, source)]
    if not back:
        raise NotAiring(at)
    opened = {source.date() for source in back} & set(rule.skipped_days)
    beside = [
        dt.datetime.combine(day, time)
        for day in opened
        for time in rule.times
        if dt.datetime.combine(day, time) not in back
    ]
    return validate(
        replace(
            rule,
            skipped_days=tuple(day for day in rule.skipped_days if day not in opened),
            skipped=(*(each for each in rule.skipped if each not in back), *beside),
        )
    )


def left_out(rule: Rule, start: dt.date, end: dt.date, holidays: Calendar = NATIONAL) -> list[dt.datetime]:
    """The local times in the days ``[start, end)`` at which something was left out and nothing is heard."""
    shown = {each.was: each.to for each in rule.moved}
    gone = {
        *rule.skipped,
        *(dt.datetime.combine(day, time) for day in rule.skipped_days for time in rule.times),
    }
    regular = bare(rule)
    heard = {shown.get(source, source) for source in gone if airs(regular, source, holidays)}
    return sorted(at for at in heard if start <= at.date() < end and not airs(rule, at, holidays))


def _sounding(rule: Rule, at: dt.datetime, holidays: Calendar) -> list[dt.datetime]:
    found = [source for source in _sources(rule, at, holidays) if not _silent(rule, source)]
    if not found:
        raise NotAiring(at)
    return found


def _sources(rule: Rule, at: dt.datetime, holidays: Calendar) -> list[dt.datetime]:
    """The regular times whose airing belongs at ``at``: itself, and what was moved there."""
    elsewhere = {each.was for each in rule.moved}
    wanted = [*([] if at in elsewhere else [at]), *(each.was for each in rule.moved if each.to == at)]
    regular = bare(rule)
    return [source for source in wanted if airs(regular, source, holidays)]


def _silent(rule: Rule, source: dt.datetime) -> bool:
    return source in rule.skipped or source.date() in rule.skipped_days


def _is_single(rule: Rule) -> bool:
    """One airing in all: it has no time but its own, and moving it is changing that.

    Not where holidays count, which mean the day it had: where somebody puts it, it stays.
    """
    plain = not (rule.skipped or rule.skipped_days or rule.moved) and rule.on_holidays is OnHolidays.KEEP
    return rule.frequency is Frequency.ONCE and len(rule.times) == 1 and plain
