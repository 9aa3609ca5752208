"""Finds the headings, paragraphs, list items and table cells of a text, through the breaks of its lines."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from tts.normalise import lists
from tts.sentences import Kind
from tts.types import Span

_LONGEST_HEADING: Final = 160  # characters
_WRAPPED: Final = 40  # a shorter line was not broken by the edge of a page
_ENDS: Final = tuple(".!?:;…")
_LINE: Final = re.compile(r"[^\n]+")
_GAP: Final = re.compile(r"[ \t]*\t[ \t]*|[ ]{4,}")
# What never ends a line of its own.
_LEADING_ON: Final = re.compile(
    r"(?:[,/-]|(?<!\w)(?:và|hoặc|của|về|việc|theo|tại|trên|cho|với|do|từ|đến|là|các|những|số|ngày|tháng|năm|xã|phường"
    r"|huyện|tỉnh|thôn|ông|bà|điều|khoản|điểm|nghị|quyết|định|luật|tổ|khu|căn|cứ|bằng|trong|khi|để|nhằm|thứ|loại|hạng"
    r"|quý|kỳ|khóa|khoá|đoạn|chương|mùng|mồng|lần|khoảng|hơn|gần|lúc|hồi|vào|dưới|btv|bch|km|ql|tp))$",
    re.IGNORECASE,
)
# A dot that belongs to the name on the next line.
_SHORT_FORM: Final = re.compile(
    r"(?<![\w.])(?:(?:P|Q|TP|Tp|TX|TT|KT|TM|TL|BS|TS|ThS|GS|PGS)|(?<=,\s)[HTX])\.$"
)
# What stands at the head of a line only because the line above was full.
_REST: Final = re.compile(r"(?!\d{1,2}\s[^\W\d_a-z])\d|\([A-ZĐƯ]{2,9}\)")
_ANSWER: Final = re.compile(r"\+?\d[\d .]{2,15}(?!\w)")  # đường dây nóng:⏎1022
_HALF_A_RANGE: Final = re.compile(r"\d\s?(?:%|(?:h|g|giờ|đ|đồng|kg|ha|km|m|mm|triệu|tỷ)(?!\w))?$")
_REST_OF_RANGE: Final = re.compile(r"[-–]\s?\d")
# The head of a telephone number, whose other digits the edge of the page pushed to the next line.
_HALF_A_NUMBER: Final = re.compile(r"(?<![\d.])(?:0\d{2,4}|1[89]00)(?:\)?[ .-]\d{2,4}){0,3}\)?$")
# A page's edge parts the halves of mar-keting without a space; every other one stands for a space.
_EDGE: Final = re.compile(r"(?<![^\W\d_]-)(?<![^\W\d_]-\ )\n")
# What a line in capitals begins with when it is not the rest of the line above.
_OWN_LINE: Final = re.compile(
    r"(?:cộng h[òo]|đảng|[ủu][ỷy] ban|hội đồng|thông báo|quyết định|kế hoạch|nghị quyết|chỉ thị|công văn"
    r"|báo cáo|chủ tịch|phó chủ tịch|bí thư|trưởng|tm\.|kt\.|tl\.|tuq\.|q\.|phần|chương|mục|điều|phụ lục)",
    re.IGNORECASE,
)


def blocks(source: str) -> Iterator[tuple[Kind, Span]]:
    """Pieces that are read without a break; between them stands nothing but space."""
    for paragraph in _paragraphs(source):
        wrapped = _is_wrapped(source, paragraph)
        block = paragraph[0]
        for line in paragraph[1:]:
            if _goes_on(source, block, line, wrapped=wrapped):
                block = Span(block.start, line.end)
            else:
                yield from _cells(source, block)
                block = line
        yield from _cells(source, block)


def _paragraphs(source: str) -> Iterator[list[Span]]:
    """Runs of lines with no blank line between them, each without the space around it."""
    run: list[Span] = []
    for match in _LINE.finditer(source):
        line = match[0]
        start = match.start() + len(line) - len(line.lstrip())
        end = match.start() + len(line.rstrip())
        broken = bool(run) and source.count("\n", run[-1].end, match.start()) > 1
        if start >= end or broken:
            if run:
                yield run
            run = []
        if start < end:
            run.append(Span(start, end))
    if run:
        yield run


def _is_wrapped(source: str, lines: Sequence[Span]) -> bool:
    """Whether a page's edge broke these lines: some of them begin within a sentence."""
    return any(source[line.start].islower() for line in lines[1:])


def _goes_on(source: str, block: Span, line: Span, *, wrapped: bool) -> bool:
    """Whether ``line`` is the rest of the one above it."""
    above = source[max(block.start, block.end - 200) : block.end].rpartition("\n")[2]
    written = source[line.start : min(line.end, line.start + 80)]
    if above.endswith(_ENDS):
        return bool(_SHORT_FORM.search(above[-8:]) or (above[-1] == ":" and _ANSWER.match(written)))
    if lists.starts(written) or _REST_OF_RANGE.match(written):
        cut = _REST_OF_RANGE.match(written) and len(above) >= _WRAPPED and _HALF_A_RANGE.search(above[-12:])
        return bool(cut and not lists.starts(source[block.start : block.end]))
    if written[0].islower():
        return True
    if "\t" in above or "\t" in written:
        return False
    if above.isupper():
        return written.isupper() and not _OWN_LINE.match(written)
    return _leads_on(above, written) or (wrapped and len(above) >= _WRAPPED and not written.isupper())


def _leads_on(above: str, written: str) -> bool:
    """Whether the one line cannot end so, or the other not begin so."""
    if _LEADING_ON.search(above[-20:]) or (written[:2].isdigit() and _HALF_A_NUMBER.search(above[-20:])):
        return True
    return len(above) >= _WRAPPED and not above[-1].isdigit() and bool(_REST.match(written))


def on_one_line(block: str) -> str:
    """The block as if the page had no edge; every character keeps its place."""
    return _EDGE.sub(" ", block) if "\n" in block else block


def _cells(source: str, block: Span) -> Iterator[tuple[Kind, Span]]:
    """A block, or the columns that stand side by side in it."""
    text = source[block.start : block.end]
    start = 0
    head = lists.starts(text)
    for gap in _GAP.finditer(text, head.end() + 1 if head and head.end() < len(text) else 0):
        if _parts(text, gap):
            yield Kind.CELL, Span(block.start + start, block.start + gap.start())
            start = gap.end()
    yield (_kind(text) if not start else Kind.CELL), Span(block.start + start, block.end)


def _parts(text: str, gap: re.Match[str]) -> bool:
    """Not the gap behind a label, nor one that is left to be filled in by hand."""
    if text[gap.start() - 1] in ":-":
        return False
    return "\t" in gap[0] or text[gap.end()].isupper()


def _kind(text: str) -> Kind:
    if lists.starts(text):
        return Kind.ITEM
    return Kind.PARAGRAPH if text.endswith(_ENDS) or len(text) > _LONGEST_HEADING else Kind.HEADING
