"""Two numbers with a stroke or a colon between them: fractions, scores, scales, and the result of a match."""

from __future__ import annotations

import re
from math import gcd
from typing import Final

from tts.normalise import numbers
from tts.normalise.neighbours import behind, in_front
from tts.normalise.rule import Reading, Rule, after, before, digits_then, first_words, rule
from tts.normalise.units import UNIT, UNITS
from tts.types import Doubt, TokenKind

_SCALE: Final = in_front("scale")
_MATCH: Final = in_front(
    "match",
    more=r"|(?<!\w)t[ỷỉ]\ssố\s(?:trận|hiệp|chung|cuối|sít|đậm)(?:\s[^\W\d_]+){0,4}",  # no tỷ số giới tính
    between=r"(?:\s(?:với|là))?",
)
_SETS: Final = re.compile(
    r"(?:[\s:(]{0,2}\d{1,2}\s?-\s?\d{1,2}\s?[,;(:]){1,5}$"
)  # thắng 2-1 (21-15, 18-21, 15-9)
_AGAINST: Final = re.compile(
    r"(?<!\w)(?:thắng|thua|hòa|hoà|gặp|vượt qua|đánh bại)(?:\sđội)?\s(?:[A-ZĐ][^\d.,;:()]{1,40}"
    r"|(?:thôn|xóm|bản|tổ|lớp|khối|đội|U)\s?\d{1,2}(?:\s[A-ZĐ][^\d.,;:()]{1,30})?):?\s$"
)
_SIDES: Final = re.compile(  # the names of both sides right in front
    r"(?<!\w)(?=[A-ZĐ])[^.;:()\d]{2,30}(?:\s\d{1,2})?\s?(?:[-–]|(?<=\s)(?:gặp|vs\.?|tiếp))\s?"
    r"(?:[^\W\d_]{1,8}\s){0,2}[A-ZĐ]\w{1,9}(?:\s[A-ZĐ\d]\w{0,7}){0,4}[:,]?\s$"
)
_SIDE: Final = re.compile(  # vòng 5: Hà Nội FC 1-0 HAGL
    r"(?<!\w)(?:[Cc]hung kết|[Bb]án kết|[Tt]ứ kết|[Vv]òng|[Bb]ảng|[Tt]rận|[Ll]ượt"
    r"|FC|CLB|[Đđ]ội|[Cc]up|[Cc]úp|[Gg]iải|League|U\d\d)(?!\w)"
    r"[^;]{0,60}[A-ZĐ]\w{0,9}\s$"
)
_NAMED_SIDE: Final = re.compile(r"[A-ZĐ]\w{0,9}(?:\sU?\d{0,2})?\s$")
_GAME: Final = re.compile(
    r"(?<!\w)(?:chung kết|bán kết|tứ kết|vòng|lượt|giao hữu|trận|giải|[Cc]up|[Cc]úp|bảng)(?!\w)"
)
_OTHER_SIDE: Final = re.compile(r"\s(?:đội\s)?[A-ZĐ]")
_PLAYED: Final = re.compile(r"(?<!\w)(?:thắng|thua|hòa|hoà|gặp|tỷ số|tỉ số)(?!\w)[^.;]{0,40}$")
_FAR: Final = 80  # characters in front in which both sides are named
_MOST_GOALS: Final = 20
_COUNTED: Final = re.compile(r"\s(?!và|ở|tại|trong|sau|để|với|chung)[^\W\dA-ZĐ]")
_SPAN: Final = re.compile(r"(?:ngày|buổi|giờ|tiếng)(?!\w)(?!\s\d)")  # nghỉ 1/2 ngày
_PLACED: Final = re.compile(r"(?<!\w)(?:xếp|đứng|hạng|vị trí)\sthứ$")
_ADDRESS: Final = in_front("address")
_RATED: Final = in_front(
    "rated", more=r"|(?<!\w)(?:huyết\sáp|thị\slực)[^.,;]{0,20}", between=r"(?:\slà)?", words=False
)
_TAKEN: Final = in_front("portion")
_PORTIONS: Final = behind("portion")
_WHOLES: Final = behind("whole")
_NO_NOUN: Final = behind("no_noun")
_ANOTHER: Final = re.compile(r"^(?:đến|tới|hoặc|hay|[-–])\s?\d/\d{1,2}\s(?=\w)")  # 1/4 - 1/3 diện tích
_WELL_KNOWN: Final = frozenset(("24/24", "24/7", "7/7"))
_ALL: Final = ("số", "tổng", "diện tích")
_FEW: Final = 4  # parts: of more, voters are counted
_AT_LEAST: Final = re.compile(r"(?<!\w)(?:hơn|trên|quá|gần|ít nhất|tối thiểu|đủ|có|được)$")
_VOTERS: Final = re.compile(r"(?:đại biểu|thành viên|hội viên|cử tri|đảng viên|ủy viên|phiếu)(?!\w)")
_SMALL: Final = 10  # parts of a whole that people speak of as a fraction


def _ratio(match: re.Match[str]) -> Reading:
    top, bottom = match["top"], match["bottom"]
    unit = f" {UNITS[match['unit'].strip()]}" if match["unit"] else ""
    first = numbers.ordinal(top) if _PLACED.search(before(match)) else numbers.quantity(top)
    over = f"{first} trên {numbers.quantity(bottom)}{unit}"
    if match["hours"]:
        return Reading(f"{over} giờ")
    kind = _kind(match)
    if kind is None:
        small = int(bottom) <= _SMALL and int(top) < int(bottom)
        return Reading(over, Doubt.AMBIGUOUS if small else None)
    return Reading(f"{numbers.quantity(top)} phần {_part(bottom)}{unit}" if kind else over)


def _part(bottom: str) -> str:
    return "tư" if bottom == "4" else numbers.quantity(bottom)


def _kind(match: re.Match[str]) -> bool | None:
    """True for a fraction, False for a score or scale, None where nothing tells."""
    top, bottom = match["top"], match["bottom"]
    preceding, following = before(match), _ANOTHER.sub("", after(match))
    if match[0] in _WELL_KNOWN or _ADDRESS.search(preceding) or _SCALE.search(preceding):
        return False
    counted = not (top.isdigit() and bottom.isdigit()) or int(top) >= int(bottom)
    if counted or gcd(int(top), int(bottom)) > 1:  # 6/8 cửa xả: nobody leaves a fraction so
        return False
    span = int(bottom) <= _SMALL and bool(_SPAN.match(following))
    span = span or _is_majority(bottom, preceding, following)
    if not span and (_WHOLES.match(following) or _RATED.search(preceding)):
        return False
    if span or (_PORTIONS.match(following) and (int(bottom) <= _SMALL or following.startswith(_ALL))):
        return True
    if int(bottom) > _SMALL:
        return False
    noun = match["unit"] or (following[:1].isalpha() and not _NO_NOUN.match(following))
    return True if noun or _TAKEN.search(preceding) else None


def _is_majority(bottom: str, preceding: str, following: str) -> bool:
    """hơn 2/3 đại biểu: a share of all, not two of three."""
    return bool(int(bottom) <= _FEW and _AT_LEAST.search(preceding) and _VOTERS.match(following))


def _scale(match: re.Match[str]) -> str | None:
    top, bottom = match["top"], match["bottom"]
    if not _SCALE.search(before(match)) and not (top == "1" and numbers.parts(bottom)[0].endswith("00")):
        return None
    return f"{numbers.quantity(top)} trên {numbers.quantity(bottom)}"


def _points(match: re.Match[str]) -> str:
    """92,5/100đ: what a jury gives."""
    return f"{numbers.quantity(match['got'])} trên {numbers.quantity(match['most'])} điểm"


def _result(match: re.Match[str]) -> str | None:
    """The two sides of a match: ba một."""
    front = before(match)
    if front[-1:] in (",", ";", "(", ":"):
        front, sets = _SETS.subn("", front)
        if sets and _PLAYED.search(front):
            return f"{numbers.quantity(match['first'])} {numbers.quantity(match['second'])}"
    uneven = int(match["first"]) >= int(match["second"]) and _SCALE.search(front)
    if not uneven and not _MATCH.search(front) and not _against(match):
        return None
    return f"{numbers.quantity(match['first'])} {numbers.quantity(match['second'])}"


def _against(match: re.Match[str]) -> bool:
    """Thắng Thôn Đoài 3-1, Thôn 1 - Thôn 2: 3-2, where no noun follows that would be counted."""
    front = match.string[max(0, match.start() - _FAR) : match.start()]
    small = max(int(match["first"]), int(match["second"])) <= _MOST_GOALS
    between = small and _OTHER_SIDE.match(match.string, match.end()) and _is_played(match, front)
    sides = between or _AGAINST.search(front) or (small and _SIDES.search(front))
    return bool(sides) and not _COUNTED.match(match.string, match.end())


def _is_played(match: re.Match[str], front: str) -> bool:
    """Between two names, with a word for a match on either side."""
    if _SIDE.search(front):
        return True
    return bool(_NAMED_SIDE.search(front) and _GAME.search(match.string, match.end(), match.end() + _FAR))


def _out_of(match: re.Match[str]) -> str | None:
    """1.500/2.000 tỷ: neither a date nor a fraction."""
    if not re.search(r"[.,]", match[0]):
        return None
    return f"{numbers.quantity(match['top'])} trên {numbers.quantity(match['bottom'])}"


def _chain(match: re.Match[str]) -> Reading:
    """113/114/115 and what else is no date."""
    said = " trên ".join(map(numbers.quantity, re.split(r"\s?/\s?", match[0])))
    return Reading(said, Doubt.AMBIGUOUS)


def _vulgar(match: re.Match[str]) -> str:
    whole = f"{numbers.quantity(match['whole'])} và " if match["whole"] else ""
    return whole + _VULGAR[match["part"]]


_VULGAR: Final = {
    "½": "một phần hai", "⅓": "một phần ba", "⅔": "hai phần ba", "¼": "một phần tư", "¾": "ba phần tư",
    "⅕": "một phần năm", "⅖": "hai phần năm", "⅗": "ba phần năm", "⅘": "bốn phần năm", "⅛": "một phần tám",
}  # fmt: skip
_EDGE: Final = r"(?<![\w/.,])(?<!\d[-–])"
RULES: Final[tuple[Rule, ...]] = (
    rule(
        r"(?<!\w) TL (?=[\s:]{0,2}1\s?[/:]\s?\d)",
        lambda _: "tỷ lệ",
        kind=TokenKind.ABBREVIATION,
        starts=first_words("tl"),
    ),
    rule(
        rf"{_EDGE} (?P<top>\d{{1,3}}) \s?[/:]\s? (?P<bottom>{numbers.NUMBER}) (?![\w/:])",
        _scale,
        kind=TokenKind.NUMBER,
        starts=digits_then("/:", 1, 3),
    ),
    rule(
        r"(?<![\w.,/]) (?P<got>\d{1,3}(?:[.,]\d{1,2})?)\s?/\s?(?P<most>10|20|30|50|100)\s?đ (?![\w/])",
        _points,
        kind=TokenKind.NUMBER,
        starts=digits_then("/.,", 1, 3),
    ),
    rule(
        rf"{_EDGE} (?P<first>\d{{1,3}}) \s?(?:{numbers.DASH}|:)\s? (?P<second>\d{{1,3}}) (?![\w/%-]|[.,]\d)",
        _result,
        kind=TokenKind.NUMBER,
        starts=digits_then("-:", 1, 3),
    ),
    rule(
        rf"""(?<![\w/.,]) (?P<top>\d{{1,5}}(?:,\d{{1,2}})?) \s?/\s?
            (?P<bottom>[1-9]\d{{0,4}}|\d,\d(?=\s?kV))(?P<hours>h(?!\w))?
            (?P<unit>\s?{UNIT})? (?![\w/]|[.,]\d)""",
        _ratio,
        kind=TokenKind.NUMBER,
        starts=digits_then("/,", 1, 5),
    ),
    rule(
        rf"{_EDGE} (?P<top>{numbers.NUMBER}) \s?/\s? (?P<bottom>{numbers.NUMBER}) (?![\w/])",
        _out_of,
        kind=TokenKind.NUMBER,
        starts=digits_then("/.,"),
    ),
    rule(
        r"(?<![\w/.,]) \d{1,6}(?:\s?/\s?\d{1,6}){2,12} (?![\w/])",
        _chain,
        kind=TokenKind.NUMBER,
        starts=digits_then("/", 1, 6),
    ),
    rule(
        rf"(?<!\w) (?P<whole>\d{{0,3}}) \s? (?P<part>[{''.join(_VULGAR)}]) (?!\w)",
        _vulgar,
        kind=TokenKind.NUMBER,
        starts=digits_then("".join(_VULGAR), 1, 3) | first_words(*_VULGAR),
    ),
    rule(
        r"(?<=[\dm]\ ) [xX] (?=\ (?:rộng|dài|cao|sâu|ngang)(?!\w))",  # dài 2m x rộng 3m
        lambda _: "nhân",
        kind=TokenKind.SIGN,
        starts=first_words("x"),
    ),
)
