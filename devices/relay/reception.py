"""A stream as bytes of MP3 one after the other, whether one answer has them all or a list of segments."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterator

from devices.errors import RelayCodec, RelayPage, RelayStalled, RelayUnreachable

from . import playlist
from .calling import QUIET, WITHIN, Answer, call
from .codecs import ENOUGH, MP3, Frame, identify, without_tag
from .playlist import Playlist, Segment
from .reach import Reach

PLAIN = "audio/mpeg"
_LIST = 256 * 1024  # bytes
_SEGMENT = 4 << 20  # bytes
_BEHIND = 2  # segments before the newest with which to begin
_PAGES = ("text/html", "application/xhtml+xml", "text/plain", "application/json", "text/xml")


class Reception:
    """An open stream. ``burst_s`` is how much of it comes at once, and may then be long in coming."""

    def __init__(
        self,
        answer: Answer,
        head: bytes,
        pieces: Iterator[bytes],
        frame: Frame,
        *,
        media_type: str,
        is_live: bool,
        burst_s: float = 0.0,
    ) -> None:
        self.headers = answer.headers
        self.is_live = is_live  # whether it goes on for ever; a recording has an end
        self.media_type = media_type
        self.frame = frame
        self.burst_s = burst_s
        self._answer = answer
        self._head = head
        self._rest = pieces

    def pieces(self) -> Iterator[bytes]:
        """The sound as it comes; an empty piece says that nothing came for a while. Raises RelayError."""
        yield self._head
        yield from self._rest

    def close(self) -> None:
        self._answer.close()


def tune(
    url: str,
    reach: Reach,
    *,
    tls: ssl.SSLContext | None = None,
    wait: Callable[[float], object] = time.sleep,
    quiet_s: float = QUIET,
    within_s: float = WITHIN,
) -> Reception:
    """Open a stream and see that it is MP3. Raises kinds of RelayError.

    ``wait`` is used between two looks at a list of segments; after ``quiet_s`` without a byte an empty
    piece tells so. After ``within_s`` the answer, and so much of the sound that it can be told, must be here.
    """
    answer = call(url, reach, tls=tls, within_s=within_s)
    answer.quiet_s = quiet_s
    try:
        pieces = answer.pieces()
        head = _head(pieces, within_s)
        if playlist.is_playlist(answer.media_type, head):
            answer.close()
            return _tune_list(answer, _all(head, pieces, _LIST), _Caller(reach, tls, wait))
        frame = _recognised(head, answer.media_type)
        is_live = "Content-Length" not in answer.headers
        return Reception(answer, head, pieces, frame, media_type=PLAIN, is_live=is_live)
    except BaseException:
        answer.close()
        raise


class _Caller:
    """Brings lists and segments."""

    def __init__(self, reach: Reach, tls: ssl.SSLContext | None, wait: Callable[[float], object]) -> None:
        self._reach = reach
        self._tls = tls
        self.wait = wait

    def playlist(self, url: str) -> Playlist:
        answer = call(url, self._reach, tls=self._tls)
        try:
            return playlist.read(_all(b"", answer.pieces(), _LIST).decode("utf-8", "replace"), answer.url)
        finally:
            answer.close()

    def segment(self, segment: Segment) -> tuple[bytes, str]:
        answer = call(segment.url, self._reach, tls=self._tls)
        try:
            return _all(b"", answer.pieces(), _SEGMENT), answer.media_type
        finally:
            answer.close()


def _tune_list(answer: Answer, body: bytes, caller: _Caller) -> Reception:
    found, url = playlist.read(body.decode("utf-8", "replace"), answer.url), answer.url
    if found.variants:  # the one that costs a SIM card least
        url = min(found.variants)[1]
        found = caller.playlist(url)
    if not found.segments:
        raise RelayPage("a list without segments")
    start = max(0, len(found.segments) - 1 - _BEHIND)
    first, media_type = caller.segment(found.segments[start])
    frame = _recognised(first, media_type)
    pieces = _follow(caller, url, found, found.segments[start].number + 1)
    return Reception(
        answer,
        without_tag(first),
        pieces,
        frame,
        media_type=playlist.MEDIA_TYPES[0],
        is_live=not found.is_over,
        burst_s=found.seconds,
    )


def _follow(caller: _Caller, url: str, found: Playlist, after: int) -> Iterator[bytes]:
    """The segments from number ``after`` on, each as it appears in the list."""
    while True:
        new = [segment for segment in found.segments if segment.number >= after]
        for segment in new:
            after = segment.number + 1
            yield without_tag(caller.segment(segment)[0])
        if found.is_over:
            return
        caller.wait(min(QUIET, max(0.5, found.seconds / 2)))
        if not new:
            yield b""
        found = caller.playlist(url)
        if found.segments and found.segments[-1].number < after - 1 - len(found.segments):
            after = found.segments[0].number  # the station began to count anew


def _head(pieces: Iterator[bytes], within_s: float) -> bytes:
    """So much of the body that the codec can be told. Raises RelayStalled."""
    deadline = time.monotonic() + within_s
    head = b""
    for piece in pieces:
        head += piece
        if len(head) >= ENOUGH:
            break
        if time.monotonic() > deadline:
            if identify(head)[0]:
                break
            raise RelayStalled(f"{len(head)} bytes in {within_s:.0f} s")
    return head


def _recognised(head: bytes, media_type: str) -> Frame:
    """The first frame of MP3. Raises RelayCodec, RelayPage, RelayUnreachable."""
    if not head:
        raise RelayUnreachable("an answer without a body")
    codec, frame = identify(head, media_type)
    if frame is not None:
        return frame
    if not codec and (media_type in _PAGES or head.lstrip()[:1] in (b"<", b"{", b"[")):
        raise RelayPage(f"{media_type or 'text'} instead of a stream")
    raise RelayCodec(codec if codec and codec != MP3 else "unknown")


def _all(head: bytes, pieces: Iterator[bytes], most: int) -> bytes:
    """A body that has an end. Raises RelayStalled, RelayUnreachable."""
    quiet = 0
    body = bytearray(head)
    for piece in pieces:
        body += piece
        quiet = 0 if piece else quiet + 1
        if quiet > 4:
            raise RelayStalled(f"nothing more after {len(body)} bytes")
        if len(body) > most:
            raise RelayUnreachable(f"more than {most} bytes where a part of the stream should be")
    return bytes(body)
