"""Signs that no rule took: stops, dashes, brackets, ornaments, and what cannot be said."""

from __future__ import annotations

import functools
import re
import unicodedata
from typing import Final

from tts.normalise.data import SIGNS
from tts.normalise.rule import Reading
from tts.types import Doubt

_MARKS: Final = {**{mark: mark for mark in ",;:!?"}, "(": ",", ")": ",", "|": ",", "¿": "", "¡": ""}
_ORNAMENTS: Final = frozenset("\"'“”‘’«»„‚`´*_\\~[]{}·")
_CLOSING: Final = "\"'”’»)]} "
_RARE: Final = {
    "£": "bảng Anh", "¥": "yên", "√": "căn", "∞": "vô cùng", "≠": "khác", "∑": "tổng", "∆": "đen ta",
    "‱": "phần vạn", "⇒": "đến", "↔": "và", "−": "trừ", "÷": "chia",
}  # fmt: skip
_SIGNATURE: Final = re.compile(r"(?<!\w)(?:TM|KT|TL|TUQ)$")  # for whom somebody signs: no sentence ends here
_FEW_DIGITS: Final = re.compile(r"(?<![\d.])\d{1,3}$")
_FEW_BEHIND: Final = re.compile(r"\d{1,3}(?!\d)")
_SILENT: Final = Reading("")
_BREATH: Final = Reading(",")
_STOP: Final = Reading(".")
_OVER: Final = Reading("trên")
_NOT_SAID: Final = Reading("", Doubt.UNREADABLE)


def sign(line: str, start: int, end: int) -> Reading:
    """A sign, or a run of the same sign, where it stands in its line."""
    written = line[start]
    if written not in _BY_PLACE or (written == "#" and not line[end : end + 1].isalpha()):
        item = written == "+" and _begins(line, start, end)
        return _BREATH if item else _anywhere(line[start : min(end, start + 2)])
    if written in ".…":
        if _SIGNATURE.search(line[max(0, start - 5) : start]):
            return _SILENT
        return _stop(line, end, ellipsis=written == "…" or end - start > 1)
    if written in _ARROWS:  # from place to place; between clauses a breath
        return _BREATH if line[end : end + 3].lstrip()[:1].islower() else _anywhere(written)
    if written in _DASHES:  # silent within a word, and a rule where it is long
        return _BREATH if _stands_free(line, start, end) else _SILENT
    return _stroke(line, start, end) if written == "/" else _SILENT  # or a hashtag


_DASHES: Final = frozenset("-\u2010\u2011\u2012\u2013\u2014\u2015\u2212")
_ARROWS: Final = frozenset("→⇒")
_BY_PLACE: Final = _DASHES | _ARROWS | frozenset(".…/#")


def _stands_free(line: str, start: int, end: int) -> bool:
    return start > 0 and line[start - 1].isspace() and line[end : end + 1].isspace()


def _stroke(line: str, start: int, end: int) -> Reading:
    """32/01, which is no date; words are parted by a breath."""
    if _FEW_DIGITS.search(line[max(0, start - 5) : start]) and _FEW_BEHIND.match(line, end):
        return _OVER
    return _BREATH if line[start - 1 : start].isalpha() and line[end : end + 1].isalpha() else _SILENT


def _begins(line: str, start: int, end: int) -> bool:
    """A list that was run into one line: vật liệu: + Cát."""
    front = line[max(0, start - 3) : start].rstrip()[-1:]
    return front in ":;.(“" and line[end : end + 1] == " " and line[end + 1 : end + 2].isupper()


def _stop(line: str, end: int, *, ellipsis: bool) -> Reading:
    if ellipsis:
        following = line[end : end + 20].lstrip(_CLOSING)
        return _STOP if not following or following[0].isupper() else _BREATH
    return _SILENT if line[end : end + 1].isalnum() else _STOP


@functools.lru_cache(maxsize=4096)
def _anywhere(run: str) -> Reading:
    """A mark, a sign that has a name, an ornament, or what nobody can say; two stand for any number."""
    written, alone = run[0], len(run) == 1
    if written in _MARKS:
        return Reading(_MARKS[written])
    said = SIGNS.get(written) or _RARE.get(written)
    if said and alone:
        return Reading(said)
    ornament = written in _ORNAMENTS or unicodedata.category(written)[0] in "CMZ"
    if not alone or ornament or unicodedata.category(written) in ("So", "Sk", "Po", "Ps", "Pe", "Pi", "Pf"):
        return _SILENT  # a run of one sign is a line or a frame; pictures are for the eye
    return _NOT_SAID
