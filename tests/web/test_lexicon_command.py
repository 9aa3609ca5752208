"""``truyen-thanh lexicon``: the words of an area from the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from web.cli import main

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # the use cases know both

Run = Callable[..., Result]


@pytest.fixture
def run(cast: Any, database_url: str, tmp_path: Path) -> Run:
    environment = {
        "TRUYEN_THANH_DATA_DIR": str(tmp_path / "data"),
        "TRUYEN_THANH_DATABASE_URL": database_url,
    }

    def lexicon(*arguments: str, by: str = "lan", **options: Any) -> Result:
        words = ["lexicon", *arguments, "--area", "H40.10.1", "--as", by]
        return CliRunner(mix_stderr=False).invoke(main, words, env=environment, **options)

    return lexicon


def test_a_word_is_added_listed_and_removed(run: Run) -> None:
    added = run("add", "Đắk Nông", "đắc nông", "--note", "tỉnh", "--json")
    assert added.exit_code == 0, added.output
    told = json.loads(added.stdout)
    assert (told["written"], told["spoken"], told["bulletins"], told["approvals"]) == (
        "Đắk Nông",
        "đắc nông",
        0,
        0,
    )
    assert "đắc nông" in run("list", "--search", "dak").stdout
    assert json.loads(run("list", "--json").stdout)[0]["own"] is True
    assert run("remove", "Đắk Nông").exit_code == 0
    assert "còn trống" in run("list").stdout
    gone = run("remove", "Đắk Nông")
    assert (gone.exit_code, "Không tìm thấy" in gone.stderr) == (1, True)


def test_a_table_goes_out_and_comes_in(run: Run, tmp_path: Path) -> None:
    run("add", "PCTN", "phòng chống tham nhũng")
    file = tmp_path / "tu-dien.csv"
    assert run("export", "-o", str(file)).exit_code == 0
    assert file.read_bytes().startswith(b"\xef\xbb\xbf")
    again = run("import", str(file), "--json")
    assert json.loads(again.stdout) == {
        "added": 0, "changed": 0, "same": 1, "bulletins": 0, "approvals": 0, "refused": []
    }  # fmt: skip
    file.write_text("Viết;Đọc là\nQL.6;quốc lộ sáu\n;trống\n")
    refused = run("import", str(file))
    assert refused.exit_code == 1
    assert "Dòng 3: Chưa có chữ nào ở đây." in refused.stdout
    assert "QL.6" not in run("list").stdout  # all or nothing
    assert "phòng chống tham nhũng" in run("export").stdout


def test_somebody_of_another_commune_is_refused(run: Run) -> None:
    refused = run("add", "PCTN", "ờ", by="mai")
    assert refused.exit_code == 1
    assert "không có quyền" in refused.stderr
