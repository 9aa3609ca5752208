"""Telephone numbers: digit by digit, a breath where the groups are parted; short service numbers too."""

from __future__ import annotations

import re
from typing import Final

from tts.normalise import numbers
from tts.normalise.neighbours import behind, in_front, links
from tts.normalise.rule import Rule, after, before, digits_of, digits_then, first_words, rule, signs
from tts.types import TokenKind

_LINK: Final = rf"(?:[\s:.(,;/)-]|{links('called')}|\d{{3,8}}(?!\d)){{0,14}}"
_ALWAYS: Final = in_front(
    "always_called",
    more=r"|(?<!\w)(?:nhắn|soạn|cú pháp:?)\s[^.;:]{1,40}\sgửi(?:\s(?:đến|tới|số|về))?",
    between=_LINK,
    words=False,
)
_CALLED: Final = in_front("called", between=_LINK, words=False)
_COUNTED: Final = behind("counted")
_SERVICES: Final = frozenset(
    (
        "111",
        "112",
        "113",
        "114",
        "115",
        "116",
        "117",
        "118",
        "119",
        "1022",
        "1080",
        "1088",
        "1089",
        "156",
        "1900",
        "1800",
    )
)
_NATIONAL: Final = 11  # digits of a fixed line with its area; a mobile has one less
_SHORTEST: Final = 9


def _telephone(match: re.Match[str]) -> str | None:
    groups = numbers.runs(match[0])
    length = sum(map(len, groups))
    abroad = match[0].lstrip("(").startswith(("+", "84", "00"))
    if len(groups[0]) <= 2 and re.fullmatch(r"(?:19|20)\d\d", groups[-1]):
        return None  # 01.3-05.3.2024
    if not _SHORTEST <= length <= _NATIONAL + (2 if abroad else 0):
        return None
    plus = "cộng " if "+" in match[0] else ""
    return plus + ", ".join(map(numbers.spelled, groups))


def _hotline(match: re.Match[str]) -> str | None:
    years = re.fullmatch(r"1[89]00\D{1,3}(?:1[89]|20)\d\d", match[0])
    if years and not _CALLED.search(before(match)) and not _ALWAYS.search(before(match)):
        return None  # 1900-1945
    return ", ".join(map(numbers.spelled, numbers.runs(match[0])))


def _service(match: re.Match[str]) -> str | None:
    digits, preceding = match[0], before(match)
    called = _ALWAYS.search(preceding) or (
        digits in _SERVICES and (_CALLED.search(preceding) or _EXPLAINED.match(after(match)))
    )
    return numbers.spelled(digits) if called and not _COUNTED.match(after(match)) else None


def _local(match: re.Match[str]) -> str | None:
    """3812.116 behind a word for a telephone or behind a whole number."""
    if not _ALWAYS.search(before(match)) or _COUNTED.match(after(match)):
        return None
    return ", ".join(map(numbers.spelled, numbers.runs(match[0])))


def _services(match: re.Match[str]) -> str | None:
    """113/114/115."""
    numbers_said = numbers.runs(match[0])
    if not all(each in _SERVICES for each in numbers_said):
        return None
    return ", ".join(map(numbers.spelled, numbers_said))


def _prefix(match: re.Match[str]) -> str | None:
    """đầu số +882, +1900: how strange calls begin."""
    return f"cộng {numbers.spelled(match['prefix'])}" if _STRANGE.search(before(match)) else None


def _extension(match: re.Match[str]) -> str:
    return f"máy lẻ {numbers.spelled(match['number'])}"


_EXPLAINED: Final = re.compile(  # 113 (CA)
    r"\((?:số\s)?(?:công an|ca|cảnh sát|pccc|chữa cháy|cứu hỏa|cứu hoả|cứu nạn"
    r"|cấp cứu|y tế|bảo vệ trẻ em|bvte|tổng đài)(?!\w)"
)
_STRANGE: Final = re.compile(r"(?<!\w)(?:đầu số|số lạ|mã vùng|mã nước|số điện thoại)(?!\w)[^.;]{0,40}$")
_END: Final = r"(?!\d|[.,]\d|[/-]\d{1,4}(?!\d)|[ .-]\d{3}(?!\d))(?!\w)"
RULES: Final[tuple[Rule, ...]] = (
    rule(
        r"(?<![\w.,-]) (?:\d{4}[. ]\d{3}|\d[. ]\d{3}[. ]\d{3}|[2-9]\d{5,6}) (?![\w/]|[ .,-]?\d)",
        _local,
        kind=TokenKind.TELEPHONE,
        starts=digits_then(".3", 1, 1) | digits_then(".3", 4, 4) | digits_of(6, 7),
    ),
    rule(
        rf"""(?<![\w.,-]) (?: \(?(?:\+|00)84\)?[ .-]?(?:\(0\))?\(?\d{{1,3}}\)?(?:[ .-]?\d){{6,9}}
            | \((?:0|84[ .-]?)\d{{1,4}}\)[ .-]?\d(?:[ .-]?\d){{5,8}}
            | 0\d{{9}}(?!\d) | 0[1-9](?:[ .\n-]?\d){{7,9}} | 84[35789]\d{{8}} | 842\d{{9}} ) {_END}""",
        _telephone,
        kind=TokenKind.TELEPHONE,
        starts=digits_of(2, 16) | signs("(+"),
    ),
    rule(
        r"""(?<![\w.,/-]) 1[89]00
            (?:[ .-]?\d{4}|[ .-]?\d{2}[ .-]?\d{2}(?:[ .-]?\d{2})?|[ .-]\d{3}[ .-]\d{3}) (?![\w/]|[.,]\d)""",
        _hotline,
        kind=TokenKind.TELEPHONE,
        starts=digits_of(4, 10),
    ),
    rule(
        r"(?<!\w) \+(?P<prefix>\d{1,4}) (?![\w/]|[ .,-]\d)",
        _prefix,
        kind=TokenKind.TELEPHONE,
        starts=signs("+"),
    ),
    rule(
        r"(?<![\w.,/-]) 1\d{2,3}(?:\s?[/-]\s?1\d{2,3}){1,4} (?![\w/-]|[.,]\d)",
        _services,
        kind=TokenKind.TELEPHONE,
        starts=digits_then("/-", 3, 4),
    ),
    rule(
        r"(?<![\w.,/-]) \d{3,5} (?![\w/%-]|[.,]\d)",
        _service,
        kind=TokenKind.TELEPHONE,
        starts=digits_of(3, 5),
    ),
    rule(
        r"(?<!\w) (?:[Mm]áy\ lẻ|[Ee]xt\.?|EXT|[Mm]áy\ nhánh) [\s:.]{0,3} (?P<number>\d{1,5}) (?!\w)",
        _extension,
        kind=TokenKind.TELEPHONE,
        starts=first_words("máy", "ext"),
    ),
)
