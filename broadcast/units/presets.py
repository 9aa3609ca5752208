"""Policies that units often want: starting points for their own, each a choice of values that can be changed.

Two sessions on five days, of 15 minutes in towns and 45 in the country, are those of Hà Nội (2021); 05:30
and 17:00 with an hour each are a ward's of Đà Nẵng (2025). Loudness follows the order of QCVN 26, not its
decibels: what a percentage sounds like is measured at each horn. All other numbers are our own choice.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from broadcast.models import Approvers

WORKDAYS = [1, 2, 3, 4, 5]
EVERY_DAY = [*WORKDAYS, 6, 7]
_MIDDAY = {"start": "11:30", "end": "13:30"}


class Preset(enum.StrEnum):
    RURAL = "rural"
    URBAN = "urban"
    HOURLY = "hourly"
    SENSITIVE = "sensitive"
    DISASTER = "disaster"


def _hours(*pairs: str) -> list[dict[str, str]]:
    return [dict(zip(("start", "end"), pair.split("-"), strict=True)) for pair in pairs]


def _caps(*pairs: tuple[str, int]) -> list[dict[str, Any]]:
    return [_hours(hours)[0] | {"percent": percent} for hours, percent in pairs]


_OF: Mapping[Preset, Mapping[str, Any]] = {
    Preset.RURAL: {
        "windows": _hours("05:00-07:30", "16:30-18:30"),
        "quiet": None,
        "weekdays": WORKDAYS,
        "sessions_a_day": 2,
        "minutes_a_session": 45,
        "minutes_a_day": 90,
        "volumes": _caps(("05:00-06:00", 60)),
        "max_volume": 90,
    },
    Preset.URBAN: {
        "windows": _hours("06:30-07:30", "16:30-17:30"),
        "quiet": [_MIDDAY],
        "weekdays": WORKDAYS,
        "sessions_a_day": 2,
        "minutes_a_session": 15,
        "minutes_a_day": 30,
        "volumes": None,
        "max_volume": 60,
    },
    Preset.HOURLY: {
        "windows": _hours("05:30-06:30", "17:00-18:00"),
        "quiet": None,
        "weekdays": EVERY_DAY,
        "sessions_a_day": 2,
        "minutes_a_session": 60,
        "minutes_a_day": 120,
        "volumes": _caps(("05:30-06:00", 60)),
        "max_volume": 80,
    },
    Preset.SENSITIVE: {
        "windows": _hours("06:00-07:00", "17:00-18:00"),
        "quiet": [_MIDDAY],
        "weekdays": EVERY_DAY,
        "sessions_a_day": 2,
        "minutes_a_session": 15,
        "minutes_a_day": 30,
        "volumes": None,
        "max_volume": 40,
    },
    Preset.DISASTER: {
        "windows": _hours("05:00-21:30"),
        "quiet": None,
        "weekdays": EVERY_DAY,
        "sessions_a_day": 8,
        "minutes_a_session": 20,
        "minutes_a_day": 160,
        "volumes": None,
        "max_volume": 100,
    },
}
KEPT: Mapping[str, Any] = MappingProxyType(
    {
        "approvers": Approvers.LEADER,
        "keep_audio_days": 180,
        "keep_reports_days": 1096,
        "keep_journals_days": 366,
    }
)


def values(preset: Preset) -> dict[str, Any]:
    """By field of a policy; how the loudspeakers start is left as it is."""
    return {**_OF[preset], **KEPT}
