"""The catalogue of voices: names for people, origin, and a state that tells damage."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tts import voices
from tts.engines import assembly
from tts.engines.piper_folder import MANIFEST, VoiceFolder
from tts.voices import VoiceInfo, VoiceState, catalogue

Maker = Callable[..., Any]


def everything(voices_dir: Path | None = None, *, thorough: bool = False) -> tuple[VoiceInfo, ...]:
    made = assembly.engines(["google", "espeak", "kokoro"])
    try:
        return catalogue({each.name: each.voices() for each in made}, voices_dir, thorough=thorough)
    finally:
        for each in made:
            each.close()


@pytest.fixture
def folder(tmp_path: Path, make_voice: Maker) -> VoiceFolder:
    made = VoiceFolder(tmp_path / "voices")
    voice = make_voice()
    made.install("small", voice.model, voice.config, licence="CC BY 4.0", accept=lambda _: None)
    return made


def test_vietnamese_stands_first_with_its_three_accents() -> None:
    found = everything()
    vietnamese = [(each.engine, each.name) for each in found if each.language == "vi"]
    assert vietnamese == [
        ("google", "north"),
        ("espeak", "north"),
        ("espeak", "centre"),
        ("espeak", "south"),
        ("kokoro", "trial"),
    ]
    assert [each.language for each in found[:6]] == ["vi"] * 5 + ["en"]


def test_kokoro_says_what_it_is() -> None:
    (found,) = [each for each in everything() if each.engine == "kokoro"]
    assert found.label_vi == "Kokoro (thử nghiệm, giọng lơ lớ)"
    assert "experimental" in found.label("en")
    assert found.experimental
    assert [each.engine for each in everything() if each.experimental] == ["kokoro"]


def test_every_language_has_a_name_for_people() -> None:
    for each in everything():
        assert voices.language_label(each.language) != each.language
        assert each.label_vi
        assert each.label_en
    assert voices.language_label("hmn") == "hmn"


def test_an_installed_voice_shows_what_it_was_installed_with(folder: VoiceFolder) -> None:
    (found,) = catalogue({}, folder.path, thorough=True)
    assert (found.engine, found.name, found.language, found.sample_rate) == ("piper", "small", "vi", 16_000)
    assert found.licence == "CC BY 4.0"
    assert found.size == folder.model("small").stat().st_size
    assert len(found.sha256) == 64
    assert found.state is VoiceState.READY


def same_size(folder: VoiceFolder) -> None:
    data = folder.model("small").read_bytes()
    folder.model("small").write_bytes(bytes([data[0] ^ 1]) + data[1:])


@pytest.mark.parametrize(
    ("harm", "quick", "thorough"),
    [
        (same_size, VoiceState.READY, VoiceState.WRONG_HASH),
        (lambda f: f.model("small").write_bytes(b""), VoiceState.WRONG_HASH, VoiceState.WRONG_HASH),
        (lambda f: f.model("small").unlink(), VoiceState.NO_FILE, VoiceState.NO_FILE),
        (lambda f: f.config_file("small").unlink(), VoiceState.NO_CONFIG, VoiceState.NO_CONFIG),
        (lambda f: f.config_file("small").write_text("{}"), VoiceState.WRONG_HASH, VoiceState.WRONG_HASH),
        (lambda f: (f.path / MANIFEST).write_text("{"), VoiceState.BAD_MANIFEST, VoiceState.BAD_MANIFEST),
    ],
)
def test_damage_is_told(
    folder: VoiceFolder, harm: Callable[[VoiceFolder], object], quick: VoiceState, thorough: VoiceState
) -> None:
    harm(folder)
    assert [each.state for each in catalogue({}, folder.path)] == [quick]
    assert [each.state for each in catalogue({}, folder.path, thorough=True)] == [thorough]


def test_a_folder_that_does_not_exist_has_no_voices(tmp_path: Path) -> None:
    assert catalogue({}, tmp_path / "nowhere") == ()
