"""Sends text compressed: waitress sends bytes as they are, and the officer's phone is on a slow network."""

from __future__ import annotations

import functools
import gzip
import io
import secrets
from typing import Final

from flask import Flask, Response, request

TEXTUAL: Final = frozenset(
    {
        "application/atom+xml",
        "application/javascript",
        "application/json",
        "application/manifest+json",
        "image/svg+xml",
        "text/calendar",
        "text/css",
        "text/csv",
        "text/html",
        "text/javascript",
        "text/plain",
    }
)
SMALLEST: Final = 600  # bytes: below, the headers outweigh what is saved
PADDING: Final = 100  # bytes at most


def install(app: Flask) -> None:
    app.after_request(_compress)


def _compress(response: Response) -> Response:
    """Loudspeakers fetch from the API with Range and hashes: their bytes stay as they are."""
    static = request.endpoint == "static"
    if response.status_code != 200 or response.mimetype not in TEXTUAL or request.blueprint == "api":
        return response
    if response.is_streamed and not static:
        return response
    response.vary.add("Accept-Encoding")
    if "Content-Encoding" in response.headers or not request.accept_encodings["gzip"]:
        return response
    if (response.content_length or SMALLEST) < SMALLEST:
        return response
    response.direct_passthrough = False
    pack = _for_good if static else _with_padding
    body = pack(response.get_data())
    response.set_data(body)
    response.headers["Content-Encoding"] = "gzip"
    response.headers.pop("Accept-Ranges", None)
    etag, _weak = response.get_etag()
    if etag:
        response.set_etag(etag, weak=True)  # the same content in other bytes
    return response


@functools.lru_cache(maxsize=256)
def _for_good(body: bytes) -> bytes:
    """A file of the program never changes while it runs."""
    return gzip.compress(body, compresslevel=9, mtime=0)


def _with_padding(body: bytes) -> bytes:
    """A random length in the header: the size must not tell a listener of secrets in the page (BREACH)."""
    sink = io.BytesIO()
    name = "a" * secrets.randbelow(PADDING)
    with gzip.GzipFile(filename=name, mode="wb", compresslevel=6, fileobj=sink, mtime=0) as packed:
        packed.write(body)
    return sink.getvalue()
