"""Telephone numbers, e-mail and web addresses."""

from __future__ import annotations

import re
from typing import Final

from tts.normalise import letters, numbers
from tts.normalise.data import WEB
from tts.normalise.rule import DIGIT, Reading, Rule, before, digits_then, letters_then, rule, signs
from tts.types import Doubt, TokenKind

_CALL_WORDS: Final = re.compile(
    r"(gọi|tổng đài|đường dây nóng|điện thoại|số máy|đt|hotline|bấm)[\s:.]*(số)?[\s:.]*"
    r"(\d{3,8}(,|;|\s-|\shoặc|\svà)\s*)*$"
)
_SIGNS: Final = {
    ".": "chấm", "@": "a còng", "/": "gạch chéo", "-": "gạch ngang", "_": "gạch dưới", ":": "hai chấm",
    "?": "hỏi", "=": "bằng", "&": "và", "%": "phần trăm", "#": "thăng", "+": "cộng", "~": "ngã",
}  # fmt: skip


def _address(written: str) -> str:
    parts = re.findall(r"[^\W\d_]+|\d+|[_\W]", written)
    return " ".join(filter(None, map(_address_part, parts)))


def _address_part(part: str) -> str:
    if part.isdigit():
        return numbers.spelled(part)
    if not part.isalpha():
        return _SIGNS.get(part, "")
    known = WEB.get(part.lower())
    if known:
        return known
    syllables = split_syllables(part.lower())
    return " ".join(syllables) if syllables else letters.names(part)


def split_syllables(word: str) -> list[str]:
    """Cut letters written together, as in ``sotuphap``, into syllables; [] where that cannot be done."""
    best: list[list[str] | None] = [[]] + [None] * len(word)
    for end in range(1, len(word) + 1):
        for start in range(max(0, end - 7), end):
            head = best[start]
            piece = word[start:end]
            if head is not None and (len(piece) > 1) and letters.is_syllable(piece):
                found = best[end]
                if found is None or len(head) + 1 < len(found):
                    best[end] = [*head, piece]
    return best[len(word)] or []


def _mail(match: re.Match[str]) -> str:
    return _address(match[0])


def _hidden_mail(_match: re.Match[str]) -> Reading:
    """What a web page leaves of an address that it hides from robots: nobody can read it."""
    return Reading("địa chỉ đã được ẩn", Doubt.UNREADABLE)


def _web(match: re.Match[str]) -> str:
    return _address(match["host"] + (match["path"] or "").rstrip("/"))


def _telephone(match: re.Match[str]) -> str | None:
    groups = re.findall(r"\d+", match[0])
    if not 9 <= sum(map(len, groups)) <= 12:
        return None
    plus = "cộng " if match[0].startswith("+") else ""
    return plus + ", ".join(map(numbers.spelled, groups))


def _service(match: re.Match[str]) -> str | None:
    digits = re.sub(r"\D", "", match[0])
    if len(digits) <= 5 and not _CALL_WORDS.search(before(match)):
        return None
    return ", ".join(map(numbers.spelled, re.findall(r"\d+", match[0])))


_EDGE: Final = r"(?<![\w@])"
RULES: Final[tuple[Rule, ...]] = (
    rule(r"\[email\s?protected\]", _hidden_mail, re.IGNORECASE, kind=TokenKind.WEB, starts=signs("[")),
    rule(
        _EDGE + r"[A-Za-z0-9][\w.+-]{0,63}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,5}",
        _mail,
        re.ASCII,
        kind=TokenKind.WEB,
        starts=letters_then("@.+-_0") | digits_then("@.+-_a"),
    ),
    rule(
        r"(?<![\w@.]) (?:https?://)? (?:www\.)?"
        r"(?P<host>(?:[a-z0-9][a-z0-9-]{0,62}\.){1,5}(?:com|vn|net|org|edu|gov|info|io|me)\b)"
        r"(?P<path>/[\w./?=&%\#+~-]{0,200}[\w/])?",
        _web,
        re.ASCII | re.IGNORECASE,
        kind=TokenKind.WEB,
        starts=letters_then(".-:0") | digits_then(".-a"),
    ),
    rule(
        r"(?<![\w.,/-]) (?:\(?\+84\)?[ .]?|0)\d(?:[ .-]?\d){7,9} (?![\d/]|[.,]\d)",
        _telephone,
        kind=TokenKind.TELEPHONE,
        starts=DIGIT | signs("(+"),
    ),
    rule(
        r"(?<![\w.,/-]) (?:1[89]00[ .]?\d{4}|1[89]00[ .]?\d{2}[ .]?\d{2}) (?![\w/]|[.,]\d)",
        _service,
        kind=TokenKind.TELEPHONE,
    ),
    rule(r"(?<![\w.,/-]) 1\d{2,3} (?![\w/%]|[.,]\d)", _service, kind=TokenKind.TELEPHONE),
)
