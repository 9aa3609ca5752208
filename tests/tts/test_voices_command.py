"""``truyen-thanh voices``: what is accepted, what is refused and in which words."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from broadcast import diagnosis, settings
from web.cli import main

Maker = Callable[..., Any]
Cli = Callable[..., Result]


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cli:
    for name in [name for name in os.environ if name.startswith("TRUYEN_THANH_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("TRUYEN_THANH_ENGINES", "espeak")

    def run(*arguments: str) -> Result:
        return CliRunner(mix_stderr=False).invoke(
            main, ["--data-dir", str(tmp_path / "data"), "voices", *arguments]
        )

    return run


def rows(result: Result) -> list[dict[str, Any]]:
    assert result.exit_code == 0, result.stderr
    return list(json.loads(result.stdout))


def findings(tmp_path: Path, engines: str) -> set[str]:
    loaded = settings.load({"TRUYEN_THANH_DATA_DIR": str(tmp_path / "data"), "TRUYEN_THANH_ENGINES": engines})
    return {each.id for each in diagnosis.examine(loaded) if each.id.startswith("voice.")}


def test_a_voice_is_heard_before_it_is_installed_and_then_listed(cli: Cli, make_voice: Maker) -> None:
    voice = make_voice("vi_VN-nhỏ")
    done = cli("install", str(voice.model), "--licence", "CC BY 4.0")
    assert done.exit_code == 0, done.stderr
    assert "giây tiếng nói mỗi giây làm việc" in done.stdout
    assert "TRUYEN_THANH_ENGINES=piper,espeak" in done.stdout
    (found,) = [each for each in rows(cli("list", "--json")) if each["engine"] == "piper"]
    assert found["name"] == "vi_VN-nh-"
    assert found["sha256"] == hashlib.sha256(voice.model.read_bytes()).hexdigest()
    assert (found["state"], found["used"], found["licence"]) == ("ready", False, "CC BY 4.0")


def test_the_hash_of_the_publisher_may_be_given(cli: Cli, make_voice: Maker) -> None:
    voice = make_voice()
    digest = hashlib.sha256(voice.model.read_bytes()).hexdigest()
    assert cli("install", str(voice.model), "--sha256", digest.upper(), "--json").exit_code == 0
    refused = cli("install", str(voice.model), "--sha256", "0" * 64)
    assert refused.exit_code == 1
    assert refused.stderr == "Lỗi: Giọng small không dùng được: tệp không đúng mã băm đã ghi.\n"


@pytest.mark.parametrize(
    ("changes", "options", "words"),
    [
        ({"audio": {}}, (), "cấu hình không đúng dạng"),
        ({"inputs": ("tokens", "style", "scales")}, (), "không phải loại Piper"),
        ({"speakers": 2}, ("--speaker", "7"), "không có người đọc này"),
        ({"phoneme_id_map": {sound: [0] for sound in "_^$"}}, (), "câm, cụt hoặc méo"),
        ({}, ("--name", "../x"), "tên chỉ gồm"),
        ({}, ("--config", "nowhere.json"), "thiếu tệp cấu hình"),
    ],
)
def test_a_voice_that_cannot_speak_is_refused_and_leaves_nothing(
    cli: Cli, make_voice: Maker, changes: dict[str, Any], options: tuple[str, ...], words: str
) -> None:
    voice = make_voice(**changes)
    refused = cli("install", str(voice.model), *options)
    assert refused.exit_code == 1
    assert words in refused.stderr
    assert refused.stderr.count("\n") == 1
    assert "Traceback" not in refused.stderr
    assert not list((voice.model.parent / "data" / "voices").glob("*.onnx*"))


def test_a_web_page_under_the_name_of_a_model_is_refused_in_json_too(cli: Cli, make_voice: Maker) -> None:
    voice = make_voice()
    voice.model.write_text("<html>404</html>")
    refused = cli("install", str(voice.model), "--json")
    assert json.loads(refused.stdout)["error"]["code"] == "voice_refused"


def test_installed_voices_are_tested_and_removed(cli: Cli, make_voice: Maker, tmp_path: Path) -> None:
    assert cli("install", str(make_voice().model)).exit_code == 0
    (tested,) = rows(cli("test", "small", "--json"))
    assert tested["voice"] == "piper/small"
    assert tested["seconds_per_second"] > 1
    assert cli("remove", "small").stdout == "Đã gỡ giọng small.\n"
    assert cli("remove", "small").exit_code == 1
    assert cli("test", "small").exit_code == 1


def test_a_damaged_voice_fails_its_test_and_is_found_by_the_doctor(
    cli: Cli, make_voice: Maker, tmp_path: Path
) -> None:
    assert findings(tmp_path, "piper,espeak") == {"voice.espeak", "voice.piper.none"}
    assert cli("install", str(make_voice().model)).exit_code == 0
    assert findings(tmp_path, "piper,espeak") == {"voice.piper", "voice.espeak"}
    assert "voice.piper.unused" in findings(tmp_path, "espeak")
    with (tmp_path / "data" / "voices" / "small.onnx").open("ab") as file:
        file.write(b"\0")
    failed = cli("test", "small")
    assert failed.exit_code == 1
    assert "tệp không đúng mã băm đã ghi" in failed.stdout
    assert "voice.piper.wrong_hash" in findings(tmp_path, "piper,espeak")


def test_a_sample_is_written_as_it_would_be_heard(cli: Cli, tmp_path: Path) -> None:
    target = tmp_path / "sample.mp3"
    assert cli("test", "espeak/south", "-o", str(target)).exit_code == 0
    assert target.stat().st_size > 5_000
    assert cli("test", "-o", str(target)).exit_code == 2
