"""A synthesiser that is closed, or a script that is given up, costs nobody another second."""

from __future__ import annotations

import hashlib
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.waiting import until
from tts import ffmpeg
from tts.engines.espeak import EspeakEngine
from tts.errors import EngineUnavailable, Stopped
from tts.synthesis import Synthesiser
from tts.types import AudioClip, Chime, Progress, Recorded, Script, Sentence, Speech, SpokenText, Voice

AT_ONCE = 3.0  # seconds on a busy machine; the work itself would take much longer
HANGS = (sys.executable, "-c", "import time; time.sleep(60)")


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    """Ten minutes; to master it takes much longer than AT_ONCE."""
    path = tmp_path_factory.mktemp("takes") / "long.flac"
    ffmpeg.run(["-f", "lavfi", "-i", "sine=f=500:r=24000:d=600", "-compression_level", "0", str(path)])
    return Recorded(path, hashlib.sha256(path.read_bytes()).hexdigest())


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tts.rendering._HEARTBEAT_S", 0.05)


@pytest.fixture
def aside() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as pool:
        yield pool


def script(*parts: Recorded, words: str = "") -> Script:
    speech = (Speech(SpokenText("", (Sentence(words, (), 0.4),))),) if words else ()
    return Script((*parts, *speech), chime=Chime.NONE)


def ffmpegs() -> int:
    """How many of this process are at work."""
    tasks = Path("/proc/self/task").glob("*/children")
    children = {pid for task in tasks for pid in task.read_text().split()}
    return sum(b"ffmpeg" in Path(f"/proc/{pid}/cmdline").read_bytes() for pid in children)


def took(action: Callable[[], object]) -> float:
    began = time.monotonic()
    action()
    return time.monotonic() - began


def test_closing_ends_a_recording_that_is_being_mastered(
    long: Recorded, cache_dir: Path, aside: ThreadPoolExecutor
) -> None:
    synthesiser = Synthesiser([], cache_dir)
    rendering = aside.submit(synthesiser.render, script(long))
    until(lambda: ffmpegs() == 1)
    assert took(synthesiser.close) < AT_ONCE
    with pytest.raises(Stopped):
        rendering.result(AT_ONCE)
    assert ffmpegs() == 0
    with pytest.raises(Stopped):
        synthesiser.render(script(long))


def test_closing_ends_an_engine_that_does_not_answer_and_asks_no_other_one(
    cache_dir: Path, aside: ThreadPoolExecutor
) -> None:
    engine, next_one = EspeakEngine(children=1, command=HANGS), EspeakEngine(children=1)
    next_one.name = "next"
    synthesiser = Synthesiser([engine, next_one], cache_dir, workers=3)  # two of them wait for the child
    words = Speech(SpokenText("", tuple(Sentence(f"Câu {name}.", (), 0.4) for name in ("một", "hai", "ba"))))
    rendering = aside.submit(synthesiser.render, Script((words,)))
    until(lambda: engine._children._all[0]._process is not None)
    assert took(synthesiser.close) < AT_ONCE
    with pytest.raises(Stopped):
        rendering.result(AT_ONCE)
    assert next_one._children._all[0]._process is None


def test_an_engine_that_was_closed_speaks_again_when_it_is_asked_later() -> None:
    engine = EspeakEngine(children=1)
    engine.close()
    assert engine.synthesise("Xin chào.", Voice())
    engine.close()


@pytest.mark.usefixtures("patient")
def test_a_script_that_is_given_up_frees_the_threads_at_once(long: Recorded, cache_dir: Path) -> None:
    def urgent(_: Progress) -> None:
        if ffmpegs():
            raise TimeoutError

    synthesiser = Synthesiser([], cache_dir, workers=1)
    with pytest.raises(TimeoutError):
        synthesiser.render(script(long), urgent)
    assert took(lambda: until(lambda: ffmpegs() == 0)) < AT_ONCE
    synthesiser.close()


@pytest.mark.usefixtures("patient")
def test_what_another_gave_up_is_made_by_who_still_wants_it(
    cache_dir: Path, tmp_path: Path, aside: ThreadPoolExecutor
) -> None:
    path = tmp_path / "short.flac"
    ffmpeg.run(["-f", "lavfi", "-i", "sine=f=500:r=24000:d=30", str(path)])
    take = Recorded(path, hashlib.sha256(path.read_bytes()).hexdigest())
    synthesiser, given_up = Synthesiser([], cache_dir), threading.Event()

    def until_the_other_waits(_: Progress) -> None:
        if given_up.is_set():
            raise TimeoutError

    first = aside.submit(synthesiser.render, script(take), until_the_other_waits)
    until(lambda: ffmpegs() == 1)
    second: Future[AudioClip] = aside.submit(synthesiser.render, script(take))
    given_up.set()
    with pytest.raises(TimeoutError):
        first.result(20)
    assert second.result(20).duration == pytest.approx(31.6, abs=0.1)
    synthesiser.close()


def test_an_engine_that_fails_ends_the_recording_beside_it(long: Recorded, cache_dir: Path) -> None:
    engine = EspeakEngine(children=1, command=(sys.executable, "-c", "raise SystemExit(3)"))
    synthesiser = Synthesiser([engine], cache_dir)
    with pytest.raises(EngineUnavailable):
        synthesiser.render(script(long, words="Một câu."))
    assert took(synthesiser.close) < AT_ONCE
    assert ffmpegs() == 0
