"""Presets of a unit's policy: seen as differences, saved as the unit's own; whose word holds is told."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select

from broadcast.models import Approvers, AreaPolicy
from broadcast.storage.database import Database
from broadcast.units import policies, presets
from broadcast.units.presets import Preset

NOW = dt.datetime(2026, 3, 2, 1, 0, tzinfo=dt.UTC)  # Monday 08:00 in Vietnam


def say(database: Database, area_id: int, by: int, **values: Any) -> None:
    with database.transaction() as session:
        session.add(AreaPolicy(area_id=area_id, updated_at=NOW, updated_by=by, **values))


def form_of(preset: Preset) -> dict[str, Any]:
    """What a browser sends of the page with this preset."""
    said = presets.values(preset)
    rows = {
        f"{name}_{end}": [row[end] for row in said[name] or ()]
        for name, ends in (("windows", 2), ("quiet", 2), ("volumes", 3))
        for end in ("start", "end", "percent")[:ends]
    }
    names = ("sessions_a_day", "minutes_a_session", "minutes_a_day", "max_volume")
    kept = ("keep_audio_days", "keep_reports_days", "keep_journals_days", "approvers")
    return {**rows, "weekday": said["weekdays"], **{name: str(said[name]) for name in (*names, *kept)}}


@pytest.mark.parametrize("preset", Preset)
def test_every_preset_can_be_saved_as_it_stands(
    admin: Any, cast: Any, database: Database, one: Any, preset: Preset
) -> None:
    page = admin.read(f"/policies/{cast.commune}?preset={preset.value}")
    assert "Chưa lưu gì cả" in page
    with database.transaction(read_only=True) as session:
        assert session.get(AreaPolicy, cast.commune) is None
    assert admin.send(f"/policies/{cast.commune}", **form_of(preset)).status_code == 302
    own = one(select(AreaPolicy).where(AreaPolicy.area_id == cast.commune))
    assert {name: getattr(own, name) for name in presets.values(preset)} == presets.values(preset)
    assert "Không đổi gì" in admin.read(f"/policies/{cast.commune}?preset={preset.value}")


def test_a_preset_shows_what_would_hold_and_not_what_is_stricter_above(
    admin: Any, lan: Any, cast: Any, database: Database
) -> None:
    say(database, cast.district, cast.admin.id, minutes_a_session=30, sessions_a_day=2)
    page = admin.read(f"/policies/{cast.commune}?preset=rural")
    changes = page[page.index("Mẫu này sẽ đổi gì") : page.index("Chưa lưu gì cả")]
    assert "Thứ Hai – Thứ Sáu" in changes
    assert "mọi ngày" in changes
    assert "45 phút" not in changes  # the district allows 30
    assert "Số buổi mỗi ngày" not in changes  # two already
    assert "Bắt đầu từ mẫu" not in lan.read(f"/policies/{cast.commune}")
    assert "Chưa lưu gì cả" not in admin.read(f"/policies/{cast.commune}?preset=nonsense")


def test_each_limit_tells_from_whom_it_comes(admin: Any, lan: Any, cast: Any, database: Database) -> None:
    say(database, cast.district, cast.admin.id, sessions_a_day=2, keep_reports_days=1096)
    say(database, cast.commune, cast.admin.id, sessions_a_day=3, minutes_a_session=45, weekdays=[6, 7])
    page = " ".join(lan.read(f"/policies/{cast.villages[0]}").split())
    district, commune = "từ Huyện Yên Bình", "từ Xã An Hòa"
    for value, source in (("2 buổi", district), ("1096 ngày", district), ("45 phút", commune)):
        assert f'<span class="strong">{value}</span> <span class="muted">{source}</span>' in page
    assert f'<span class="strong">Thứ Bảy, Chủ Nhật</span> <span class="muted">{commune}</span>' in page
    assert '<span class="strong">giữ mãi</span> <span class="muted">mặc định</span>' in page


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"keep_audio_days": "7"}, "Hãy nhập một số từ 30"),
        ({"keep_reports_days": "30"}, "Hãy nhập một số từ 365"),
        ({"minutes_a_session": "0"}, "Hãy nhập một số từ 1 đến 1440"),
        ({"sessions_a_day": "99999999999999999999"}, "Hãy nhập một số từ 0 đến 48"),
    ],
)
def test_days_and_minutes_that_make_no_sense_are_refused_beside_their_field(
    admin: Any, cast: Any, change: dict[str, str], sentence: str
) -> None:
    answer = admin.send(f"/policies/{cast.commune}", **change)
    assert answer.status_code == 422
    assert sentence in answer.get_data(as_text=True)


def test_nothing_ticked_is_as_above(admin: Any, cast: Any, database: Database) -> None:
    admin.send(f"/policies/{cast.commune}", weekday=["1", "2"], sessions_a_day="2", approvers="leader")
    admin.send(f"/policies/{cast.commune}")
    with database.transaction(read_only=True) as session:
        own = session.get_one(AreaPolicy, cast.commune)
        assert (own.weekdays, own.sessions_a_day, own.approvers) == (None, None, None)
        assert policies.of(session, cast.commune).approvers is Approvers.LEADER
