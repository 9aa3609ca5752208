"""The lexicon: the nearest area wins, and what is read otherwise now is made and approved anew."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select

from broadcast.authoring import bulletins, layers, lexicon, rendering
from broadcast.errors import EntryInvalid, Forbidden, NotFound, WrongState
from broadcast.models import (
    AuditRow,
    Broadcast,
    BroadcastClip,
    BroadcastState,
    Bulletin,
    BulletinState,
    BulletinVersion,
    RenderState,
    Role,
)
from broadcast.storage import audit, events
from broadcast.units import people
from devices.messages import AlertStatus
from tts import normalise

WORD, TEXT = "Ea Súp", "Mời bà con thôn Ea Súp đi họp. Xin cảm ơn."


@pytest.fixture
def editors(database, cast, now):
    """Lan writes for the commune; Dũng now also for the district, above everybody."""
    with database.transaction() as session:
        people.grant(session, people.get_person(session, cast.dung.id), Role.EDITOR, cast.district, now=now)
    return cast


def put(database, person, area_id, now, *, written=WORD, spoken="ia xúp", **more):
    with database.transaction() as session:
        return lexicon.put(session, person, area_id=area_id, written=written, spoken=spoken, now=now, **more)


def said(database, area_id, text=TEXT, language="vi"):
    with database.transaction(read_only=True) as session:
        return normalise.read(text, lexicon=lexicon.for_area(session, area_id, language)).text


def found(database, person, area_id, **more):
    with database.transaction(read_only=True) as session:
        return lexicon.search(session, person, area_id=area_id, **more)


def bulletin(database, bulletin_id):
    with database.transaction(read_only=True) as session:
        row = session.get_one(Bulletin, bulletin_id)
        row.current.clip  # noqa: B018 - loaded while the session is open
        return row


# --- who says what where ------------------------------------------------------


def test_a_word_is_said_as_the_nearest_area_says_it(database, editors, now):
    put(database, editors.dung, editors.district, now, spoken="ê a súp")
    assert "ê a súp" in said(database, editors.villages[0])
    put(database, editors.lan, editors.commune, now, spoken="ia xúp")
    assert "ia xúp" in said(database, editors.commune)
    assert "ia xúp" in said(database, editors.villages[0])
    assert "ê a súp" in said(database, editors.other_commune)
    put(database, editors.lan, editors.villages[0], now, spoken="gia xúp")
    assert "gia xúp" in said(database, editors.villages[0])
    assert "ia xúp" in said(database, editors.villages[1])


def test_a_near_word_for_any_case_hides_a_far_one_with_capitals(database, editors, now):
    put(database, editors.dung, editors.district, now, written="TTVH", spoken="trung tâm văn hóa")
    put(database, editors.lan, editors.commune, now, written="ttvh", spoken="trung tâm văn hoa")
    assert "văn hoa" in said(database, editors.commune, "Mời đến TTVH xã.")
    assert "văn hóa" in said(database, editors.other_commune, "Mời đến TTVH xã.")


def test_each_language_has_words_of_its_own(database, editors, now):
    put(database, editors.lan, editors.commune, now, written="Kinh", spoken="Keen", language="en")
    assert "keen" not in said(database, editors.commune, "Người Kinh.")
    with database.transaction(read_only=True) as session:
        assert lexicon.for_area(session, editors.commune, "en").entries == (("Kinh", "Keen"),)


def test_only_an_editor_of_the_area_changes_its_words(database, cast, now):
    made = put(database, cast.lan, cast.commune, now)
    for person, area_id in ((cast.mai, cast.commune), (cast.binh, cast.commune), (cast.lan, cast.district)):
        with pytest.raises(Forbidden):
            put(database, person, area_id, now)
    for deed in (lexicon.retire, lexicon.restore):
        with pytest.raises(NotFound), database.transaction() as session:
            deed(session, cast.mai, made.entry.id, now=now)
        with pytest.raises(Forbidden), database.transaction() as session:
            deed(session, cast.binh, made.entry.id, now=now)


def test_whoever_sees_an_area_sees_the_words_from_above_but_no_neighbours(database, editors, now):
    put(database, editors.dung, editors.district, now, spoken="ê a súp")
    put(database, editors.lan, editors.commune, now)
    put(database, editors.lan, editors.commune, now, written="Krông Năng", spoken="rông năng")
    page = found(database, editors.binh, editors.commune)
    assert [(view.entry.written, view.own, view.overridden) for view in page.items] == [
        (WORD, True, False),
        (WORD, False, True),
        ("Krông Năng", True, False),
    ]
    assert [view.entry.spoken for view in found(database, editors.mai, editors.other_commune).items] == [
        "ê a súp"
    ]
    with pytest.raises(Forbidden):
        found(database, editors.mai, editors.commune)


def test_words_are_found_without_accents_and_page_by_page(database, cast, now):
    for number in range(7):
        put(database, cast.lan, cast.commune, now, written=f"Thôn {number}", spoken="thôn")
    put(database, cast.lan, cast.commune, now, written="Đắk Lắk", spoken="đắc lắc", note="tên cũ")
    assert [
        view.entry.written for view in found(database, cast.lan, cast.commune, query="dak lak").items
    ] == ["Đắk Lắk"]
    second = found(database, cast.lan, cast.commune, query="thon", page=2, per_page=3)
    assert (second.total, second.pages) == (7, 3)
    assert [view.entry.written for view in second.items] == ["Thôn 3", "Thôn 4", "Thôn 5"]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"written": " "}, "written"),
        ({"written": "x" * 121}, "written"),
        ({"spoken": ""}, "spoken"),
        ({"spoken": "… !"}, "spoken"),
        ({"written": "a\x07b"}, "written"),
        ({"language": "tiếng"}, "language"),
        ({"note": "x" * 301}, "note"),
    ],
)
def test_a_word_that_cannot_be_used_is_refused(database, cast, now, wrong, field):
    with pytest.raises(EntryInvalid) as caught:
        put(database, cast.lan, cast.commune, now, **wrong)
    assert caught.value.params["field"] == field
    assert found(database, cast.lan, cast.commune).total == 0


def test_saying_the_same_again_changes_nothing(database, cast, now):
    put(database, cast.lan, cast.commune, now)
    again = put(database, cast.lan, cast.commune, now + dt.timedelta(hours=1), written=f" {WORD} ")
    assert again.entry.updated_at == now
    with database.transaction(read_only=True) as session:
        assert len(list(session.scalars(select(AuditRow).where(AuditRow.action == "lexicon.put")))) == 1


def test_a_retired_word_comes_back_as_it_was(database, editors, now):
    put(database, editors.dung, editors.district, now, spoken="ê a súp")
    made = put(database, editors.lan, editors.commune, now)
    with database.transaction() as session:
        lexicon.retire(session, editors.lan, made.entry.id, now=now)
    assert "ê a súp" in said(database, editors.commune)
    with pytest.raises(WrongState), database.transaction() as session:
        lexicon.retire(session, editors.lan, made.entry.id, now=now)
    with database.transaction() as session:
        lexicon.restore(session, editors.lan, made.entry.id, now=now)
    assert "ia xúp" in said(database, editors.commune)


def test_a_lexicon_in_memory_is_the_one_of_today(database, editors, now):
    """Changed, rolled back, and hung under another area: what was kept is not used any more."""
    put(database, editors.dung, editors.district, now, spoken="ê a súp")
    assert "ê a súp" in said(database, editors.commune)
    with database.transaction() as session:
        lexicon.put(session, editors.lan, area_id=editors.commune, written=WORD, spoken="lỡ lời", now=now)
        assert "lỡ lời" in normalise.read(TEXT, lexicon=lexicon.for_area(session, editors.commune)).text
        session.rollback()
    put(database, editors.mai, editors.other_commune, now, spoken="của người khác")
    assert "ê a súp" in said(database, editors.commune)
    with database.transaction() as session:
        from broadcast.units import areas

        areas.move(session, editors.commune, parent_id=editors.other_commune, now=now)
    assert "của người khác" in said(database, editors.commune)


def test_a_lexicon_of_a_thousand_words_is_read_from_the_database_once(database, cast, now):
    with database.transaction() as session:
        data = "Viết,Đọc là\n" + "".join(f"từ{n},đọc {n}\n" for n in range(1000))
        assert (
            lexicon.import_csv(session, cast.lan, area_id=cast.commune, data=data.encode(), now=now).added
            == 1000
        )
    with database.transaction(read_only=True) as session:
        first = lexicon.for_area(session, cast.commune)
    with database.transaction(read_only=True) as session:
        assert lexicon.for_area(session, cast.commune) is first
    assert len(first.entries) == 1000


# --- what a change does -------------------------------------------------------


@pytest.fixture
def approved(stage):
    """Two approved bulletins, of which only the first has the word."""
    return [stage.bulletin(title) for title in (f"Họp thôn {WORD}", "Tiêm chủng")]


def test_what_is_read_otherwise_is_made_and_approved_anew(database, cast, now, approved):
    change = put(database, cast.lan, cast.commune, now)
    assert (change.bulletins, change.approvals) == ((approved[0],), 1)
    touched, other = bulletin(database, approved[0]), bulletin(database, approved[1])
    assert touched.state is BulletinState.SUBMITTED
    assert WORD in touched.return_note
    assert (touched.current.render_state, touched.current.clip) == (RenderState.WAITING, None)
    assert (other.state, other.current.render_state) == (BulletinState.APPROVED, RenderState.READY)
    with database.transaction(read_only=True) as session:
        assert bulletins.approved_version(session, session.get_one(Bulletin, approved[0])) is None
        assert bulletins.decisions(session, touched)[0].voided_at == now
        kinds = {(event.kind, event.subject) for event in events.since(session, 0, None)}
        assert {("bulletin", approved[0]), ("lexicon", None)} <= kinds
        row = session.scalars(select(AuditRow).where(AuditRow.action == "lexicon.put")).one()
        assert row.detail["words"] == [["vi", WORD, None, "ia xúp"]]
        assert (row.detail["bulletins"], row.detail["approvals"]) == ([approved[0]], 1)
        assert audit.verify(session) is None


def test_the_planning_drops_it_until_it_is_approved_again(stage, database, cast, now, approved):
    stage.schedule("17:00", bulletin_ids=approved)
    stage.plan()
    put(database, cast.lan, cast.commune, now)
    stage.plan()
    assert {len(each.clips) for each in clips_of(stage)} == {1}
    with database.transaction() as session:
        stage.speak(session, session.get_one(Bulletin, approved[0]))
        version = bulletins.get(session, cast.binh, approved[0]).current
        bulletins.approve(
            session, cast.binh, approved[0], version=1, text_sha256=version.text_sha256,
            audio_sha256=version.clip.sha256, now=now,
        )  # fmt: skip
    stage.plan()
    assert {len(each.clips) for each in clips_of(stage)} == {2}


def clips_of(stage):
    with stage.database.transaction(read_only=True) as session:
        rows = list(session.scalars(select(Broadcast)))
        for row in rows:
            row.clips  # noqa: B018 - loaded while the session is open
        return rows


def test_the_impact_is_told_before_and_is_what_happens(database, cast, now, approved):
    with database.transaction(read_only=True) as session:
        told = lexicon.impact(session, cast.lan, area_id=cast.commune, written=WORD, spoken="ia xúp", now=now)
    assert (told.bulletins, told.approvals) == ((approved[0],), 1)
    assert bulletin(database, approved[0]).state is BulletinState.APPROVED
    done = put(database, cast.lan, cast.commune, now)
    assert (done.bulletins, done.approvals) == (told.bulletins, told.approvals)
    assert found(database, cast.lan, cast.commune).total == 1


def test_a_word_said_as_before_touches_nothing(database, cast, now, approved):
    same = put(database, cast.lan, cast.commune, now, written="Tiêm chủng", spoken="Tiêm chủng")
    assert same.bulletins == ()
    assert put(database, cast.lan, cast.commune, now, written="họ", spoken="hờ").bulletins == ()


def test_where_a_nearer_area_has_its_own_word_nothing_changes(database, editors, now, approved):
    put(database, editors.lan, editors.commune, now)
    stage_again(database, approved[0], now)
    assert put(database, editors.dung, editors.district, now, spoken="ê a súp").bulletins == ()


def stage_again(database, bulletin_id, now):
    """Pretend that the touched bulletin was spoken and approved again."""
    with database.transaction() as session:
        row = session.get_one(Bulletin, bulletin_id)
        row.state, row.current.render_state = BulletinState.APPROVED, RenderState.READY


def test_a_withdrawn_bulletin_does_not_come_back_approved(database, cast, now, approved, wire):
    with database.transaction() as session:
        bulletins.withdraw(session, cast.lan, approved[0], wire=wire, now=now)
    assert put(database, cast.lan, cast.commune, now).bulletins == ()
    assert bulletin(database, approved[0]).current.render_state is RenderState.NONE
    with database.transaction() as session:
        bulletins.restore(session, cast.lan, approved[0], now=now)
    back = bulletin(database, approved[0])
    assert (back.state, back.current.render_state) == (BulletinState.SUBMITTED, RenderState.WAITING)


def test_what_is_being_spoken_is_spoken_again(database, cast, now):
    with database.transaction() as session:
        made = bulletins.create(session, cast.lan, area_id=cast.commune, title="A", text=TEXT, now=now)
    with database.transaction() as session:
        job = rendering.claim(session, "w1", now)
    put(database, cast.lan, cast.commune, now)
    with database.transaction() as session:
        anew = rendering.claim(session, "w1", now)
    assert anew.ticket > job.ticket
    assert (job.lexicons["vi"].entries, anew.lexicons["vi"].entries) == ((), ((WORD, "ia xúp"),))
    with pytest.raises(rendering.ClaimLostError), database.transaction() as session:
        rendering._update(session, job, now, {"render_state": RenderState.READY})
    assert bulletin(database, made.id).current.render_state is RenderState.RENDERING


@pytest.fixture
def aired(stage, approved, now):
    """Of two approved bulletins, the first was on the air an hour ago."""
    with stage.database.transaction() as session:
        row = session.get_one(Bulletin, approved[0])
        row.current.reading = "x@1"
        session.add(
            Broadcast(
                occurrence="s1.x", area_id=row.area_id, title="Sáng", klass=row.klass,
                status=AlertStatus.ACTUAL, start=now - dt.timedelta(hours=1), duration_ms=1000,
                expires=now, state=BroadcastState.CLOSED, created_at=now,
                clips=[BroadcastClip(position=0, clip_id=row.current.clip_id, bulletin_id=row.id)],
            )
        )  # fmt: skip
    return approved[0]


def test_what_has_been_on_the_air_stays_as_it_was(database, cast, now, aired):
    assert put(database, cast.lan, cast.commune, now).bulletins == ()
    assert bulletin(database, aired).state is BulletinState.APPROVED


def test_what_comes_again_is_made_anew_and_what_plays_now_goes_on(stage, cast, now, aired):
    stage.schedule("17:00", bulletin_ids=[aired])
    assert put(stage.database, cast.lan, cast.commune, now).bulletins == (aired,)
    stage.plan()
    past = [each for each in clips_of(stage) if each.start < now]
    assert [(each.state, len(each.clips)) for each in past] == [(BroadcastState.CLOSED, 1)]


def test_what_comes_back_after_years_is_heard_again_first(stage, database, cast, now, aired):
    """It kept its approval while it rested; put on the air once more, it must not be read the old way."""
    with database.transaction() as session:
        reading_of(session, aired)
    put(database, cast.lan, cast.commune, now)
    schedule = stage.schedule("17:00", bulletin_ids=[aired])
    assert bulletin(database, aired).state is BulletinState.SUBMITTED
    stage.plan()
    assert not [each for each in clips_of(stage) if each.schedule_id == schedule.id]


def reading_of(session, bulletin_id):
    """Write down how the audio was read, as rendering does."""
    from broadcast.authoring import composition

    row = session.get_one(Bulletin, bulletin_id)
    lexicons = {"vi": layers.for_area(session, row.area_id)}
    texts = [composition.read(piece, lexicons).text for piece in composition.pieces(row.current)]
    row.current.reading = composition.reading(texts)


def test_a_word_of_the_nation_is_looked_for_in_every_bulletin_but_read_only_where_it_stands(
    database, editors, now, monkeypatch
):
    from broadcast.authoring import affected

    with database.transaction() as session:
        for number in range(40):
            bulletins.create(
                session, editors.lan, area_id=editors.villages[number % 3], title=f"Số {number}",
                text=TEXT if number % 10 == 0 else f"Họp thôn số {number}.", now=now,
            )  # fmt: skip
    read = []
    real = affected._said
    monkeypatch.setattr(affected, "_said", lambda *a: read.append(a) or real(*a))
    assert len(put(database, editors.dung, editors.district, now).bulletins) == 4
    assert len(read) == 2  # before and after: one sentence tells, and it is the same in all


def test_drafts_keep_their_state_and_old_versions_stay(database, cast, now):
    with database.transaction() as session:
        made = bulletins.create(session, cast.lan, area_id=cast.commune, title="A", text=TEXT, now=now)
        bulletins.edit(session, cast.lan, made.id, expected_version=1, now=now, text=f"{TEXT} Hết.")
    change = put(database, cast.lan, cast.commune, now)
    assert (change.bulletins, change.approvals) == ((made.id,), 0)
    with database.transaction(read_only=True) as session:
        states = dict(session.execute(select(BulletinVersion.number, BulletinVersion.render_state)).all())
        assert states == {1: RenderState.NONE, 2: RenderState.WAITING}
    assert bulletin(database, made.id).state is BulletinState.DRAFT
