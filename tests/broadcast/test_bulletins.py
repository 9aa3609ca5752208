"""Bulletins: written, changed without losing anyone's work, found again."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from broadcast.authoring import bulletins
from broadcast.errors import (
    EmptyBulletin,
    EmptyTitle,
    Forbidden,
    NotFound,
    NotText,
    StaleVersion,
    TextTooLong,
    TitleTooLong,
    UnknownArea,
    ValueTooLong,
    VoiceInvalid,
    WrongState,
)
from broadcast.models import AuditRow, Bulletin, BulletinState, BulletinVersion, RenderState
from broadcast.storage import audit, events
from devices.messages import BulletinClass

TITLE = "Lịch tiêm chủng tháng Ba"
TEXT = "Trạm y tế xã thông báo: sáng thứ Bảy tiêm chủng cho trẻ dưới một tuổi."


def create(database, person, area_id, now, **more):
    with database.transaction() as session:
        words = {"title": TITLE, "text": TEXT, **more}
        return bulletins.create(session, person, area_id=area_id, now=now, **words)


def edit(database, person, bulletin_id, expected, now, **words):
    with database.transaction() as session:
        return bulletins.edit(session, person, bulletin_id, expected_version=expected, now=now, **words)


def get(database, person, bulletin_id):
    with database.transaction(read_only=True) as session:
        return bulletins.get(session, person, bulletin_id)


def search(database, person, **more):
    with database.transaction(read_only=True) as session:
        return bulletins.search(session, person, **more)


def test_an_officer_writes_a_bulletin_and_its_audio_is_asked_for(database, cast, now):
    made = create(
        database,
        cast.lan,
        cast.commune,
        now,
        klass=BulletinClass.PRIORITY,
        source="Trạm y tế",
        document_number="12/KH-UBND",
        document_date=dt.date(2026, 2, 20),
        document_issuer="UBND xã An Hòa",
        speed=0.9,
    )
    found = get(database, cast.lan, made.id)
    assert (found.state, found.klass, found.document_number) == (
        BulletinState.DRAFT,
        BulletinClass.PRIORITY,
        "12/KH-UBND",
    )
    assert (found.current.number, found.current.title, found.current.speed) == (1, TITLE, 0.9)
    assert found.current.render_state is RenderState.WAITING


def test_words_are_kept_in_one_form(database, cast, now):
    decomposed = "Thông báo".encode().decode().replace("ô", "o\u0302").replace("á", "a\u0301")
    made = create(
        database, cast.lan, cast.commune, now, title=f"  {decomposed}\n chung ", text="một\r\nhai \n"
    )
    assert get(database, cast.lan, made.id).current.title == "Thông báo chung"
    assert get(database, cast.lan, made.id).current.text == "một\nhai"


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"title": "  "}, EmptyTitle),
        ({"title": "x" * 301}, TitleTooLong),
        ({"title": "a\x07b"}, NotText),
        ({"text": " \n "}, EmptyBulletin),
        ({"text": "a\x00b"}, NotText),
        ({"text": "x" * 50_001}, TextTooLong),
        ({"source": "x" * 201}, ValueTooLong),
        ({"document_number": "x" * 81}, ValueTooLong),
        ({"engine": "festival"}, VoiceInvalid),
        ({"language": "tiếng Việt"}, VoiceInvalid),
        ({"voice": ""}, VoiceInvalid),
        ({"speed": 9.0}, VoiceInvalid),
        ({"speed": float("nan")}, VoiceInvalid),
        ({"chime": "gong"}, VoiceInvalid),
    ],
)
def test_a_wrong_value_is_refused_and_nothing_is_kept(database, cast, now, wrong, error):
    with pytest.raises(error):
        create(database, cast.lan, cast.commune, now, **wrong)
    assert search(database, cast.lan).total == 0


def test_a_text_of_100_000_characters_is_refused_with_the_counts(database, cast, now):
    with pytest.raises(TextTooLong) as caught:
        create(database, cast.lan, cast.commune, now, text="x" * 100_000)
    assert caught.value.params == {"count": 100_000, "limit": 50_000}


def test_a_bulletin_needs_a_title_and_a_text(database, cast, now):
    with pytest.raises(EmptyTitle), database.transaction() as session:
        bulletins.create(session, cast.lan, area_id=cast.commune, now=now, text=TEXT)
    with pytest.raises(EmptyBulletin), database.transaction() as session:
        bulletins.create(session, cast.lan, area_id=cast.commune, now=now, title=TITLE)


def test_only_who_writes_for_the_area_may_write(database, cast, now):
    for person in (cast.mai, cast.binh, cast.dung, cast.admin):
        with pytest.raises(Forbidden):
            create(database, person, cast.commune, now)
    with pytest.raises(UnknownArea):
        create(database, cast.lan, 999, now)
    assert create(database, cast.lan, cast.villages[0], now)


def test_an_emergency_is_written_by_who_may_send_one(database, cast, now):
    with pytest.raises(Forbidden):
        create(database, cast.lan, cast.commune, now, klass=BulletinClass.EMERGENCY)
    assert create(database, cast.dung, cast.commune, now, klass=BulletinClass.EMERGENCY)
    ordinary = create(database, cast.lan, cast.commune, now)
    with pytest.raises(Forbidden):
        edit(database, cast.lan, ordinary.id, 1, now, klass=BulletinClass.EMERGENCY)


def test_an_edit_makes_a_new_version_and_keeps_the_old(database, cast, now):
    made = create(database, cast.lan, cast.commune, now)
    edit(database, cast.lan, made.id, 1, now, text="Nội dung mới.")
    found = get(database, cast.lan, made.id)
    assert (found.version_number, found.current.text, found.current.title) == (2, "Nội dung mới.", TITLE)
    with database.transaction(read_only=True) as session:
        texts = session.scalars(select(BulletinVersion.text).order_by(BulletinVersion.number)).all()
        states = session.scalars(select(BulletinVersion.render_state).order_by(BulletinVersion.number)).all()
    assert texts == [TEXT, "Nội dung mới."]
    assert states == [RenderState.NONE, RenderState.WAITING]


def test_saving_without_a_change_makes_no_version(database, cast, now):
    made = create(database, cast.lan, cast.commune, now)
    edit(database, cast.lan, made.id, 1, now, text=TEXT + " \n", title=TITLE, speed=1.0)
    assert get(database, cast.lan, made.id).version_number == 1


def test_a_change_of_the_voice_alone_is_a_new_version(database, cast, now):
    made = create(database, cast.lan, cast.commune, now)
    edit(database, cast.lan, made.id, 1, now, speed=0.8)
    assert get(database, cast.lan, made.id).current.speed == 0.8


def test_who_saves_over_anothers_change_is_told(database, cast, now):
    made = create(database, cast.lan, cast.commune, now)
    edit(database, cast.lan, made.id, 1, now, text="Bản của Lan.")
    with pytest.raises(StaleVersion) as caught:
        edit(database, cast.lan, made.id, 1, now, text="Bản cũ.")
    assert caught.value.params == {"expected": 1, "current": 2}
    assert get(database, cast.lan, made.id).current.text == "Bản của Lan."


def test_of_many_who_save_at_once_one_wins_and_the_others_are_told(database, cast, now):
    made = create(database, cast.lan, cast.commune, now)

    def save(number):
        try:
            edit(database, cast.lan, made.id, 1, now, text=f"Bản {number}.")
        except StaleVersion:
            return "told"
        return "won"

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(save, range(8)))
    assert sorted(outcomes) == ["told"] * 7 + ["won"]
    assert get(database, cast.lan, made.id).version_number == 2


def test_a_withdrawn_bulletin_is_restored_before_it_is_changed(database, cast, wire, now):
    made = create(database, cast.lan, cast.commune, now)
    with database.transaction() as session:
        bulletins.withdraw(session, cast.lan, made.id, now=now, wire=wire)
    with pytest.raises(WrongState):
        edit(database, cast.lan, made.id, 1, now, text="Khác.")


def test_an_officer_of_another_commune_sees_nothing(database, cast, now):
    made = create(database, cast.lan, cast.commune, now)
    with pytest.raises(Forbidden):
        get(database, cast.mai, made.id)
    with pytest.raises(Forbidden):
        edit(database, cast.mai, made.id, 1, now, text="Khác.")
    assert search(database, cast.mai).total == 0
    with pytest.raises(NotFound):
        get(database, cast.mai, 999)
    with pytest.raises(NotFound):
        edit(database, cast.mai, 999, 1, now, text="Khác.")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("tiêm chủng", True),
        ("TIÊM CHỦNG", True),
        ("tiem chung", True),
        ("y tế tháng ba", True),
        ("tre duoi", True),
        ("đuối", True),
        ("covid", False),
        ("100%", False),
        ("t_êm", False),
        ("", True),
    ],
)
def test_a_search_ignores_case_and_accents(database, cast, now, query, found):
    create(database, cast.lan, cast.commune, now)
    assert search(database, cast.lan, query=query).total == int(found)


def test_a_search_reads_the_newest_words_only(database, cast, now):
    made = create(database, cast.lan, cast.commune, now)
    edit(database, cast.lan, made.id, 1, now, text="Đóng góp 100% quỹ.")
    assert search(database, cast.lan, query="y tế").total == 0
    assert search(database, cast.lan, query="100%").total == 1


def test_a_search_narrows_by_state_class_and_area(database, cast, wire, now):
    village = create(database, cast.lan, cast.villages[0], now)
    urgent = create(database, cast.dung, cast.commune, now, klass=BulletinClass.EMERGENCY)
    gone = create(database, cast.lan, cast.commune, now)
    with database.transaction() as session:
        bulletins.withdraw(session, cast.lan, gone.id, now=now, wire=wire)
    ids = lambda **by: {item.id for item in search(database, cast.lan, **by).items}  # noqa: E731
    assert ids() == {village.id, urgent.id}
    assert ids(state=BulletinState.WITHDRAWN) == {gone.id}
    assert ids(klass=BulletinClass.EMERGENCY) == {urgent.id}
    assert ids(area_id=cast.villages[0]) == {village.id}


def test_a_long_list_comes_in_pages_newest_first(database, cast, clock):
    for number in range(7):
        create(database, cast.lan, cast.commune, clock.forward(seconds=1), title=f"Bản tin {number}")
    first, last = search(database, cast.lan, per_page=3), search(database, cast.lan, per_page=3, page=99)
    assert [item.current.title for item in first.items] == ["Bản tin 6", "Bản tin 5", "Bản tin 4"]
    assert ([item.current.title for item in last.items], last.page, last.pages) == (["Bản tin 0"], 3, 3)
    assert (search(database, cast.lan, query="không có").items, search(database, cast.mai).pages) == ([], 1)


def test_every_change_is_logged_and_announced(database, cast, now):
    made = create(database, cast.lan, cast.commune, now)
    edit(database, cast.lan, made.id, 1, now, text="Mới.")
    with database.transaction() as session:
        bulletins.submit(session, cast.lan, made.id, now=now)
    with database.transaction(read_only=True) as session:
        logged = session.scalars(
            select(AuditRow.action).where(AuditRow.subject == f"bulletin:{made.id}").order_by(AuditRow.id)
        ).all()
        seen = [e for e in events.since(session, 0, {cast.commune}) if e.kind == "bulletin"]
        assert audit.verify(session) is None
    assert logged == ["bulletin.create", "bulletin.edit", "bulletin.submit"]
    assert [(e.subject, e.data["state"], e.data["version"]) for e in seen] == [
        (made.id, "draft", 1),
        (made.id, "draft", 2),
        (made.id, "submitted", 2),
    ]


def test_reading_aloud_shows_what_will_be_said():
    spoken = bulletins.read_aloud("Họp lúc 19h30 ngày 5/3/2026.")
    assert "19h30" not in spoken.text
    assert spoken.source == "Họp lúc 19h30 ngày 5/3/2026."


@pytest.mark.parametrize(
    ("data", "title", "start"),
    [
        ("# Thông báo họp thôn\n\nKính mời bà con.".encode(), "Thông báo họp thôn", "Thông báo họp thôn\n"),
        ("\ufeffThông báo\r\nNội dung".encode(), "Thông báo", "Thông báo\nNội dung"),
        ("Thứ tư, 06/12/2023 18:00\n\nHọp thôn\n\nNội dung".encode(), "Họp thôn", "Thứ tư"),
        (("Ủy ban nhân dân xã đề nghị " * 20).encode(), "Ủy ban nhân dân xã đề nghị", "Ủy ban"),
        (b"2026\n", "2026", "2026"),
    ],
)
def test_a_text_file_becomes_a_title_and_a_text(data, title, start):
    found = bulletins.import_file(data, "bantin.txt")
    assert found.title.startswith(title)
    assert len(found.title) <= 200
    assert found.text.startswith(start)


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"\x00\x01\x02garbage", NotText),
        (b"\x89PNG\r\n\x1a\n\x00\x00", NotText),
        (b"", EmptyBulletin),
        (b"  \n\n", EmptyBulletin),
        (b"#\n", EmptyBulletin),
        (b"a" * 100_000, TextTooLong),
    ],
)
def test_a_file_that_is_no_bulletin_is_refused_by_name(data, error):
    with pytest.raises(error) as caught:
        bulletins.import_file(data, "anh.png")
    assert caught.value.params["filename"] == "anh.png"


def test_a_list_is_read_without_a_query_for_each_row(database, cast, now):
    for _ in range(5):
        create(database, cast.lan, cast.commune, now)
    page = search(database, cast.lan)
    assert {(item.area.name, item.author.username, item.current.clip) for item in page.items} == {
        ("Xã An Hòa", "lan", None)
    }
    with database.transaction(read_only=True) as session:
        assert session.scalar(select(func.count(Bulletin.id))) == 5
