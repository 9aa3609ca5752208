"""The HTTP server of a conformance run: plans and audio by hash, and a memory of who asked for what."""

from __future__ import annotations

import array
import functools
import hashlib
import io
import math
import threading
import wave
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from devices.messages import ClipRef

_RATE = 16_000
_AMPLITUDE = 3_000  # soft: somebody may stand below the horn


class FileServer:
    """Serves bytes by their sha256 in a thread of its own."""

    def __init__(self, host: str, port: int = 0) -> None:
        """``host`` is the address by which the loudspeaker reaches this machine."""
        self._files: dict[str, bytes] = {}
        self._told: dict[str, Callable[[BaseHTTPRequestHandler], None]] = {}
        self.asked: list[str] = []  # paths, in order
        self._http = ThreadingHTTPServer(("0.0.0.0", port), functools.partial(_Answer, self))  # noqa: S104
        self._http.daemon_threads = True
        self.host = host
        self.port = self._http.server_port
        self._base = f"http://{host}:{self.port}"
        threading.Thread(target=self._http.serve_forever, daemon=True).start()

    def put(self, body: bytes) -> tuple[str, str]:
        """Offer a file; returns its sha256 and its address."""
        sha256 = hashlib.sha256(body).hexdigest()
        self._files[sha256] = body
        return sha256, self.url(sha256)

    def url(self, name: str) -> str:
        return f"{self._base}/{name}"

    def clip(self, seconds: float) -> ClipRef:
        """A WAV file of a soft tone; equal lengths give equal files."""
        body = _tone(seconds)
        sha256, url = self.put(body)
        return ClipRef(
            sha256=sha256, size=len(body), duration_ms=round(seconds * 1000), url=url, media_type="audio/wav"
        )

    def on(self, name: str, tell: Callable[[BaseHTTPRequestHandler], None]) -> str:
        """Have something else than a file stand under a name; returns its address."""
        self._told[name] = tell
        return self.url(name)

    def find(self, path: str) -> bytes | Callable[[BaseHTTPRequestHandler], None] | None:
        self.asked.append(path)
        return self._told.get(path) or self._files.get(path)

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()


class _Answer(BaseHTTPRequestHandler):
    def __init__(self, server: FileServer, *arguments: Any) -> None:
        self._of = server
        super().__init__(*arguments)

    def do_GET(self) -> None:
        body = self._of.find(self.path.strip("/"))
        if body is None:
            self.send_error(404)
            return
        if callable(body):
            body(self)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: Any) -> None:
        """The run has its own report."""


def _tone(seconds: float) -> bytes:
    count = round(seconds * _RATE)
    samples = array.array("h", (round(_AMPLITUDE * math.sin(n / 5)) for n in range(count)))
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(_RATE)
        out.writeframes(samples.tobytes())
    return file.getvalue()
