"""Whole scripts: cache, fallback, progress, failures of the disk."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tts.engines.espeak import EspeakEngine
from tts.engines.google import GoogleEngine
from tts.errors import (
    BadAudio,
    EmptyText,
    EngineUnavailable,
    MissingVoice,
    SpeedOutOfRange,
    StorageFailed,
    StorageFull,
)
from tts.normalise import read
from tts.synthesis import Synthesiser, default_synthesiser
from tts.types import Chime, Progress, Script, Speech, Voice

BULLETIN = """THÔNG BÁO LỊCH TIÊM CHỦNG

Trạm y tế xã tổ chức tiêm vắc xin cho trẻ em vào 7h30 ngày 15/3/2025.
Đề nghị các gia đình đưa con em đến đúng giờ. Mọi thắc mắc xin gọi 0912 345 678.
"""


SHORT = "Trạm y tế xã tiêm vắc xin. Xin đến đúng giờ."  # where what is said does not matter


class Counting(EspeakEngine):
    """Espeak that notes what it was asked."""

    def __init__(self) -> None:
        super().__init__(children=2)
        self.asked: list[str] = []

    def synthesise(self, text: str, voice: Voice) -> bytes:
        self.asked.append(text)
        return super().synthesise(text, voice)


@pytest.fixture
def counting() -> Counting:
    return Counting()


@pytest.fixture
def offline(counting: Counting, cache_dir: Path) -> Iterator[Synthesiser]:
    synthesiser = Synthesiser([counting], cache_dir)
    yield synthesiser
    synthesiser.close()


@pytest.fixture
def both(google_server: Any, counting: Counting, cache_dir: Path) -> Iterator[Synthesiser]:
    synthesiser = Synthesiser([GoogleEngine(google_server.url, timeout=20), counting], cache_dir)
    yield synthesiser
    synthesiser.close()


@pytest.fixture
def hasty(google_server: Any, counting: Counting, cache_dir: Path) -> Iterator[Synthesiser]:
    synthesiser = Synthesiser([GoogleEngine(google_server.url, timeout=0.3), counting], cache_dir)
    yield synthesiser
    synthesiser.close()


NORTH = Voice()


def script(text: str = BULLETIN, voice: Voice = NORTH, **changes: Any) -> Script:
    return replace(Script((Speech(read(text), voice),)), **changes)


def test_a_bulletin_becomes_a_clip(offline: Synthesiser) -> None:
    clip = offline.render(script())
    assert clip.sha256 == hashlib.sha256(clip.data).hexdigest()
    assert clip.media_type == "audio/mpeg"
    assert (clip.engine, clip.fallback) == ("espeak", "")
    assert 15 < clip.duration < 35
    assert clip.loudness == pytest.approx(-16, abs=0.5)
    assert clip.key == offline.key(script())


def test_editing_one_sentence_speaks_one_sentence(offline: Synthesiser, counting: Counting) -> None:
    offline.render(script())
    first = len(counting.asked)
    offline.render(script())
    assert len(counting.asked) == first
    offline.render(script(BULLETIN.replace("đúng giờ", "sớm")))
    assert len(counting.asked) == first + 1
    assert "sớm" in counting.asked[-1]


def test_a_sentence_said_twice_is_spoken_once(offline: Synthesiser, counting: Counting) -> None:
    offline.render(script("Xin nhắc lại. Mời bà con đi họp. Xin nhắc lại. Mời bà con đi họp."))
    assert len(counting.asked) == 2


def test_the_cache_outlives_the_process(counting: Counting, offline: Synthesiser, cache_dir: Path) -> None:
    clip = offline.render(script(SHORT))
    other = Counting()
    later = Synthesiser([other], cache_dir)
    assert later.render(script(SHORT)).sha256 == clip.sha256
    assert other.asked == []
    later.close()


def test_a_damaged_cache_file_is_spoken_again(
    offline: Synthesiser, counting: Counting, cache_dir: Path
) -> None:
    offline.render(script(SHORT))
    for number, path in enumerate(cache_dir.rglob("*.piece")):
        path.write_bytes(path.read_bytes()[: 6_000 * number])
    counting.asked.clear()
    assert offline.render(script(SHORT)).duration > 3
    assert counting.asked


def test_the_key_names_everything_that_is_heard(offline: Synthesiser) -> None:
    wishes = [
        script(),
        script(BULLETIN + "Hết."),
        script(chime=Chime.EMERGENCY),
        script(lead_in=2.0),
        script(voice=Voice(speed=0.9)),
        script(voice=Voice(name="south")),
    ]
    keys = [offline.key(wish) for wish in wishes]
    assert len(set(keys)) == len(keys)
    assert offline.key(script()) == offline.key(script())


def test_a_new_engine_version_gives_a_new_key(offline: Synthesiser, counting: Counting) -> None:
    key = offline.key(script())
    counting.version = "9.9"
    assert offline.key(script()) != key


def test_google_speaks_where_it_can(both: Synthesiser, google_server: Any, counting: Counting) -> None:
    # The server itself speaks with espeak: what counts is who was asked.
    clip = both.render(script(SHORT))
    assert (clip.engine, clip.fallback) == ("google", "")
    assert google_server.asked
    assert counting.asked == []


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("429", "rate_limited"),
        ("500", "server_error"),
        ("empty", "no_audio"),
        ("garbage", "garbage"),
        ("short", "truncated_audio"),
        ("silent", "silent_audio"),
        ("clipped", "clipped_audio"),
    ],
)
def test_a_failing_google_falls_back_to_the_offline_voice_of_the_same_language(
    both: Synthesiser, google_server: Any, answer: str, reason: str
) -> None:
    google_server.answer = answer
    clip = both.render(script(SHORT))
    assert clip.engine == "espeak"
    assert clip.fallback == f"google:{reason}"
    assert set(google_server.languages) == {"vi"}
    assert clip.duration > 3


def test_a_google_that_hangs_costs_one_timeout_and_not_one_a_sentence(
    hasty: Synthesiser, google_server: Any
) -> None:
    google_server.answer = "hangs"
    clip = hasty.render(script("Một câu ngắn. Hai câu ngắn. Ba câu ngắn. Bốn câu ngắn. Năm câu ngắn."))
    again = hasty.render(script("Câu khác nữa. Thêm một câu. Lại một câu."))
    assert len(google_server.asked) <= 2  # the two threads that were already on their way
    assert (clip.engine, clip.fallback) == ("espeak", "google:timeout")
    assert again.fallback == "google:timeout"


def test_one_clip_has_one_voice_even_when_google_fails_in_the_middle(
    both: Synthesiser, google_server: Any, counting: Counting
) -> None:
    both.render(script("Câu thứ nhất."))
    google_server.answer = "500"
    clip = both.render(script("Câu thứ nhất. Câu thứ hai."))
    assert clip.engine == "espeak"
    assert sorted(counting.asked) == ["Câu thứ hai.", "Câu thứ nhất."]


def test_the_wished_engine_comes_first(both: Synthesiser, google_server: Any) -> None:
    assert both.render(script(SHORT, voice=Voice(engine="espeak"))).engine == "espeak"
    assert google_server.asked == []


def test_a_wished_accent_goes_to_the_engine_that_has_it(both: Synthesiser) -> None:
    assert both.render(script(SHORT, voice=Voice(name="south"))).engine == "espeak"


def test_when_no_engine_speaks_the_last_ones_error_comes_out(google_server: Any, cache_dir: Path) -> None:
    google_server.answer = "429"
    alone = Synthesiser([GoogleEngine(google_server.url)], cache_dir)
    with pytest.raises(EngineUnavailable, match="rate_limited"):
        alone.render(script())
    google_server.answer = "silent"
    fresh = Synthesiser([GoogleEngine(google_server.url)], cache_dir)
    with pytest.raises(BadAudio):
        fresh.render(script())
    alone.close()
    fresh.close()


@pytest.mark.parametrize(
    "voice", [Voice(engine="festival"), Voice(name="robot"), Voice(language="tay"), Voice(engine="google")]
)
def test_a_voice_that_nobody_has_is_missing(offline: Synthesiser, voice: Voice) -> None:
    with pytest.raises(MissingVoice):
        offline.render(script(voice=voice))


@pytest.mark.parametrize("speed", [0.0, 0.4, 3.0, float("nan")])
def test_a_speed_that_nobody_understands_is_refused(offline: Synthesiser, speed: float) -> None:
    with pytest.raises(SpeedOutOfRange):
        offline.render(script(voice=Voice(speed=speed)))


def test_an_unknown_engine_in_the_settings_is_missing(cache_dir: Path) -> None:
    with pytest.raises(MissingVoice):
        default_synthesiser(cache_dir, engines=["google", "festival"])


def test_nothing_to_say_is_refused(offline: Synthesiser) -> None:
    with pytest.raises(EmptyText):
        offline.render(script("* * *\n---"))


def test_english_is_spoken_by_an_english_voice(offline: Synthesiser) -> None:
    text = read("Water will be off on 15 March. Please store enough water.", language="en")
    clip = offline.render(Script((Speech(text, Voice(language="en")),)))
    assert clip.duration > 5


def test_progress_counts_up_to_the_total(offline: Synthesiser) -> None:
    seen: list[Progress] = []
    offline.render(script(SHORT), seen.append)
    assert [progress.done for progress in seen] == list(range(1, seen[0].total + 1))


def test_several_bulletins_at_once_do_not_disturb_each_other(offline: Synthesiser) -> None:
    wishes = [script(f"Thông báo số {number}. Mời thôn {number} đi họp tối nay.") for number in range(2, 8)]
    with ThreadPoolExecutor(6) as pool:
        clips = list(pool.map(offline.render, wishes))
    assert [clip.key for clip in clips] == [offline.key(wish) for wish in wishes]
    assert len({clip.sha256 for clip in clips}) == len(clips)
    assert all(clip.duration > 4 for clip in clips)


@pytest.mark.parametrize(
    ("number", "expected"),
    [(errno.ENOSPC, StorageFull), (errno.EDQUOT, StorageFull), (errno.EIO, StorageFailed)],
)
def test_a_disk_that_refuses_is_a_typed_error_and_leaves_nothing_half_written(
    offline: Synthesiser,
    cache_dir: Path,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    expected: type[Exception],
) -> None:
    plain_fdopen = os.fdopen

    class Full:
        def __init__(self, file: Any) -> None:
            self.file = file

        def __enter__(self) -> Full:
            return self

        def __exit__(self, *_: object) -> None:
            self.file.close()

        def write(self, data: bytes) -> int:
            raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr("tts.cache.os.fdopen", lambda *arguments: Full(plain_fdopen(*arguments)))
        with pytest.raises(expected):
            offline.render(script(SHORT))
        offline.close()  # sentences that were being spoken meet the same disk
    assert [path for path in cache_dir.rglob("*") if path.is_file()] == []
    with contextlib.closing(Synthesiser([Counting()], cache_dir)) as anew:
        assert anew.render(script(SHORT)).duration > 3


def test_the_first_sentence_is_heard_while_the_rest_is_made(cache_dir: Path) -> None:
    """What is heard is a piece of the rendering: no sentence is spoken twice, and none waits for it."""
    heard = threading.Event()

    class Slow(Counting):
        def synthesise(self, text: str, voice: Voice) -> bytes:
            if text.startswith("Câu sau"):
                assert heard.wait(60)
            return super().synthesise(text, voice)

    slow = Slow()
    with contextlib.closing(Synthesiser([slow], cache_dir, workers=1)) as made, ThreadPoolExecutor() as aside:
        wish = script("Câu đầu tiên. Câu sau thứ nhất. Câu sau thứ hai.")
        rendering = aside.submit(made.render, wish)
        first = made.sentence("Câu đầu tiên.", Voice())
        assert not rendering.done()
        heard.set()
        assert first in rendering.result(20).data
    assert sorted(slow.asked) == ["Câu sau thứ hai.", "Câu sau thứ nhất.", "Câu đầu tiên."]


def test_the_ordinary_voices_are_known(both: Synthesiser) -> None:
    assert list(both.voices()) == ["google", "espeak"]
    assert both.voices()["espeak"]["vi"] == ("north", "centre", "south")
