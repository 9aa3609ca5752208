"""What a unit allows: when, how often and how loudly it may sound, who approves, how long things are kept.

What an area says narrows what the areas above it allow, and never widens it: hours and days are those that
all allow, quiet hours and caps of any of them hold, the strictest rule of approval, the longest time to keep.
Only the top of the tree may loosen who approves; only the start mode is the nearest area's own affair.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from broadcast.errors import InvalidInput, InvalidWindow, OutOfRange
from broadcast.models import Approvers, Area, AreaPolicy, Person, Role, StartMode
from broadcast.storage import audit, events
from devices.messages import AllowedWindow, GuardPolicy, VolumeCap
from schedules import windows
from schedules.types import Window

from . import areas, permissions

MAX_VOLUME = 100  # percent
MINUTES_A_DAY = 240
EVERY_DAY = (1, 2, 3, 4, 5, 6, 7)  # 1 is Monday
LEAST_AUDIO_DAYS = 30  # for whoever missed an announcement
LEAST_REPORTS_DAYS = 365  # our own choice: a year's report can still be checked; a unit may ask for more
LEAST_JOURNALS_DAYS = 90  # our own choice: what a month's reconciliation rests on can be asked for a quarter
LONGEST_DAYS = 36_500
FIELDS = (
    "windows",
    "quiet",
    "weekdays",
    "sessions_a_day",
    "minutes_a_session",
    "minutes_a_day",
    "volumes",
    "max_volume",
    "approvers",
    "keep_audio_days",
    "keep_reports_days",
    "keep_journals_days",
    "start_mode",
)
LIMITS = {
    "max_volume": (0, 100),
    "minutes_a_day": (0, 24 * 60),
    "sessions_a_day": (0, 48),
    "minutes_a_session": (1, 24 * 60),
    "keep_audio_days": (LEAST_AUDIO_DAYS, LONGEST_DAYS),
    "keep_reports_days": (LEAST_REPORTS_DAYS, LONGEST_DAYS),
    "keep_journals_days": (LEAST_JOURNALS_DAYS, LONGEST_DAYS),
}
MOST_WINDOWS = 12  # of each kind
TOGETHER = ("windows", "quiet", "volumes", "weekdays")  # in which every word counts
STRICTNESS = tuple(Approvers)


@dataclass(frozen=True, slots=True)
class Cap:
    """The loudest that is allowed in a window, in percent."""

    window: Window
    percent: int


@dataclass(frozen=True, slots=True)
class Policy:
    """What holds in an area; ``open`` are the hours in which something may sound at all."""

    windows: tuple[Window, ...]
    quiet: tuple[Window, ...] = ()
    volumes: tuple[Cap, ...] = ()
    max_volume: int = MAX_VOLUME
    minutes_a_day: int = MINUTES_A_DAY
    start_mode: StartMode = StartMode.SIMULTANEOUS
    weekdays: tuple[int, ...] = EVERY_DAY
    sessions_a_day: int | None = None
    minutes_a_session: int | None = None
    approvers: Approvers = Approvers.LEADER
    keep_audio_days: int | None = None  # None: for good
    keep_reports_days: int | None = None
    keep_journals_days: int | None = None

    @property
    def open(self) -> tuple[Window, ...]:
        return windows.open_hours([self.windows], self.quiet)

    def guard(self) -> GuardPolicy:
        """As the loudspeakers are told."""
        return GuardPolicy(
            windows=tuple(AllowedWindow(start=_face(w.start), end=_face(w.end)) for w in self.windows),
            quiet=tuple(AllowedWindow(start=_face(w.start), end=_face(w.end)) for w in self.quiet),
            volumes=tuple(
                VolumeCap(start=_face(cap.window.start), end=_face(cap.window.end), percent=cap.percent)
                for cap in self.volumes
            ),
            max_volume=self.max_volume,
            minutes_a_day=self.minutes_a_day,
            weekdays=self.weekdays,
            sessions_a_day=self.sessions_a_day,
            minutes_a_session=self.minutes_a_session,
        )


def of(session: Session, area_id: int) -> Policy:
    """Errors: UnknownArea."""
    chain = areas.ancestors(session, area_id)
    return effective(chain, read(session, [area.id for area in chain]))


def approvers(session: Session, area_ids: Collection[int]) -> dict[int, Approvers]:
    """Who approves in each of these areas."""
    chains = areas.chains(session, area_ids)
    said = read(session, {area.id for chain in chains.values() for area in chain})
    return {area_id: _strictest(chain, said) for area_id, chain in chains.items()}


def read(session: Session, area_ids: Iterable[int]) -> dict[int, AreaPolicy]:
    """What these areas themselves say, by area."""
    found = session.scalars(select(AreaPolicy).where(AreaPolicy.area_id.in_(list(area_ids))))
    return {each.area_id: each for each in found}


def effective(chain: Sequence[Area], said: Mapping[int, AreaPolicy]) -> Policy:
    """``chain`` is the area itself and everything above it, up to the top of the tree."""
    own = [said[area.id] for area in chain if area.id in said]
    narrower = tuple(_windows(each.windows) for each in own if each.windows is not None)
    groups: tuple[tuple[Window, ...], ...] = (*((_area_window(area),) for area in chain), *narrower)
    modes = (each.start_mode for each in own if each.start_mode is not None)
    return Policy(
        windows=_open_hours(groups),
        quiet=tuple(dict.fromkeys(window for each in own for window in _windows(each.quiet or []))),
        volumes=tuple(dict.fromkeys(cap for each in own for cap in _caps(each.volumes or []))),
        max_volume=min([MAX_VOLUME, *_numbers(own, "max_volume")]),
        minutes_a_day=min([MINUTES_A_DAY, *_numbers(own, "minutes_a_day")]),
        start_mode=next(modes, StartMode.SIMULTANEOUS),
        weekdays=_weekdays(own),
        sessions_a_day=min(_numbers(own, "sessions_a_day"), default=None),
        minutes_a_session=min(_numbers(own, "minutes_a_session"), default=None),
        approvers=_strictest(chain, said),
        keep_audio_days=max(_numbers(own, "keep_audio_days"), default=None),
        keep_reports_days=max(_numbers(own, "keep_reports_days"), default=None),
        keep_journals_days=max(_numbers(own, "keep_journals_days"), default=None),
    )


def sources(chain: Sequence[Area], said: Mapping[int, AreaPolicy]) -> dict[str, tuple[Area, ...]]:
    """By field, whose word holds, the highest first; of one number or rule the highest who says it."""
    holds, found = effective(chain, said), dict[str, tuple[Area, ...]]()
    speaking = [(area, said[area.id]) for area in reversed(chain) if area.id in said]
    for name in FIELDS:
        words = [(area, getattr(own, name)) for area, own in speaking if getattr(own, name) is not None]
        if name in TOGETHER:
            found[name] = tuple(area for area, _ in words)
        elif name == "start_mode":
            found[name] = tuple(area for area, _ in words[-1:])
        else:
            found[name] = tuple(area for area, value in words if value == getattr(holds, name))[:1]
    return found


def proposed(own: AreaPolicy | None, area_id: int, values: Mapping[str, Any]) -> AreaPolicy:
    """What an area would say with ``values``; it is in no session. Errors: as ``save``."""
    checked = _checked(values)
    return AreaPolicy(
        area_id=area_id,
        **{name: checked[name] if name in checked else getattr(own, name, None) for name in FIELDS},
    )


def save(
    session: Session, person: Person, area_id: int, *, values: Mapping[str, Any], now: dt.datetime
) -> AreaPolicy:
    """Change the given fields, None: nothing of its own. Loudspeakers are told with the next planning.

    ``windows`` and ``quiet`` are lists of {start, end}, ``volumes`` of {start, end, percent}, ``weekdays``
    of 1 (Monday) to 7.
    Errors: UnknownArea, Forbidden, InvalidWindow, OutOfRange, InvalidInput.
    """
    area = areas.get(session, area_id)
    permissions.require(person, Role.ADMIN, area, session)
    checked = _checked(values)
    policy = session.get(AreaPolicy, area_id) or AreaPolicy(area_id=area_id)
    changed = {
        name: (getattr(policy, name), value)
        for name, value in checked.items()
        if getattr(policy, name) != value
    }
    for name, value in checked.items():
        setattr(policy, name, value)
    if changed:
        policy.updated_at, policy.updated_by = now, person.id
        session.add(policy)
        subject = f"area:{area_id}"
        audit.record(
            session, now=now, person_id=person.id, action="policy.save", subject=subject, changed=changed
        )
        events.emit(session, now=now, kind="area", area_id=area_id, subject=area_id)
    session.flush()
    return policy


@functools.lru_cache(maxsize=1024)  # a planning asks it for every village, and few differ
def _open_hours(groups: tuple[tuple[Window, ...], ...]) -> tuple[Window, ...]:
    return windows.open_hours(groups)


def _checked(values: Mapping[str, Any]) -> dict[str, Any]:
    unknown = set(values) - set(FIELDS)
    if unknown:
        raise InvalidInput(field=min(unknown))
    for name, (minimum, maximum) in LIMITS.items():
        value = values.get(name)
        if value is not None and not minimum <= value <= maximum:
            raise OutOfRange(field=name, value=value, minimum=minimum, maximum=maximum)
    for name in ("windows", "quiet", "volumes"):
        _check_windows(name, values.get(name) or [])
    for day in values.get("weekdays") or ():
        if day not in EVERY_DAY:
            raise OutOfRange(field="weekdays", value=day, minimum=EVERY_DAY[0], maximum=EVERY_DAY[-1])
    return dict(values)


def _numbers(own: Sequence[AreaPolicy], name: str) -> list[int]:
    return [value for each in own if (value := getattr(each, name)) is not None]


def _weekdays(own: Sequence[AreaPolicy]) -> tuple[int, ...]:
    allowed = set(EVERY_DAY).intersection(*(each.weekdays for each in own if each.weekdays is not None))
    return tuple(sorted(allowed))


def _strictest(chain: Sequence[Area], said: Mapping[int, AreaPolicy]) -> Approvers:
    """Where the top says nothing it is a leader, whatever is said below."""
    own = [said[area.id].approvers if area.id in said else None for area in chain]
    top = own[-1] if own else None
    return max(
        [top or Approvers.LEADER, *(each for each in own[:-1] if each is not None)], key=STRICTNESS.index
    )


def _check_windows(name: str, rows: Sequence[Mapping[str, Any]]) -> None:
    if len(rows) > MOST_WINDOWS:
        raise OutOfRange(field=name, value=len(rows), minimum=0, maximum=MOST_WINDOWS)
    for row in rows:
        bad = next((row[end] for end in ("start", "end") if not areas.HOUR.fullmatch(row[end])), None)
        if bad is not None:
            raise InvalidWindow(value=bad)
        if not 0 <= row.get("percent", 0) <= MAX_VOLUME:
            raise OutOfRange(field=name, value=row["percent"], minimum=0, maximum=MAX_VOLUME)


def _windows(rows: Iterable[Mapping[str, Any]]) -> tuple[Window, ...]:
    return tuple(_window(row["start"], row["end"]) for row in rows)


def _caps(rows: Iterable[Mapping[str, Any]]) -> tuple[Cap, ...]:
    return tuple(Cap(_window(row["start"], row["end"]), row["percent"]) for row in rows)


def _area_window(area: Area) -> Window:
    return _window(area.window_start, area.window_end)


def _window(start: str, end: str) -> Window:
    return Window(dt.time.fromisoformat(start), dt.time.fromisoformat(end))


def _face(time: dt.time) -> str:
    return f"{time:%H:%M}"
