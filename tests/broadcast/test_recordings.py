"""Recordings: taken in, heard in bulletins instead of speech, forgotten when nobody uses them."""

from __future__ import annotations

import datetime as dt
import math
import wave
from array import array

import pytest
from sqlalchemy import select

from broadcast.authoring import bulletins, composition, recordings
from broadcast.authoring.content import PartContent
from broadcast.errors import AudioSilent, DiskFull, EmptyBulletin, Forbidden, NotAudio, NotFound, TooManyParts
from broadcast.models import AuditRow, BulletinVersion, Recording, Role
from broadcast.storage.library import PREVIEW, RECORDING, Library
from broadcast.units import people

RATE = 24_000


@pytest.fixture(scope="module")
def tone(tmp_path_factory):
    """Two seconds of sound between two of silence, under a name that lies."""
    path = tmp_path_factory.mktemp("sound") / "thu am.mp3"
    loud = (round(8000 * math.sin(n / 20)) for n in range(2 * RATE))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(array("h", [0] * RATE) + array("h", loud) + array("h", [0] * RATE))
    return path


@pytest.fixture
def library(tmp_path):
    return Library(tmp_path / "library", reserve=0)


@pytest.fixture
def bring(database, cast, library, now, tone):
    def accept(person=None, area_id=None, source=tone, at=now, **more):
        values = {"name": "C:\\Bản thu\\họp thôn.mp3", "library": library, "now": at, **more}
        with database.transaction() as session:
            return recordings.accept(
                session, person or cast.lan, area_id=area_id or cast.commune, source=source, **values
            )

    return accept


def files(library):
    return sorted(path.suffix for path in library.root.rglob("*") if path.is_file())


def test_what_somebody_recorded_is_kept_by_its_content(database, cast, library, bring):
    made = bring()
    assert (made.name, made.language, made.area_id) == ("họp thôn.mp3", "vi", cast.commune)
    assert 1900 < made.duration_ms < 2500
    assert made.cut_head_ms > 500 < made.cut_tail_ms
    assert library.path(made.sha256, kind=RECORDING, verify=True).stat().st_size == made.size
    assert not library.exists(made.sha256)  # no clip that may go on air
    assert files(library) == [".flac", ".mp3"]
    assert library.path(made.sha256, kind=PREVIEW).stat().st_size < made.size
    whole = bring(trim=False)
    assert whole.duration_ms > 3900
    with database.transaction(read_only=True) as session:
        row = session.scalars(select(AuditRow).where(AuditRow.action == "recording.accept")).first()
        assert (row.person_id, row.subject) == (cast.lan.id, f"recording:{made.id}")


def test_only_an_editor_of_the_area_brings_recordings_and_others_do_not_see_them(database, cast, bring):
    made = bring()
    for person in (cast.mai, cast.binh):
        with pytest.raises(Forbidden):
            bring(person)
    with database.transaction(read_only=True) as session:
        assert recordings.get(session, cast.binh, made.id).id == made.id
        with pytest.raises(NotFound):
            recordings.get(session, cast.mai, made.id)


def test_what_is_no_sound_or_silent_is_refused_by_name_and_nothing_is_left(bring, library, tmp_path, tone):
    text, silent = tmp_path / "a.mp3", tmp_path / "b.wav"
    text.write_text("Không phải âm thanh.")
    silent.write_bytes(tone.read_bytes()[:44] + bytes(RATE * 8))
    for source, error in ((text, NotAudio), (silent, AudioSilent)):
        with pytest.raises(error) as caught:
            bring(source=source)
        assert caught.value.params["name"].endswith("họp thôn.mp3")
    assert files(library) == []


def test_the_reserve_of_the_disk_is_not_used_up_by_recordings(bring, tmp_path):
    full = Library(tmp_path / "full", reserve=1 << 60)
    with pytest.raises(DiskFull):
        bring(library=full)
    assert files(full) == []


def test_a_recording_nobody_uses_is_forgotten_after_a_week(database, cast, library, bring, now):
    used, same, lone = bring(), bring(), bring(trim=False)
    write(database, cast, now, text="", recording_id=used.id)
    with database.transaction() as session:
        assert recordings.prune(session, library, now + dt.timedelta(days=6)) == 0
    with database.transaction() as session:
        assert recordings.prune(session, library, now + dt.timedelta(days=8)) == 2
        assert list(session.scalars(select(Recording.id))) == [used.id]
    assert same.sha256 == used.sha256
    assert library.exists(used.sha256, RECORDING)
    assert not library.exists(lone.sha256, RECORDING)
    assert files(library) == [".flac", ".mp3"]


def write(database, cast, now, **words):
    with database.transaction() as session:
        values = {"title": "Họp thôn", "opening": "", **words}
        made = bulletins.create(session, cast.lan, area_id=cast.commune, now=now, **values)
        return heard(session, made.id)


def heard(session, bulletin_id):
    query = select(BulletinVersion).where(BulletinVersion.bulletin_id == bulletin_id)
    version = session.scalars(query.order_by(BulletinVersion.number.desc())).first()
    pieces = [(piece.kind, piece.position, piece.text) for piece in composition.pieces(version)]
    return version, pieces


def test_a_bulletin_needs_words_or_a_recording(database, cast, bring, now):
    recording = bring()
    with pytest.raises(EmptyBulletin):
        write(database, cast, now, text=" ")
    version, pieces = write(database, cast, now, text="", recording_id=recording.id)
    assert pieces == [("recording", 0, "")]
    with pytest.raises(EmptyBulletin), database.transaction() as session:
        bulletins.edit(session, cast.lan, version.bulletin_id, expected_version=1, now=now, recording_id=None)


def test_the_parts_are_heard_in_order_after_the_title_and_the_text(database, cast, bring, now):
    recording = bring()
    parts = (
        PartContent("en", "Village meeting", "Please come."),
        PartContent("tyz", recording_id=recording.id, text="Bản dịch."),
    )
    words = {"text": "Mời bà con.", "say_title": True, "parts": parts, "closing": "Xin cảm ơn."}
    version, pieces = write(database, cast, now, **words)
    assert pieces == [
        ("title", 0, "Họp thôn"),
        ("text", 0, "Mời bà con."),
        ("title", 1, "Village meeting"),
        ("text", 1, "Please come."),
        ("recording", 2, "Bản dịch."),
        ("closing", 0, "Xin cảm ơn."),
    ]
    with database.transaction(read_only=True) as session:
        assert bulletins.search(session, cast.lan, query="village meeting").total == 1
        assert heard(session, version.bulletin_id)[0].parts[0].voice == "north"


def test_a_neighbours_recording_cannot_be_taken(database, cast, bring, now):
    theirs = bring(cast.mai, cast.other_commune)
    with pytest.raises(NotFound):
        write(database, cast, now, text="A.", recording_id=theirs.id)
    with pytest.raises(NotFound):
        write(database, cast, now, text="A.", parts=(PartContent("en", recording_id=theirs.id),))


def test_who_sees_a_bulletin_hears_its_recording_wherever_that_was_made(database, cast, bring, now):
    whole, part, lone = bring(), bring(trim=False), bring()
    with database.transaction() as session:
        village = cast.villages[0]
        person = people.create_person(session, username="thon", name="Thôn", now=now)
        people.grant(session, person, Role.EDITOR, village, now=now)
        values = {
            "title": "A",
            "text": "",
            "recording_id": whole.id,
            "parts": (PartContent("en", recording_id=part.id),),
        }
        bulletins.create(session, cast.lan, area_id=village, now=now, **values)
        assert [recordings.get(session, person, each.id).id for each in (whole, part)] == [whole.id, part.id]
        with pytest.raises(NotFound):
            recordings.get(session, person, lone.id)


def test_there_is_an_end_to_languages(database, cast, now):
    with pytest.raises(TooManyParts):
        write(database, cast, now, text="A.", parts=(PartContent("en", text="A."),) * 13)
    with pytest.raises(EmptyBulletin):
        write(database, cast, now, text="A.", parts=(PartContent("en", "Title only"),))


def test_whatever_is_heard_is_part_of_the_fingerprint(database, cast, bring, now):
    one, two = bring(), bring(trim=False)
    kinds = [
        {"text": "A."},
        {"text": "A.", "say_title": True},
        {"text": "A.", "title": "Khác", "say_title": True},
        {"text": "A.", "opening": "Đây là Đài."},
        {"text": "A.", "closing": "Đây là Đài."},
        {"text": "A.", "language": "en"},
        {"text": "A.", "recording_id": one.id},
        {"text": "A.", "recording_id": two.id},
        {"text": "A.", "parts": (PartContent("en", text="A."),)},
        {"text": "A.", "parts": (PartContent("en", text="B."),)},
        {"text": "A.", "parts": (PartContent("en", text="B.", recording_id=one.id),)},
    ]
    prints = [write(database, cast, now, **words)[0].text_sha256 for words in kinds]
    assert len(set(prints)) == len(kinds)
    with database.transaction() as session:
        same = {"expected_version": 1, "now": now, "text": "A.", "parts": ()}
        kept = bulletins.edit(session, cast.lan, 1, **same)
        assert kept.version_number == 1
