"""On the command line, what goes wrong is one Vietnamese sentence and a non-zero exit, never a traceback."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from web.cli import COMMANDS, main


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Run a command on an empty data folder."""
    for name in [name for name in os.environ if name.startswith("TRUYEN_THANH_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("TRUYEN_THANH_ENGINES", "espeak")
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, **options: str | bytes) -> Result:
        return CliRunner(mix_stderr=False).invoke(
            main, ["--data-dir", str(tmp_path / "data"), *arguments], **options
        )

    return run


def assert_refused(result: Result, words: str) -> None:
    assert result.exit_code == 1, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert result.stderr.startswith("Lỗi: ")
    assert words in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("TRUYEN_THANH_PORT", "nghìn", "TRUYEN_THANH_PORT"),
        ("TRUYEN_THANH_DATABASE_URL", "mysql://x", "TRUYEN_THANH_DATABASE_URL"),
        ("TRUYEN_THANH_PROT", "80", "ý bạn là TRUYEN_THANH_PORT"),
        ("TRUYEN_THANH_ENGINES", "siri", "TRUYEN_THANH_ENGINES"),
    ],
)
def test_a_wrong_setting_is_named(cli, monkeypatch, name: str, value: str, words: str) -> None:
    monkeypatch.setenv(name, value)
    assert_refused(cli("run"), words)


def test_binary_garbage_is_no_bulletin(cli) -> None:
    assert_refused(cli("normalise", "-", input=bytes(range(256)) * 20), "UTF-8")


def test_an_empty_file_is_no_bulletin(cli) -> None:
    assert_refused(cli("normalise", "-", input=b" \n"), "chưa có nội dung")


def test_a_text_of_100000_characters_is_too_long(cli) -> None:
    assert_refused(cli("normalise", "-", input=("loa " * 25_000).encode()), "tối đa 50000")


def test_a_missing_voice_is_named_and_leaves_no_file(cli, tmp_path: Path) -> None:
    result = cli("say", "--text", "Xin chào", "--voice", "giọng-lạ", "-o", str(tmp_path / "a.mp3"))
    assert_refused(result, "Giọng đọc")
    assert list(tmp_path.glob("*.mp3*")) == []


def test_a_refusal_is_json_where_json_is_asked(cli) -> None:
    result = cli("normalise", "--json", "-", input=b"")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["error"]["code"] == "empty_bulletin"


def test_a_busy_port_stops_the_start_before_anything_is_made(cli, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert_refused(cli("run", "--port", str(port)), str(port))
    assert not (tmp_path / "data").exists()


def test_an_unknown_area_is_refused(cli, tmp_path: Path) -> None:
    file = tmp_path / "tin.txt"
    file.write_text("Thông báo họp thôn.")
    cli("db", "migrate")
    assert_refused(cli("bulletins", "add", str(file), "--area", "H99", "--as", "lan"), "Không")


def test_every_command_speaks_json_and_vietnamese(cli) -> None:
    for name in COMMANDS:
        help_text = cli(name, "--help").output
        assert "--json" in help_text or "Commands:" in help_text, name
