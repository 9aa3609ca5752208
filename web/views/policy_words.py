"""What a unit's policy says, in words: what holds, who says so, and what a change would change."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _

from broadcast.models import Approvers, Area, AreaPolicy, StartMode
from broadcast.units.policies import EVERY_DAY, FIELDS, Policy
from broadcast.units.presets import Preset
from schedules.types import Window
from web.filters import weekday

_SUNDAY = dt.date(2026, 3, 1)


@dataclass(frozen=True, slots=True)
class Said:
    """What one area says of a field; ``own`` is the area whose page this is."""

    area: str
    text: str
    own: bool


@dataclass(frozen=True, slots=True)
class Change:
    """What holds of one field now, and what would."""

    name: str
    now: str
    then: str


def holding(holds: Policy) -> dict[str, str]:
    """By field, and the hours in which something may sound at all."""
    return {
        "windows": _hours(holds.windows) or str(_("không giờ nào")),
        "quiet": _hours(holds.quiet) or str(_("không có")),
        "weekdays": weekdays(holds.weekdays),
        "sessions_a_day": _most(holds.sessions_a_day, _sessions),
        "minutes_a_session": _most(holds.minutes_a_session, _minutes),
        "minutes_a_day": _minutes(holds.minutes_a_day),
        "volumes": ", ".join(_cap(each.window, each.percent) for each in holds.volumes) or str(_("không có")),
        "max_volume": f"{holds.max_volume}%",
        "approvers": approvers(holds.approvers),
        "keep_audio_days": _kept(holds.keep_audio_days),
        "keep_reports_days": _kept(holds.keep_reports_days),
        "keep_journals_days": _kept(holds.keep_journals_days),
        "start_mode": mode(holds.start_mode),
        "open": _hours(holds.open) or str(_("không giờ nào")),
    }


def own(policy: AreaPolicy) -> dict[str, str]:
    """What an area itself says, of the fields of which it says anything."""
    told: dict[str, Any] = {
        "windows": _rows(policy.windows),
        "quiet": _rows(policy.quiet),
        "weekdays": policy.weekdays is not None and weekdays(policy.weekdays),
        "sessions_a_day": policy.sessions_a_day is not None and _sessions(policy.sessions_a_day),
        "minutes_a_session": policy.minutes_a_session is not None and _minutes(policy.minutes_a_session),
        "minutes_a_day": policy.minutes_a_day is not None and _minutes(policy.minutes_a_day),
        "volumes": _rows(policy.volumes),
        "max_volume": policy.max_volume is not None and f"{policy.max_volume}%",
        "approvers": policy.approvers and approvers(policy.approvers),
        "keep_audio_days": policy.keep_audio_days and _kept(policy.keep_audio_days),
        "keep_reports_days": policy.keep_reports_days and _kept(policy.keep_reports_days),
        "keep_journals_days": policy.keep_journals_days and _kept(policy.keep_journals_days),
        "start_mode": policy.start_mode and mode(policy.start_mode),
    }
    return {name: str(text) for name, text in told.items() if text}


def origins(chain: Sequence[Area], said: dict[int, AreaPolicy]) -> dict[str, list[Said]]:
    """By field, who says what, the nearest first; of the start mode only the nearest counts."""
    found: dict[str, list[Said]] = {name: [] for name in FIELDS}
    for area in chain:
        is_own, policy = area.id == chain[0].id, said.get(area.id)
        found["windows"].append(Said(area.name, f"{area.window_start}–{area.window_end}", own=False))
        for name, text in own(policy).items() if policy else ():
            found[name].append(Said(area.name, text, is_own))
    found["start_mode"] = found["start_mode"][:1]
    return found


def source(whose: Sequence[Area], area: Area) -> str:
    """Whose word holds: of the unit itself, of those above, or nobody's."""
    above = [each.name for each in whose if each.id != area.id]
    if above:
        return str(_("từ %(areas)s", areas=", ".join(above)))
    return str(_("của riêng %(area)s", area=area.name)) if whose else str(_("mặc định"))


def changes(now: Policy, then: Policy) -> list[Change]:
    before, after, names = holding(now), holding(then), field_names()
    return [Change(names[name], before[name], after[name]) for name in FIELDS if before[name] != after[name]]


def field_names() -> dict[str, str]:
    return {
        "windows": _("Khung giờ được phát"),
        "quiet": _("Giờ yên tĩnh"),
        "weekdays": _("Ngày được phát"),
        "sessions_a_day": _("Số buổi mỗi ngày"),
        "minutes_a_session": _("Số phút mỗi buổi"),
        "minutes_a_day": _("Số phút phát mỗi ngày"),
        "volumes": _("Âm lượng theo giờ"),
        "max_volume": _("Âm lượng lớn nhất cả ngày"),
        "approvers": _("Ai duyệt bản tin"),
        "keep_audio_days": _("Giữ âm thanh bản tin"),
        "keep_reports_days": _("Giữ nhật ký phát"),
        "keep_journals_days": _("Giữ nhật ký chi tiết của loa"),
        "start_mode": _("Cách bắt đầu"),
    }


def presets() -> list[tuple[str, str]]:
    """What the page offers to begin with."""
    told = {
        Preset.RURAL: _("Xã nông thôn: sáng và chiều, mỗi buổi 45 phút"),
        Preset.URBAN: _("Đô thị yên tĩnh: 2 buổi, mỗi buổi 15 phút"),
        Preset.HOURLY: _("Phường: 05:30 và 17:00, mỗi buổi 60 phút"),
        Preset.SENSITIVE: _("Gần trường học, bệnh viện, chùa: nhỏ tiếng"),
        Preset.DISASTER: _("Mùa mưa bão: nhiều buổi ngắn"),
    }
    return [(preset.value, str(told[preset])) for preset in Preset]


def who_approves(rule: Approvers, area: str) -> str:
    """Beside the decision: who may take it, and why not everybody."""
    if rule is Approvers.ALONE:
        return str(_("Ở %(area)s, người soạn được tự nghe rồi duyệt tin thông thường.", area=area))
    if rule is Approvers.ANOTHER:
        return str(
            _(
                "Ở %(area)s, một người khác cùng soạn hoặc duyệt nghe rồi duyệt. Người soạn không tự duyệt.",
                area=area,
            )
        )
    return str(_("Ở %(area)s, người có quyền duyệt nghe rồi duyệt. Người soạn không tự duyệt.", area=area))


def approvers(rule: Approvers) -> str:
    return {
        Approvers.LEADER: str(_("Người có quyền duyệt, không phải người soạn")),
        Approvers.ANOTHER: str(_("Một người khác cùng soạn hoặc duyệt")),
        Approvers.ALONE: str(_("Người soạn tự duyệt tin thông thường")),
    }[rule]


def day_name(day: int) -> str:
    """``day``: 1 is Monday."""
    return weekday(_SUNDAY + dt.timedelta(days=day))


def weekdays(days: Iterable[int]) -> str:
    """Three days and more in a row are told by the first and the last."""
    told, rest = list[str](), sorted(days)
    if rest == list(EVERY_DAY):
        return str(_("mọi ngày"))
    while rest:
        row = [day for number, day in enumerate(rest) if day == rest[0] + number]
        names = [day_name(day) for day in row]
        told += [f"{names[0]} – {names[-1]}"] if len(row) > 2 else names
        rest = rest[len(row) :]
    return ", ".join(told) or str(_("không ngày nào"))


def mode(start: StartMode) -> str:
    return str(_("Lần lượt")) if start is StartMode.STAGGERED else str(_("Cùng lúc"))


def _most(value: int | None, words: Any) -> str:
    return str(_("không giới hạn")) if value is None else str(words(value))


def _sessions(count: int) -> str:
    return str(_("%(count)s buổi", count=count))


def _minutes(count: int) -> str:
    return str(_("%(count)s phút", count=count))


def _kept(days: int | None) -> str:
    return str(_("%(count)s ngày", count=days)) if days is not None else str(_("giữ mãi"))


def _rows(rows: Iterable[dict[str, Any]] | None) -> str:
    return ", ".join(
        f"{row['start']}–{row['end']}" + (f": {row['percent']}%" if "percent" in row else "")
        for row in rows or ()
    )


def _hours(windows: Iterable[Window]) -> str:
    return ", ".join(f"{each.start:%H:%M}–{each.end:%H:%M}" for each in windows)


def _cap(window: Window, percent: int) -> str:
    return f"{window.start:%H:%M}–{window.end:%H:%M}: {percent}%"
