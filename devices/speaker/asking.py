"""One small question to the server over HTTP, and its answer."""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from devices.errors import FetchRefused, FetchUnreachable

_LARGEST = 64 * 1024  # bytes of an answer
_TIMEOUT_S = 20.0


@dataclass(frozen=True, slots=True)
class Answer:
    """``retry_s`` is how long the server wishes not to be asked again, ``at_ms`` its time; 0 where it does
    not say. Nobody has signed that time."""

    status: int
    body: bytes = field(repr=False)  # may hold a password
    retry_s: int = 0
    at_ms: int = 0


Asker = Callable[[str, str, bytes | None], Answer]
"""Method, address, body; raises FetchRefused or FetchUnreachable."""


def ask(method: str, url: str, body: bytes | None = None) -> Answer:
    """Follow no redirection: what is sent is for this server alone; raises FetchRefused, FetchUnreachable."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise FetchRefused(f"not an address of a server: {url[:200]!r}")
    connection = _connection(parts.scheme, parts.hostname, parts.port)
    try:
        connection.request(method, parts.path, body=body, headers={"Content-Type": "application/json"})
        response = connection.getresponse()
        content = response.read(_LARGEST + 1)
    except (OSError, http.client.HTTPException) as error:
        raise FetchUnreachable(f"no answer from {parts.hostname}: {error}") from error
    finally:
        connection.close()
    if len(content) > _LARGEST:
        raise FetchRefused(f"a longer answer than {_LARGEST} bytes from {parts.hostname}")
    wait = response.headers.get("Retry-After", "")
    retry_s = int(wait) if wait.isdecimal() and len(wait) < 6 else 0
    return Answer(response.status, content, retry_s, _read(response.headers.get("Date", "")))


def _read(date: str) -> int:
    try:
        return round(parsedate_to_datetime(date).timestamp() * 1000)
    except (ValueError, OverflowError):
        return 0


def _connection(scheme: str, host: str, port: int | None) -> http.client.HTTPConnection:
    if scheme == "https":
        context = ssl.create_default_context()
        return http.client.HTTPSConnection(host, port, timeout=_TIMEOUT_S, context=context)
    return http.client.HTTPConnection(host, port, timeout=_TIMEOUT_S)
