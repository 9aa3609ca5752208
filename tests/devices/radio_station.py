"""A radio station on the web that can be told to behave as badly as stations and the lines to them do."""

from __future__ import annotations

import array
import functools
import subprocess
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import imageio_ffmpeg
import miniaudio

from devices.relay import Pace, Reach

RATE = 48_000
BYTES = 8_000  # a second, at 64 kbit/s
HERE = Reach(["127.0.0.0/8"])
QUICK = Pace(kept_s=1.0, most_s=5.0, least_s=0.2, quiet_s=0.3, stalled_s=0.9, pause_s=0.1)
TITLE = b"StreamTitle='Th\xe1\xbb\x9di s\xe1\xbb\xb1';"


@functools.cache
def programme(codec: str = "mp3", seconds: int = 12) -> bytes:
    """Sound that is nowhere like itself, as a station encodes it."""
    sweep = f"aevalsrc=0.3*sin(2*PI*(300*t+40*t*t)):s=24000:d={seconds}"
    form = {"mp3": ["-write_xing", "0", "-id3v2_version", "0", "-f", "mp3"], "aac": ["-f", "adts"]}[codec]
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-f", "lavfi", "-i", sweep, "-ac", "1"]
    made = subprocess.run([*command, "-b:a", "64k", *form, "-"], capture_output=True, check=True)
    return made.stdout


@functools.cache
def sound() -> bytes:
    """The samples of the programme, as whoever listens from its beginning hears them."""
    heard = array.array("h")
    for block in miniaudio.stream_any(
        _Tape(programme()), miniaudio.FileFormat.MP3, miniaudio.SampleFormat.SIGNED16, 1, RATE
    ):
        heard.extend(block)
    return heard.tobytes()


def place_of(heard: bytes) -> int | None:
    """The sample of the programme at which ``heard`` begins, if all of it is there."""
    at = sound().find(heard)
    return at // 2 if at >= 0 and at % 2 == 0 else None


class _Tape(miniaudio.StreamableSource):
    def __init__(self, body: bytes) -> None:
        self._rest = body

    def read(self, num_bytes: int) -> bytes:
        piece, self._rest = self._rest[:num_bytes], self._rest[num_bytes:]
        return piece


class Radio:
    """``on`` says what is sent under a path; ``calls`` are the paths that were asked for."""

    def __init__(self) -> None:
        programme()  # nobody shall wait for it when it is on the air
        self.calls: list[str] = []
        self.released = threading.Event()  # ends what stands still
        self._paths: dict[str, Callable[[Any], None]] = {}
        radio = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                radio.calls.append(self.path)
                try:
                    radio._paths.get(self.path, lambda handler: handler.send_error(404))(self)
                except OSError:
                    self.close_connection = True  # the listener has gone

            def log_message(self, *args: object) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self.base = f"http://127.0.0.1:{self._http.server_port}"
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self.released.set()
        self._http.shutdown()
        self._http.server_close()

    def on(self, path: str, send: Callable[[Any], None]) -> str:
        self._paths[path] = send
        return self.base + path

    # --- what a station may send ---

    def live(
        self,
        path: str = "/live",
        *,
        ahead: float = 4.0,
        every: int = 0,
        stall_at: float = 0.0,
        cut_at: float = 0.0,
    ) -> str:
        """The programme from its beginning, ``ahead`` seconds at once and then as it sounds.

        ``every`` so many bytes a title (Icecast); at ``stall_at`` seconds it stands still until it is
        released, at ``cut_at`` the connection ends.
        """

        def send(handler: Any) -> None:
            titles = f"icy-metaint: {every}\r\n" if every else ""
            head = f"ICY 200 OK\r\nicy-name: Thu\r\nContent-Type: audio/mpeg\r\n{titles}\r\n"
            handler.wfile.write(head.encode())
            body = programme()[: round(cut_at * BYTES) or None]
            self._pour(handler, body, ahead, every, round(stall_at * BYTES))

        return self.on(path, send)

    def body(
        self, path: str, content: bytes, media_type: str, *, length: bool = True, wait: float = 0
    ) -> str:
        """One answer that is all there; without ``length`` it ends when it ends."""

        def send(handler: Any) -> None:
            self.released.wait(wait)
            handler.send_response(200)
            handler.send_header("Content-Type", media_type)
            if length:
                handler.send_header("Content-Length", str(len(content)))
            handler.end_headers()
            handler.wfile.write(content)

        return self.on(path, send)

    def forward(self, path: str, location: str) -> str:
        def send(handler: Any) -> None:
            handler.send_response(302)
            handler.send_header("Location", location)
            handler.end_headers()

        return self.on(path, send)

    def segments(self, path: str = "/list.m3u8", *, seconds: float = 1.0, listed: int = 4) -> str:
        """A list of segments that moves on as time passes; each begins with a tag."""
        size, began = round(seconds * BYTES), time.monotonic()
        tag = b"ID3\x04\x00\x00\x00\x00\x00\x08" + b"\xff\xf3\x84\xc4" * 2
        whole = [programme()[at : at + size] for at in range(0, len(programme()), size)]
        for number, segment in enumerate(whole):
            self.body(f"/{number}.mp3", tag + segment, "audio/mpeg")

        def send(handler: Any) -> None:
            newest = min(len(whole), listed + int((time.monotonic() - began) / seconds))
            first = max(0, newest - listed)
            lines = [f"#EXTINF:{seconds},\n{number}.mp3" for number in range(first, newest)]
            text = f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXT-X-MEDIA-SEQUENCE:{first}\n" + "\n".join(lines)
            handler.send_response(200)
            handler.send_header("Content-Type", "application/vnd.apple.mpegurl")
            handler.end_headers()
            handler.wfile.write(text.encode())

        return self.on(path, send)

    def _pour(self, handler: Any, body: bytes, ahead: float, every: int, stall_at: int) -> None:
        began, sent = time.monotonic(), 0
        while sent < len(body):
            due = min(len(body), round((ahead + time.monotonic() - began) * BYTES))
            if stall_at and due >= stall_at and not self.released.is_set():
                due = stall_at
            for piece in _between_titles(body, sent, due, every):
                handler.wfile.write(piece)
            if due == stall_at and sent == due:
                self.released.wait(30)
            sent = due
            time.sleep(0.02)


def _between_titles(body: bytes, begin: int, end: int, every: int) -> list[bytes]:
    pieces = []
    while begin < end:
        until = min(end, (begin // every + 1) * every) if every else end
        pieces.append(body[begin:until])
        if every and until % every == 0:
            new = until // every % 3 == 1
            pieces.append(bytes([2]) + TITLE.ljust(32, b"\0") if new else b"\0")
        begin = until
    return pieces
