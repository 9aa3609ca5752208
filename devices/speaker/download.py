"""One HTTP download into an open file, continued where the file ends."""

from __future__ import annotations

import http.client
import re
import ssl
import time
from typing import BinaryIO
from urllib.parse import SplitResult, urljoin, urlsplit

from devices.errors import FetchCorrupt, FetchMissing, FetchRefused, FetchUnreachable

_CHUNK = 64 * 1024
_REDIRECTS = 3
_SLOWEST = 2_000  # bytes a second, on average, below which a server only holds us up
_CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")


class Download:
    """The download of ``size`` bytes from ``url``; ``received`` counts bytes over all runs."""

    def __init__(self, url: str, size: int, *, timeout_s: float, tls: ssl.SSLContext | None) -> None:
        self.size = size
        self.received = 0
        self.abandoned = False  # set from outside: nobody waits for it any more
        self._url = url
        self._timeout = timeout_s
        self._tls = tls

    def run(self, file: BinaryIO) -> None:
        """Complete ``file`` to ``size`` bytes. Raises kinds of FetchError, and OSError of the file itself."""
        have = file.seek(0, 2)
        if have > self.size:
            have = file.truncate(0)
        if have == self.size:
            return
        url = self._url
        for _ in range(_REDIRECTS + 1):
            forward = self._ask(url, file, have)
            if forward is None:
                return
            url = _redirected(url, forward)
        raise FetchRefused(f"too many redirections: {self._url}")

    def _ask(self, url: str, file: BinaryIO, have: int) -> str | None:
        """One request; returns where it was redirected to, or None when the file is complete."""
        connection = self._connection(urlsplit(url))
        try:
            with _request(connection, url, have) as response:
                if response.status in (301, 302, 303, 307, 308):
                    return response.headers.get("Location", "")
                self._receive(response, file, _start(response, have, self.size))
        except FetchCorrupt:
            file.truncate(0)
            raise
        finally:
            connection.close()
        return None

    def _connection(self, parts: SplitResult) -> http.client.HTTPConnection:
        host = parts.hostname or ""
        if parts.scheme == "https":
            context = self._tls or ssl.create_default_context()
            return http.client.HTTPSConnection(host, parts.port, timeout=self._timeout, context=context)
        return http.client.HTTPConnection(host, parts.port, timeout=self._timeout)

    def _receive(self, response: http.client.HTTPResponse, file: BinaryIO, start: int) -> None:
        if file.seek(0, 2) > start:
            file.truncate(start)
        file.seek(start)
        have = start
        deadline = time.monotonic() + self._timeout + (self.size - start) / _SLOWEST
        while have < self.size:
            chunk = _read(response)
            if not chunk:
                raise FetchUnreachable(f"cut after {have} of {self.size} bytes: {self._url}")
            if have + len(chunk) > self.size:
                raise FetchCorrupt(f"longer than the announced {self.size} bytes: {self._url}", whole=True)
            file.write(chunk)
            have += len(chunk)
            self.received += len(chunk)
            if self.abandoned or time.monotonic() > deadline:
                raise FetchUnreachable(f"too slow, {have} of {self.size} bytes: {self._url}")


def _request(connection: http.client.HTTPConnection, url: str, have: int) -> http.client.HTTPResponse:
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    try:
        connection.request("GET", target, headers=headers)
        return connection.getresponse()
    except (OSError, http.client.HTTPException) as error:
        raise FetchUnreachable(f"no answer from {parts.hostname}: {error}") from error


def _read(response: http.client.HTTPResponse) -> bytes:
    try:
        return response.read1(_CHUNK)
    except (OSError, http.client.HTTPException) as error:
        raise FetchUnreachable(f"the connection broke: {error}") from error


def _start(response: http.client.HTTPResponse, have: int, size: int) -> int:
    """Where in the file the body belongs. Raises when there is no body worth reading."""
    if response.status == 206 and have:
        span = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
        if span is None or int(span[1]) != have or span[3] not in ("*", str(size)):
            raise FetchCorrupt("the server sent another part than asked for")
        return have
    if response.status == 200:
        length = response.headers.get("Content-Length")
        if length is not None and length != str(size):
            raise FetchCorrupt(f"{length} bytes instead of the announced {size}", whole=True)
        return 0
    raise _refusal(response.status)


def _refusal(status: int) -> FetchCorrupt | FetchMissing | FetchRefused | FetchUnreachable:
    if status in (404, 410):
        return FetchMissing("the server has no such file")
    if status == 416:
        return FetchCorrupt("the file on the server is shorter than our part of it")
    if status in (408, 425, 429) or status >= 500:
        return FetchUnreachable(f"the server answers {status}")
    return FetchRefused(f"the server answers {status}")


def _redirected(url: str, location: str) -> str:
    """Follow within the host that the signed order named, and never from https to http."""
    try:
        target = urljoin(url, location)
        old, new = urlsplit(url), urlsplit(target)
        same = (new.hostname, new.scheme, new.port) == (old.hostname, old.scheme, old.port)
    except ValueError as error:
        raise FetchRefused(f"redirected to another place: {location[:200]!r}") from error
    if not location or not same:
        raise FetchRefused(f"redirected to another place: {location[:200]!r}")
    return target
