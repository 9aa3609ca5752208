"""An abbreviation and its full form side by side: one of the two is said."""

from __future__ import annotations

import re
from typing import Final

from tts.normalise import letters
from tts.normalise.abbreviations import expansion
from tts.normalise.rule import Reading, Rule, letters_then, rule, signs
from tts.types import TokenKind

_NEAR: Final = 160  # characters in front in which the full form may stand
_SKIPPED: Final = 6  # words of the full form that may be left out of its abbreviation
_LETTERS: Final = re.compile(r"[^\W\d_]+")
_PHRASE: Final = re.compile(r"[^\W\d_]+(?:\s[^\W\d_]+)+")
_LEAD: Final = r"(?:(?:sau\sđây|dưới\sđây)\s)?(?:gọi|viết)\s(?:tắt|chung)(?:\slà)?\s?:?\s?|viết\stắt\s?:?\s?"
_SHORTENED: Final = re.compile(r"[A-ZĐƯ]{2}|[A-ZĐƯ][.&]|[A-ZĐƯ][a-z]?[A-ZĐƯ]")
_DEFINED: Final = re.compile(
    rf"\(\s?(?:{_LEAD})?[\"“'”]{{0,2}}(?P<written>[A-ZĐƯ]{{3,14}})[\"”'“]{{0,2}}\s?\)"
)


def _explained(match: re.Match[str]) -> Reading | None:
    """Ủy ban nhân dân (UBND), … (sau đây gọi tắt là BCĐ): what is in brackets is silent."""
    written = match["written"].strip()
    front = match.string[max(0, match.start() - _NEAR) : match.start()].rstrip()
    full = expansion(written).lower()
    if full and front.lower().endswith(full):
        return Reading("")
    if not match["lead"] and not _SHORTENED.search(written):
        return None  # 2.000.000đ/thẻ (Hai triệu đồng): whole words, in brackets for their own sake
    return Reading("") if _stands_for(written, front) else None


def _stands_for(written: str, front: str) -> bool:
    """Whether the letters are those at the heads of the last words in front, some words left out."""
    return _full_form(written, front, may_skip=_SKIPPED) != ""


def _full_form(written: str, front: str, *, may_skip: int) -> str:
    wanted = "".join(_initials(word) for word in _LETTERS.findall(written))
    if len(wanted) < 2 or not any(letter.isupper() for letter in written) or front[-1:].isdigit():
        return ""  # ngày 8/12 (CN): the day, no abbreviation of chợ … ngày
    words = list(_LETTERS.finditer(front))
    start, skipped = len(front), 0
    most = may_skip if len(wanted) > 2 else min(may_skip, 1)
    for letter in reversed(wanted):
        while words and not _same(words[-1][0][0].lower(), letter):
            words.pop()
            skipped += 1
        if not words or skipped > most:
            return ""
        start = words.pop().start()
    return front[start:]


def definitions(text: str) -> dict[str, str]:
    """What a text itself says its abbreviations mean: Ban Quản lý rừng phòng hộ (BQLRPH)."""
    found: dict[str, str] = {}
    for match in _DEFINED.finditer(text):
        front = text[max(0, match.start() - _NEAR) : match.start()].rstrip()
        full = "" if match["written"] in found else _full_form(match["written"], front, may_skip=0)
        if _PHRASE.fullmatch(full) and all(map(letters.is_syllable, full.split())):
            found.setdefault(match["written"], " ".join(full.split()))
    return found


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
        rf"""\(\s?(?P<lead>{_LEAD})?["“'”]{{0,2}}
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
