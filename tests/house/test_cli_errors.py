"""On the command line, what goes wrong is one Vietnamese sentence and a non-zero exit, never a traceback."""

from __future__ import annotations

import datetime as dt
import json
import os
import socket
import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from broadcast import demo
from broadcast.storage.database import Database
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
    result = cli("say", "Xin chào", "--voice", "giọng-lạ", "-o", str(tmp_path / "a.mp3"))
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
        assert "--json" in help_text or "Lệnh:" in help_text, name


def test_a_full_disk_leaves_nothing_half_written(cli, tmp_path: Path) -> None:
    (tmp_path / ".a.mp3.partial").symlink_to("/dev/full")  # the kernel refuses the first byte
    result = cli("say", "Xin chào", "-o", str(tmp_path / "a.mp3"))
    assert_refused(result, "Ổ đĩa máy chủ đã đầy")
    assert [path.name for path in tmp_path.iterdir() if path.name != "data"] == []


def test_a_data_folder_that_is_a_file_is_named(cli, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    result = cli("run")
    assert result.exit_code != 0
    assert "Traceback" not in result.stderr


def test_a_missing_file_is_named(cli) -> None:
    result = cli("normalise", "không-có.txt")
    assert result.exit_code == 2
    assert "không-có.txt" in result.stderr


def test_an_unreachable_broker_is_found_by_the_doctor(cli, monkeypatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    monkeypatch.setenv("TRUYEN_THANH_MQTT_URL", f"mqtt://127.0.0.1:{port}")
    monkeypatch.setenv("TRUYEN_THANH_MQTT_PASSWORD", "bí mật")
    result = cli("doctor", "--json")
    findings = {each["id"]: each for each in json.loads(result.stdout)}
    assert result.exit_code == 1
    assert f"không tới được 127.0.0.1:{port}" in findings["broker.unreachable"]["text"]


@pytest.fixture
def commune(cli, tmp_path: Path) -> str:
    """A commune with its people in the data folder of ``cli``; gives its code."""
    cli("db", "migrate")
    database = Database(f"sqlite:///{tmp_path / 'data' / 'truyen-thanh.db'}")
    with database.transaction() as session:
        demo.cast(session, dt.datetime.now(dt.UTC))
    database.dispose()
    return demo.CODE


def written(cli, commune: str, tmp_path: Path, text: str = "Thông báo họp thôn tối nay.") -> Result:
    file = tmp_path / "tin.txt"
    file.write_text(text)
    return cli("bulletins", "add", str(file), "--area", commune, "--as", "lan", "--json")


def test_an_unapproved_bulletin_is_not_scheduled(cli, commune: str, tmp_path: Path) -> None:
    number = json.loads(written(cli, commune, tmp_path).stdout)["id"]
    result = cli(
        "programme", "add", str(number), "--area", commune, "--title", "Tối", "--at", "17:00", "--every-day",
        "--as", "lan",
    )  # fmt: skip
    assert_refused(result, "chưa được duyệt")


def test_a_time_in_the_past_is_refused(cli, commune: str, tmp_path: Path) -> None:
    number = json.loads(written(cli, commune, tmp_path).stdout)["id"]
    result = cli(
        "programme", "add", str(number), "--area", commune, "--title", "Tối", "--at", "17:00",
        "--date", "2020-01-01", "--as", "lan",
    )  # fmt: skip
    assert_refused(result, "đã qua")


def test_an_empty_bulletin_is_not_written(cli, commune: str, tmp_path: Path) -> None:
    assert_refused(written(cli, commune, tmp_path, " \n"), "chưa có nội dung")
    assert json.loads(cli("bulletins", "list", "--as", "lan", "--json").stdout) == []


def test_an_unknown_area_is_named(cli, commune: str, tmp_path: Path) -> None:
    assert_refused(written(cli, "H99.99", tmp_path), "địa bàn")


def test_nobody_approves_what_they_wrote(cli, commune: str, tmp_path: Path) -> None:
    number = str(json.loads(written(cli, commune, tmp_path).stdout)["id"])
    assert cli("bulletins", "submit", number, "--as", "lan").exit_code == 0
    assert_refused(cli("bulletins", "approve", number, "--as", "lan"), "quyền")
    assert_refused(cli("bulletins", "approve", number, "--as", "binh"), "chưa có âm thanh")


def test_links_and_people_are_told_as_json(cli, commune: str) -> None:
    people = json.loads(cli("people", "list", "--json").stdout)
    assert [person["username"] for person in people] == ["binh", "lan"]
    link = json.loads(cli("people", "link", "lan", "--json").stdout)["link"]
    assert link.startswith("http://127.0.0.1:8080/link/")
    assert_refused(cli("people", "link", "mai"), "Không tìm thấy")


def test_the_audit_chain_is_verified(cli, commune: str, tmp_path: Path) -> None:
    assert json.loads(cli("db", "verify", "--json").stdout) == {"whole": True, "first_broken": None}
    with sqlite3.connect(tmp_path / "data" / "truyen-thanh.db") as database:
        database.execute("UPDATE audit SET action = 'person.delete' WHERE id = 2")
    database.close()
    result = cli("db", "verify", "--json")
    assert (result.exit_code, json.loads(result.stdout)["first_broken"]) == (1, 2)


def test_a_loudspeaker_is_registered_with_a_private_file(cli, commune: str, tmp_path: Path) -> None:
    file = tmp_path / "loa-1.json"
    added = cli("speakers", "add", "loa-1", "--name", "Loa chợ", "--area", commune, "-o", str(file))
    assert added.exit_code == 0, added.stderr
    assert file.stat().st_mode & 0o777 == 0o600
    assert [each["device"] for each in json.loads(cli("speakers", "list", "--json").stdout)] == ["loa-1"]
    assert_refused(
        cli("speakers", "add", "loa-1", "--name", "Loa", "--area", commune, "-o", str(file)), "đã có"
    )
    assert cli("speakers", "retire", "loa-1").exit_code == 0
    assert json.loads(cli("speakers", "list", "--json").stdout) == []
