"""What the loudspeaker itself refuses, whoever orders it: hours, days, loudness, minutes and sessions."""

from __future__ import annotations

import re
from dataclasses import dataclass

from devices.messages import AlertStatus, AllowedWindow, BulletinClass, GuardPolicy, Item, VolumeCap

_MINUTE = 60_000
_DAY = 24 * 60 * _MINUTE
_NIGHT = AllowedWindow(start="21:00", end="06:00")  # QCVN 26 counts the night from 21 to 6 o'clock
SESSION_GAP = 10 * _MINUTE  # what begins no later after a sound belongs to the same session
_THURSDAY = 3  # the day of the epoch, counted from Monday
_CLOCK_FACE = re.compile(r"([01]\d|2[0-3]):([0-5]\d)|24:00")


@dataclass(frozen=True, slots=True)
class Sessions:
    """What has begun on one local day: how many sessions, and how far the latest has come."""

    begun: int = 0
    until: int = 0  # when the latest ended, or will when what sounds is not cut
    used_ms: int = 0  # what sounded in the latest

    def begin(self, at: int, end: int) -> Sessions:
        """Something begins that will last until ``end``."""
        if self.joins(at):
            return Sessions(self.begun, end, self.used_ms)
        return Sessions(self.begun + 1, end)

    def end(self, at: int, played_ms: int) -> Sessions:
        return Sessions(self.begun, at, self.used_ms + played_ms)

    def joins(self, at: int) -> bool:
        """Whether what begins at ``at`` goes on with the latest session."""
        return at <= self.until + SESSION_GAP


NO_SESSIONS = Sessions()


def is_emergency(item: Item) -> bool:
    """Whether an item is an actual emergency, the only thing that passes the guard; a drill never is."""
    return item.klass is BulletinClass.EMERGENCY and item.status is AlertStatus.ACTUAL


def refusal(
    policy: GuardPolicy,
    item: Item,
    *,
    at: int,
    duration_ms: int,
    used_ms: int,
    sessions: Sessions = NO_SESSIONS,
    nominal: int | None = None,
) -> str | None:
    """Say why an item may not start at ``at``, or None.

    ``used_ms`` is what already sounded on that day, ``sessions`` those of the day of its ``nominal`` start,
    by which it belongs to a day and a session: what waited for an emergency does not open another.
    """
    if is_emergency(item):
        return None
    if not is_open(policy, at):
        return "outside_hours"
    begin = at if nominal is None else nominal
    if not is_day(policy, begin):
        return "weekday"
    if used_ms + duration_ms > policy.minutes_a_day * _MINUTE:
        return "daily_limit"
    return _of_sessions(policy, sessions, begin, duration_ms)


def is_open(policy: GuardPolicy, at: int) -> bool:
    """Whether ordinary announcements may sound at ``at``: inside a window, outside the quiet hours."""
    offset = policy.utc_offset_minutes
    if any(_contains(hours, offset, at, unread=True) for hours in policy.quiet):
        return False
    return any(_contains(hours, offset, at, unread=False) for hours in policy.windows)


def is_day(policy: GuardPolicy, at: int) -> bool:
    """Whether ordinary announcements may begin on the local day of ``at``."""
    return (int(local_day(policy, at)) + _THURSDAY) % 7 + 1 in policy.weekdays


def cap(policy: GuardPolicy, at: int) -> int:
    """The loudest, in percent, that anything but an actual emergency may sound at ``at``."""
    offset = policy.utc_offset_minutes
    caps = [c.percent for c in policy.volumes if _contains(c, offset, at, unread=True)]
    if _contains(_NIGHT, offset, at, unread=False):
        caps.append(policy.night_volume)
    return max(0, min([policy.max_volume, *caps]))


def volume(policy: GuardPolicy, item: Item, *, base: int, at: int) -> int:
    """The percentage an item sounds with: the loudspeaker's volume scaled by the item's, under the caps."""
    wished = round(max(0, min(base, 100)) * max(0, min(item.volume, 100)) / 100)
    highest = policy.max_volume if is_emergency(item) else cap(policy, at)
    return max(0, min(wished, highest))


def local_day(policy: GuardPolicy, at: int) -> str:
    """The number of the local day, the key of the minutes used on it."""
    return str((at + policy.utc_offset_minutes * _MINUTE) // _DAY)


def _of_sessions(policy: GuardPolicy, sessions: Sessions, at: int, duration_ms: int) -> str | None:
    joins = sessions.joins(at)
    number = sessions.begun + (not joins)
    if policy.sessions_a_day is not None and number > policy.sessions_a_day:
        return "session_limit"
    used_ms = sessions.used_ms if joins else 0
    if policy.minutes_a_session is not None and used_ms + duration_ms > policy.minutes_a_session * _MINUTE:
        return "session_minutes"
    return None


def _contains(hours: AllowedWindow | VolumeCap, utc_offset_minutes: int, at: int, *, unread: bool) -> bool:
    """Whether ``at`` lies in daily hours; ``unread`` is what hours that cannot be read count as.

    Such hours open nothing, and they keep everything quiet: a slip never permits more.
    """
    start, end = _of_day(hours.start), _of_day(hours.end)
    if start is None or end is None:
        return unread
    now = (at + utc_offset_minutes * _MINUTE) % _DAY
    if start < end:
        return start <= now < end
    return now >= start or now < end


def _of_day(text: str) -> int | None:
    if not _CLOCK_FACE.fullmatch(text):
        return None
    hours, minutes = text.split(":")
    return (int(hours) * 60 + int(minutes)) * _MINUTE
