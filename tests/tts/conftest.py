"""Real engines, real ffmpeg, a server that speaks the protocol of Google's voice, a small Piper voice."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from tts import audio, ffmpeg
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


@dataclass(frozen=True)
class SmallVoice:
    """A voice in Piper's form whose sound tells what it was fed with: one burst for each number."""

    model: Path
    config: Path

    @staticmethod
    def heard(wav: bytes) -> list[int]:
        """The numbers of the sounds, read from the loudness of their bursts."""
        sound = audio.from_wav(wav)
        samples = sound.get_array_of_samples()
        bursts = (samples[at : at + SmallVoice.BURST] for at in range(0, len(samples), SmallVoice.BURST))
        return [round(max(map(abs, burst)) * 100 / 32767) for burst in bursts]

    BURST = 400  # samples at length_scale 1


SOUNDS = "_^$ ,.?aăâbcdđeêghiklmnoôơpqrstuưvxyzɲŋɓɗɛɔəɜʈʃ123456ˈːɪwjfxɣɤ"


@pytest.fixture
def make_voice(tmp_path: Path) -> Callable[..., SmallVoice]:
    """Writes a small voice; ``speakers`` more than one give it the input ``sid``."""

    def make(
        name: str = "small", *, speakers: int = 1, inputs: tuple[str, ...] = (), **changes: Any
    ) -> SmallVoice:
        model = tmp_path / f"{name}.onnx"
        model.write_bytes(_piper_model(speakers > 1, inputs))
        raw = {
            "audio": {"sample_rate": 16_000},
            "espeak": {"voice": "vi"},
            "language": {"code": "vi_VN"},
            "inference": {"noise_scale": 0.5, "length_scale": 1.0, "noise_w": 0.7},
            "num_symbols": len(SOUNDS),
            "num_speakers": speakers,
            "speaker_id_map": {f"speaker {number}": number for number in range(speakers)},
            "phoneme_id_map": {sound: [number] for number, sound in enumerate(SOUNDS)},
        }
        config = tmp_path / f"{name}.onnx.json"
        config.write_text(json.dumps(raw | changes))
        return SmallVoice(model, config)

    return make


def _piper_model(many_speakers: bool, inputs: tuple[str, ...]) -> bytes:
    """Loudness = (number + 10 × speaker) / 100, burst = 400 samples × length_scale, alternating in sign."""
    from onnx import TensorProto, helper

    names = inputs or ("input", "input_lengths", "scales", *(["sid"] if many_speakers else []))
    shapes = {"input": [1, "sounds"], "scales": [3]}
    feeds = [
        helper.make_tensor_value_info(
            name, TensorProto.FLOAT if name == "scales" else TensorProto.INT64, shapes.get(name, [1])
        )
        for name in names
    ]
    constants = {
        "hundredth": (TensorProto.FLOAT, [], [0.01]),
        "burst": (TensorProto.FLOAT, [], [400.0]),
        "tenfold": (TensorProto.INT64, [], [10]),
        "zero": (TensorProto.INT64, [], [0]),
        "one": (TensorProto.INT64, [], [1]),
        "two": (TensorProto.INT64, [], [2]),
        "column": (TensorProto.INT64, [2], [-1, 1]),
        "row": (TensorProto.INT64, [4], [1, 1, 1, -1]),
        "second": (TensorProto.INT64, [], [1]),
    }
    node = helper.make_node
    number = [node("Mul", ["sid", "tenfold"], ["far"]), node("Add", [names[0], "far"], ["number"])]
    nodes = [
        *(number if many_speakers else [node("Identity", [names[0]], ["number"])]),
        node("Cast", ["number"], ["loud"], to=TensorProto.FLOAT),
        node("Mul", ["loud", "hundredth"], ["level"]),
        node("Reshape", ["level", "column"], ["levels"]),
        node("Gather", ["scales" if "scales" in names else names[-1], "second"], ["stretch"]),
        node("Mul", ["stretch", "burst"], ["long"]),
        node("Cast", ["long"], ["length"], to=TensorProto.INT64),
        node("Range", ["zero", "length", "one"], ["steps"]),
        node("Mod", ["steps", "two"], ["odd"]),
        node("Mul", ["odd", "two"], ["twice"]),
        node("Sub", ["one", "twice"], ["signs"]),
        node("Cast", ["signs"], ["wave"], to=TensorProto.FLOAT),
        node("Mul", ["levels", "wave"], ["bursts"]),
        node("Reshape", ["bursts", "row"], ["output"]),
    ]
    output = helper.make_tensor_value_info("output", TensorProto.FLOAT, [1, 1, 1, "samples"])
    tensors = [
        helper.make_tensor(name, kind, shape, values) for name, (kind, shape, values) in constants.items()
    ]
    graph = helper.make_graph(nodes, "voice", feeds, [output], tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=8)
    return bytes(model.SerializeToString())
