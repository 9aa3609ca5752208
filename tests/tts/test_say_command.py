"""``say`` on the command line: a file as loudspeakers will play it, and what can be measured on it."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from web.cli import main


@pytest.fixture
def say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    for name in [name for name in os.environ if name.startswith("TRUYEN_THANH_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("TRUYEN_THANH_ENGINES", "espeak")
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, **options: Any) -> Result:
        return CliRunner(mix_stderr=False).invoke(main, ["--data-dir", "data", "say", *arguments], **options)

    return run


def test_a_sentence_becomes_an_mp3_with_its_measures(say: Any) -> None:
    result = say("Mời bà con đi họp.", "-o", "a.mp3", "--json")
    told = json.loads(result.stdout)
    data = Path("a.mp3").read_bytes()
    assert told["sha256"] == hashlib.sha256(data).hexdigest()
    assert told["sizes"]["mp3"] == len(data) > told["sizes"]["opus"] > 3_000
    assert told["loudness"] == pytest.approx(-16, abs=0.5)
    assert told["true_peak"] <= -1
    ((part, sentence, start, end),) = told["marks"]
    assert (part, sentence) == (0, 0)
    assert 2 < start < end < told["seconds"]
    assert (told["engine"], told["fallback"], told["failures"]) == ("espeak", "", [])


@pytest.mark.parametrize("name", ["a.opus", "a.OGG"])
def test_the_name_decides_the_form(say: Any, name: str) -> None:
    assert say("Xin chào.", "-o", name, "--chime", "none").exit_code == 0
    assert Path(name).read_bytes()[:4] == b"OggS"


def test_a_name_of_another_form_is_refused_before_anything_is_spoken(say: Any) -> None:
    result = say("Mời bà con đi họp.", "-o", "a.wav")
    assert result.exit_code == 2
    assert "phải kết thúc bằng .mp3, .opus hoặc .ogg" in result.stderr
    assert not Path("a.wav").exists()


def test_a_file_is_read_with_voice_preset_opening_and_repeats(say: Any) -> None:
    Path("tin.txt").write_text("Xin chào.")
    plain = json.loads(say("-f", "tin.txt", "-o", "a.mp3", "--json", "--chime", "none").stdout)
    options = ["--voice", "espeak/south", "--preset", "outdoor", "--repeats", "3", "--opening", "Đây là Đài."]
    rich = json.loads(say("-f", "tin.txt", "-o", "b.mp3", "--json", "--chime", "drill", *options).stdout)
    assert rich["seconds"] > 3 * plain["seconds"]
    assert [mark[0] for mark in rich["marks"]] == [-1, 0]


def test_another_language_has_its_own_voice(say: Any) -> None:
    assert say("Please boil your water.", "-o", "a.mp3", "--language", "en").exit_code == 0


def test_text_and_file_together_or_neither_are_a_usage_error(say: Any) -> None:
    assert say("-o", "a.mp3").exit_code == 2
    assert say("Xin chào", "-f", "-", "-o", "a.mp3", input="Xin chào").exit_code == 2
    assert not Path("a.mp3").exists()
