"""The sounds of a unit: uploaded, heard, renamed, retired and taken back; those from above are offered."""

from __future__ import annotations

import datetime as dt
import io
import math
import struct
import wave
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from broadcast.authoring import recordings
from broadcast.models import Clip, Person, Sound
from broadcast.storage.database import Database
from schedules.slots import Kind

NOW = dt.datetime(2026, 3, 2, 1, 0, tzinfo=dt.UTC)  # Monday 08:00 in Vietnam
RATE = 16_000

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # the use cases know both


def chime() -> bytes:
    """A WAV file of a second that swells."""
    samples = [round(12_000 * math.sin(i / 8) * math.sin(math.pi * i / RATE)) for i in range(RATE)]
    target = io.BytesIO()
    with wave.open(target, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(struct.pack(f"<{RATE}h", *samples))
    return target.getvalue()


def upload(client: Any, area_id: int, **changes: Any) -> Any:
    """As the form without scripts sends it."""
    values = {
        "area_id": area_id,
        "kind": "chime",
        "title": "Chuông sáng",
        "file": (io.BytesIO(chime()), "chuong.wav"),
    }
    return client.send("/sounds/", **{**values, **changes})


@pytest.fixture
def kept(database: Database, cast: Any) -> Callable[..., int]:
    """Puts a sound into the library without mastering anything; gives its number."""

    def keep(area_id: int, title: str, kind: Kind = Kind.TUNE, milliseconds: int = 20_000) -> int:
        with database.transaction() as session:
            sha256 = f"{len(title):02x}{milliseconds:06x}" * 8
            clip = Clip(
                sha256=sha256,
                key=sha256,
                media_type="audio/mpeg",
                size=9_000,
                duration_ms=milliseconds,
                engine="recorded",
                engine_version="",
                loudness=-16.0,
                true_peak=-2.0,
                peaks=[40] * 80,
                created_at=NOW,
            )
            session.add(clip)
            session.flush()
            sound = Sound(
                area_id=area_id,
                kind=kind,
                title=title,
                clip_id=clip.id,
                created_by=cast.lan.id,
                created_at=NOW,
            )
            session.add(sound)
            session.flush()
            return sound.id

    return keep


def sounds(database: Database) -> list[Sound]:
    with database.transaction(read_only=True) as session:
        return list(session.scalars(select(Sound).order_by(Sound.id)))


def test_an_empty_library_says_what_to_do_and_a_file_fills_it(
    lan: Any, cast: Any, database: Database
) -> None:
    assert "Chưa có âm thanh nào" in lan.read("/sounds/")
    answer = upload(lan, cast.commune)
    assert answer.status_code == 302
    page = lan.read(answer.headers["Location"])
    assert "Đã thêm “Chuông sáng”" in page
    assert "Nghe: Chuông sáng" in page
    assert "Chưa có âm thanh nào" not in page
    (made,) = sounds(database)
    assert (made.kind, made.area_id) == (Kind.CHIME, cast.commune)
    url = page.split('<audio src="')[1].split('"')[0]
    assert lan.get(url, buffered=True).data.startswith((b"ID3", b"\xff"))


def test_what_the_recorder_has_sent_becomes_a_sound_of_the_unit(
    lan: Any, cast: Any, database: Database, system: Any, tmp_path: Any
) -> None:
    source = tmp_path / "thu.wav"
    source.write_bytes(chime())
    with database.transaction() as session:
        officer = session.get_one(Person, cast.lan.id)
        given = {"area_id": cast.commune, "source": source, "name": "thu.wav"}
        recording = recordings.accept(session, officer, **given, library=system.library, now=NOW)
    answer = upload(lan, cast.commune, kind="tune", title="Nhạc hiệu", file=None, recording_id=recording.id)
    assert answer.status_code == 302
    assert [(each.kind, each.title) for each in sounds(database)] == [(Kind.TUNE, "Nhạc hiệu")]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"title": "  "}, "Hãy đặt tên cho âm thanh."),
        ({"kind": "flow"}, "Hãy chọn một mục trong danh sách."),
        ({"file": None}, "Hãy ghi âm hoặc chọn một tệp âm thanh."),
    ],
)
def test_what_is_missing_is_said_beside_its_field(
    lan: Any, cast: Any, database: Database, changes: dict[str, Any], told: str
) -> None:
    answer = upload(lan, cast.commune, **changes)
    assert answer.status_code == 422
    assert told in answer.get_data(as_text=True)
    assert sounds(database) == []


def test_a_file_that_is_no_sound_and_an_area_of_others_are_refused_in_words(
    lan: Any, mai: Any, cast: Any, database: Database
) -> None:
    answer = upload(lan, cast.commune, file=(io.BytesIO(b"%PDF-1.7" * 100), "a.mp3"))
    assert "không phải âm thanh đọc được" in lan.read(answer.headers["Location"])
    answer = upload(mai, cast.commune)
    assert "không có quyền" in mai.read(answer.headers["Location"])
    assert sounds(database) == []


def test_a_sound_is_renamed_retired_and_taken_back(
    lan: Any, cast: Any, kept: Callable[..., int], database: Database
) -> None:
    number = kept(cast.commune, "Nhạc cũ")
    lan.send(f"/sounds/{number}/rename", title="Nhạc mới")
    assert "Nhạc mới" in lan.read("/sounds/")
    refused = lan.send(f"/sounds/{number}/rename", title=" ")
    assert refused.status_code == 422
    assert "Chưa có tên" in refused.get_data(as_text=True)
    page = lan.read(lan.send(f"/sounds/{number}/retire").headers["Location"])
    assert "“Nhạc mới” đã ngừng dùng" in page
    assert "Chưa có âm thanh nào" in page
    assert sounds(database)[0].retired_at is not None
    assert "Dùng lại “Nhạc mới”" in lan.read("/sounds/")  # also later on
    page = lan.read(lan.send(f"/sounds/{number}/restore").headers["Location"])
    assert "Dùng lại “Nhạc mới”" not in page
    assert "dùng lại được như trước" in page
    assert "Nhạc mới" in page


def test_a_sound_from_above_is_heard_and_left_alone(
    lan: Any, mai: Any, cast: Any, kept: Callable[..., int]
) -> None:
    number = kept(cast.district, "Nhạc hiệu huyện")
    page = lan.read("/sounds/")
    assert "của Huyện Yên Bình" in page
    assert f"/sounds/{number}/retire" not in page
    assert lan.send(f"/sounds/{number}/retire").status_code == 403
    own = kept(cast.commune, "Chuông xã", Kind.CHIME)
    assert mai.send(f"/sounds/{own}/rename", title="Của tôi").status_code == 404
    assert "Chuông xã" not in mai.read("/sounds/")
