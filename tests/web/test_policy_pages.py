"""The limits of an area on their page: inherited, changed, refused; turns proposed and adopted."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from sqlalchemy import select

from broadcast.models import AreaPolicy, Loudspeaker, StartMode
from broadcast.storage.database import Database

NOW = dt.datetime(2026, 3, 2, 1, 0, tzinfo=dt.UTC)  # Monday 08:00 in Vietnam


def test_the_limits_of_an_area_show_what_comes_from_above_and_are_the_administrators(  # noqa: PLR0917 - fixtures
    lan: Any, mai: Any, admin: Any, cast: Any, database: Database, one: Any
) -> None:
    with database.transaction() as session:
        session.add(
            AreaPolicy(
                area_id=cast.district,
                quiet=[{"start": "11:30", "end": "13:30"}],
                updated_at=NOW,
                updated_by=cast.admin.id,
            )
        )
    path = f"/policies/{cast.commune}"
    form = {
        "windows_start": ["05:00", "16:30", ""],
        "windows_end": ["07:00", "18:30", ""],
        "quiet_start": "",
        "quiet_end": "",
        "volumes_start": "05:00",
        "volumes_end": "06:00",
        "volumes_percent": "60",
        "minutes_a_day": "90",
        "start_mode": "staggered",
    }
    assert lan.send(path, **form).status_code == 403
    mai.read(path, status=403)
    assert admin.send(path, **form).status_code == 302
    own = one(select(AreaPolicy).where(AreaPolicy.area_id == cast.commune))
    assert own.windows == [{"start": "05:00", "end": "07:00"}, {"start": "16:30", "end": "18:30"}]
    assert (own.quiet, own.max_volume, own.start_mode) == (None, None, StartMode.STAGGERED)
    page = lan.read(path)
    for told in ("Huyện Yên Bình", "11:30–13:30", "05:00–06:00: 60%", "90 phút", "mới đổi được"):
        assert told in page
    below = lan.read(f"/policies/{cast.villages[0]}")
    assert "Giờ thật sự được phát: 05:00–07:00, 16:30–18:30" in below
    assert f"/policies/{cast.commune}" in lan.read(f"/stations/{cast.commune}")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"windows_start": "05:00", "windows_end": ""}, "đủ giờ bắt đầu và giờ kết thúc"),
        ({"volumes_start": "05:00", "volumes_end": "06:00", "volumes_percent": "140"}, "từ 0 đến 100"),
        ({"max_volume": "nhiều"}, "Hãy nhập một số từ 0 đến 100"),
        ({"minutes_a_day": "9999"}, "Hãy nhập một số từ 0 đến 1440"),
    ],
)
def test_limits_that_make_no_sense_are_refused_beside_their_field(
    admin: Any, cast: Any, change: dict[str, str], sentence: str
) -> None:
    answer = admin.send(f"/policies/{cast.commune}", **change)
    assert answer.status_code == 422
    assert sentence in answer.get_data(as_text=True)


def test_turns_are_proposed_with_the_echo_they_avoid_and_adopted(
    lan: Any, admin: Any, cast: Any, speakers: list[int], database: Database
) -> None:
    page = lan.read(f"/policies/{cast.commune}")
    assert "Tiếng vọng nếu phát cùng lúc" in page
    assert re.search(r"tới \d{3} ms", page)
    assert lan.send(f"/policies/{cast.commune}/turns").status_code == 403
    admin.send(f"/policies/{cast.commune}/turns")
    with database.transaction(read_only=True) as session:
        assert set(session.scalars(select(Loudspeaker.turn))) == {0, 1}
