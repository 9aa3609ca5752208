"""Tables of ten thousand loudspeakers: memory stays flat, nothing is lost, nothing is left behind."""

from __future__ import annotations

import csv
import errno
import tracemalloc
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from broadcast.errors import DiskFull
from broadcast.speakers import fleet_export

WIDE = ("x" * 1000,) * 4
ROWS = 4000  # 16 MB


def rows(count: int = ROWS) -> Iterator[tuple[str, ...]]:
    return (WIDE for _ in range(count))


def peak(work: Any) -> int:
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_large_workbook_takes_little_memory_and_leaves_no_file(tmp_path: Path) -> None:
    def make() -> None:
        with fleet_export.xlsx(("a", "b", "c", "d"), rows(), tmp_path) as file, zipfile.ZipFile(file) as book:
            assert book.getinfo("xl/worksheets/sheet1.xml").file_size > ROWS * 4000

    assert peak(make) < 3_000_000
    assert list(tmp_path.iterdir()) == []


def test_a_large_csv_takes_little_memory() -> None:
    def make() -> None:
        assert sum(map(len, fleet_export.csv(("a", "b", "c", "d"), rows()))) > ROWS * 4000

    assert peak(make) < 1_000_000


def test_what_is_too_long_for_one_sheet_goes_on_in_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fleet_export, "MOST_ROWS", 3)
    with fleet_export.xlsx(("n",), ((str(n),) for n in range(7)), tmp_path) as file:
        book = zipfile.ZipFile(file)
        sheets = [book.read(f"xl/worksheets/sheet{number}.xml").decode() for number in (1, 2, 3)]
    assert [sheet.count("<row ") for sheet in sheets] == [4, 4, 2]
    assert all(">n<" in sheet for sheet in sheets), "each has its headings"


def test_a_full_disk_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    def failing() -> Iterator[tuple[str]]:
        yield ("x",)
        raise OSError(errno.ENOSPC, "")

    with pytest.raises(DiskFull):
        fleet_export.xlsx(("a",), failing(), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_csv_comes_line_by_line() -> None:
    asked = []

    def watched() -> Iterator[tuple[str]]:
        for number in range(3):
            asked.append(number)
            yield (f"Xã, {number}",)

    lines = fleet_export.csv(("a",), watched())
    assert [next(lines) for _ in range(3)] == ["\ufeff", "a\r\n", '"Xã, 0"\r\n']
    assert asked == [0]
    assert list(csv.reader(lines)) == [["Xã, 1"], ["Xã, 2"]]
