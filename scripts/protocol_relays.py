"""Vectors of streams: which addresses may be called, what stands there, which part of an item each one is."""

from __future__ import annotations

import base64
from typing import Any

_LAN = ["10.20.0.0/16"]

# address, networks of the policy, whether it may be called
_ADDRESSES: list[tuple[str, list[str], bool]] = [
    ("203.113.131.1", [], True),
    ("8.8.8.8", [], True),
    ("2400:cb00:2048:1::c629:d7a2", [], True),
    ("127.0.0.1", [], False),
    ("127.8.8.8", [], False),
    ("10.20.0.7", [], False),
    ("172.16.0.1", [], False),
    ("172.32.0.1", [], True),
    ("192.168.1.1", [], False),
    ("169.254.169.254", [], False),
    ("100.64.0.1", [], False),
    ("0.0.0.0", [], False),  # noqa: S104 - nothing is bound
    ("224.0.0.1", [], False),
    ("240.0.0.1", [], False),
    ("255.255.255.255", [], False),
    ("::1", [], False),
    ("::", [], False),
    ("fe80::1", [], False),
    ("fd00::1", [], False),
    ("ff02::1", [], False),
    ("::ffff:10.0.0.1", [], False),
    ("::ffff:8.8.8.8", [], True),
    ("64:ff9b::a00:1", [], False),
    ("64:ff9b::808:808", [], True),
    ("2002:a00:1::1", [], False),
    ("10.20.0.7", _LAN, True),
    ("10.20.255.255", _LAN, True),
    ("10.21.0.0", _LAN, False),
    ("127.0.0.1", _LAN, False),
    ("203.113.131.1", _LAN, True),
    ("::ffff:10.20.0.7", _LAN, True),
    ("fd00::1", ["fd00::/8"], True),
    ("10.20.0.7", ["10.20.0.7/16"], True),
    ("10.20.0.7", ["10.20.0.0/33"], False),
    ("10.20.0.7", ["everything"], False),
    ("10.20.0.7", ["everything", "10.20.0.0/16"], True),
]

# address of a stream, whether it is one
_URLS: list[tuple[str, bool]] = [
    ("http://radio.example/live", True),
    ("https://radio.example:8443/live.mp3?quality=low", True),
    ("HTTP://RADIO.EXAMPLE/live", True),
    ("http://[2400:cb00::1]:8000/live", True),
    ("ftp://radio.example/live", False),
    ("file:///etc/passwd", False),
    ("rtmp://radio.example/live", False),
    ("//radio.example/live", False),
    ("radio.example/live", False),
    ("http://", False),
    ("http://:8000/live", False),
    ("http://listener:secret@radio.example/live", False),
    ("http://radio.example@10.0.0.1/live", False),
    ("http://radio.example:0/live", False),
    ("http://radio.example:70000/live", False),
    ("http://radio.example/a live", False),
    ("http://radio.example/\r\nHost: other", False),
    ("", False),
]

# where the answer came from, its Location, where to go on (None: relay_refused)
_REDIRECTS: list[tuple[str, str, str | None]] = [
    ("http://radio.example/live", "http://cdn.example/a", "http://cdn.example/a"),
    ("http://radio.example/live", "https://cdn.example/a", "https://cdn.example/a"),
    ("https://radio.example/live", "https://cdn.example/a", "https://cdn.example/a"),
    ("http://radio.example/x/live", "other", "http://radio.example/x/other"),
    ("http://radio.example/x/live", "/other", "http://radio.example/other"),
    ("https://radio.example/live", "//cdn.example/a", "https://cdn.example/a"),
    ("https://radio.example/live", "http://cdn.example/a", None),
    ("https://radio.example/live", "http://radio.example/live", None),
    ("http://radio.example/live", "", None),
]

_FRAME = bytes.fromhex("fff384c0").ljust(192, b"\0")  # MPEG-2 layer III, 24 kHz, mono, 64 kbit/s
_MP3 = _FRAME * 6
_TAG = b"ID3\x04\x00\x00\x00\x00\x00\x08" + bytes.fromhex("fff384c4") * 2

# the first bytes, the media type that is claimed, what becomes of it
_STREAMS: list[tuple[str, bytes, str, str]] = [
    ("MP3", _MP3, "audio/mpeg", "carried"),
    ("MP3 from the middle of a frame", _MP3[100:], "audio/mpeg", "carried"),
    ("MP3 behind a tag that looks like a frame", _TAG + _MP3, "audio/mpeg", "carried"),
    ("MP3 under the name of something else", _MP3, "application/octet-stream", "carried"),
    ("MP3 under the name of a page", _MP3, "text/html", "carried"),
    ("AAC", bytes.fromhex("fff15080") + bytes(600), "audio/aac", "relay_codec"),
    ("AAC under the name of MP3", bytes.fromhex("fff15080") + bytes(600), "audio/mpeg", "relay_codec"),
    ("Ogg", b"OggS" + bytes(600), "audio/ogg", "relay_codec"),
    ("a transport stream", (b"\x47" + bytes(187)) * 4, "video/mp2t", "relay_codec"),
    ("one frame and then nothing like it", _FRAME + b"\x55" * 600, "audio/mpeg", "relay_codec"),
    ("a page", b"<!DOCTYPE html><html>" + b" " * 600, "text/html", "relay_page"),
    ("a page under the name of MP3", b"<!DOCTYPE html><html>" + b" " * 600, "audio/mpeg", "relay_page"),
    ("an answer of a programme", b'{"error": "no such mount"}', "application/json", "relay_page"),
    ("nothing", b"", "audio/mpeg", "relay_unreachable"),
]

_LIST_AT = "https://radio.example/hls/live.m3u8"
_HEAD = "#EXTM3U\n#EXT-X-TARGETDURATION:6\n"

# a list of segments, and where they lie, or why it cannot be carried
_LISTS: list[tuple[str, str, list[str] | str]] = [
    (
        "two segments, named from the list's own place",
        _HEAD + "#EXT-X-MEDIA-SEQUENCE:7\n#EXTINF:6.0,\n7.mp3\n#EXTINF:6.0,\n/other/8.mp3\n",
        ["https://radio.example/hls/7.mp3", "https://radio.example/other/8.mp3"],
    ),
    (
        "a segment on another host",
        _HEAD + "#EXTINF:6.0,\nhttps://cdn.example/7.mp3\n",
        ["https://cdn.example/7.mp3"],
    ),
    (
        "lines that nobody knows are passed over",
        _HEAD + "#EXT-X-FROM-THE-FUTURE:1\n# a remark\n\n#EXTINF:6.0,\n7.mp3\n",
        ["https://radio.example/hls/7.mp3"],
    ),
    ("an encrypted one", _HEAD + '#EXT-X-KEY:METHOD=AES-128,URI="k"\n#EXTINF:6,\n7.mp3\n', "relay_codec"),
    (
        "one that says that it is not encrypted",
        _HEAD + "#EXT-X-KEY:METHOD=NONE\n#EXTINF:6.0,\n7.mp3\n",
        ["https://radio.example/hls/7.mp3"],
    ),
    ("no list at all", "7.mp3\n8.mp3\n", "relay_page"),
]

# lengths of the clips, streams as (after, length), the part of the item that each stream is, the whole; in ms
_PLACES: list[tuple[str, list[int], list[tuple[int, int]], list[tuple[int, int]], int]] = [
    ("a stream alone", [], [(0, 60_000)], [(0, 60_000)], 60_000),
    ("between two clips", [5000, 4000], [(1, 60_000)], [(5000, 65_000)], 69_000),
    ("before all clips", [5000], [(0, 60_000)], [(0, 60_000)], 65_000),
    ("after all clips", [5000], [(1, 60_000)], [(5000, 65_000)], 65_000),
    ("after more clips than there are", [5000], [(9, 60_000)], [(5000, 65_000)], 65_000),
    ("after less than none", [5000], [(-1, 60_000)], [(0, 60_000)], 65_000),
    (
        "two, whose order is that of their places",
        [5000, 4000],
        [(2, 30_000), (1, 60_000)],
        [(5000, 65_000), (69_000, 99_000)],
        99_000,
    ),
    (
        "two at one place, in the order of the item",
        [5000],
        [(1, 30_000), (1, 60_000)],
        [(5000, 35_000), (35_000, 95_000)],
        95_000,
    ),
    ("a length below nothing takes nothing away", [5000], [(1, -60_000)], [(5000, 5000)], 5000),
]


def files() -> dict[str, Any]:
    return {
        "vectors/relays.json": {
            "about": "addresses: whether a resolved address may be called under relay_networks. urls: "
            "whether it is the address of a stream at all; if not, relay_refused. redirects: where the next "
            "call goes; null is relay_refused. streams: what the first bytes of an answer are, "
            "whatever it claims. lists: the segments of a list that was found at list_at, or why it "
            "is not carried. places: which part of the item each stream is, in ms from its beginning, "
            "streams in the order in which they sound.",
            "addresses": [
                {"address": address, "relay_networks": networks, "may_be_called": may}
                for address, networks, may in _ADDRESSES
            ],
            "urls": [{"url": url, "is_stream": good} for url, good in _URLS],
            "redirects": [{"from": old, "location": to, "next": found} for old, to, found in _REDIRECTS],
            "streams": [
                {
                    "name": name,
                    "head_base64": base64.b64encode(head).decode(),
                    "media_type": media_type,
                    "result": result,
                }
                for name, head, media_type, result in _STREAMS
            ],
            "list_at": _LIST_AT,
            "lists": [
                {"name": name, "text": text, "result": "carried", "segments": found}
                if isinstance(found, list)
                else {"name": name, "text": text, "result": found}
                for name, text, found in _LISTS
            ],
            "places": [
                {
                    "name": name,
                    "clips_ms": clips,
                    "relays": [{"after": after, "duration_ms": length} for after, length in relays],
                    "streams_ms": [list(part) for part in parts],
                    "duration_ms": whole,
                }
                for name, clips, relays, parts, whole in _PLACES
            ],
        }
    }
