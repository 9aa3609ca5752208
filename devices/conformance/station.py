"""A radio station of a conformance run: a soft tone without an end, and the ways in which stations fail."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler

from .files import FileServer

_AHEAD = 3.0  # seconds that whoever tunes in gets at once
_PIECE = 0.1  # seconds
_FRAME_BYTES, _FRAME_S = 192, 0.024  # MPEG-2 layer III: 24 kHz, mono, 64 kbit/s
_GAIN = 196  # of the tone: somebody may stand below the horn


class Station:
    """Sends streams beside the files of the run, and knows who listens."""

    def __init__(self, files: FileServer) -> None:
        self._files = files
        self._listeners: Counter[str] = Counter()
        self._closed = threading.Event()

    def live(self, name: str, *, dies_after: float = 0.0) -> str:
        """A stream under a name; one that dies is cut after so many seconds and is not there again."""
        files = self._files

        def send(handler: BaseHTTPRequestHandler) -> None:
            if dies_after and files.asked.count(name) > 1:
                handler.send_error(404)
                return
            self._listeners[name] += 1
            try:
                handler.wfile.write(b"HTTP/1.0 200 OK\r\nContent-Type: audio/mpeg\r\n\r\n")
                self._pour(handler, dies_after)
            except OSError:
                handler.close_connection = True  # nobody listens any more
            finally:
                self._listeners[name] -= 1

        return files.on(name, send)

    def forward(self, name: str, location: str) -> str:
        def send(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(302)
            handler.send_header("Location", location)
            handler.end_headers()

        return self._files.on(name, send)

    async def is_left(self, name: str, within: float) -> bool:
        """Whether nobody listens any more, at the latest after so many seconds."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within):
                while self._listeners[name]:
                    await asyncio.sleep(_PIECE)
        return not self._listeners[name]

    def close(self) -> None:
        self._closed.set()

    def _pour(self, handler: BaseHTTPRequestHandler, dies_after: float) -> None:
        """Raises OSError when the listener has gone."""
        began, sent = time.monotonic(), 0
        while not self._closed.is_set():
            seconds = time.monotonic() - began + _AHEAD
            due = round(min(seconds, dies_after or seconds) / _FRAME_S)
            handler.wfile.write(_tone_frame() * (due - sent))
            sent = due
            if dies_after and seconds >= dies_after:
                return
            self._closed.wait(_PIECE)


def _tone_frame() -> bytes:
    """A frame that needs no other one: a single line of its spectrum, soft and near 800 Hz.

    Repeated it is a tone. Its pairs of lines are coded by table 1, in which (0, 0) is 1 and (1, 0) is 01.
    """
    quiet = 19
    lines = "1" * quiet + "01" + "0"  # the last bit is the sign
    side = [
        (0, 8),  # nothing of it is in an earlier frame
        (0, 1),
        (len(lines), 12),
        (quiet + 1, 9),  # pairs
        (_GAIN, 8),
        (0, 9),  # no scale factors
        (0, 1),
        (1 << 10 | 1 << 5 | 1, 15),  # table 1 in all three regions
        (7, 4),
        (7, 3),
        (0, 2),
    ]
    bits = "".join(f"{value:0{width}b}" for value, width in side) + lines
    body = int(bits.ljust(-len(bits) % 8 + len(bits), "0"), 2).to_bytes((len(bits) + 7) // 8)
    return (b"\xff\xf3\x84\xc0" + body).ljust(_FRAME_BYTES, b"\0")
