"""Lists of segments (HLS, RFC 8216), as far as a stream of sound needs them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urljoin

from devices.errors import RelayCodec, RelayPage

MEDIA_TYPES = ("application/vnd.apple.mpegurl", "application/x-mpegurl", "audio/mpegurl", "audio/x-mpegurl")
_LONGEST = 60.0  # seconds of a segment; a stream is called after every one
_ATTRIBUTE = re.compile(r'([A-Z0-9-]+)=("[^"]*"|[^,]*)')


@dataclass(frozen=True, slots=True)
class Segment:
    number: int
    url: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Playlist:
    """``variants`` (bits a second, address) of a list of lists, or the ``segments`` of a stream."""

    variants: tuple[tuple[int, str], ...] = ()
    segments: tuple[Segment, ...] = ()
    seconds: float = 0.0  # the longest segment
    is_over: bool = False


def is_playlist(media_type: str, head: bytes) -> bool:
    return media_type in MEDIA_TYPES or head.lstrip(b"\xef\xbb\xbf").startswith(b"#EXTM3U")


def read(text: str, url: str) -> Playlist:
    """Understand a list that was found at ``url``. Raises RelayPage, RelayCodec."""
    lines = [line.strip() for line in text.lstrip("\ufeff").splitlines() if line.strip()]
    if not lines or not lines[0].startswith("#EXTM3U"):
        raise RelayPage("not a list of segments")
    if any(line.startswith("#EXT-X-KEY") and "METHOD=NONE" not in line for line in lines):
        raise RelayCodec("encrypted")
    variants: list[tuple[int, str]] = []
    segments: list[Segment] = []
    number, seconds, bits, longest = 0, 0.0, None, 0.0
    for line in lines[1:]:
        name, _, value = line.partition(":")
        match name:
            case "#EXT-X-MEDIA-SEQUENCE":
                number = _number(value)
            case "#EXTINF":
                seconds = _seconds(value)
                longest = max(longest, seconds)
            case "#EXT-X-STREAM-INF":
                bits = _number(dict(_ATTRIBUTE.findall(value)).get("BANDWIDTH", "0"))
            case _ if line.startswith("#"):
                continue
            case _ if bits is not None:
                variants.append((bits, urljoin(url, line)))
                bits = None
            case _:
                segments.append(Segment(number + len(segments), urljoin(url, line), seconds))
    over = "#EXT-X-ENDLIST" in lines
    return Playlist(tuple(variants), tuple(segments), longest, over)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0


def _seconds(text: str) -> float:
    try:
        seconds = float(text.partition(",")[0])
    except ValueError:
        return 0.0
    return min(seconds, _LONGEST) if seconds > 0 else 0.0
