"""Slots on the pages: made, previewed, refused in words, put in order without scripts, shown and changed."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select

from broadcast import planning
from broadcast.database import Database
from broadcast.models import Clip, Schedule, Sound
from schedules import slots
from schedules.slots import Kind
from schedules.types import LOCAL

NOW = dt.datetime.now(dt.UTC)
TOMORROW = NOW.astimezone(LOCAL).date() + dt.timedelta(days=1)

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # the use cases know both


@pytest.fixture
def tune(database: Database, cast: Any, approved: int) -> int:
    """A signature tune of 20 seconds."""
    with database.transaction() as session:
        clip = Clip(
            sha256="d" * 64,
            key="d" * 64,
            media_type="audio/mpeg",
            size=9_000,
            duration_ms=20_000,
            engine="recorded",
            engine_version="",
            loudness=-16.0,
            true_peak=-2.0,
            peaks=[40] * 80,
            created_at=NOW,
        )
        session.add(clip)
        session.flush()
        given = {"area_id": cast.commune, "clip_id": clip.id, "created_by": cast.lan.id, "created_at": NOW}
        sound = Sound(kind=Kind.TUNE, title="Nhạc hiệu sáng", **given)
        session.add(sound)
        session.flush()
        return sound.id


def form(area: int, *rows: str, **changes: Any) -> dict[str, Any]:
    """The fields of a slot of half an hour with these rows."""
    whats = {f"entry_{key}_what": what for key, what in enumerate(rows)}
    return {
        "title": "Chương trình sáng",
        "area_id": area,
        "minutes": "30",
        "entry": [str(key) for key in range(len(rows))],
        **whats,
        "frequency": "daily",
        "starts_on": TOMORROW.isoformat(),
        "time": "05:30",
        **changes,
    }


def schedules(database: Database) -> list[Schedule]:
    with database.transaction(read_only=True) as session:
        return list(session.scalars(select(Schedule)))


ALL = "flow:priority,routine"


def test_a_slot_is_made_with_its_preview_and_shown_as_one(
    lan: Any, cast: Any, approved: int, tune: int, database: Database
) -> None:
    page = lan.read("/programme/slots/new")
    assert page.index("Nhạc hiệu sáng") < page.index("Bản tin tự vào: ưu tiên rồi đến thường")  # as usual
    wanted = form(cast.commune, f"tune:{tune}", ALL, order=approved)
    told = lan.send("/programme/slots/preview", **wanted).get_data(as_text=True)
    assert told.count("2:20 của 30:00") >= 7
    assert "Hằng ngày, lúc 05:30" in told
    assert "theo thứ tự đã xếp" in told
    answer = lan.send("/programme/slots/new", **wanted)
    assert answer.status_code == 302
    page = lan.read(answer.headers["Location"])
    assert "2:20 của 30:00" in page
    assert "Vệ sinh đường làng" in page
    (saved,) = schedules(database)
    assert saved.slot is not None
    assert [entry.kind for entry in slots.from_dict(saved.slot).entries] == [Kind.TUNE, Kind.FLOW]
    with database.transaction() as session:
        planning.materialise(session, NOW, 7)
    table = lan.read("/programme/schedules")
    assert "2:20 / 30:00" in table
