"""Takes an iCalendar file apart into components and lines, whatever bytes it is made of."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from icalendar.parser import Contentline

MAX_BYTES = 1_000_000
MAX_LINE = 20_000  # characters of a line that is read: a thousand dates
MAX_DEPTH = 8
MAX_COMPONENTS = 5000

_NAMES = (
    "UID RECURRENCE-ID SUMMARY DESCRIPTION DTSTART DTEND DURATION RRULE EXRULE RDATE EXDATE STATUS SEQUENCE "
    "TZID TZOFFSETTO X-WR-CALNAME NAME PRODID X-TRUYEN-THANH-SCHEDULE BEGIN END"
)
_READ = frozenset(_NAMES.split())
_NAME = re.compile(r"[A-Za-z0-9-]+(?=[;:])")
_END = re.compile(rb"\r\n|\n|\r")
_ESCAPED = re.compile(r"\\([\\;,nN])")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\x85\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the file, unfolded; ``number`` is that of its first part."""

    number: int
    name: str
    params: Mapping[str, str]
    value: str

    @property
    def text(self) -> str:
        return _ESCAPED.sub(lambda found: "\n" if found[1] in "nN" else found[1], self.value).strip()


@dataclass(slots=True)
class Component:
    """What stands between BEGIN and END; ``bad`` are the numbers of lines that are none."""

    name: str
    number: int
    lines: list[Line] = field(default_factory=list)
    bad: list[int] = field(default_factory=list)
    parts: list[Component] = field(default_factory=list)

    def all(self, name: str) -> list[Line]:
        return [line for line in self.lines if line.name == name]

    def first(self, name: str) -> Line | None:
        return next((line for line in self.lines if line.name == name), None)

    def text(self, name: str) -> str:
        line = self.first(name)
        return line.text if line else ""


def take_apart(data: bytes) -> Component:
    """The file as a tree; a component that nobody ended ends with what it stands in."""
    root = Component("", 0)
    stack, count = [root], 0
    for number, text in _unfolded(_decoded(data)):
        if not text.strip():
            continue
        line = _parsed(number, text)
        if line is None:
            stack[-1].bad.append(number)
        elif line.name == "BEGIN":
            count += 1
            if count > MAX_COMPONENTS or len(stack) > MAX_DEPTH:
                root.bad.append(number)
                break
            opened = Component(line.value.strip().upper(), number)
            stack[-1].parts.append(opened)
            stack.append(opened)
        elif line.name == "END":
            _close(stack, line.value.strip().upper())
        elif line.name in _READ:
            stack[-1].lines.append(line)
    return root


def _close(stack: list[Component], name: str) -> None:
    for position in range(len(stack) - 1, 0, -1):
        if stack[position].name == name:
            del stack[position:]
            return


def _parsed(number: int, text: str) -> Line | None:
    """Nothing for what is no line; one that nobody reads is not looked at further."""
    found = _NAME.match(text)
    if found is None:
        return None
    name = found[0].upper()
    if name not in _READ:
        return Line(number, name, {}, "")
    try:
        _, params, value = Contentline(text[:MAX_LINE]).parts()  # type: ignore[no-untyped-call]
    except ValueError:
        return None
    if len(text) > MAX_LINE and name not in ("DESCRIPTION", "SUMMARY"):
        return None
    plain = {key.upper(): each if isinstance(each, str) else ",".join(each) for key, each in params.items()}
    return Line(number, name, plain, value)


def _unfolded(data: bytes) -> Iterator[tuple[int, str]]:
    """Logical lines with the number of their first part, joined as bytes: a fold may cut a letter in two."""
    number, parts = 0, [b""]
    for count, raw in enumerate(_END.split(data.replace(b"\r\r\n", b"\r\n")), start=1):
        if raw[:1] in (b" ", b"\t") and number:
            parts.append(raw[1:])
            continue
        if number:
            yield number, _text(b"".join(parts))
        number, parts = count, [raw]
    yield number, _text(b"".join(parts))


def _text(line: bytes) -> str:
    """UTF-8, or what Windows in Vietnam wrote before it knew UTF-8."""
    try:
        text = line.decode()
    except UnicodeDecodeError:
        text = line.decode("cp1258", errors="replace")
    return _CONTROLS.sub(" ", text)


def _decoded(data: bytes) -> bytes:
    """Without a mark of byte order; UTF-16 made UTF-8."""
    if data.startswith(codecs.BOM_UTF8):
        return data[len(codecs.BOM_UTF8) :]
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", errors="replace").encode(errors="replace")
    return data
