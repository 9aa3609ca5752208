"""An abbreviation and its full form side by side: one of the two is said."""

from __future__ import annotations

import re
from typing import Final

from tts.normalise.abbreviations import expansion
from tts.normalise.rule import Reading, Rule, letters_then, rule, signs
from tts.types import TokenKind

_NEAR: Final = 160  # characters in front in which the full form may stand
_SKIPPED: Final = 6  # words of the full form that may be left out of its abbreviation
_LETTERS: Final = re.compile(r"[^\W\d_]+")
_LEAD: Final = r"(?:(?:sau\sđây|dưới\sđây)\s)?(?:gọi|viết)\s(?:tắt|chung)(?:\slà)?\s?:?\s?|viết\stắt\s?:?\s?"


def _explained(match: re.Match[str]) -> Reading | None:
    """Ủy ban nhân dân (UBND), … (sau đây gọi tắt là BCĐ): what is in brackets is silent."""
    written = match["written"].strip()
    front = match.string[max(0, match.start() - _NEAR) : match.start()].rstrip()
    full = expansion(written).lower()
    if full and front.lower().endswith(full):
        return Reading("")
    return Reading("") if _stands_for(written, front) else None


def _stands_for(written: str, front: str) -> bool:
    """Whether the letters are those at the heads of the last words in front, some words left out."""
    wanted = "".join(_initials(word) for word in _LETTERS.findall(written))
    if len(wanted) < 2 or not any(letter.isupper() for letter in written):
        return False
    heads = [word[0].lower() for word in _LETTERS.findall(front)]
    skipped = 0
    for letter in reversed(wanted):
        while heads and not _same(heads[-1], letter):
            heads.pop()
            skipped += 1
        if not heads or skipped > _SKIPPED:
            return False
        heads.pop()
    return True


def _initials(word: str) -> str:
    """UBND gives all its letters, TTg its capitals, a word like tỉnh or Sở its first."""
    capitals = "".join(letter for letter in word if letter.isupper())
    return (capitals if len(capitals) > 1 else word[0]).lower()


def _same(head: str, letter: str) -> bool:
    return head == letter or {head, letter} == {"d", "đ"} or head in _FORMS.get(letter, "")


_FORMS: Final = {
    "a": "áàảãạ", "e": "éèẻẽẹ", "i": "íìỉĩịy", "o": "óòỏõọ", "u": "úùủũụ", "y": "ýỳỷỹỵ",
    "â": "ấầẩẫậ", "ă": "ắằẳẵặ", "ê": "ếềểễệ", "ô": "ốồổỗộ", "ơ": "ớờởỡợ", "ư": "ứừửữự",
}  # fmt: skip


def _followed_by_full_form(match: re.Match[str]) -> Reading | None:
    """TTDL (trung tâm dữ liệu): the words in brackets are said, the letters are not."""
    heads = [word[0].lower() for word in _LETTERS.findall(match["full"])]
    wanted = "".join(_initials(word) for word in _LETTERS.findall(match["written"]))
    fits = len(heads) == len(wanted) and all(map(_same, heads, wanted))
    return Reading("") if fits else None


RULES: Final[tuple[Rule, ...]] = (
    rule(
        rf"""\(\s?(?:{_LEAD})?["“'”]{{0,2}}
            (?P<written>[A-ZĐƯ][^\W\d_]{{0,14}}(?:[\s&.,-]{{1,3}}[^\W\d_]{{1,14}}){{0,6}})
            ["”'“]{{0,2}}\s?\)""",
        _explained,
        kind=TokenKind.ABBREVIATION,
        starts=signs("("),
    ),
    rule(
        r"""(?<!\w) (?P<written>[A-ZĐƯ][A-ZĐƯa-z]{1,14})
            (?=\s?\(\s?(?P<full>[^\W\d_]{1,9}(?:[\s,]{1,2}[^\W\d_]{1,9}){1,14})\s?\))""",
        _followed_by_full_form,
        kind=TokenKind.ABBREVIATION,
        starts=letters_then("("),
    ),
)
