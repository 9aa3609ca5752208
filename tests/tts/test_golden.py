"""Lines in every class of token, read exactly as the reviewed files say."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path
from typing import NamedTuple

import pytest

from tts.normalise import plain, read

FOLDER = Path(__file__).parent / "golden"
FILES = sorted(path.stem for path in FOLDER.glob("*.tsv"))


class Golden(NamedTuple):
    written: str
    spoken: str
    source: str


def lines_of(name: str) -> list[Golden]:
    """``\\n`` within the first column stands for a line break."""
    rows = (FOLDER / f"{name}.tsv").read_text(encoding="utf-8").splitlines()
    cells = [row.split("\t") for row in rows if row.strip() and not row.startswith("#")]
    return [Golden(row[0].replace("\\n", "\n"), row[1], [*row, ""][2]) for row in cells]


@pytest.mark.parametrize("name", FILES)
def test_every_line_is_read_exactly(name: str) -> None:
    wrong = [
        f"{line.written!r}\n    should be {line.spoken}\n    but is    {said}"
        for line in lines_of(name)
        if (said := plain(read(line.written))) != line.spoken
    ]
    assert not wrong, f"{len(wrong)} of {len(lines_of(name))}:\n" + "\n".join(wrong)


@pytest.mark.parametrize("name", FILES)
def test_what_is_said_reads_to_itself(name: str) -> None:
    changed = [line.spoken for line in lines_of(name) if plain(read(line.spoken)) != line.spoken]
    assert changed == []


@pytest.mark.parametrize("name", FILES)
def test_decomposed_letters_make_no_difference(name: str) -> None:
    for line in lines_of(name):
        assert plain(read(unicodedata.normalize("NFD", line.written))) == plain(read(line.written))


@pytest.mark.parametrize("name", FILES)
def test_the_files_are_in_order(name: str) -> None:
    for line in lines_of(name):
        assert line.spoken == " ".join(line.spoken.split()) == unicodedata.normalize("NFC", line.spoken)
        assert re.fullmatch(r"[^\W\d_fjwz]+(?: [^\W\d_fjwz]+)*|", line.spoken), line.spoken


def test_there_are_more_than_a_thousand_lines_and_none_stands_twice() -> None:
    written = [line.written for name in FILES for line in lines_of(name)]
    assert len(written) >= 1000
    assert len(set(written)) == len(written)
