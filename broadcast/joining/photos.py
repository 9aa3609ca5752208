"""Photographs of where a loudspeaker hangs: checked and written anew without what a phone adds to them.

A phone writes the place, the time and its own number into a picture (EXIF) and may hang a film behind
it. What is kept is rebuilt from the parts that make the picture; everything else, and everything
behind its end, is left out. Of EXIF only the way up stays: without it half of the pictures lie on
their side.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from broadcast.enrolment_errors import NotPhoto
from broadcast.errors import FileTooLarge

LARGEST = 5_000_000  # bytes
MOST_PIXELS = 60_000_000
LONGEST_SIDE = 12_000  # pixels
MOST_PARTS = 1_000  # a camera writes some dozen; each scan is another look at the whole picture for a browser
LEVEL, SPECTRAL, PROGRESSIVE = 0xC0, 0xC1, 0xC2
HUFFMAN, QUANTISATION, RESTART, SCAN, END = 0xC4, 0xDB, 0xDD, 0xDA, 0xD9
EXIF, ADOBE = 0xE1, 0xEE
FRAMES = frozenset({LEVEL, SPECTRAL, PROGRESSIVE})
KEPT = FRAMES | {HUFFMAN, QUANTISATION, RESTART, SCAN}
ADOBE_LENGTH = 12  # the colours of the picture, nothing else
ORIENTATION = 0x0112
UPRIGHT = 1


def clean(data: bytes) -> bytes:
    """The picture alone, as JPEG. Errors: NotPhoto, FileTooLarge."""
    if len(data) > LARGEST:
        raise FileTooLarge(limit=LARGEST)
    if not data.startswith(b"\xff\xd8"):
        raise NotPhoto()
    try:
        return _rebuilt(data)
    except (IndexError, struct.error) as error:
        raise NotPhoto() from error


def _rebuilt(data: bytes) -> bytes:
    parts, way_up, framed, scanned = [], UPRIGHT, False, False
    for count, (marker, body, coded) in enumerate(_segments(data)):
        if count >= MOST_PARTS:
            raise NotPhoto()
        if marker == EXIF and body.startswith(b"Exif\0\0"):
            way_up = _orientation(body[6:])
        elif marker in FRAMES:
            _check_frame(body)
            framed = True
        scanned = scanned or (marker == SCAN and framed)
        if marker in KEPT or (marker == ADOBE and body.startswith(b"Adobe") and len(body) == ADOBE_LENGTH):
            parts.append(_segment(marker, body) + coded)
    if not scanned:
        raise NotPhoto()
    turned = [_segment(EXIF, _exif(way_up))] if way_up != UPRIGHT else []
    return b"".join([b"\xff\xd8", *turned, *parts, b"\xff\xd9"])


def _segments(data: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Marker, content, and the coded picture that follows a scan's header; up to the end of the picture."""
    position = 2
    while True:
        if data[position] != 0xFF:
            raise NotPhoto()
        while data[position] == 0xFF:
            position += 1
        marker, position = data[position], position + 1
        if marker == END:
            return
        (length,) = struct.unpack_from(">H", data, position)
        body = data[position + 2 : position + length]
        if len(body) != length - 2:
            raise NotPhoto()
        position += length
        after = _end_of_scan(data, position) if marker == SCAN else position
        yield marker, body, data[position:after]
        position = after


def _end_of_scan(data: bytes, position: int) -> int:
    """Where the next marker stands that is not part of the coded picture."""
    while True:
        position = data.find(b"\xff", position)
        if position < 0:
            raise NotPhoto()
        if data[position + 1] not in (0x00, *range(0xD0, 0xD8)):
            return position
        position += 2


def _check_frame(body: bytes) -> None:
    _, height, width, components = struct.unpack_from(">BHHB", body)
    fits = 0 < width <= LONGEST_SIDE and 0 < height <= LONGEST_SIDE and width * height <= MOST_PIXELS
    if not fits or components not in (1, 3):
        raise NotPhoto()


def _orientation(tiff: bytes) -> int:
    """The way up, 1 to 8; a directory that cannot be read says nothing."""
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None:
        return UPRIGHT
    try:
        (start,) = struct.unpack_from(order + "I", tiff, 4)
        (count,) = struct.unpack_from(order + "H", tiff, start)
        for number in range(count):
            tag, kind, _, value = struct.unpack_from(order + "HHIH", tiff, start + 2 + 12 * number)
            if tag == ORIENTATION and kind == 3 and 1 <= value <= 8:
                return int(value)
    except struct.error:
        return UPRIGHT
    return UPRIGHT


def _exif(way_up: int) -> bytes:
    directory = struct.pack(">2sHI H HHIHH I", b"MM", 42, 8, 1, ORIENTATION, 3, 1, way_up, 0, 0)
    return b"Exif\0\0" + directory


def _segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body
