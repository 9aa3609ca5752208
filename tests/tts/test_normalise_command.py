"""The command that shows how a text will be read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from web.cli import main


def run(*arguments: str, given: str | bytes | None = None) -> Result:
    result = CliRunner(mix_stderr=False).invoke(main, ["normalise", *arguments], input=given)
    assert result.exit_code == 0, result.stderr
    return result


def test_each_line_of_standard_input_becomes_one_line_of_plain_words() -> None:
    given = "UBND xã họp lúc 7h30.\n\nMời bà con: “đến dự”!\nTiếp theo dòng trước\n./.\nhết"
    assert run("--plain", given=given).stdout == (
        "ủy ban nhân dân xã họp lúc bảy giờ ba mươi phút\n\nmời bà con đến dự\ntiếp theo dòng trước\n\nhết\n"
    )


def test_nothing_in_gives_nothing_out() -> None:
    assert run("--plain", given="").stdout == ""
    assert run("--plain", given="\n\n").stdout == "\n\n"


def test_plain_lines_have_no_limit_and_odd_line_ends_make_no_new_lines() -> None:
    long = "xin chào " * 10_000
    assert run("--plain", given=f"{long}\r\nmột\u2028hai\x0bba\rbốn\n").stdout.split("\n") == [
        long.strip(),
        "một hai ba bốn",
        "",
    ]


def test_lines_in_an_old_encoding_and_broken_ones_do_not_end_the_stream() -> None:
    given = "Th«ng b¸o vÒ viÖc häp".encode("latin-1") + b"\nm\xe1\xff\x00\nxong\n"
    first, _, last, end = run("--plain", given=given).stdout.split("\n")
    assert (first, last, end) == ("thông báo về việc họp", "xong", "")
    assert run("--plain", given="Họp\nxong\n".encode("utf-16")).stdout == "họp\nxong\n"


def test_a_file_is_read_line_by_line_too(tmp_path: Path) -> None:
    file = tmp_path / "ban-tin.txt"
    file.write_text("\ufeffSố 5\nSố 6", encoding="utf-8")
    assert run("--plain", str(file)).stdout == "số năm\nsố sáu\n"
    assert run("--plain", "--text", "Số 7").stdout == "số bảy\n"


def test_json_tells_every_token_with_its_place_class_and_doubt() -> None:
    result = json.loads(run("--json", given="Ngày 2/9:\nmời Schmidt").stdout)
    assert result["lines"] == ["Ngày 2/9:", "mời Schmidt"]
    by_written = {token["written"]: token for token in result["tokens"]}
    date = by_written["2/9"]
    assert (date["start"], date["end"], date["line"], date["class"], date["doubt"]) == (5, 8, 0, "date", None)
    assert (by_written["Schmidt"]["line"], by_written["Schmidt"]["doubt"]) == (1, "foreign")
    assert [doubt["written"] for doubt in result["doubts"]] == ["Schmidt"]


def test_without_options_the_sentences_and_the_doubts_are_listed() -> None:
    lines = run("--text", "Mời ông Schmidt. Xin cảm ơn.").stdout.splitlines()
    assert lines[1:] == ["Xin cảm ơn.", "  ? Schmidt → sờ mít (từ nước ngoài)"]
    assert run(given="Mời họp.").stdout == "Mời họp.\n"


@pytest.mark.parametrize(
    "table",
    ["written,spoken\nKrông,cờ rông ạ\n", "Krông,cờ rông ạ\n", "note;written;spoken\n;Krông;cờ rông ạ\n"],
)
def test_a_table_of_words_is_obeyed(tmp_path: Path, table: str) -> None:
    file = tmp_path / "tu.csv"
    file.write_text(table, encoding="utf-8-sig")
    assert run("--plain", "--lexicon", str(file), given="xã Krông\n").stdout == "xã cờ rông ạ\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["khong-co.txt"], "khong-co.txt"),
        (["--plain", "khong-co.txt"], "khong-co.txt"),
        (["x.txt", "--text", "y"], "không phải cả hai"),
        (["--text", "y", "--lexicon", "khong-co.csv"], "khong-co.csv"),
    ],
)
def test_what_cannot_be_read_is_refused_in_vietnamese(arguments: list[str], words: str) -> None:
    result = CliRunner(mix_stderr=False).invoke(main, ["normalise", *arguments])
    assert result.exit_code == 2
    assert words in result.stderr


def test_a_table_with_one_column_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "tu.csv"
    file.write_text("Krông\n", encoding="utf-8")
    result = CliRunner(mix_stderr=False).invoke(main, ["normalise", "--text", "y", "--lexicon", str(file)])
    assert (result.exit_code, "hai cột" in result.stderr) == (2, True)
