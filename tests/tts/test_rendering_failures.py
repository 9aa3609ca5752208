"""Engines that die, disks that fill, caches that rot, writers that race: right audio or a clear error."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tts.engines.espeak import EspeakEngine
from tts.engines.google import GoogleEngine
from tts.errors import BadAudio, EngineUnavailable, SilentAudio, SpeechError
from tts.piece import Piece
from tts.synthesis import Synthesiser
from tts.types import AudioClip, Chime, Script, Sentence, SentenceFailure, Speech, SpokenText, Voice

TEXTS = ("Câu thứ nhất.", "Câu thứ hai.", "Câu thứ ba.")


def script(*texts: str, opening: str = "") -> Script:
    def speech(*sentences: str) -> Speech:
        return Speech(SpokenText("", tuple(Sentence(text, (), 0.4) for text in sentences)))

    return Script(
        (speech(*(texts or TEXTS)),),
        opening=speech(opening) if opening else None,
        chime=Chime.NONE,
        lead_in=0.3,
    )


def assert_alike(clip: AudioClip, whole: AudioClip) -> None:
    """Two renderings are the same speech; espeak's hiss differs from one time to the next."""
    assert clip.duration == pytest.approx(whole.duration, abs=0.05)
    assert clip.loudness == pytest.approx(whole.loudness, abs=0.4)
    for mark, other in zip(clip.marks, whole.marks, strict=True):
        assert (mark.start, mark.end) == pytest.approx((other.start, other.end), abs=0.05)


class Dying:
    """Espeak under another name that fails at one sentence, in one of the ways in which engines fail."""

    version = "1"

    def __init__(
        self, espeak: EspeakEngine, at: str, error: SpeechError | bytes, name: str = "dying"
    ) -> None:
        self.name = name
        self._espeak = espeak
        self._at = at
        self._error = error
        self.asked: list[str] = []

    def voices(self) -> dict[str, tuple[str, ...]]:
        return {"vi": ("north",)}

    def synthesise(self, text: str, voice: Voice) -> bytes:
        self.asked.append(text)
        if text != self._at:
            return self._espeak.synthesise(text, voice)
        if isinstance(self._error, SpeechError):
            raise self._error
        return self._error

    def close(self) -> None:
        pass


@pytest.fixture(scope="module")
def espeak() -> Iterator[EspeakEngine]:
    with contextlib.closing(EspeakEngine(children=2)) as engine:
        yield engine


@pytest.fixture
def rendering(cache_dir: Path) -> Iterator[Any]:
    with contextlib.ExitStack() as open_ones:

        def make(*engines: Any, workers: int = 1) -> Synthesiser:
            return open_ones.enter_context(contextlib.closing(Synthesiser(engines, cache_dir, workers)))

        yield make


@pytest.mark.parametrize("k", [0, 1, 2])
@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (EngineUnavailable("dying", "crashed", permanent=True), "crashed"),
        (b"RIFF and no more", "silent_audio"),
    ],
)
def test_an_engine_that_dies_at_a_sentence_leaves_the_whole_clip_to_the_next(
    rendering: Any, espeak: EspeakEngine, k: int, error: Any, reason: str
) -> None:
    clip = rendering(Dying(espeak, TEXTS[k], error), espeak).render(script())
    assert (clip.engine, clip.fallback) == ("espeak", f"dying:{reason}")
    assert clip.failures == (SentenceFailure(0, k, "dying", reason),)
    assert len(clip.marks) == 3
    assert clip.loudness == pytest.approx(-16, abs=0.5)


def test_an_engine_out_of_reach_blames_no_sentence(rendering: Any, espeak: EspeakEngine) -> None:
    clip = rendering(GoogleEngine("http://127.0.0.1:9", timeout=0.5), espeak).render(script())
    assert (clip.engine, clip.fallback) == ("espeak", "google:unreachable")
    assert clip.failures == ()


def test_a_process_killed_in_the_middle_is_replaced_and_the_clip_is_whole(
    rendering: Any, espeak: EspeakEngine
) -> None:
    class Killing(EspeakEngine):
        def synthesise(self, text: str, voice: Voice) -> bytes:
            if text == TEXTS[1]:
                for child in list(self._children._free.queue):
                    if child._process:
                        child._process.kill()
            return super().synthesise(text, voice)

    engine = Killing(children=1)
    clip = rendering(engine).render(script())
    assert clip.failures == ()
    assert clip.marks[2].end < clip.duration


def test_when_every_engine_fails_the_error_names_the_sentences(rendering: Any, espeak: EspeakEngine) -> None:
    first = Dying(espeak, TEXTS[1], EngineUnavailable("first", "timeout"), "first")
    second = Dying(espeak, TEXTS[2], SilentAudio("nothing"), "second")
    with pytest.raises(BadAudio) as failed:
        rendering(first, second).render(script())
    assert failed.value.failures == (
        SentenceFailure(0, 1, "first", "timeout"),
        SentenceFailure(0, 2, "second", "silent_audio"),
    )


def test_a_failing_opening_is_named_as_the_opening(rendering: Any, espeak: EspeakEngine) -> None:
    clip = rendering(Dying(espeak, "Mở đầu.", EngineUnavailable("dying", "garbage")), espeak).render(
        script(opening="Mở đầu.")
    )
    assert clip.failures == (SentenceFailure(-1, 0, "dying", "garbage"),)


def test_a_failure_is_not_kept_and_costs_only_its_sentence_the_next_time(
    rendering: Any, espeak: EspeakEngine
) -> None:
    rendering(Dying(espeak, TEXTS[2], EngineUnavailable("dying", "timeout")), espeak).render(script())
    well = Dying(espeak, "", b"")
    clip = rendering(well).render(script())
    assert (clip.engine, clip.failures) == ("dying", ())
    assert well.asked == [TEXTS[2]]


def test_a_rotten_cache_file_is_made_anew(rendering: Any, espeak: EspeakEngine, cache_dir: Path) -> None:
    whole = rendering(espeak).render(script())
    first, second, third = cache_dir.rglob("*.piece")
    first.write_bytes(b"")
    second.write_bytes(second.read_bytes()[: second.stat().st_size // 2])
    third.write_bytes(b"garbage" * 1_000)
    assert_alike(rendering(espeak).render(script()), whole)


CHILD = """
import hashlib, json, resource, sys
from pathlib import Path
from tts.engines.espeak import EspeakEngine
from tts.errors import SpeechError
from tts.piece import Piece
from tts.synthesis import Synthesiser
from tts.types import *
texts, limit = json.loads(sys.argv[2]), int(sys.argv[3])
engine = EspeakEngine(children=1)
engine.synthesise("a", Voice())
if limit:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
made = Synthesiser([engine], Path(sys.argv[1]), 2)
speech = Speech(SpokenText("", tuple(Sentence(text, (), 0.4) for text in texts)))
print("ready", flush=True)
sys.stdin.readline()
try:
    clip = made.render(Script((speech,), chime=Chime.NONE, lead_in=0.3))
    print(clip.duration, len(clip.marks), hashlib.sha256(clip.data).hexdigest())
except SpeechError as error:
    print(error.code)
made.close()
"""


def child(cache_dir: Path, limit: int = 0) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", CHILD, str(cache_dir), json.dumps(TEXTS), str(limit)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_two_processes_that_render_the_same_text_make_the_same_whole_clip(
    rendering: Any, espeak: EspeakEngine, cache_dir: Path, tmp_path: Path
) -> None:
    with child(cache_dir) as one, child(cache_dir) as other:
        for process in (one, other):
            assert process.stdout
            assert process.stdout.readline() == "ready\n"
            assert process.stdin
        one.stdin.write("go\n")
        one.stdin.flush()
        answers = [process.communicate("go\n")[0].split() for process in (other, one)]
    with contextlib.closing(Synthesiser([espeak], tmp_path / "alone")) as alone:
        expected = alone.render(script()).duration
    for duration, marks, _ in answers:
        assert (float(duration), marks) == (pytest.approx(expected, abs=0.05), "3")
    kept = [Piece.from_bytes(path.read_bytes()) for path in cache_dir.rglob("*.piece")]
    assert len(kept) == len(TEXTS)
    assert [path.name for path in cache_dir.rglob(".part-*")] == []


@pytest.mark.parametrize("limit", [2_000, 12_000])  # for what is encoded, for what is kept
def test_a_disk_without_room_is_a_clear_error_and_leaves_nothing_half(
    rendering: Any, espeak: EspeakEngine, cache_dir: Path, limit: int
) -> None:
    with child(cache_dir, limit) as process:
        answer = process.communicate("go\n")[0].split()
    assert answer == ["ready", "storage_full"]
    assert list(cache_dir.rglob(".part-*")) == []
    clip = rendering(espeak).render(script())
    assert len(clip.marks) == 3


def test_an_engine_that_is_slow_says_so_often_enough(
    rendering: Any, espeak: EspeakEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tts.rendering._HEARTBEAT_S", 0.02)
    seen: list[tuple[int, int]] = []
    rendering(espeak).render(
        script("Một câu."), lambda progress: seen.append((progress.done, progress.total))
    )
    assert seen.count((0, 1)) >= 2
    assert seen[-1] == (1, 1)
