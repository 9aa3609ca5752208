"""The pages of the lexicon, the stations and the recorder: pictures to look at, judged for accessibility."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from broadcast.authoring import bulletins, lexicon, stations
from broadcast.models import Person, Role
from broadcast.storage.database import Database
from broadcast.units.people import grant

Judge = Callable[[Page, str], None]
Open = Callable[[Person | None, str], Page]

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # what is drawn is the same

NOW = dt.datetime.now(dt.UTC)
ABOVE = (
    ("Yên Bình", "yên bình", "tên huyện"),
    ("PCTN", "phòng chống tham nhũng", ""),
    ("TTCS", "thông tin cơ sở", ""),
)
OWN = (("PCTN", "phòng chống thiên tai", "theo ban chỉ huy của xã"), ("A Lưới", "a lưới", ""))


@pytest.fixture
def words(database: Database, cast: Any) -> None:
    with database.transaction() as session:
        lan, dung = session.get_one(Person, cast.lan.id), session.get_one(Person, cast.dung.id)
        grant(session, dung, Role.EDITOR, cast.district, now=NOW)
        for days, (person, area_id, entries) in enumerate(
            ((lan, cast.commune, OWN), (dung, cast.district, ABOVE))
        ):
            for written, spoken, note in entries:
                at = NOW - dt.timedelta(days=days, hours=3)
                lexicon.put(
                    session, person, area_id=area_id, written=written, spoken=spoken, note=note, now=at
                )
        text = "Ban chỉ huy PCTT và TKCN xã họp, theo kế hoạch của QZK."
        bulletins.create(session, lan, area_id=cast.commune, title="Họp ban chỉ huy", text=text, now=NOW)


def test_pictures_lexicon(cast: Any, system: Any, words: None, open_as: Open, judge: Judge) -> None:
    page = open_as(cast.lan, "/lexicon/")
    with page.expect_response("**/lexicon/hear") as answer:
        page.get_by_role("button", name="Nghe thử “A Lưới”").click()
    assert answer.value.ok
    system.synthesiser.close()
    judge(page, "lexicon")
    page = open_as(cast.lan, "/lexicon/new")
    page.get_by_label("Viết trong văn bản").fill("QZK")
    page.get_by_label("Đọc là").fill("quỹ khuyến học")
    page.get_by_text("sẽ được đọc lại").wait_for()
    judge(page, "lexicon-new")

    page = open_as(cast.lan, "/lexicon/import")
    table = (
        "Viết;Đọc là\nPCTN;phòng chống tham nhũng\nA Lưới;a lưới\nKrông Bông;cờ-rông bông\n;không có chữ\n"
    )
    file = {"name": "tu-dien.csv", "mimeType": "text/csv", "buffer": table.encode()}
    page.set_input_files("input[type=file]", [file])
    page.get_by_role("button", name="Xem trước").click()
    page.get_by_role("heading", name="Xem trước khi nhập").wait_for()
    judge(page, "lexicon-preview")


def test_pictures_station(cast: Any, database: Database, open_as: Open, judge: Judge) -> None:
    with database.transaction() as session:
        dung, admin = session.get_one(Person, cast.dung.id), session.get_one(Person, cast.admin.id)
        grant(session, dung, Role.ADMIN, cast.district, now=NOW)
        above = {"speed": 0.9, "preset": "outdoor", "closing": "Xin cảm ơn bà con đã lắng nghe."}
        stations.save(session, dung, cast.district, values=above, now=NOW)
        own = {"engine": "espeak", "voice": "south", "repeats": 2}
        stations.save(session, admin, cast.commune, values=own, now=NOW - dt.timedelta(hours=2))
    page = open_as(cast.admin, f"/stations/{cast.commune}")
    page.get_by_role("radio", name="Lời riêng").first.check()
    page.get_by_label("Lời mở đầu riêng").fill("Đây là đài xã An Hòa, bản tin lúc 17h30.")
    page.get_by_text("mười bảy giờ").wait_for()
    judge(page, "station")
