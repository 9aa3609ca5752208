"""Bulletin pages: who may do what, what is refused beside its field, and nothing typed is lost."""

from __future__ import annotations

import datetime as dt
import io
import re
from typing import Any

from werkzeug.datastructures import FileStorage

from broadcast.authoring import bulletins
from broadcast.models import Bulletin, BulletinState, Clip, Person, RenderState
from broadcast.storage.database import Database

NOW = dt.datetime(2026, 3, 2, 1, 0, tzinfo=dt.UTC)
TEXT = "Từ 7h30 ngày 5/3/2026, trạm y tế xã tiêm chủng cho trẻ dưới 5 tuổi. Bà con mang theo sổ tiêm."


def write(
    database: Database,
    person: Person,
    area_id: int,
    *,
    title: str = "Lịch tiêm chủng",
    text: str = TEXT,
    **more: Any,
) -> int:
    with database.transaction() as session:
        author = session.get_one(Person, person.id)
        values = {"title": title, "text": text, **more}
        return bulletins.create(session, author, area_id=area_id, now=NOW, **values).id


def voice(database: Database, bulletin_id: int, *, digest: str = "a", fallback: str = "") -> str:
    """Give the current version audio, as the worker would."""
    sha256 = (f"{bulletin_id:x}" + digest * 64)[:64]
    with database.transaction() as session:
        version = session.get_one(Bulletin, bulletin_id).current
        clip = Clip(
            sha256=sha256,
            key=sha256,
            media_type="audio/mpeg",
            size=40_000,
            duration_ms=21_000,
            engine="espeak",
            engine_version="1.52",
            fallback=fallback,
            loudness=-16.1,
            true_peak=-1.9,
            peaks=[20, 60, 90, 40] * 30,
            created_at=NOW,
        )
        session.add(clip)
        session.flush()
        version.clip_id, version.render_state = clip.id, RenderState.READY
    return sha256


def submit(database: Database, person: Person, bulletin_id: int) -> None:
    with database.transaction() as session:
        bulletins.submit(session, session.get_one(Person, person.id), bulletin_id, now=NOW)


def state_of(database: Database, bulletin_id: int) -> BulletinState:
    with database.transaction(read_only=True) as session:
        return session.get_one(Bulletin, bulletin_id).state


def field(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, name
    return found[1]


def test_an_empty_list_says_what_to_do_next(lan: Any) -> None:
    page = lan.read("/bulletins/")
    assert "Chưa có bản tin nào" in page
    assert "/bulletins/new" in page


def test_a_written_bulletin_is_kept_as_a_draft_and_shown_as_it_will_be_read(lan: Any, cast: Any) -> None:
    answer = lan.send("/bulletins/new", title="Tiêm chủng", text=TEXT, area_id=cast.commune, klass="routine")
    assert answer.status_code == 302
    page = lan.read(answer.headers["Location"])
    assert "Bản nháp" in page
    assert "bảy giờ ba mươi" in page
    assert "Gửi duyệt" in page


def test_wrong_fields_are_told_beside_them_and_nothing_typed_is_lost(lan: Any, cast: Any) -> None:
    answer = lan.send(
        "/bulletins/new",
        title="",
        text=TEXT,
        area_id=cast.commune,
        document_date="31/02/2026",
        source="Trạm y tế",
    )
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "Hãy đặt tên cho bản tin." in page
    assert "Ngày không đúng" in page
    assert "trạm y tế xã tiêm chủng" in page
    assert "Trạm y tế" in page


def test_a_text_of_100_000_characters_is_refused_in_a_sentence(lan: Any, cast: Any) -> None:
    answer = lan.send("/bulletins/new", title="Dài", text="xã " * 33_334, area_id=cast.commune)
    assert answer.status_code == 422
    assert "nhiều nhất là 50000" in answer.get_data(as_text=True)


def test_an_officer_of_another_commune_sees_and_changes_nothing(
    mai: Any, database: Database, cast: Any
) -> None:
    bulletin_id = write(database, cast.lan, cast.commune)
    mai.read(f"/bulletins/{bulletin_id}", status=403)
    mai.read(f"/bulletins/{bulletin_id}/edit", status=403)
    assert mai.send(f"/bulletins/{bulletin_id}/submit").status_code == 403
    assert mai.send(f"/bulletins/{bulletin_id}/withdraw").status_code == 403
    assert "Lịch tiêm chủng" not in mai.read("/bulletins/")
    answer = mai.send("/bulletins/new", title="Nhầm xã", text=TEXT, area_id=cast.commune)
    assert answer.status_code == 403
    assert "không có quyền" in answer.get_data(as_text=True)
    assert state_of(database, bulletin_id) is BulletinState.DRAFT


def test_the_author_cannot_approve_and_is_not_offered_to(lan: Any, database: Database, cast: Any) -> None:
    bulletin_id = write(database, cast.lan, cast.commune)
    sha256 = voice(database, bulletin_id)
    submit(database, cast.lan, bulletin_id)
    page = lan.read(f"/bulletins/{bulletin_id}")
    assert "Người soạn không tự duyệt" in page
    assert 'value="approve"' not in page
    answer = lan.send(
        f"/bulletins/{bulletin_id}/decision",
        decision="approve",
        heard="yes",
        version=1,
        text_sha256="x",
        audio_sha256=sha256,
    )
    assert answer.status_code == 403
    assert state_of(database, bulletin_id) is BulletinState.SUBMITTED


def test_another_person_approves_the_text_and_audio_of_the_page(
    binh: Any, database: Database, cast: Any
) -> None:
    bulletin_id = write(database, cast.lan, cast.commune)
    sha256 = voice(database, bulletin_id)
    submit(database, cast.lan, bulletin_id)
    page = binh.read(f"/bulletins/{bulletin_id}")
    assert field(page, "audio_sha256") == sha256
    shown = {name: field(page, name) for name in ("version", "text_sha256", "audio_sha256")}
    unheard = binh.send(f"/bulletins/{bulletin_id}/decision", decision="approve", **shown)
    assert unheard.status_code == 422
    assert "Hãy nghe hết bản tin" in unheard.get_data(as_text=True)
    answer = binh.send(f"/bulletins/{bulletin_id}/decision", decision="approve", heard="yes", **shown)
    assert answer.status_code == 302
    assert state_of(database, bulletin_id) is BulletinState.APPROVED
    assert "Duyệt phiên bản 1" in binh.read(f"/bulletins/{bulletin_id}")


def test_an_approval_of_other_audio_than_the_one_that_is_there_is_refused(
    binh: Any, database: Database, cast: Any
) -> None:
    bulletin_id = write(database, cast.lan, cast.commune)
    voice(database, bulletin_id)
    submit(database, cast.lan, bulletin_id)
    page = binh.read(f"/bulletins/{bulletin_id}")
    shown = {name: field(page, name) for name in ("version", "text_sha256", "audio_sha256")}
    voice(database, bulletin_id, digest="b")
    answer = binh.send(f"/bulletins/{bulletin_id}/decision", decision="approve", heard="yes", **shown)
    assert answer.status_code == 409
    assert "đọc và nghe lại" in answer.get_data(as_text=True)
    assert state_of(database, bulletin_id) is BulletinState.SUBMITTED


def test_sending_back_needs_a_reason_and_shows_it_to_the_author(
    lan: Any, binh: Any, database: Database, cast: Any
) -> None:
    bulletin_id = write(database, cast.lan, cast.commune)
    voice(database, bulletin_id)
    submit(database, cast.lan, bulletin_id)
    address = f"/bulletins/{bulletin_id}/decision"
    assert binh.send(address, decision="send_back", version=1, note=" ").status_code == 422
    assert binh.send(address, decision="send_back", version=1, note="Thiếu địa điểm tiêm.").status_code == 302
    page = lan.read(f"/bulletins/{bulletin_id}")
    assert "Thiếu địa điểm tiêm." in page
    assert "Cần sửa" in page


def test_saving_over_another_s_version_shows_both_and_loses_neither(
    lan: Any, database: Database, cast: Any
) -> None:
    bulletin_id = write(database, cast.lan, cast.commune)
    with database.transaction() as session:
        author = session.get_one(Person, cast.lan.id)
        bulletins.edit(session, author, bulletin_id, expected_version=1, text="Bản của người kia.", now=NOW)
    mine = {"title": "Lịch tiêm chủng", "text": "Bản của tôi.", "area_id": cast.commune, "version": 1}
    answer = lan.send(f"/bulletins/{bulletin_id}/edit", **mine)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 409
    assert "Bản của người kia." in page
    assert "Bản của tôi." in page
    assert field(page, "version") == "2"
    assert lan.send(f"/bulletins/{bulletin_id}/edit", **{**mine, "version": 2}).status_code == 302
    with database.transaction(read_only=True) as session:
        texts = [each.text for each in session.get_one(Bulletin, bulletin_id).versions]
    assert texts == [TEXT, "Bản của người kia.", "Bản của tôi."]


def test_a_text_file_fills_the_form_and_binary_garbage_is_refused_in_a_sentence(lan: Any) -> None:
    def upload(data: bytes) -> Any:
        file = FileStorage(io.BytesIO(data), filename="ban-tin.txt")
        return lan.send("/bulletins/import", title="", text="đang gõ dở", file=file)

    page = upload("Họp thôn\n\n19h30 tối nay họp tại nhà văn hóa.".encode()).get_data(as_text=True)
    assert 'value="Họp thôn"' in page
    assert "19h30 tối nay" in page
    refused = upload(bytes(range(256)) * 40)
    assert refused.status_code == 422
    assert "không phải văn bản UTF-8" in refused.get_data(as_text=True)
    assert "đang gõ dở" in refused.get_data(as_text=True)


def test_a_withdrawn_bulletin_comes_back_with_one_tap(lan: Any, database: Database, cast: Any) -> None:
    bulletin_id = write(database, cast.lan, cast.commune)
    page = lan.read(lan.send(f"/bulletins/{bulletin_id}/withdraw").headers["Location"])
    assert "Hoàn tác gỡ" in page
    assert lan.send(f"/bulletins/{bulletin_id}/restore").status_code == 302
    assert state_of(database, bulletin_id) is BulletinState.DRAFT


def test_a_voice_that_replaced_the_wished_one_is_named(lan: Any, database: Database, cast: Any) -> None:
    bulletin_id = write(database, cast.lan, cast.commune)
    voice(database, bulletin_id, fallback="google: unreachable")
    page = lan.read(f"/bulletins/{bulletin_id}")
    assert "Giọng thay thế" in page
    assert "máy đọc ngoại tuyến" in page


def test_search_finds_words_without_accents_and_by_state(lan: Any, database: Database, cast: Any) -> None:
    write(database, cast.lan, cast.commune, title="Phòng chống lụt bão")
    submitted = write(database, cast.lan, cast.commune, title="Họp dân thôn Đông")
    submit(database, cast.lan, submitted)
    assert "Phòng chống lụt bão" in lan.read("/bulletins/?q=lut+bao")
    assert "Họp dân" not in lan.read("/bulletins/?q=lut+bao")
    page = lan.read("/bulletins/?state=submitted")
    assert "Họp dân" in page
    assert "lụt bão" not in page
    assert "Không tìm thấy bản tin nào" in lan.read("/bulletins/?q=khongco")


def test_the_preview_needs_a_person_who_is_signed_in(client: Any, lan: Any) -> None:
    assert "mười lăm phần trăm" in lan.send("/bulletins/preview", text="Giảm 15%.").get_data(as_text=True)
    assert client.send("/bulletins/preview", text="Giảm 15%.").status_code in (302, 401)


def test_a_failed_or_replaced_voice_can_be_tried_again_until_it_is_approved(
    lan: Any, mai: Any, database: Database, cast: Any
) -> None:
    bulletin_id = write(database, cast.lan, cast.commune)
    voice(database, bulletin_id, fallback="google: unreachable")
    assert "Tạo lại âm thanh" in lan.read(f"/bulletins/{bulletin_id}")
    assert mai.send(f"/bulletins/{bulletin_id}/render").status_code == 403
    assert lan.send(f"/bulletins/{bulletin_id}/render").status_code == 302
    with database.transaction() as session:
        version = session.get_one(Bulletin, bulletin_id).current
        assert version.render_state is RenderState.WAITING
        version.render_state, version.render_error = RenderState.FAILED, "voice_unavailable:unreachable"
    page = lan.read(f"/bulletins/{bulletin_id}")
    assert "Không có giọng đọc nào dùng được" in page
    assert "Tạo lại âm thanh" in page
