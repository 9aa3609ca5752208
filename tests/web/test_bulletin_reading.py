"""How a bulletin will be read and heard, over HTTP: sentences, marks, voices, language versions, lengths."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from broadcast.authoring import bulletins, stations
from broadcast.models import Bulletin, Clip, Person, Recording, RenderState
from broadcast.storage.database import Database
from web.forms.bulletins import PartForm, arranged

NOW = dt.datetime(2026, 3, 2, 1, 0, tzinfo=dt.UTC)
TEXT = "Họp lúc 7h30. Hỏi KQX của xã."


@pytest.fixture(autouse=True)
def quiet(system: Any) -> Iterator[None]:
    """The voices' processes end with the test."""
    yield
    system.synthesiser.close()


@pytest.fixture
def bulletin_id(database: Database, cast: Any) -> int:
    with database.transaction() as session:
        author = session.get_one(Person, cast.lan.id)
        return bulletins.create(session, author, area_id=cast.commune, title="Họp", text=TEXT, now=NOW).id


def sound(database: Database, bulletin_id: int, milliseconds: int, **details: Any) -> None:
    """Give the current version a clip, as the worker would."""
    with database.transaction() as session:
        version = session.get_one(Bulletin, bulletin_id).current
        clip = Clip(
            sha256="ab" * 32,
            key="ab" * 32,
            media_type="audio/mpeg",
            size=412_000,
            duration_ms=milliseconds,
            engine="espeak",
            engine_version="1",
            loudness=-16.2,
            true_peak=-1.9,
            peaks=[20, 60],
            details=details,
            created_at=NOW,
        )
        session.add(clip)
        session.flush()
        version.clip_id, version.render_state = clip.id, RenderState.READY


def version_of(database: Database, bulletin_id: int) -> Any:
    with database.transaction(read_only=True) as session:
        version = session.get_one(Bulletin, bulletin_id).current
        _loaded = [part.recording for part in version.parts]
        return version


def test_any_sentence_is_heard_saved_typed_or_only_a_few_words(lan: Any, cast: Any, bulletin_id: int) -> None:
    typed = {"text": "Một. Hai.", "area_id": cast.commune}
    for asked in (
        {"bulletin_id": bulletin_id, "sentence": 1},
        {**typed, "sentence": 0},
        {**typed, "words": "xã"},
    ):
        answer = lan.send("/bulletins/hear", **asked)
        assert (answer.status_code, answer.mimetype) == (200, "audio/mpeg"), asked
        assert answer.headers["Cache-Control"] == "no-store"


def test_what_cannot_be_heard_is_refused(
    lan: Any, cast: Any, bulletin_id: int, client: Any, client_of: Callable[[Person], Any]
) -> None:
    assert lan.send("/bulletins/hear", bulletin_id=bulletin_id, part=9, sentence=0).status_code == 404
    assert lan.send("/bulletins/hear", bulletin_id=bulletin_id, part="x", sentence=0).status_code == 404
    assert lan.send("/bulletins/hear", bulletin_id=bulletin_id, sentence=99).status_code in (404, 422)
    stranger = client_of(cast.mai)
    assert stranger.send("/bulletins/hear", bulletin_id=bulletin_id, sentence=0).status_code == 403
    assert stranger.send("/bulletins/hear", text="Xã.", area_id=cast.commune).status_code == 403
    assert stranger.send("/bulletins/preview", text="Xã.", area_id=cast.commune).status_code == 403
    assert client.send("/bulletins/hear", bulletin_id=bulletin_id, sentence=0).status_code in (302, 401)


def test_a_mark_is_a_link_to_the_lexicon_with_the_word_filled_in(
    lan: Any, cast: Any, bulletin_id: int, client_of: Callable[[Person], Any]
) -> None:
    page = lan.read(f"/bulletins/{bulletin_id}")
    link = f"/lexicon/new?written=KQX&amp;area_id={cast.commune}&amp;next=%2Fbulletins%2F{bulletin_id}"
    assert link in page or link.replace("%2F", "/") in page
    assert 'id="entry"' in page
    other = client_of(cast.binh).read(f"/bulletins/{bulletin_id}")  # approves, but does not write
    assert "KQX" in other
    assert "/lexicon/new?" not in other
    assert 'id="entry"' not in other


def test_a_sentence_shows_both_sides_cut_at_the_same_pieces(lan: Any, bulletin_id: int) -> None:
    page = lan.read(f"/bulletins/{bulletin_id}")
    assert 'data-said="bảy giờ ba mươi phút">7h30</span>' in page
    assert ">bảy giờ ba mươi phút</span>" in page


def test_length_is_told_against_the_slot_and_sizes_and_loudness_in_words(
    lan: Any, database: Database, cast: Any, bulletin_id: int
) -> None:
    with database.transaction() as session:
        admin = session.get_one(Person, cast.admin.id)
        stations.save(session, admin, cast.commune, values={"slot_minutes": 3}, now=NOW)
    sound(database, bulletin_id, 200_000, opus={"sha256": "cd" * 32, "size": 201_000})
    page = lan.read(f"/bulletins/{bulletin_id}")
    assert "3:20 trên 3:00" in page
    assert "Dài hơn buổi phát 0:20" in page
    assert "Độ to đúng mức (−16,2 LUFS)" in page
    assert "MP3 412 KB" in page
    assert f"/media/{'cd' * 32}.opus" in page


def test_a_recording_that_stayed_quiet_is_told_with_what_to_do(
    lan: Any, database: Database, bulletin_id: int
) -> None:
    assert "Bản thu nhỏ tiếng" not in lan.read(f"/bulletins/{bulletin_id}")
    sound(database, bulletin_id, 9000, quiet=[0])
    assert "hãy thu lại gần micro hơn" in lan.read(f"/bulletins/{bulletin_id}")


def test_a_sentence_that_failed_is_told_at_its_place(lan: Any, database: Database, bulletin_id: int) -> None:
    failure = {"part": 0, "sentence": 1, "engine": "google", "reason": "timeout"}
    sound(database, bulletin_id, 9000, marks=[[0, 0, 2000, 4000], [0, 1, 4500, 6000]], failures=[failure])
    page = lan.read(f"/bulletins/{bulletin_id}")
    assert "Google không đọc được câu này: chờ quá lâu không thấy trả lời." in page
    assert "1 câu giọng này không đọc được" in page
    assert "data-marks=" in page


def test_a_bulletin_keeps_how_it_is_to_be_read_and_the_form_shows_it_again(
    lan: Any, database: Database, cast: Any
) -> None:
    answer = lan.send(
        "/bulletins/new", title="Họp", text=TEXT, area_id=cast.commune, voice="espeak:south", speed="0.9",
        preset="outdoor", repeats="2", say_title="1", opening_from="own", opening="Xin mời bà con nghe.",
        closing_from="none", part_key="0", part_0_language="en", part_0_title="Meeting",
        part_0_text="Meeting at 7.",
    )  # fmt: skip
    assert answer.status_code == 302, answer.get_data(as_text=True)[-3000:]
    made = int(answer.headers["Location"].rsplit("/", 1)[1])
    version = version_of(database, made)
    kept = (version.engine, version.voice, version.speed, version.preset, version.repeats, version.say_title)
    assert kept == ("espeak", "south", 0.9, "outdoor", 2, True)
    assert (version.opening, version.closing) == ("Xin mời bà con nghe.", "")
    assert [(part.language, part.title) for part in version.parts] == [("en", "Meeting")]
    page = lan.read(f"/bulletins/{made}/edit")
    assert '<option value="espeak:south" selected>' in page
    assert 'value="Xin mời bà con nghe."' in page
    assert "Meeting at 7." in page


def test_a_speed_from_elsewhere_is_kept_and_one_that_cannot_be_is_refused(
    lan: Any, database: Database, cast: Any
) -> None:
    with database.transaction() as session:
        author = session.get_one(Person, cast.lan.id)
        values = {"title": "Họp", "text": TEXT, "speed": 1.45}
        made = bulletins.create(session, author, area_id=cast.commune, now=NOW, **values).id
    assert '<option value="1.45" selected>' in lan.read(f"/bulletins/{made}/edit")
    values = {"title": "Họp", "text": f"{TEXT} Hết.", "area_id": cast.commune, "version": 1}
    assert lan.send(f"/bulletins/{made}/edit", **values, speed="1.45").status_code == 302
    assert version_of(database, made).speed == 1.45
    for wrong in ("0", "0.4", "2.5", "nan", "1e0"):
        assert lan.send(f"/bulletins/{made}/edit", **values, speed=wrong).status_code == 422


def test_what_is_left_to_the_station_is_the_station_s(lan: Any, database: Database, cast: Any) -> None:
    with database.transaction() as session:
        admin = session.get_one(Person, cast.admin.id)
        values = {"speed": 0.8, "repeats": 3, "closing": "Chào bà con."}
        stations.save(session, admin, cast.commune, values=values, now=NOW)
    answer = lan.send("/bulletins/new", title="Họp", text=TEXT, area_id=cast.commune)
    version = version_of(database, int(answer.headers["Location"].rsplit("/", 1)[1]))
    assert (version.speed, version.repeats, version.closing) == (0.8, 3, "Chào bà con.")


def test_language_versions_are_added_and_moved_without_saving(
    lan: Any, database: Database, cast: Any
) -> None:
    written = {"title": "Họp", "text": TEXT, "area_id": cast.commune}
    page = lan.send("/bulletins/parts", arrange="add", add_language="en", **written).get_data(as_text=True)
    assert 'name="part_0_text"' in page
    both = {**written, "part_key": ["0", "1"], "part_0_language": "en", "part_1_language": "tyz"}
    page = lan.send("/bulletins/parts", arrange="up:1", part_removed="0", **both).get_data(as_text=True)
    assert page.index('name="part_key" value="1"') < page.index('name="part_key" value="0"')
    assert 'name="part_1_text"' not in page  # no voice speaks it: only a recording
    assert 'name="part_removed" value="0" checked' in page  # it goes when the form is saved, and may be kept
    refused = lan.send("/bulletins/new", part_removed="0", **both)
    assert refused.status_code == 422
    assert "Phần này chưa có nội dung hay bản thu." in refused.get_data(as_text=True)
    with database.transaction(read_only=True) as session:
        assert session.query(Bulletin).count() == 0


@pytest.mark.parametrize(
    ("action", "keys"),
    [
        ("up:1", [1, 0]),
        ("down:0", [1, 0]),
        ("up:0", [0, 1]),
        ("down:1", [0, 1]),
        ("up:7", [0, 1]),
        ("", [0, 1]),
        ("add:en", [0, 1, 2]),
    ],
)
def test_parts_move_by_one_place_and_never_out_of_the_list(action: str, keys: list[int]) -> None:
    parts = (PartForm(0, "en"), PartForm(1, "tyz"))
    assert [part.key for part in arranged(parts, action)] == keys


def test_a_recording_is_heard_in_place_of_the_text(lan: Any, database: Database, cast: Any) -> None:
    with database.transaction() as session:
        recording = Recording(
            area_id=cast.commune,
            sha256="cd" * 32,
            name="tay.mp3",
            language="tyz",
            size=1000,
            duration_ms=65_000,
            loudness=-16.0,
            peaks=[10, 50],
            author_id=cast.lan.id,
            created_at=NOW,
        )
        session.add(recording)
        session.flush()
        recording_id = recording.id
    written = {"title": "Họp", "area_id": cast.commune, "opening_from": "none", "text": ""}
    assert lan.send("/bulletins/new", **written).status_code == 422
    answer = lan.send("/bulletins/new", recording_id=recording_id, **written)
    assert answer.status_code == 302, answer.get_data(as_text=True)[-2000:]
    page = lan.read(answer.headers["Location"])
    assert "Phần này là bản thu, không phải máy đọc." in page
    assert "khoảng 1:05" in page
    assert "tay.mp3" in lan.read(f"{answer.headers['Location']}/edit")


def test_a_long_text_says_that_its_preview_is_only_the_beginning(lan: Any, cast: Any) -> None:
    page = lan.send("/bulletins/preview", text="Xã họp. " * 2000, area_id=cast.commune).get_data(as_text=True)
    assert "khoảng 12.000 ký tự đầu" in page
