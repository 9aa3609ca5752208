"""The offline voice in its child processes."""

from __future__ import annotations

import os
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tts import audio
from tts.engines.espeak import EspeakEngine, EspeakPhonemes
from tts.errors import EngineUnavailable, MissingVoice
from tts.types import Voice

TEXT = "Ủy ban nhân dân xã thông báo lịch tiêm phòng."


def _children() -> set[int]:
    tasks = Path(f"/proc/{os.getpid()}/task").glob("*/children")
    return {int(pid) for task in tasks for pid in task.read_text().split()}


@pytest.mark.parametrize("name", ["north", "centre", "south"])
def test_each_region_has_its_voice(espeak: EspeakEngine, name: str) -> None:
    sound = audio.from_wav(espeak.synthesise(TEXT, Voice(name=name)))
    audio.check(sound, TEXT)
    assert 2 < sound.duration_seconds < 6


def test_the_regions_sound_different(espeak: EspeakEngine) -> None:
    sounds = {espeak.synthesise(TEXT, Voice(name=name)) for name in ("north", "centre", "south")}
    assert len(sounds) == 3


def test_english_is_spoken_too(espeak: EspeakEngine) -> None:
    text = "The water will be turned off tomorrow."
    audio.check(audio.from_wav(espeak.synthesise(text, Voice(language="en", name="standard"))), text)


SAMPLES = {"zh": "通知", "ko": "안내", "ja": "お知らせ", "ru": "внимание", "th": "ประกาศ"}


def test_every_language_it_offers_is_one_it_has(espeak: EspeakEngine) -> None:
    assert next(iter(espeak.voices())) == "vi"
    for language, names in espeak.voices().items():
        text = SAMPLES.get(language, "radio")
        for name in names:
            audio.check(audio.from_wav(espeak.synthesise(text, Voice(language=language, name=name))), text)


def test_the_sounds_of_a_text_are_told_in_ipa() -> None:
    phonemes = EspeakPhonemes()
    sounds = phonemes.of("thôn bản. Họp", "vi")
    with pytest.raises(MissingVoice):
        phonemes.of("thôn", "no such voice")
    phonemes.close()
    assert len(sounds.split()) == 3
    assert "ˈ" in sounds


@pytest.mark.parametrize(("language", "name"), [("vi", "robot"), ("hmn", "north")])
def test_a_voice_that_does_not_exist_is_missing(espeak: EspeakEngine, language: str, name: str) -> None:
    with pytest.raises(MissingVoice):
        espeak.synthesise(TEXT, Voice(language=language, name=name))


def test_the_pace_is_an_announcers_and_follows_the_speed(espeak: EspeakEngine) -> None:
    long = "mời bà con nhân dân trong thôn đến họp đúng giờ " * 4
    usual = audio.from_wav(espeak.synthesise(long, Voice())).duration_seconds
    slow = audio.from_wav(espeak.synthesise(long, Voice(speed=0.8))).duration_seconds
    assert 2.8 < len(long.split()) / usual < 4.5
    assert slow > usual * 1.1


def test_a_killed_child_is_replaced_within_the_same_call(espeak: EspeakEngine) -> None:
    before = _children()
    espeak.synthesise(TEXT, Voice())
    (child,) = _children() - before
    os.kill(child, signal.SIGKILL)
    assert espeak.synthesise(TEXT, Voice())
    assert child not in _children()


def test_a_child_that_dies_while_it_speaks_gets_a_second_chance(tmp_path: Path) -> None:
    died = tmp_path / "died"
    once = (
        "import pathlib, sys; from tts.engines.espeak_child import serve\n"
        f"mark = pathlib.Path({str(died)!r})\n"
        "if mark.exists(): serve(sys.stdin.buffer, sys.stdout.buffer)\n"
        "mark.touch(); sys.stdin.readline()"
    )
    engine = EspeakEngine(children=1, command=(sys.executable, "-c", once))
    audio.check(audio.from_wav(engine.synthesise(TEXT, Voice())), TEXT)
    engine.close()
    assert died.exists()


def test_a_child_that_always_crashes_makes_the_engine_unavailable() -> None:
    engine = EspeakEngine(children=1, command=(sys.executable, "-c", "raise SystemExit(3)"))
    with pytest.raises(EngineUnavailable, match="crashed"):
        engine.synthesise(TEXT, Voice())


def test_a_child_that_stops_in_the_middle_of_an_answer_is_a_crash() -> None:
    half = 'import sys; sys.stdin.readline(); print(\'{"size": 9999, "rate": 22050, "error": ""}\')'
    engine = EspeakEngine(children=1, command=(sys.executable, "-c", half))
    with pytest.raises(EngineUnavailable, match="crashed"):
        engine.synthesise(TEXT, Voice())


def test_a_child_that_hangs_is_ended() -> None:
    engine = EspeakEngine(
        children=1, timeout=0.2, command=(sys.executable, "-c", "import time; time.sleep(60)")
    )
    started = time.monotonic()
    with pytest.raises(EngineUnavailable, match="crashed"):
        engine.synthesise(TEXT, Voice())
    assert time.monotonic() - started < 20


def test_many_threads_share_the_children(espeak: EspeakEngine) -> None:
    before = _children()
    texts = [f"thôn số {word}" for word in ("một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám")] * 3
    with ThreadPoolExecutor(8) as pool:
        sounds = list(pool.map(lambda text: espeak.synthesise(text, Voice()), texts))
    lengths = [audio.from_wav(sound).duration_seconds for sound in sounds]
    assert lengths[:8] == pytest.approx(lengths[8:16], abs=0.1)
    assert len(_children() - before) <= 2


def test_closing_ends_the_children() -> None:
    before = _children()
    engine = EspeakEngine(children=1)
    engine.synthesise(TEXT, Voice())
    engine.close()
    assert _children() <= before


def test_no_part_of_the_library_is_loaded_into_this_process(espeak: EspeakEngine) -> None:
    espeak.synthesise(TEXT, Voice())
    assert "libespeak" not in Path("/proc/self/maps").read_text()
