"""Recordings over HTTP: who may send one, what is refused before and after it is read, how it is heard."""

from __future__ import annotations

import contextlib
import http.client
import io
import math
import struct
import wave
from collections.abc import Callable
from typing import Any

import pytest

from broadcast.authoring import uploads
from broadcast.models import Person
from web import edge
from web.server import LARGEST_REQUEST

PARTIAL = {"HX-Request": "true"}
RATE = 24_000

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # the use cases know both


def sound(seconds: float = 1.2, *, silence: float = 0.6, volume: float = 0.4) -> bytes:
    """A WAV file: silence, a tone that swells and fades, silence."""
    quiet = [0.0] * int(RATE * silence)
    count = int(RATE * seconds)
    tone = [
        volume * math.sin(2 * math.pi * 330 * i / RATE) * (0.6 + 0.4 * math.sin(2 * math.pi * 3 * i / RATE))
        for i in range(count)
    ]
    samples = [round(32767 * each) for each in (*quiet, *tone, *quiet)]
    target = io.BytesIO()
    with wave.open(target, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(struct.pack(f"<{len(samples)}h", *samples))
    return target.getvalue()


def begin(client: Any, area_id: int, size: int) -> Any:
    return client.send("/recordings/uploads/", headers=PARTIAL, area_id=area_id, size=size)


def add(client: Any, upload_id: str, offset: int, data: bytes) -> Any:
    headers = {"X-CSRFToken": client._token(), **PARTIAL}
    path = f"/recordings/uploads/{upload_id}?offset={offset}"
    return client.post(path, data=data, headers=headers, content_type="application/octet-stream")


def finish(client: Any, upload_id: str, area_id: int, name: str = "loa.wav", **more: Any) -> Any:
    values = {"area_id": area_id, "name": name, "trim": "1", "field": "recording_id"} | more
    return client.send(f"/recordings/uploads/{upload_id}/finish", headers=PARTIAL, **values)


def send(client: Any, area_id: int, data: bytes, name: str = "loa.wav", **more: Any) -> Any:
    """As a page with scripts does; the answer of the step that was refused, else the last one."""
    answer = begin(client, area_id, len(data))
    if answer.status_code != 200:
        return answer
    upload_id, piece = answer.json["id"], answer.json["piece"]
    for offset in range(0, len(data), piece):
        answer = add(client, upload_id, offset, data[offset : offset + piece])
        assert answer.json == {"received": min(offset + piece, len(data))}
    return finish(client, upload_id, area_id, name, **more)


def folder(system: Any) -> Any:
    return system.settings.data_dir / "uploads"


def id_of(fragment: str) -> int:
    return int(fragment.split('name="recording_id" value="')[1].split('"', maxsplit=1)[0])


def test_a_recording_comes_back_ready_to_hear_and_to_use(lan: Any, cast: Any, system: Any) -> None:
    answer = send(lan, cast.commune, sound(), "Lời chủ tịch.wav")
    fragment = answer.get_data(as_text=True)
    assert answer.status_code == 200, fragment
    recording_id = id_of(fragment)
    assert "Lời chủ tịch" in fragment
    assert "data-player" in fragment
    assert "đã cắt" in fragment  # the silence around it
    heard = lan.get(f"/recordings/{recording_id}/sound", buffered=True)
    assert (heard.status_code, heard.mimetype, heard.data[:4]) == (200, "audio/mpeg", b"ID3\x04")
    part = lan.get(f"/recordings/{recording_id}/sound", headers={"Range": "bytes=4-9"}, buffered=True)
    assert (part.status_code, part.data) == (206, heard.data[4:10])
    assert "private" in heard.headers["Cache-Control"]
    assert sum(path.stat().st_size for path in folder(system).iterdir()) < 10  # nothing half-used stays


def test_silence_is_left_where_it_is_wanted(lan: Any, cast: Any) -> None:
    assert "đã cắt" not in send(lan, cast.commune, sound(), trim="0").get_data(as_text=True)


def test_without_scripts_a_page_leads_on_to_the_bulletin(app: Any, lan: Any, cast: Any) -> None:
    assert "multipart/form-data" in lan.read(f"/recordings/new?area_id={cast.commune}")
    app.config["MAX_CONTENT_LENGTH"] = 10_000  # what other forms may carry
    values = {"area_id": cast.commune, "file": (io.BytesIO(sound()), "loa.wav"), "trim": "0"}
    answer = lan.send("/recordings/", **values)
    assert answer.status_code == 302
    page = lan.read(answer.headers["Location"])
    assert "/bulletins/new?recording_id=" in page
    refused = lan.send("/recordings/", area_id=cast.commune, file=(io.BytesIO(b"tin"), "tin.mp3"))
    assert refused.headers["Location"] == f"/recordings/new?area_id={cast.commune}"
    assert "không phải âm thanh" in lan.read(refused.headers["Location"])


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"Th\xc3\xb4ng b\xc3\xa1o " * 400, "không phải âm thanh"),
        (b"", "không phải âm thanh"),
        (b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", "không phải âm thanh"),
        (sound(volume=0.0), "Không nghe thấy gì"),
    ],
)
def test_what_is_no_sound_is_refused_with_a_sentence(lan: Any, cast: Any, data: bytes, words: str) -> None:
    answer = send(lan, cast.commune, data, "ghi.mp3")
    assert answer.status_code == 422
    assert words in answer.get_data(as_text=True)


def test_a_plain_form_without_a_file_says_so(lan: Any, cast: Any) -> None:
    answer = lan.send("/recordings/", area_id=cast.commune)
    assert "không phải âm thanh" in lan.read(answer.headers["Location"])


def test_only_editors_of_the_area_may_send_and_only_its_people_may_hear(
    lan: Any, cast: Any, client_of: Callable[[Person], Any]
) -> None:
    data = sound()
    mai = client_of(cast.mai)
    assert send(mai, cast.commune, data).status_code == 403
    assert send(client_of(cast.binh), cast.commune, data).status_code == 403
    recording_id = id_of(send(lan, cast.commune, data).get_data(as_text=True))
    assert mai.get(f"/recordings/{recording_id}/sound").status_code in (403, 404)
    assert mai.get(f"/recordings/{recording_id}").status_code in (403, 404)
    assert lan.get("/recordings/999/sound").status_code == 404
    assert client_of(cast.binh).get(f"/recordings/{recording_id}/sound", buffered=True).status_code == 200


def test_nobody_is_asked_to_sign_in_and_a_form_of_another_site_is_refused(
    client: Any, lan: Any, cast: Any
) -> None:
    answer = begin(client, cast.commune, 10)
    assert (answer.status_code, answer.headers["HX-Redirect"][:8]) == (401, "/sign-in")
    upload_id = begin(lan, cast.commune, 10).json["id"]
    for path in ("/", "/uploads/", f"/uploads/{upload_id}", f"/uploads/{upload_id}/finish"):
        assert lan.post(f"/recordings{path}", data={"area_id": cast.commune}).status_code == 400


def test_a_file_that_is_too_large_is_refused_before_anything_is_sent(
    lan: Any, cast: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = begin(lan, cast.commune, uploads.LARGEST + 1)
    assert answer.status_code == 422
    assert "Tệp lớn hơn 700 MB" in answer.get_data(as_text=True)
    monkeypatch.setattr(edge, "LARGEST_WITH_FILE", 10_000)
    values = {"area_id": cast.commune, "file": (io.BytesIO(sound()), "loa.wav")}
    answer = lan.send("/recordings/", **values)
    assert answer.status_code == 413
    assert "6 MB" in answer.get_data(as_text=True)


def test_a_full_disk_is_told_as_such(lan: Any, cast: Any, system: Any) -> None:
    system.library._reserve = 1 << 60
    answer = send(lan, cast.commune, sound())
    assert answer.status_code == 503
    assert "Ổ đĩa máy chủ đã đầy" in answer.get_data(as_text=True)


def test_pieces_may_come_twice_or_too_early_and_the_end_may_be_asked_for_twice(lan: Any, cast: Any) -> None:
    data = sound()
    upload_id = begin(lan, cast.commune, len(data)).json["id"]
    assert add(lan, upload_id, 0, data[:10_000]).json == {"received": 10_000}
    assert add(lan, upload_id, 0, data[:10_000]).json == {"received": 10_000}
    assert add(lan, upload_id, 50_000, data[50_000:]).json == {"received": 10_000}
    assert finish(lan, upload_id, cast.commune).status_code == 409
    assert lan.get(f"/recordings/uploads/{upload_id}").json == {"received": 10_000}
    assert add(lan, upload_id, 10_000, data[10_000:] + b"more").status_code == 422
    assert add(lan, upload_id, 10_000, bytes(uploads.PIECE + 1)).status_code == 422
    assert add(lan, upload_id, 10_000, data[10_000:]).json == {"received": len(data)}
    first = finish(lan, upload_id, cast.commune).get_data(as_text=True)
    assert finish(lan, upload_id, cast.commune).get_data(as_text=True) == first
    assert lan.get(f"/recordings/uploads/{upload_id}").json == {"received": len(data)}


def test_nobody_reaches_what_another_person_sends(
    lan: Any, cast: Any, client_of: Callable[[Person], Any], system: Any
) -> None:
    upload_id = begin(lan, cast.commune, 20).json["id"]
    mai = client_of(cast.mai)
    assert mai.get(f"/recordings/uploads/{upload_id}").status_code == 404
    assert add(mai, upload_id, 0, b"20 bytes of somebody").status_code == 404
    assert mai.send(f"/recordings/uploads/{upload_id}/drop").status_code == 204
    for other in (f"1-{upload_id}", "..%2f..%2fkeys", "20-" + "0" * 32):
        assert lan.get(f"/recordings/uploads/{other}").status_code == 404
    assert len(list(folder(system).iterdir())) == 1
    assert lan.send(f"/recordings/uploads/{upload_id}/drop").status_code == 204
    assert list(folder(system).iterdir()) == []


def test_the_server_takes_no_large_body_from_anybody(live_server: str) -> None:
    connection = http.client.HTTPConnection(live_server.removeprefix("http://"), timeout=60)
    with contextlib.closing(connection):
        connection.putrequest("POST", "/recordings/")
        connection.putheader("Content-Length", str(LARGEST_REQUEST + 1))
        connection.endheaders()  # refused before a byte of it is sent
        assert connection.getresponse().status == 413
    assert uploads.PIECE < edge.LARGEST_WITH_FILE < LARGEST_REQUEST < 10_000_000
