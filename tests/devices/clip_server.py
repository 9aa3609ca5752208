"""A server of one clip that can be told to behave as badly as a mobile line and a wrong server can."""

from __future__ import annotations

import hashlib
import random
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

CHANCE = random.Random(1)
CONTENT = CHANCE.randbytes(300_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
SIZE = len(CONTENT)


class Request(NamedTuple):
    path: str
    start: int


class Server:
    """Serves CONTENT; ``behave`` is called with the handler and may answer differently."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.behave: Callable[[Any, Request], bool] = lambda handler, request: False
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                start = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").removesuffix("-"))
                request = Request(self.path, start)
                server.requests.append(request)
                if not server.behave(self, request):
                    answer(self, CONTENT, start)

            def log_message(self, *args: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/clip"
        self.thread = threading.Thread(target=self.http.serve_forever, args=(0.02,))
        self.thread.start()


def answer(handler: Any, body: bytes, start: int = 0, *, cut_after: int | None = None) -> None:
    """A correct answer, or one whose connection is cut after some bytes of the body."""
    handler.send_response(206 if start else 200)
    if start:
        handler.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
    handler.send_header("Content-Length", str(len(body) - start))
    handler.end_headers()
    handler.wfile.write(body[start:] if cut_after is None else body[start : start + cut_after])
