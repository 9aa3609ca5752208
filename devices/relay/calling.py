"""One call to a web server that may never end: bounded until its answer begins, then read as it comes.

HTTP/1.0, since nothing of a later one is of use here and old stations answer ``ICY 200 OK``, which the
standard library does not read.
"""

from __future__ import annotations

import contextlib
import http.client
import io
import re
import socket
import ssl
import time
from collections.abc import Iterator
from email.message import Message
from urllib.parse import SplitResult, urljoin, urlsplit

from devices.errors import RelayLoop, RelayMissing, RelayRefused, RelayTls, RelayUnreachable

from .reach import Reach

QUIET = 2.0  # seconds without a byte after which the reader is told so
_REDIRECTS = 4
WITHIN = 10.0  # seconds from the call to the end of the head
_HEAD = 32 * 1024  # bytes
_PIECE = 16 * 1024
_LINE_END = b"\r\n"
_SIZE_LINE = 40  # bytes that tell the size of a chunk
_HEXADECIMAL = re.compile(rb"[0-9A-Fa-f]{1,8}")
_DECIMAL = re.compile("[0-9]{1,9}")
_MOVED = (301, 302, 303, 307, 308)


class Answer:
    """An answer whose body is still to be read; ``url`` is where it was found at last."""

    quiet_s = QUIET

    def __init__(self, url: str, status: int, headers: Message, line: socket.socket, rest: bytes) -> None:
        self.url = url
        self.status = status
        self.headers = headers
        self.received = len(rest)
        self._line = line
        self._rest = rest

    @property
    def media_type(self) -> str:
        return str(self.headers.get("Content-Type", "")).partition(";")[0].strip().lower()

    def pieces(self) -> Iterator[bytes]:
        """The body as it comes; an empty piece says that nothing came for a while.

        Raises RelayUnreachable.
        """
        pieces = self._raw()
        if "chunked" in str(self.headers.get("Transfer-Encoding", "")).lower():
            pieces = _unchunked(pieces)
        titles = str(self.headers.get("icy-metaint", ""))
        return _untitled(pieces, int(titles)) if _DECIMAL.fullmatch(titles) and int(titles) else pieces

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._line.close()

    def _raw(self) -> Iterator[bytes]:
        if self._rest:
            yield self._rest
        self._line.settimeout(self.quiet_s)
        while True:
            try:
                piece = self._line.recv(_PIECE)
            except TimeoutError:
                yield b""
                continue
            except (OSError, ValueError) as error:
                raise RelayUnreachable(f"the connection broke: {error}") from error
            if not piece:
                return
            self.received += len(piece)
            yield piece


def call(url: str, reach: Reach, *, tls: ssl.SSLContext | None = None, within_s: float = WITHIN) -> Answer:
    """Ask for ``url`` and follow where it leads. Raises kinds of RelayError."""
    for _ in range(_REDIRECTS + 1):
        answer = _ask(url, reach, tls, within_s)
        if answer.status not in _MOVED:
            return _checked(answer)
        answer.close()
        url = _forward(url, str(answer.headers.get("Location", "")))
    raise RelayLoop(f"more than {_REDIRECTS} redirections")


def target(url: str) -> SplitResult:
    """The parts of an address that may be called at all. Raises RelayRefused."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable or not url.isascii() or not url.isprintable() or " " in url or "@" in parts.netloc:
        raise RelayRefused(f"not the address of a stream: {url[:200]!r}")
    return parts


def _ask(url: str, reach: Reach, tls: ssl.SSLContext | None, within_s: float) -> Answer:
    parts = target(url)
    host = parts.hostname or ""
    secure = parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    line = _connect(reach.addresses(host, port), port, within_s)
    try:
        if secure:
            line = (tls or ssl.create_default_context()).wrap_socket(line, server_hostname=host)
        return _talk(url, parts, line, within_s)
    except ssl.SSLError as error:
        line.close()
        raise RelayTls(f"no encryption with {host}: {error}") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        line.close()
        raise RelayUnreachable(f"no answer from {host}: {error}") from error


def _connect(addresses: list[str], port: int, within_s: float) -> socket.socket:
    failure: OSError = OSError("no address")
    for address in addresses[:2]:
        try:
            return socket.create_connection((address, port), timeout=within_s)
        except OSError as error:
            failure = error
    raise RelayUnreachable(f"no connection to {addresses[0]}: {failure}") from failure


def _talk(url: str, parts: SplitResult, line: socket.socket, within_s: float) -> Answer:
    """Send the question and read the head of the answer. Raises OSError, HTTPException, ValueError."""
    where = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    host = parts.netloc.rpartition("@")[2]
    asked = f"GET {where} HTTP/1.0\r\nHost: {host}\r\nUser-Agent: truyen-thanh\r\nAccept: */*\r\n"
    line.sendall(f"{asked}Connection: close\r\n\r\n".encode("ascii"))
    deadline = time.monotonic() + within_s
    head = b""
    while b"\r\n\r\n" not in head:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the head of the answer takes too long")
        line.settimeout(left)
        piece = line.recv(_PIECE)
        head += piece
        if not piece or len(head) > _HEAD:
            raise http.client.BadStatusLine("no head of an answer")
    lines, _, rest = head.partition(b"\r\n\r\n")
    first, _, fields = lines.partition(b"\r\n")
    words = first.split()
    if len(words) < 2 or not (words[0].startswith(b"HTTP/") or words[0] == b"ICY"):
        raise http.client.BadStatusLine(repr(first[:80]))
    headers = http.client.parse_headers(io.BytesIO(fields + b"\r\n\r\n"))
    return Answer(url, int(words[1]), headers, line, rest)


def _checked(answer: Answer) -> Answer:
    if answer.status == 200:
        return answer
    answer.close()
    if answer.status in (401, 403, 404, 410):
        raise RelayMissing(f"the server answers {answer.status}")
    raise RelayUnreachable(f"the server answers {answer.status}")


def _forward(url: str, location: str) -> str:
    """Stations hand on to other hosts; never from https to http."""
    try:
        found = urljoin(url, location)
    except ValueError as error:
        raise RelayRefused(f"redirected to {location[:200]!r}") from error
    if not location or (urlsplit(url).scheme == "https" and not found.startswith("https:")):
        raise RelayRefused(f"redirected to {location[:200]!r}")
    return found


def _unchunked(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The body inside a chunked one, as it comes. Raises RelayUnreachable."""
    held, left = b"", 0  # bytes of this chunk that still come, with the end of its line
    for piece in pieces:
        held += piece
        body = bytearray()
        while held:
            if left:
                body += held[: max(0, left - len(_LINE_END))]
                held, left = held[left:], max(0, left - len(held))
            elif _LINE_END in held[:_SIZE_LINE]:
                size, _, held = held.partition(_LINE_END)
                left = _length(size)
                if not left:
                    yield bytes(body)
                    return
                left += len(_LINE_END)
            elif len(held) < _SIZE_LINE:
                break
            else:
                raise RelayUnreachable("the answer comes in broken chunks")
        if body or not piece:
            yield bytes(body)


def _length(size: bytes) -> int:
    """Of a chunk, by the line before it. Raises RelayUnreachable."""
    digits = size.partition(b";")[0].strip()
    if not _HEXADECIMAL.fullmatch(digits):
        raise RelayUnreachable("the answer comes in broken chunks")
    return int(digits, 16)


def _untitled(pieces: Iterator[bytes], interval: int) -> Iterator[bytes]:
    """The sound without the titles that an Icecast server puts in after every ``interval`` bytes."""
    sound, title = interval, -1  # bytes that still come; -1: the length of the title is next
    for piece in pieces:
        kept = bytearray()
        rest = memoryview(piece)
        while rest:
            if sound:
                kept += rest[:sound]
                taken = min(sound, len(rest))
                sound -= taken
            elif title < 0:
                taken, title = 1, rest[0] * 16
            else:
                taken = min(title, len(rest))
                title -= taken
            if not sound and title == 0:
                sound, title = interval, -1
            rest = rest[taken:]
        if kept or not piece:
            yield bytes(kept)
