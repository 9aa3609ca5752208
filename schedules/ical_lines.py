"""Takes an iCalendar file apart into components and lines, whatever bytes it is made of."""

from __future__ import annotations

import codecs
import quopri
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from icalendar.parser import Contentline

MAX_BYTES = 1_000_000
MAX_LINE = 20_000  # characters of a line that is read: a thousand dates
MAX_DEPTH = 8
MAX_COMPONENTS = 5000

_NAMES = (
    "UID RECURRENCE-ID SUMMARY DESCRIPTION DTSTART DTEND DURATION RRULE EXRULE RDATE EXDATE STATUS SEQUENCE "
    "TZID TZOFFSETTO X-LIC-LOCATION X-WR-CALNAME NAME PRODID METHOD X-TRUYEN-THANH-SCHEDULE BEGIN END "
    "DTSTAMP LAST-MODIFIED CLASS "
    "X-MICROSOFT-CDO-ALLDAYEVENT X-MICROSOFT-MSNCALENDAR-ALLDAYEVENT X-FUNAMBOL-ALLDAY"
)
_READ = frozenset(_NAMES.split())
_WHEN = frozenset(["DTSTART", "RRULE", "EXRULE", "RDATE", "EXDATE", "RECURRENCE-ID", "STATUS"])
_ALONE = frozenset(["VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY", "VTIMEZONE"])  # none stands in another
_NAME = re.compile(r"[A-Za-z0-9-]+(?=[;:])")
_END = re.compile(rb"\r\n|\n|\r")
_ESCAPED = re.compile(r"\\([\\;,nN])")
_QUOTED = re.compile(rb"[A-Z-]+;[^:]*ENCODING=QUOTED-PRINTABLE[;:]", re.IGNORECASE)
_BARE_ZONE = re.compile(
    r"([A-Z-]+);(?:VALUE=[A-Z-]+;)?TZID=([^\";]{1,100}):(\d{8}[^\":;]*)", re.ASCII | re.IGNORECASE
)
_UTF_16 = ((b"B\0E\0", "utf-16-le"), (b"\0B\0E", "utf-16-be"))  # without a mark
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
    """What stands between BEGIN and END; ``bad`` are the numbers of lines that are none.

    ``broken`` are those of them that would say when it is, ``is_open`` is what the file ended within.
    """

    name: str
    number: int
    lines: list[Line] = field(default_factory=list)
    bad: list[int] = field(default_factory=list)
    broken: list[int] = field(default_factory=list)
    is_open: bool = False
    last: str = ""  # the name of the line before
    parts: list[Component] = field(default_factory=list)

    def all(self, name: str) -> list[Line]:
        return [line for line in self.lines if line.name == name]

    def first(self, name: str) -> Line | None:
        return next((line for line in self.lines if line.name == name), None)

    def text(self, name: str) -> str:
        line = self.first(name)
        return line.text if line else ""


def take_apart(data: bytes) -> Component:
    """The file as a tree; a component that nobody ended ends with what it stands in, or with the next."""
    root = Component("", 0)
    stack, count = [root], 0
    for number, text in _unfolded(_decoded(data)):
        if not text.strip():
            continue
        line = _parsed(number, text)
        if line is None:
            _spoil(stack[-1], number, text)
        elif line.name == "BEGIN":
            count += 1
            if not _open(stack, line) or count > MAX_COMPONENTS:
                root.bad.append(number)
                break
        elif line.name == "END":
            _close(stack, line.value.strip().upper())
        else:
            stack[-1].last = line.name
            if line.name in _READ:
                stack[-1].lines.append(line)
    else:
        for each in stack[1:]:
            each.is_open = True
    return root


def _spoil(component: Component, number: int, text: str) -> None:
    """A line that is none may be the rest of the one before it, which nobody indented."""
    component.bad.append(number)
    found = _NAME.match(text)
    if (found[0].upper() if found else component.last) in _WHEN:
        component.broken.append(number)


def _open(stack: list[Component], line: Line) -> bool:
    """Exchange has written calendars in which no event ended before the next began."""
    opened = Component(line.value.strip().upper(), line.number)
    inner = _ALONE if opened.name in _ALONE else {"VCALENDAR"} if opened.name == "VCALENDAR" else ()
    for position in range(1, len(stack)):
        if stack[position].name in inner:
            del stack[position:]
            break
    if len(stack) > MAX_DEPTH:
        return False
    stack[-1].parts.append(opened)
    stack.append(opened)
    return True


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
    bare = _BARE_ZONE.fullmatch(text)
    if bare and ("," in bare[2] or ":" in bare[2]):  # a name in want of quotation marks
        return Line(number, name, {"TZID": bare[2]}, bare[3])
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
    number, parts, quoted = 0, [b""], False
    for count, raw in enumerate(_END.split(data.replace(b"\r\r\n", b"\r\n")), start=1):
        soft = quoted and parts[-1].endswith(b"=")
        if (soft or raw[:1] in (b" ", b"\t")) and number:
            parts[-1] = parts[-1][:-1] if soft else parts[-1]
            parts.append(raw[1:] if raw[:1] in (b" ", b"\t") else raw)
            continue
        if number:
            yield number, _text(b"".join(parts), quoted)
        number, parts, quoted = count, [raw], bool(_QUOTED.match(raw))
    yield number, _text(b"".join(parts), quoted)


def _text(line: bytes, quoted: bool) -> str:
    """UTF-8, or what Windows in Vietnam wrote before it knew UTF-8; letters with their marks in one."""
    if quoted:  # vCalendar 1.0
        head, colon, value = line.partition(b":")
        line = head + colon + b"\\n".join(quopri.decodestring(value).splitlines())
    try:
        text = line.decode()
    except UnicodeDecodeError:
        text = line.decode("cp1258", errors="replace")
    return _CONTROLS.sub(" ", unicodedata.normalize("NFC", text))


def _decoded(data: bytes) -> bytes:
    """Without a mark of byte order; UTF-16 made UTF-8."""
    if data.startswith(codecs.BOM_UTF8):
        return data[len(codecs.BOM_UTF8) :]
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", errors="replace").encode(errors="replace")
    for begin, name in _UTF_16:
        if data.startswith(begin):
            return data.decode(name, errors="replace").encode(errors="replace")
    return data
