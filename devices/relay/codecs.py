"""What the first bytes of a stream are: MP3, which loudspeakers decode, or something else by its name."""

from __future__ import annotations

from dataclasses import dataclass

ENOUGH = 8 * 1024  # bytes in which two frames follow each other, or it is no MP3
MP3 = "MP3"

_V1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_V2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_RATES = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}
_MAGIC = (
    (b"OggS", "Ogg"),
    (b"fLaC", "FLAC"),
    (b"RIFF", "WAV"),
    (b"ADIF", "AAC"),
    (b"FLV", "FLV"),
    (b"\x1aE\xdf\xa3", "WebM"),
)
_TYPES = {"audio/aac": "AAC", "audio/aacp": "AAC", "audio/mp4": "AAC", "audio/ogg": "Ogg", "video/mp2t": "TS"}


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame of MPEG audio, layer III."""

    length: int  # bytes
    bit_rate: int  # bits a second
    sample_rate: int
    channels: int
    key: int  # what is the same in all frames of a stream


def identify(head: bytes, media_type: str = "") -> tuple[str, Frame | None]:
    """The name of the codec, and the first frame where it is MP3; an empty name when nobody can tell."""
    body = without_tag(head)
    if (frame := first_frame(body)) is not None:
        return MP3, frame
    for magic, name in _MAGIC:
        if body.startswith(magic):
            return name, None
    if body[4:8] == b"ftyp":
        return "MP4", None
    if len(body) > 188 and body[0] == body[188] == 0x47:
        return "TS", None
    if len(body) > 1 and body[0] == 0xFF and body[1] & 0xF6 == 0xF0:  # layer 0 stands for AAC
        return "AAC", None
    return _TYPES.get(media_type, ""), None


def without_tag(data: bytes) -> bytes:
    """Without an ID3 tag in front: what it holds may look like a frame."""
    if not data.startswith(b"ID3") or len(data) < 10:
        return data
    size = 0
    for byte in data[6:10]:
        size = size << 7 | byte & 0x7F
    return without_tag(data[10 + size :])


def first_frame(data: bytes) -> Frame | None:
    """The first of two frames that follow each other; one alone may be chance."""
    for at in range(max(0, min(len(data), ENOUGH) - 4)):
        frame = _frame(data, at)
        if frame is not None:
            after = _frame(data, at + frame.length)
            if after is not None and after.key == frame.key:
                return frame
    return None


def _frame(data: bytes, at: int) -> Frame | None:
    head = data[at : at + 4]
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:  # not layer III
        return None
    version, rate, bits = head[1] >> 3 & 3, head[2] >> 2 & 3, head[2] >> 4
    if version not in _RATES or rate == 3 or bits in (0, 15):
        return None
    bit_rate = 1000 * (_V1 if version == 3 else _V2)[bits]
    sample_rate = _RATES[version][rate]
    length = (144 if version == 3 else 72) * bit_rate // sample_rate + (head[2] >> 1 & 1)
    channels = 1 if head[3] >> 6 == 3 else 2
    return Frame(length, bit_rate, sample_rate, channels, version << 2 | rate)
