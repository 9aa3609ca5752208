"""Slots on the pages: made, previewed, refused in words, put in order without scripts, shown and changed."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select

from broadcast.authoring import bulletins, relays, validity
from broadcast.models import Bulletin, Clip, Person, RenderState, Schedule, Sound
from broadcast.plans import planning
from broadcast.storage.database import Database
from devices.relay import Findings
from schedules import slots
from schedules.slots import Airings, Kind
from schedules.types import LOCAL

NOW = dt.datetime(2026, 3, 2, 1, 0, tzinfo=dt.UTC)  # Monday 08:00 in Vietnam
TOMORROW = NOW.astimezone(LOCAL).date() + dt.timedelta(days=1)
FIRST_MIDNIGHT = dt.datetime.combine(TOMORROW, dt.time(), LOCAL).astimezone(dt.UTC)

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
    week = lan.read(f"/programme/?week={(TOMORROW + dt.timedelta(days=1)).isoformat()}")
    assert 'class="badge badge--idle"' in week


def add_bulletin(database: Database, like: int, area: int, title: str, milliseconds: int) -> int:
    """Another approved bulletin, without the way there; gives its number."""
    with database.transaction() as session:
        model = session.get_one(Bulletin, like)
        lan, binh = (
            session.get_one(Person, model.author_id),
            session.scalars(select(Person).where(Person.username == "binh")).one(),
        )
        made = bulletins.create(session, lan, area_id=area, title=title, text=f"{title}.", now=NOW)
        sha256 = f"{made.id:04x}" * 16
        old = model.current.clip
        assert old is not None
        clip = Clip(
            sha256=sha256,
            key=sha256,
            media_type=old.media_type,
            size=old.size,
            duration_ms=milliseconds,
            engine=old.engine,
            engine_version=old.engine_version,
            loudness=old.loudness,
            true_peak=old.true_peak,
            peaks=old.peaks,
            created_at=NOW,
        )
        session.add(clip)
        session.flush()
        made.current.clip_id, made.current.render_state = clip.id, RenderState.READY
        session.flush()
        session.refresh(made.current)
        bulletins.submit(session, lan, made.id, now=NOW)
        shown = {"text_sha256": made.current.text_sha256, "audio_sha256": sha256}
        bulletins.approve(session, binh, made.id, version=1, **shown, now=NOW)
        return made.id


def holds(database: Database, bulletin_id: int, **said: Any) -> None:
    wish = {"valid_from": None, "valid_until": None, "airings": None} | said
    with database.transaction() as session:
        author = session.get_one(Bulletin, bulletin_id).author
        validity.save(session, author, bulletin_id, **wish, now=NOW)


def previewed(client: Any, fields: dict[str, Any]) -> str:
    answer = client.send("/programme/slots/preview", **fields)
    text: str = answer.get_data(as_text=True)
    assert answer.status_code == 200, text[:2000]
    return text


def test_without_scripts_things_are_added_moved_and_taken_out_by_the_server(
    lan: Any, cast: Any, approved: int, tune: int, database: Database
) -> None:
    fields = form(cast.commune, ALL, add_entry=f"tune:{tune}", add_order=str(approved))
    page = lan.send("/programme/slots/arrange", **fields, arrange="add:entry").get_data(as_text=True)
    assert 'name="entry_1_what" value="tune:' in page
    assert schedules(database) == []
    fields = form(cast.commune, ALL, f"tune:{tune}")
    page = lan.send("/programme/slots/arrange", **fields, arrange="up:entry:1").get_data(as_text=True)
    assert page.index('name="entry_1_what"') < page.index('name="entry_0_what"')
    page = lan.send(
        "/programme/slots/arrange", **fields, arrange="add:order", add_order=str(approved)
    ).get_data(as_text=True)
    assert f'name="order" value="{approved}"' in page
    page = lan.send(
        "/programme/slots/arrange", **fields, arrange="add:language", add_language="tyz"
    ).get_data(as_text=True)
    assert 'name="language" value="tyz"' in page
    saved = lan.send("/programme/slots/new", **fields, removed="entry:1", order=approved)
    assert saved.status_code == 302
    kept = slots.from_dict(schedules(database)[0].slot or {})
    assert [entry.kind for entry in kept.entries] == [Kind.FLOW]


def test_what_is_too_much_is_refused_with_how_many_seconds(
    lan: Any, cast: Any, approved: int, tune: int, database: Database
) -> None:
    fields = form(cast.commune, f"tune:{tune}", f"bulletin:{approved}", minutes="1")
    told = "dài 2:20, khung giờ chỉ có 1:00: quá 80 giây"
    assert told in previewed(lan, fields)
    answer = lan.send("/programme/slots/new", **fields)
    assert answer.status_code == 422
    assert told in answer.get_data(as_text=True)
    empty = lan.send("/programme/slots/new", **form(cast.commune))
    assert "Khung giờ chưa có gì." in empty.get_data(as_text=True)
    assert schedules(database) == []
    filling = form(cast.commune, f"tune:{tune}", f"bulletin:{approved}", minutes="2", entry_0_filling="yes")
    text = previewed(lan, filling)
    assert "2:00 của 2:00" in text
    assert "Nhạc hiệu sáng</strong>: không đủ chỗ, thiếu 20 giây." in text


def test_the_preview_says_what_is_left_out_why_and_what_to_do(
    lan: Any, cast: Any, approved: int, tune: int, database: Database
) -> None:
    later = add_bulletin(database, approved, cast.commune, "Tết trồng cây", 60_000)
    holds(database, later, valid_from=NOW + dt.timedelta(days=30), valid_until=NOW + dt.timedelta(days=40))
    large = add_bulletin(database, approved, cast.commune, "Hương ước", 30 * 60_000)
    holds(database, large, valid_until=NOW + dt.timedelta(days=40))
    text = previewed(lan, form(cast.commune, f"tune:{tune}", ALL, order=approved))
    assert "Tết trồng cây</a>: chưa đến lúc: có hiệu lực từ" in text
    assert "Hương ước</a>: không đủ chỗ, thiếu" in text
    assert "Kéo dài khung giờ, rút ngắn bản tin" in text
    text = previewed(lan, form(cast.commune, f"tune:{tune}", "flow:priority", order=approved))
    assert "khung giờ không có chỗ cho bản tin thường" in text
    assert "nên loa im lặng" in text
    assert "0:00 của 30:00" in text


def test_the_preview_says_what_a_village_hears_otherwise_and_which_wish_cannot_be_reached(
    lan: Any, cast: Any, approved: int, database: Database
) -> None:
    meeting = add_bulletin(database, approved, cast.villages[0], "Họp thôn Đông", 75_000)
    holds(database, meeting, valid_until=NOW + dt.timedelta(days=20))
    end = FIRST_MIDNIGHT + dt.timedelta(days=3)
    holds(database, approved, valid_from=FIRST_MIDNIGHT, valid_until=end, airings=Airings(9, 3))
    text = previewed(lan, form(cast.commune, ALL))
    assert "Ở Thôn Đông" in text
    assert "thêm “Họp thôn Đông” ở phút 2:00" in text
    assert "có nơi nghe khác, dài nhất 3:15" in text
    assert "“Vệ sinh đường làng”: chỉ được 3 trong 9 lần." in text


def test_doubts_and_overlaps_are_told_before_a_slot_is_saved(
    lan: Any, cast: Any, approved: int, speakers: list[int], database: Database
) -> None:
    slip = form(cast.commune, ALL, order=approved, time="03:15")
    asked = lan.send("/programme/slots/new", **slip)
    assert asked.status_code == 422
    assert "03:15 – ý bạn là 15:15?" in asked.get_data(as_text=True)
    assert 'value="15:15"' in lan.send("/programme/slots/new", **slip, correct="03:15>15:15").get_data(
        as_text=True
    )
    made = form(cast.commune, ALL, order=approved)
    assert lan.send("/programme/slots/new", **made).status_code == 302
    inside = {**made, "title": "Xen vào", "time": "05:50"}  # the bulletins end at 05:32, the slot at 06:00
    asked = lan.send("/programme/slots/new", **inside)
    assert asked.status_code == 422
    assert "Trùng với “Chương trình sáng”" in asked.get_data(as_text=True)
    assert len(schedules(database)) == 1


def test_a_slot_is_changed_by_its_own_form(
    lan: Any, cast: Any, approved: int, tune: int, database: Database
) -> None:
    rows = (f"tune:{tune}", ALL)
    made = lan.send("/programme/slots/new", **form(cast.commune, *rows, order=approved))
    number = int(made.headers["Location"].rsplit("/", 1)[1].split("?")[0])
    edit = f"/programme/slots/{number}/edit"
    assert lan.get(f"/programme/schedules/{number}/edit").headers["Location"] == edit
    assert 'value="Chương trình sáng"' in lan.read(edit)
    shorter = form(cast.commune, *rows, minutes="20", entry_0_filling="yes", schedule_id=number)
    assert "2:20" not in previewed(lan, shorter)  # nothing is ordered any more
    assert lan.send(edit, **shorter).status_code == 302
    (saved,) = schedules(database)
    slot = slots.from_dict(saved.slot or {})
    assert (slot.length_ms, slot.entries[0].fixed) == (20 * 60_000, False)
    assert "khi còn thời gian" in lan.read(f"/programme/schedules/{number}")


def test_another_commune_does_not_reach_the_form_and_a_list_has_another(
    lan: Any, mai: Any, cast: Any, approved: int
) -> None:
    fields = form(cast.commune, ALL, order=approved)
    made = lan.send("/programme/slots/new", **fields).headers["Location"].rsplit("/", 1)[1].split("?")[0]
    edit = f"/programme/slots/{made}/edit"
    assert mai.get(edit).status_code == 404
    assert mai.send(edit, **fields).status_code == 404
    assert mai.send("/programme/slots/preview", **fields, schedule_id=made).status_code == 404
    assert "không có quyền" in mai.send("/programme/slots/new", **fields).get_data(as_text=True)
    plain = {"title": "Bản tin", "area_id": cast.commune, "bulletin_id": approved, "frequency": "daily"}
    listed = lan.send("/programme/new", **plain, starts_on=TOMORROW.isoformat(), time="12:00")
    other = listed.headers["Location"].rsplit("/", 1)[1].split("?")[0]
    assert lan.get(f"/programme/slots/{other}/edit").status_code == 409


def test_a_sound_that_was_retired_is_marked_and_may_stay(
    lan: Any, cast: Any, approved: int, tune: int, database: Database
) -> None:
    fields = form(cast.commune, f"tune:{tune}", ALL, order=approved)
    made = lan.send("/programme/slots/new", **fields)
    number = int(made.headers["Location"].rsplit("/", 1)[1].split("?")[0])
    lan.send(f"/sounds/{tune}/retire")
    page = lan.read(made.headers["Location"])
    assert "Âm thanh này không còn dùng" in page
    assert "không còn dùng. " in page
    assert "2:00 của 30:00" in page
    changed = {**fields, "title": "Tên khác", "schedule_id": number}
    assert lan.send(f"/programme/slots/{number}/edit", **changed).status_code == 302
    assert schedules(database)[0].title == "Tên khác"
    assert lan.send("/programme/slots/new", **fields, accepted="yes").status_code == 422


def test_a_station_is_carried_for_as_long_as_the_form_says(
    lan: Any, cast: Any, tune: int, database: Database
) -> None:
    with database.transaction() as session:
        officer = session.get_one(Person, cast.lan.id)
        stream = Findings("audio/mpeg", "mp3", 64_000, 44_100, 2, "")
        station = relays.add(
            session, officer, cast.commune, title="Đài tỉnh", url="https://dai.vn/a", found=stream, now=NOW
        )
        number = station.id
    assert "Đài tỉnh</option>" in lan.read("/programme/slots/new")
    fields = form(cast.commune, f"tune:{tune}", f"relay:{number}", entry_1_minutes="12")
    text = previewed(lan, fields)
    assert "12:20 của 30:00" in text
    assert "Đài tỉnh" in text
    assert "Tiếp âm “Đài tỉnh” 12 phút: mỗi buổi tốn khoảng 6,0 MB trên SIM của từng loa." in text
    assert "tốn khoảng 12,9 MB" in previewed(lan, {**fields, "entry_1_minutes": "26"})
    assert lan.send("/programme/slots/new", **fields).status_code == 302
    kept = slots.from_dict(schedules(database)[0].slot or {})
    assert kept.entries[1].length_ms == 12 * 60_000
    assert 'name="entry_1_minutes" inputmode="numeric" maxlength="4" value="12"' in lan.read(
        "/programme/slots/1/edit"
    )
    too_long = previewed(lan, {**fields, "entry_1_minutes": "31"})
    assert "quá 80 giây" in too_long


def test_a_bulletin_of_others_is_not_told_and_one_from_above_is_no_link(
    lan: Any, mai: Any, cast: Any, approved: int, database: Database
) -> None:
    foreign = form(cast.other_commune, ALL, f"bulletin:{approved}", order=approved)
    for path in ("preview", "arrange", "new"):
        text = mai.send(f"/programme/slots/{path}", **foreign).get_data(as_text=True)
        assert "Vệ sinh đường làng" not in text, path
    with database.transaction() as session:
        session.get_one(Bulletin, approved).area_id = cast.district
    text = previewed(lan, form(cast.commune, ALL, order=approved))
    assert "2:00 của 30:00" in text
    assert f"/bulletins/{approved}" not in text
    page = lan.send("/programme/slots/arrange", **form(cast.commune, ALL, order=approved))
    assert "Không tìm thấy" not in page.get_data(as_text=True)
