"""A bulletin in two languages, really spoken: its parts on its page, and a slot that names an order."""
# ruff: noqa: PLR0917 - the arguments of a test are its fixtures

from __future__ import annotations

import contextlib
import datetime as dt
import re
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select

from broadcast.authoring.rendering import render_next
from broadcast.models import Approval, Broadcast, Bulletin, BulletinState
from broadcast.plans import documents, planning
from broadcast.storage.database import Database
from devices.envelope import decode_plan
from schedules.types import LOCAL
from tests.web.language_stage import speak_two_languages
from web.filters import duration

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def spoken(database: Database, system: Any, cast: Any) -> Iterator[int]:
    with contextlib.closing(system.synthesiser):
        yield speak_two_languages(database, system, cast)


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def sounds(database: Database, bulletin_id: int) -> tuple[str, int, list[tuple[str, int]]]:
    """Hash and length of the whole and of its parts."""
    with database.transaction(read_only=True) as session:
        version = session.get_one(Bulletin, bulletin_id).current
        parts = [(each.clip.sha256, each.clip.duration_ms) for each in version.cuts]
        assert version.clip is not None
        return version.clip.sha256, version.clip.duration_ms, parts


def media(client: Any, sha256: str) -> bytes:
    with client.get(f"/media/{sha256}.mp3") as answer:
        return bytes(answer.data)


def approve(client: Any, database: Database, bulletin_id: int) -> None:
    page = client.read(f"/bulletins/{bulletin_id}")
    hidden = dict(re.findall(r'type="hidden" name="(version|text_sha256|audio_sha256)" value="(\w+)"', page))
    answer = client.send(f"/bulletins/{bulletin_id}/decision", decision="approve", heard="yes", **hidden)
    assert answer.status_code == 302


def slot(area: int, bulletin_id: int, *languages: str, minutes: int = 30) -> dict[str, Any]:
    return {
        "title": "Chương trình sáng",
        "area_id": area,
        "minutes": str(minutes),
        "entry": ["0"],
        "entry_0_what": "flow:priority,routine",
        "order": bulletin_id,
        "language": list(languages),
        "frequency": "daily",
        "starts_on": (now().astimezone(LOCAL).date() + dt.timedelta(days=1)).isoformat(),
        "time": "05:30",
    }


def test_the_page_of_a_bulletin_has_each_language_to_listen_to_and_they_are_the_whole(
    binh: Any, spoken: int, database: Database
) -> None:
    page = binh.read(f"/bulletins/{spoken}")
    whole, length, parts = sounds(database, spoken)
    assert len(parts) == 4
    assert sum(part for _, part in parts) == length
    assert b"".join(media(binh, sha256) for sha256, _ in parts) == media(binh, whole)
    section = page[page.index("Nghe riêng từng thứ tiếng") :]
    places = [section.index(f"/media/{sha256}.mp3") for sha256, _ in parts]
    assert places == sorted(places)
    names = ["Chuông và lời mở đầu", "Tiếng Việt", "Tiếng Anh", "Lời kết"]
    assert [section.index(name) for name in names] == sorted(section.index(name) for name in names)
    assert all(duration(part) in section for _, part in parts)
    approve(binh, database, spoken)
    with database.transaction(read_only=True) as session:
        assert session.get_one(Bulletin, spoken).state is BulletinState.APPROVED
        assert session.scalars(select(Approval.cuts_sha256)).one()


def test_a_slot_says_what_is_heard_in_which_order_and_what_is_missing_and_plays_just_that(
    lan: Any, binh: Any, cast: Any, spoken: int, speakers: list[int], database: Database, system: Any
) -> None:
    approve(binh, database, spoken)
    _whole, length, [before, vietnamese, english, after] = sounds(database, spoken)
    told = lan.send("/programme/slots/preview", **slot(cast.commune, spoken)).get_data(as_text=True)
    assert f"{duration(length)} của 30:00" in told
    assert "Từng bản tin một" not in told
    wanted = slot(cast.commune, spoken, "tyz", "en", "vi")
    told = lan.send("/programme/slots/preview", **wanted).get_data(as_text=True)
    assert "Từng bản tin một, bằng Tiếng Tày, rồi Tiếng Anh, rồi Tiếng Việt." in told
    assert "theo thứ tự đã xếp, Tiếng Anh, rồi Tiếng Việt, không có Tiếng Tày" in told
    assert f"{duration(length)} của 30:00" in told
    foreign = slot(cast.commune, spoken, "en")
    told = lan.send("/programme/slots/preview", **foreign).get_data(as_text=True)
    assert f"{duration(sum(part for _, part in (before, english, after)))} của 30:00" in told
    answer = lan.send("/programme/slots/new", **wanted)
    assert answer.status_code == 302
    assert "Từng bản tin một, bằng Tiếng Tày" in lan.read(answer.headers["Location"])
    with database.transaction() as session:
        planning.materialise(session, now(), 7)
    with database.transaction(read_only=True) as session:
        wishes = list(documents.wanted(session, system.wire, now(), 7))
        items = [item for wish in wishes for item in decode_plan(wish.body).items]
        lasting = set(session.scalars(select(Broadcast.duration_ms)))
    played = {tuple((clip.sha256, clip.duration_ms) for clip in item.clips) for item in items}
    assert played == {(before, english, vietnamese, after)}
    assert lasting == {length}


def test_one_spoken_before_languages_were_made_apart_says_so_and_gets_them_without_another_approval(
    lan: Any, binh: Any, cast: Any, spoken: int, database: Database, system: Any
) -> None:
    approve(binh, database, spoken)
    assert "Tạo lại âm thanh" not in lan.read(f"/bulletins/{spoken}")
    before = sounds(database, spoken)
    with database.transaction() as session:
        version = session.get_one(Bulletin, spoken).current
        version.cuts.clear()
        session.scalars(select(Approval)).one().cuts_sha256 = None
    wanted = slot(cast.commune, spoken, "en", "vi")
    told = lan.send("/programme/slots/preview", **wanted).get_data(as_text=True)
    assert "Tiếng Việt, rồi Tiếng Anh, phát cả bản theo thứ tự của nó" in told
    assert "Tạo lại âm thanh" in lan.read(f"/bulletins/{spoken}")
    assert lan.send(f"/bulletins/{spoken}/render").status_code == 302
    assert render_next(database, system.library, system.synthesiser, "test", now)
    assert sounds(database, spoken) == before
    with database.transaction(read_only=True) as session:
        assert session.get_one(Bulletin, spoken).state is BulletinState.APPROVED
    told = lan.send("/programme/slots/preview", **wanted).get_data(as_text=True)
    assert "Tiếng Anh, rồi Tiếng Việt" in told
    assert "phát cả bản theo thứ tự" not in told


def test_in_no_language_of_the_slot_a_bulletin_is_left_out_and_a_fixed_one_takes_what_it_sounds(
    lan: Any, binh: Any, cast: Any, spoken: int, database: Database
) -> None:
    approve(binh, database, spoken)
    told = lan.send("/programme/slots/preview", **slot(cast.commune, spoken, "tyz")).get_data(as_text=True)
    assert "chưa có âm thanh ở thứ tiếng nghe trong khung giờ này" in told
    fixed = slot(cast.commune, spoken, "en") | {"entry_0_what": f"bulletin:{spoken}", "order": []}
    page = lan.send("/programme/slots/arrange", **fixed).get_data(as_text=True)
    _, length, [before, _, english, after] = sounds(database, spoken)
    alone = sum(part for _, part in (before, english, after))
    assert alone < length
    assert re.search(rf'sort__meta">Bản tin · <span class="num">{duration(alone)}<', page)
