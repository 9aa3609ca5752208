"""Takes Opus packets out of Ogg files and puts them into a new one (RFC 3533, RFC 7845)."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Sequence
from typing import Final

CLOCK: Final = 48_000  # Ogg Opus counts at this rate, whatever the rate of the sound
PRE_SKIP: Final = 312  # samples that libopus needs before the sound
PACKET: Final = 960  # samples, 20 ms
# A packet that says "silence" and nothing else; it depends on no packet before it.
SILENCE: Final = b"\xf8\xff\xfe"

_PAGE: Final = struct.Struct("<4sBBqIIIB")
_SERIAL: Final = 1
_PACKETS_A_PAGE: Final = 50  # a second: players seek by pages
_FIRST, _LAST = 2, 4
_REVERSED: Final = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def packets(data: bytes) -> tuple[tuple[bytes, ...], int]:
    """The sound's packets and the number of samples they stand for. Raises ValueError."""
    found: list[bytes] = []
    rest, samples, position = b"", 0, 0
    while position < len(data):
        magic, _, _, granule, _, _, _, segments = _page(data, position)
        if magic != b"OggS":
            raise ValueError("not an Ogg file")
        sizes = data[position + _PAGE.size : position + _PAGE.size + segments]
        position += _PAGE.size + segments
        for size in sizes:
            rest += data[position : position + size]
            position += size
            if size < 255:
                found.append(rest)
                rest = b""
        samples = granule
    head, _tags, *sound = found
    return tuple(sound), samples - int.from_bytes(head[10:12], "little")


def write(sound: Sequence[bytes], samples: int) -> bytes:
    """An Ogg Opus file that plays ``samples`` of the packets."""
    head = struct.pack("<8sBBHIhB", b"OpusHead", 1, 1, PRE_SKIP, 24_000, 0, 0)
    tags = struct.pack("<8sI4sI", b"OpusTags", 4, b"opus", 0)
    pages = [_written([head], 0, 0, _FIRST), _written([tags], 0, 1, 0)]
    for start in range(0, len(sound), _PACKETS_A_PAGE):
        part = sound[start : start + _PACKETS_A_PAGE]
        last = start + len(part) == len(sound)
        granule = samples + PRE_SKIP if last else (start + len(part)) * PACKET
        pages.append(_written(part, granule, len(pages), _LAST if last else 0))
    return b"".join(pages)


def _page(data: bytes, position: int) -> tuple[bytes, int, int, int, int, int, int, int]:
    try:
        found: tuple[bytes, int, int, int, int, int, int, int] = _PAGE.unpack_from(data, position)
    except struct.error as error:
        raise ValueError("the Ogg file ends in the middle of a page") from error
    return found


def _written(part: Sequence[bytes], granule: int, number: int, flags: int) -> bytes:
    sizes = b"".join(bytes(_lacing(len(packet))) for packet in part)
    head = _PAGE.pack(b"OggS", 0, flags, granule, _SERIAL, number, 0, len(sizes))
    page = bytearray(head + sizes + b"".join(part))
    page[22:26] = struct.pack("<I", _checksum(page))
    return bytes(page)


def _lacing(size: int) -> Iterator[int]:
    yield from [255] * (size // 255)
    yield size % 255


def _checksum(page: bytes | bytearray) -> int:
    """CRC-32 from the highest bit down and without inversions: zlib's, with the bits turned round."""
    turned = zlib.crc32(page.translate(_REVERSED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{turned:032b}"[::-1], 2)
