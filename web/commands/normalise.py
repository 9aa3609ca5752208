"""``normalise``: see how a text will be read, without a server."""

from __future__ import annotations

import csv
import io
import re
import sys
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO, Final

import click

from broadcast.authoring import speech
from tts import normalise as reading
from tts.errors import NotText
from tts.lexicon import Lexicon
from tts.text import characters
from tts.types import Doubt, SpokenText, Token

from .common import FILE, emit, json_option, read_bytes, wants_json

DOUBTS: Final = {
    Doubt.UNKNOWN_ABBREVIATION: "viết tắt chưa biết",
    Doubt.AMBIGUOUS: "có nhiều cách đọc",
    Doubt.FOREIGN: "từ nước ngoài",
    Doubt.UNREADABLE: "không đọc được",
}
_COLUMNS: Final = ("written", "spoken")


@click.command()
@click.argument("file", type=FILE, required=False, metavar="[TỆP]")
@click.option("--text", help="Văn bản thay cho tệp.")
@click.option("--plain", is_flag=True, help="Mỗi dòng vào một dòng đọc, chữ thường, không dấu câu.")
@click.option(
    "--lexicon", "entries", type=FILE, metavar="CSV", help="Bảng cách đọc riêng: cách viết, cách đọc."
)
@json_option
def normalise(file: str | None, text: str | None, *, plain: bool, entries: str | None) -> None:
    """In văn bản như sẽ được đọc; không có TỆP thì đọc đầu vào chuẩn."""
    if file is not None and text is not None:
        raise click.UsageError("Hãy cho một TỆP hoặc --text, không phải cả hai.")
    lexicon = _lexicon(entries) if entries else Lexicon()
    if plain and not wants_json():
        for line in _lines(file, text):
            click.echo(reading.plain(reading.read(line, lexicon=lexicon)))
        return
    words = speech.decode(text.encode() if text is not None else read_bytes(file or "-"))
    spoken = reading.read(words, lexicon=lexicon)
    emit(_as_json(spoken), _for_people(spoken))


def _lines(file: str | None, text: str | None) -> Iterator[str]:
    """Line by line as they come; a file in two-byte characters is taken whole."""
    with ExitStack() as stack:
        source = _opened(file, text, stack)
        head = source.readline()
        if head.startswith((b"\xff\xfe", b"\xfe\xff")):
            whole = characters(head + source.read())
            yield from whole.removesuffix("\n").split("\n")
            return
        while head:
            yield _characters(head.removesuffix(b"\n"))
            head = source.readline()


def _opened(file: str | None, text: str | None, stack: ExitStack) -> BinaryIO:
    if text is not None:
        return io.BytesIO(text.encode())
    if file is None or file == "-":
        return sys.stdin.buffer
    try:
        return stack.enter_context(Path(file).open("rb"))
    except OSError as error:
        raise click.BadParameter(f"không đọc được tệp {file}: {error.strerror}") from error


def _characters(line: bytes) -> str:
    """One bad line must not end the stream: what is no text in it is shown as unreadable."""
    try:
        return characters(line)
    except NotText:
        return line.decode(errors="replace")


def _lexicon(path: str) -> Lexicon:
    """The first two columns, or those named ``written`` and ``spoken``."""
    table = speech.decode(read_bytes(path))
    head = table.partition("\n")[0]
    rows = list(csv.reader(io.StringIO(table), delimiter=";" if ";" in head and "," not in head else ","))
    named = bool(rows) and set(_COLUMNS) <= set(rows[0])
    first, second = (rows[0].index(name) for name in _COLUMNS) if named else (0, 1)
    wanted = [row for row in rows[named:] if row]
    if any(len(row) <= max(first, second) for row in wanted):
        raise click.BadParameter(f"bảng cách đọc {path} cần hai cột: cách viết, cách đọc")
    return Lexicon.of((row[first], row[second]) for row in wanted)


def _as_json(spoken: SpokenText) -> dict[str, object]:
    starts = [0, *(match.end() for match in re.finditer("\n", spoken.source))]
    return {
        "sentences": [sentence.spoken for sentence in spoken.sentences],
        "doubts": [
            {
                "start": token.span.start,
                "written": token.written,
                "spoken": token.spoken,
                "doubt": token.doubt,
            }
            for token in spoken.doubts
        ],
        "lines": spoken.source.split("\n"),
        "tokens": [
            _token(token, sentence=number, line=bisect_right(starts, token.span.start) - 1)
            for number, sentence in enumerate(spoken.sentences)
            for token in sentence.tokens
        ],
    }


def _token(token: Token, *, sentence: int, line: int) -> dict[str, object]:
    return {
        "start": token.span.start,
        "end": token.span.end,
        "line": line,
        "sentence": sentence,
        "class": token.kind,
        "written": token.written,
        "spoken": token.spoken,
        "doubt": token.doubt,
    }


def _for_people(spoken: SpokenText) -> list[str]:
    return [
        *(sentence.spoken for sentence in spoken.sentences),
        *(
            f"  ? {token.written} → {token.spoken} ({DOUBTS[token.doubt]})"
            for token in spoken.doubts
            if token.doubt
        ),
    ]
