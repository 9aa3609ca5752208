"""What the loudspeaker itself refuses, whoever orders it: hours, loudness and minutes of the policy."""

from __future__ import annotations

import re

from devices.messages import AlertStatus, AllowedWindow, BulletinClass, GuardPolicy, Item

_MINUTE = 60_000
_DAY = 24 * 60 * _MINUTE
_NIGHT = AllowedWindow(start="21:00", end="06:00")  # QCVN 26 counts the night from 21 to 6 o'clock
_CLOCK_FACE = re.compile(r"([01]\d|2[0-3]):([0-5]\d)|24:00")


def is_emergency(item: Item) -> bool:
    """Whether an item is an actual emergency, the only thing that passes the guard; a drill never is."""
    return item.klass is BulletinClass.EMERGENCY and item.status is AlertStatus.ACTUAL


def refusal(policy: GuardPolicy, item: Item, *, at: int, duration_ms: int, used_ms: int) -> str | None:
    """Say why an item may not start at ``at``, or None; ``used_ms`` is what already sounded on that day."""
    if is_emergency(item):
        return None
    if not is_open(policy, at):
        return "outside_hours"
    if used_ms + duration_ms > policy.minutes_a_day * _MINUTE:
        return "daily_limit"
    return None


def is_open(policy: GuardPolicy, at: int) -> bool:
    """Whether ordinary announcements may sound at ``at``."""
    return any(_contains(window, policy.utc_offset_minutes, at) for window in policy.windows)


def volume(policy: GuardPolicy, item: Item, *, base: int, at: int) -> int:
    """The percentage an item sounds with: the loudspeaker's volume scaled by the item's, under the caps."""
    wished = round(max(0, min(base, 100)) * max(0, min(item.volume, 100)) / 100)
    cap = policy.max_volume
    if not is_emergency(item) and _contains(_NIGHT, policy.utc_offset_minutes, at):
        cap = min(cap, policy.night_volume)
    return max(0, min(wished, cap))


def local_day(policy: GuardPolicy, at: int) -> str:
    """The number of the local day, the key of the minutes used on it."""
    return str((at + policy.utc_offset_minutes * _MINUTE) // _DAY)


def _contains(window: AllowedWindow, utc_offset_minutes: int, at: int) -> bool:
    start, end = _of_day(window.start), _of_day(window.end)
    if start is None or end is None:
        return False  # a window that cannot be read opens nothing
    now = (at + utc_offset_minutes * _MINUTE) % _DAY
    if start < end:
        return start <= now < end
    return now >= start or now < end


def _of_day(text: str) -> int | None:
    if not _CLOCK_FACE.fullmatch(text):
        return None
    hours, minutes = text.split(":")
    return (int(hours) * 60 + int(minutes)) * _MINUTE
