"""A photograph is kept as a picture and nothing else: what a phone hangs on it is gone, the way up stays."""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path

import imageio_ffmpeg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broadcast.enrolment_errors import NotPhoto
from broadcast.errors import FileTooLarge
from broadcast.joining import photos

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()
SECRET = b"21.028511,105.804817 IMEI 358240051111110"


def picture(folder: Path, size: str = "64x48") -> bytes:
    path = folder / "picture.jpg"
    source = f"testsrc=size={size}:duration=0.04:rate=25"
    command = [FFMPEG, "-v", "error", "-y", "-f", "lavfi", "-i", source, "-frames:v", "1", str(path)]
    subprocess.run(command, check=True, capture_output=True)
    return path.read_bytes()


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return picture(tmp_path_factory.mktemp("photo"))


def exif(way_up: int, order: str = ">") -> bytes:
    """An EXIF block as a phone writes it: the way up, then the place."""
    entries = struct.pack(order + "HHIHH", 0x0112, 3, 1, way_up, 0)
    entries += struct.pack(order + "HHII", 0x8825, 4, 1, 64)  # where the GPS part stands
    header = (b"MM" if order == ">" else b"II") + struct.pack(order + "HI", 42, 8)
    tiff = header + struct.pack(order + "H", 2) + entries + struct.pack(order + "I", 0) + SECRET
    return part(0xE1, b"Exif\0\0" + tiff)


def part(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def with_parts(data: bytes, *parts: bytes) -> bytes:
    return data[:2] + b"".join(parts) + data[2:]


def pixels(data: bytes) -> bytes:
    command = [FFMPEG, "-v", "error", "-noautorotate", "-f", "mjpeg", "-i", "-", "-f", "rawvideo", "-"]
    return subprocess.run(command, input=data, check=True, capture_output=True).stdout


@pytest.mark.parametrize("order", [">", "<"])
def test_the_place_and_everything_else_a_phone_adds_is_gone_and_the_picture_is_the_same(
    plain: bytes, order: str
) -> None:
    more = (part(0xFE, SECRET), part(0xE2, b"ICC_PROFILE\0" + SECRET), part(0xED, SECRET))
    taken = with_parts(plain, exif(6, order), *more) + b"a film behind the end " + SECRET
    kept = photos.clean(taken)
    assert b"IMEI" not in kept
    assert b"GPS" not in kept
    assert pixels(kept) == pixels(plain)
    assert kept.count(b"Exif\0\0") == 1
    assert photos.clean(kept) == kept


def test_a_picture_that_stands_upright_has_no_exif_at_all(plain: bytes) -> None:
    assert b"Exif" not in photos.clean(with_parts(plain, exif(1)))
    assert b"Exif" in photos.clean(with_parts(plain, exif(8)))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GIF89a",
        b"\xff\xd8",
        b"\xff\xd8\xff\xd9",
        b"<svg onload=alert(1)>",
        b"\x89PNG\r\n\x1a\n" + b"0" * 99,
    ],
)
def test_what_is_no_photograph_is_refused(data: bytes) -> None:
    with pytest.raises(NotPhoto):
        photos.clean(data)


def test_a_picture_that_is_cut_or_too_large_is_refused(plain: bytes) -> None:
    for end in (len(plain) - 2, len(plain) // 2, 30):
        with pytest.raises(NotPhoto):
            photos.clean(plain[:end])
    with pytest.raises(FileTooLarge):
        photos.clean(b"\xff\xd8" + bytes(photos.LARGEST))
    frame = plain.index(b"\xff\xc0") + 5
    bomb = plain[:frame] + struct.pack(">HH", 65_000, 65_000) + plain[frame + 4 :]
    with pytest.raises(NotPhoto):
        photos.clean(bomb)


def test_a_picture_of_endless_parts_or_scans_is_refused(plain: bytes) -> None:
    with pytest.raises(NotPhoto):
        photos.clean(with_parts(plain, part(photos.RESTART, b"\0\0") * 500_000))
    scans = plain[plain.index(b"\xff\xda") : -2]
    with pytest.raises(NotPhoto):
        photos.clean(plain[:-2] + scans * photos.MOST_PARTS + plain[-2:])


@settings(max_examples=40)
@given(data=st.data())
def test_damaged_pictures_are_kept_or_refused_and_never_break_anything(
    plain: bytes, data: st.DataObject
) -> None:
    damaged = bytearray(with_parts(plain, exif(6)))
    for place in data.draw(st.lists(st.integers(2, len(damaged) - 1), max_size=8)):
        damaged[place] = data.draw(st.integers(0, 255))
    try:
        kept = photos.clean(bytes(damaged))
    except NotPhoto:
        return
    assert photos.clean(kept) == kept
