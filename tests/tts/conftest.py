"""Real engines, real ffmpeg, and a local server that speaks the protocol of Google's voice."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from tts import ffmpeg
from tts.engines.espeak import EspeakEngine
from tts.types import Voice


@dataclass
class GoogleServer:
    """``answer`` decides what the next requests get, after the ``hiccups`` that come first."""

    answer: str = "ok"
    hiccups: list[int] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    languages: list[str] = field(default_factory=list)
    url: str = ""
    speech: Any = None
    released: threading.Event = field(default_factory=threading.Event)

    def respond(self, text: str, language: str) -> tuple[int, bytes]:
        self.asked.append(text)
        self.languages.append(language)
        if self.hiccups:
            return self.hiccups.pop(), b"sorry"
        if self.answer.isdigit():
            return int(self.answer), b"sorry"
        if self.answer == "hangs":
            self.released.wait(5)
        canned = CANNED.get(self.answer)
        return 200, _sound(self.mp3(text)) if canned is None else canned

    def mp3(self, text: str) -> bytes:
        if self.answer == "short":
            text = "a"
        wav = self.speech.synthesise(text, Voice())
        level = (
            "volume=0" if self.answer == "silent" else "volume=40dB" if self.answer == "clipped" else "anull"
        )
        made, _ = ffmpeg.run(["-i", "pipe:0", "-af", level, "-b:a", "64k", "-f", "mp3", "pipe:1"], wav)
        return made


def _frame(rpc: str, inner: str) -> bytes:
    return b")]}'\n\n" + json.dumps([["wrb.fr", rpc, inner, None]], separators=(",", ":")).encode() + b"\n"


def _sound(mp3: bytes) -> bytes:
    return _frame("jQ1olc", json.dumps([base64.b64encode(mp3).decode()], separators=(",", ":")))


CANNED = {
    "hangs": b"",
    "empty": b"",
    "portal": b"<html>Sign in to the Wi-Fi</html>",
    "no_audio": _frame("jQ1olc", "null"),
    "not_base64": _frame("jQ1olc", '["%%%%"]'),
    "garbage": _sound(b"this is no MP3" * 50),
}


@pytest.fixture
def google_server(espeak: EspeakEngine) -> Iterator[GoogleServer]:
    state = GoogleServer(speech=espeak)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            ((call,),) = json.loads(parse_qs(body)["f.req"][0])
            text, language, *_ = json.loads(call[1])
            status, answer = state.respond(text, language)
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield state
    state.released.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def espeak() -> Iterator[EspeakEngine]:
    engine = EspeakEngine(children=2)
    yield engine
    engine.close()


@pytest.fixture
def cache_dir(tmp_path: Path) -> Path:
    return tmp_path / "speech"
