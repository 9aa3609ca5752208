"""Calendars on their pages: links made, fetched and revoked; files taken over in steps; days off decided."""

from __future__ import annotations

import base64
import datetime as dt
import gzip
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

import schedules
import web.views.calendar_import
from broadcast.authoring import bulletins
from broadcast.models import Bulletin, CalendarFeed, Clip, HolidayChange, Person, RenderState, Schedule
from broadcast.storage.database import Database
from schedules import ical_reading
from schedules.ical_reading import Note
from web.views import calendar_words

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # services know both

CALENDARS = Path(__file__).parents[1] / "schedules" / "calendars"
NOW = dt.datetime.now(dt.UTC)


def calendar(name: str = "apple") -> bytes:
    """As it would be written this year."""
    year = str(NOW.year + 1).encode()
    return (CALENDARS / f"{name}.ics").read_bytes().replace(b"2026", year)


@pytest.fixture
def approved(database: Database, cast: Any) -> int:
    with database.transaction() as session:
        author, leader = session.get_one(Person, cast.lan.id), session.get_one(Person, cast.binh.id)
        made = bulletins.create(
            session, author, area_id=cast.commune, title="Tin buổi sáng", text="Xin chào bà con.", now=NOW
        )
        clip = Clip(
            sha256="c" * 64,
            key="c" * 64,
            media_type="audio/mpeg",
            size=1000,
            duration_ms=60_000,
            engine="espeak",
            engine_version="1",
            loudness=-16.0,
            true_peak=-1.5,
            peaks=[],
            created_at=NOW,
        )
        session.add(clip)
        session.flush()
        made.current.clip_id, made.current.render_state = clip.id, RenderState.READY
        session.flush()
        session.refresh(made.current)
        version = bulletins.submit(session, author, made.id, now=NOW).current
        bulletins.approve(
            session,
            leader,
            made.id,
            version=version.number,
            text_sha256=version.text_sha256,
            audio_sha256=clip.sha256,
            now=NOW,
        )
        return session.get_one(Bulletin, made.id).id


def make_link(client: Any, area_id: int, name: str = "Trưởng thôn") -> str:
    page = client.send(f"/calendars/{area_id}/links", name=name).get_data(as_text=True)
    found = re.search(r'id="fresh-url" value="[^"]*?(/calendar/[^"]+\.ics)"', page)
    assert found, page[:3000]
    return found[1]


def import_form(area_id: int, data: bytes, **more: Any) -> dict[str, Any]:
    return {"area_id": area_id, "file": (io.BytesIO(data), "lich.ics"), **more}


def take_in(client: Any, cast: Any, data: bytes, bulletin_id: int, titles: set[str]) -> str:
    page = client.send("/calendars/import/preview", **import_form(cast.commune, data)).get_data(as_text=True)
    chosen = {}
    for part in page.split('<li class="card">')[1:]:
        title = re.search(r'calendar-row__title">([^<]+)<', part)
        key = re.search(r'name="(bulletin-[0-9a-f]+)"', part)
        if title and key and title[1] in titles:
            chosen[key[1]] = bulletin_id
    assert len(chosen) == len(titles)
    form = {"area_id": cast.commune, "data": base64.b64encode(data).decode(), "seen": "1", **chosen}
    answer = client.send("/calendars/import/", **form)
    assert answer.status_code == 200, answer.get_data(as_text=True)[:2000]
    text: str = answer.get_data(as_text=True)
    return text


def test_a_link_is_shown_once_fetched_without_signing_in_and_revoked_at_once(
    lan: Any, client: Any, cast: Any, approved: int, one: Any
) -> None:
    take_in(lan, cast, calendar(), approved, {"Tập thể dục", "Tiêm chủng"})
    path = make_link(lan, cast.commune)
    assert path not in lan.read(f"/calendars/{cast.commune}")
    answer = client.get(path)
    assert (answer.status_code, answer.mimetype) == (200, "text/calendar")
    assert "Set-Cookie" not in answer.headers
    assert [each.title for each in ical_reading.read(answer.data).proposals] == ["Tập thể dục", "Tiêm chủng"]
    assert b"bulletin" not in answer.data
    assert b"Xin ch" not in answer.data
    again = client.get(path, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    since = client.get(path, headers={"If-Modified-Since": answer.headers["Last-Modified"]})
    assert since.status_code == 304
    assert client.head(path).status_code == 200
    feed = one(select(CalendarFeed))
    assert feed.fetched_at is not None
    assert lan.send(f"/calendars/links/{feed.id}/revoke").status_code == 302
    assert client.get(path).status_code == 404


def test_a_subscriber_who_takes_it_compressed_asks_again_for_nothing(
    lan: Any, client: Any, cast: Any, approved: int
) -> None:
    take_in(lan, cast, calendar(), approved, {"Tập thể dục", "Tiêm chủng"})
    path = make_link(lan, cast.commune)
    packed = {"Accept-Encoding": "gzip"}
    plain, small = client.get(path), client.get(path, headers=packed)
    assert gzip.decompress(small.data) == plain.data
    assert len(small.data) < len(plain.data)
    assert "Accept-Encoding" in small.headers["Vary"]
    for tag in (small.headers["ETag"], plain.headers["ETag"]):
        again = client.get(path, headers={**packed, "If-None-Match": tag})
        assert (again.status_code, again.data) == (304, b"")
    head = client.head(path, headers=packed)
    assert (head.status_code, head.data) == (200, b"")


def test_guessing_links_becomes_slow(client: Any) -> None:
    answers = [client.get(f"/calendar/{number}.ics") for number in range(22)]
    assert [each.status_code for each in answers[:2]] == [404, 404]
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["Retry-After"]) > 0


def test_only_the_editors_of_an_area_make_links_and_import(lan: Any, binh: Any, mai: Any, cast: Any) -> None:
    assert "Tạo đường dẫn" in lan.read(f"/calendars/{cast.commune}")
    assert "Tạo đường dẫn</h2>" not in binh.read(f"/calendars/{cast.commune}")
    assert binh.send(f"/calendars/{cast.commune}/links", name="x").status_code == 403
    mai.read(f"/calendars/{cast.commune}", status=403)
    form = import_form(cast.commune, calendar())
    assert mai.send("/calendars/import/preview", **form).status_code == 403
    assert lan.send(f"/calendars/{cast.commune}/links", name=" ").status_code == 422


def test_an_import_is_seen_chosen_and_taken_back(
    lan: Any, cast: Any, approved: int, database: Database
) -> None:
    page = lan.send("/calendars/import/preview", **import_form(cast.commune, calendar())).get_data(
        as_text=True
    )
    for told in ("Bài hát quê hương", "Không nhập được", "FREQ=HOURLY", "Tin buổi sáng", "múi giờ"):
        assert told in page
    result = take_in(lan, cast, calendar(), approved, {"Tập thể dục", "Tiêm chủng", "Tin thị trường"})
    assert "Thêm 3 lịch phát, sửa 0, gỡ 0." in result
    undo = re.search(r'action="(/calendars/import/\d+/undo/\d+)"', result)
    assert undo
    assert lan.send(undo[1]).status_code == 302
    with database.transaction(read_only=True) as session:
        assert session.scalars(select(Schedule).where(Schedule.withdrawn_at.is_(None))).all() == []


def test_what_comes_first_is_seen_first_whatever_the_order_of_the_file(lan: Any, cast: Any) -> None:
    days = (NOW + dt.timedelta(days=number) for number in (40, 20, 60))
    events = "".join(
        f"BEGIN:VEVENT\nUID:{number}\nSUMMARY:Tin {number}\nDTSTART:{day:%Y%m%d}T053000\nEND:VEVENT\n"
        for number, day in enumerate(days)
    )
    data = f"BEGIN:VCALENDAR\n{events}END:VCALENDAR\n".encode()
    page = lan.send("/calendars/import/preview", **import_form(cast.commune, data)).get_data(as_text=True)
    assert re.findall(r'calendar-row__title">([^<]+)<', page) == ["Tin 1", "Tin 0", "Tin 2"]


def test_text_is_pasted_and_what_is_no_calendar_is_refused_in_words(
    lan: Any, cast: Any, approved: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = {"area_id": cast.commune, "text": calendar("google").decode(errors="replace"), "all_day": "6h00"}
    assert "Sự kiện cả ngày: phát lúc 06:00." in lan.send("/calendars/import/preview", **form).get_data(
        as_text=True
    )
    monkeypatch.setattr(web.views.calendar_import, "MAX_BYTES", 2000)
    for data, sentence in (
        (b"", "Hãy chọn một tệp lịch"),
        (b"x", "không phải tệp lịch"),
        (b"x" * 2001, "lớn quá"),
    ):
        answer = lan.send("/calendars/import/preview", **import_form(cast.commune, data))
        assert answer.status_code == 422
        assert sentence in answer.get_data(as_text=True).replace("Đây ", "")
    monkeypatch.undo()
    nothing = {"area_id": cast.commune, "data": base64.b64encode(calendar()).decode(), "seen": "1"}
    assert "giữ nguyên" in lan.send("/calendars/import/", **nothing).get_data(as_text=True)


def test_days_off_are_decided_by_the_administrator_and_shown_to_all(
    admin: Any, lan: Any, cast: Any, one: Any
) -> None:
    path = f"/calendars/holidays/{cast.commune}"
    assert "Quốc khánh" in lan.read(f"{path}?year=2026")
    form = {"day": "2026-03-10", "kind": "off", "name": "Hội làng An Hòa"}
    assert lan.send(path, **form).status_code == 403
    assert admin.send(path, **form).status_code == 302
    assert one(select(HolidayChange)).name == "Hội làng An Hòa"
    assert "Hội làng An Hòa" in lan.read(f"/calendars/holidays/{cast.villages[0]}?year=2026")
    assert admin.send(path, day="2026-03-11", kind="off", name="").status_code == 422
    assert admin.send(path, day="tomorrow", kind="off", name="x").status_code == 422
    assert admin.send(f"{path}/2026-03-10/remove").status_code == 302
    assert "Hội làng An Hòa" not in lan.read(f"{path}?year=2026")


def test_the_pages_look_right_on_every_screen(  # noqa: PLR0917 - fixtures
    open_as: Callable[..., Any],
    judge: Callable[..., None],
    cast: Any,
    approved: int,
    tmp_path: Path,
    admin: Any,
) -> None:
    admin.send(f"/calendars/holidays/{cast.commune}", day=f"{NOW.year}-03-10", kind="off", name="Hội làng")
    file = tmp_path / "lich.ics"
    file.write_bytes(calendar())
    page = open_as(cast.lan, f"/calendars/{cast.commune}")
    page.fill("#name", "Trưởng thôn Đông")
    page.click("#make form button")
    page.wait_for_selector("#fresh-url")
    judge(page, "calendar-link")
    page = open_as(cast.lan, f"/calendars/import/?area_id={cast.commune}")
    judge(page, "calendar-import")
    page.set_input_files("#file", str(file))
    page.click("form.form button[type=submit]")
    page.wait_for_selector(".calendar-rows")
    judge(page, "calendar-preview")
    page.select_option(".calendar-row select >> nth=0", str(approved))
    page.click(".form__actions button")
    page.wait_for_selector("text=Thêm 1 lịch phát")
    judge(page, "calendar-result")
    open_as(cast.admin, f"/calendars/holidays/{cast.commune}")
    judge(page, "calendar-holidays")


def test_every_reason_has_a_sentence_in_both_languages_and_no_sentence_is_left_over(app: Any) -> None:
    pattern = re.compile(r'\b(?:EventError|Note|note)\(\s*"(\w+)"')
    files = sorted(Path(schedules.__file__).parent.glob("ical_*.py"))
    codes = {code for file in files for code in pattern.findall(file.read_text())} - {"malformed"}
    assert set(calendar_words.SENTENCES) == codes
    for language in ("vi", "en"):
        with app.test_request_context(headers={"Accept-Language": language}):
            for code in codes:
                assert "%" not in calendar_words.sentence(Note(code, {"date": "2026-03-02"}))
