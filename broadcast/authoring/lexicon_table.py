"""The lexicon as a table for spreadsheets: CSV that every one of them opens, and what they save of it."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from broadcast.errors import NotText, TableInvalid
from broadcast.folding import fold

HEADER = ("Viết", "Đọc là", "Ngôn ngữ", "Ghi chú")
NAMES = {  # without case and accents
    "written": ("viet", "tu", "chu viet", "written"),
    "spoken": ("doc la", "doc", "cach doc", "spoken"),
    "language": ("ngon ngu", "tieng", "language"),
    "note": ("ghi chu", "note"),
}
LONGEST = 5000  # lines
# A cell that begins so is a formula to a spreadsheet; an apostrophe makes it text.
FORMULA = re.compile(r"'*[=+\-@\t\r＝＋－＠]")
ESCAPED = re.compile(r"'+[=+\-@\t\r＝＋－＠]")


@dataclass(frozen=True, slots=True)
class Line:
    """One entry of a table as it was typed; ``number`` is its line in the file."""

    number: int
    written: str
    spoken: str
    language: str
    note: str


def write(rows: Iterable[Sequence[str]]) -> str:
    """With the mark that lets Excel see UTF-8; the separator is the one of Vietnamese spreadsheets."""
    out = io.StringIO()
    out.write(codecs.BOM_UTF8.decode())
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(HEADER)
    writer.writerows([_harmless(cell) for cell in row] for row in rows)
    return out.getvalue()


def read(data: bytes) -> list[Line]:
    """Errors: NotText, TableInvalid."""
    text = _decode(data)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text), strict=True)
    lines: list[Line] = []
    try:
        columns = _columns(next(reader, []))
        for cells in reader:
            if any(cell.strip() for cell in cells):
                lines.append(_line(reader.line_num, cells, columns))
            if len(lines) > LONGEST:
                raise TableInvalid(why="too_many", limit=LONGEST)
    except csv.Error as error:
        raise TableInvalid(why="broken", line=reader.line_num) from error
    return lines


def _decode(data: bytes) -> str:
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))  # Excel's "Unicode text"
    try:
        return data.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise NotText() from error


def _separator(text: str) -> str:
    header = text.partition("\n")[0]
    return max(";,\t", key=header.count)


def _columns(header: Sequence[str]) -> dict[str, int]:
    names = [" ".join(fold(cell).split()) for cell in header]
    found = {field: names.index(name) for field, known in NAMES.items() for name in known if name in names}
    if not {"written", "spoken"} <= set(found):
        raise TableInvalid(why="header")
    return found


def _line(number: int, cells: Sequence[str], columns: dict[str, int]) -> Line:
    values = {field: _plain(cells[at]) for field, at in columns.items() if at < len(cells)}
    return Line(
        number,
        values.get("written", ""),
        values.get("spoken", ""),
        values.get("language", "").lower() or "vi",
        values.get("note", ""),
    )


def _harmless(cell: str) -> str:
    return f"'{cell}" if FORMULA.match(cell) else cell


def _plain(cell: str) -> str:
    cell = cell.strip()
    return cell[1:] if ESCAPED.match(cell) else cell
