"""Plain numbers, ranges and lists of them, and the signs in front of a number."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from tts.normalise import letters, numbers
from tts.normalise.neighbours import behind, in_front, words
from tts.normalise.rule import Reading, Rule, after, before, digits_then, first_words, rule, signs
from tts.types import Doubt, TokenKind

_LABELS: Final = in_front("label")
_SECTIONS: Final = in_front("section", between=r"(?:\ssố)?")
_ERA: Final = re.compile(r"[2-5]\.0")  # công nghiệp 4.0
_NEGATIVE: Final = re.compile(r"(?<!\w)âm$")
_SUM: Final = re.compile(r"(?<!\w)tổng\ssố(?:\slà)?[\s:]*$")
_LABELLED: Final = re.compile(words("label"))
_NUMBERED: Final = re.compile(
    r"(?<!\w)(?P<word>(?!từ\s|khoảng\s)[^\W\d_]{2,8})\s(?:\d[\d.]{0,7}|[ivx]{1,6})$"
)
_LASTING: Final = r"(?:phút|giờ|ngày|tuần|tháng|năm|tuổi)"
_SPAN: Final = re.compile(rf"(?:từ|trẻ|sau|khoảng|trong|kéo dài)[\s:]\d{{1,3}}\s{_LASTING}$")
_POST: Final = re.compile(r"(?<!\w)k\d{1,3}\+\d{1,4}$")
_SCORED: Final = re.compile(r"[^\W\d_]{2,8}\s\d{1,2}\s?:?\s\d{1,2}\s?[-–]\s?\d{1,2}\s?(?:[.,;()]|$)")
_FRACTION: Final = re.compile(r"(?<![\w/.,])\d/\d{1,2}$")
_OF_DAYS: Final = behind("day_label")
_GRADE: Final = re.compile(r"(?<!\w)(?:npk|dap|map|np|nk|pk)(?:-s|\ss)?$")
_OF_BRAND: Final = re.compile(r"(?<!\w)(?:npk|dap|map|np|nk|pk)(?:-s|\ss)?(?:\s[^\W\d_]+){0,3}$")
_SPACE: Final = re.compile(r"\s")
_NOT_LESS: Final = "lớn hơn hoặc bằng"
_NOT_MORE: Final = "nhỏ hơn hoặc bằng"
_WAVES: Final = frozenset("~∼")
_COMPARED: Final = {
    ">=": _NOT_LESS, "=>": _NOT_LESS, "<=": _NOT_MORE, "=<": _NOT_MORE, "~": "khoảng", "≈": "khoảng",
    "≃": "khoảng", "∼": "khoảng", "+/-": "cộng trừ", "+-": "cộng trừ",
}  # fmt: skip


def _range(match: re.Match[str]) -> str:
    if _GRADE.search(before(match)):  # DAP 18-46
        return f"{numbers.quantity(match['first'])}, {numbers.quantity(match['second'])}"
    return f"{numbers.quantity(match['first'])} đến {numbers.quantity(match['second'])}"


def _listed(match: re.Match[str]) -> str:
    return ", ".join(numbers.quantity(digits) for digits in numbers.runs(match[0]))


def _plain(match: re.Match[str]) -> Reading | str | None:
    written = match["number"]
    if match[0].isdecimal():
        return numbers.quantity(written)
    if len(_SPACE.findall(written)) == 1 and _LABELS.search(before(match)) and not _SUM.search(before(match)):
        return None  # lớp 3 125 em: two numbers
    if "." in written and numbers.parts(written)[1] and _SECTIONS.search(before(match)):
        return None  # mục 2.1
    if _ERA.fullmatch(written) and not after(match).startswith(("điểm", "lần")):
        return f"{numbers.number(written[0])} chấm không"
    sign = {"+": "cộng "}.get(match["sign"], "âm ") if match["sign"] else ""
    bullet = sign == "âm " and not before(match)
    sign = "" if _NEGATIVE.search(before(match)) else sign
    doubtful = bullet or numbers.is_uncertain(written)
    return Reading(sign + numbers.quantity(written), Doubt.AMBIGUOUS if doubtful else None)


def _whole(match: re.Match[str]) -> str:
    return numbers.quantity(match["number"])


def _said_twice(match: re.Match[str]) -> str | None:
    """02 (hai) bản, 1.200 (một nghìn hai trăm) người: the words in brackets are silent."""
    counted = _COUNTED.search(before(match))
    if not counted:
        return None
    written = _FORMS.sub(lambda form: _ONE_FORM[form[0]], match["words"].lower())
    return "" if written == numbers.quantity(counted[0]) else None


def _power(match: re.Match[str]) -> str:
    """2,5.10^3, 4x10^5, 10⁻³"""
    factor = f"{numbers.quantity(match['factor'])} nhân " if match["factor"] else ""
    power = match["power"] or unicodedata.normalize("NFKC", match["raised"][1:])
    least = "trừ " if match["least"] or match["raised"] else ""
    return f"{factor}mười mũ {least}{numbers.cardinal(int(power))}"


def _dotted(match: re.Match[str]) -> str:
    """1.2.3 as the number of a section, 2.3.4.4b as that of a strain."""
    joint = ", " if _OF_BRAND.search(before(match)) else " chấm "  # NPK-S Lâm Thao 12.5.10-14
    said = joint.join(map(numbers.number, numbers.runs(match[0])))
    return f"{said} {letters.names(match['letter'])}" if match["letter"] else said


def _compared(match: re.Match[str]) -> str | None:
    if not after(match)[:1].isdigit():
        return None
    between = match["sign"] in _WAVES and before(match)[-1:].isdigit()  # 40 ~ 60%
    return "đến" if between else _COMPARED[match["sign"]]


def _by(_match: re.Match[str]) -> str:
    """10 vỉ x 10 viên."""
    return "nhân"


def _until(_match: re.Match[str]) -> str:
    return "đến"


def _until_fraction(match: re.Match[str]) -> str | None:
    """1/3 - 1/2 of the fields."""
    return "đến" if _FRACTION.search(before(match)) else None


def _until_span(match: re.Match[str]) -> str | None:
    """trẻ từ 6 tháng - 5 tuổi"""
    return "đến" if _SPAN.search(before(match)) else None


def _until_label(match: re.Match[str]) -> str | None:
    """Điều 5 - Điều 8, cọc 12 - cọc 27; of khoản 2 - Điều 15 the one is a part of the other."""
    label, same, front = match["label"], match["same"], _NUMBERED.search(before(match))
    if match["post"]:
        return "đến" if _POST.search(before(match)) else None
    alike = front is not None and (label or same or "").lower().endswith(front["word"])
    if _SCORED.match(after(match)):  # Thôn 1 - Thôn 2: 3-1
        return ","
    if same:
        return "đến" if alike else None
    if not label or not front or alike:
        return "đến"
    days = _OF_DAYS.match(front["word"]) and _OF_DAYS.match(label.lower())
    unlike = _LABELLED.fullmatch(front["word"]) or label[0].isupper()
    return "đến" if days or not unlike else ","


_COUNTED: Final = re.compile(r"(?<![\w.,/-])\d{1,3}(?:\.\d{3}){0,4}$")
_ONE_FORM: Final = {"ngàn": "nghìn", "lẻ": "linh", "bẩy": "bảy", "tỉ": "tỷ"}
_FORMS: Final = re.compile(r"(?<!\w)(?:ngàn|lẻ|bẩy|tỉ)(?!\w)")
_EDGE: Final = r"(?:(?<![\w.,/])|(?<=\)/))(?<!\d[-–])"
RULES: Final[tuple[Rule, ...]] = (
    rule(
        r"\(\s?(?P<words>[^\W\d_]{2,5}(?:\s[^\W\d_]{2,5}){0,14})\s?\)",
        _said_twice,
        kind=TokenKind.SIGN,
        starts=signs("("),
    ),
    rule(
        r"""(?: (?<=\s)[xX](?=\s\d)
            | (?<=[\d%]\s)[xX](?=\s(?:[A-ZĐ]{2,5}(?!\w)|mức|hệ\ssố|đơn\sgiá|lương|số)) )""",
        _by,
        kind=TokenKind.SIGN,
        starts=first_words("x"),
    ),
    rule(
        r"""(?<![\w.,/]) (?:(?P<factor>\d{1,3}(?:,\d{1,3})?)\s?[.x×*]\s?)?10
            (?:\^(?P<least>[-−])?(?P<power>\d{1,2})|(?P<raised>⁻[⁰¹²³⁴-⁹]{1,2})) (?![\w^])""",
        _power,
        kind=TokenKind.NUMBER,
        starts=digits_then(".,x×*^⁻") | digits_then("a", 1, 3),
    ),
    rule(
        r"(?P<sign>>=|=>|<=|=<|\+/-|\+-|[~≈≃∼]) (?=\s?\d)",
        _compared,
        kind=TokenKind.SIGN,
        starts=signs("><=~≈≃∼+"),
    ),
    rule(
        rf"""(?:(?<=[\dIVX])|(?<=[\dIVX]\s)) (?:{numbers.DASH}|→)
            (?=\s?(?:(?P<label>(?i:{words("label")}))\s(?:\d|[IVX])|[Kk][Mm]\s?\d|hết\s(?:ngày|tháng)\s\d
                |(?P<post>K\d{{1,3}}\+\d)|(?P<same>[^\W\d_]{{2,8}})\s\d))""",
        _until_label,
        kind=TokenKind.SIGN,
        starts=signs("-‐‑‒–—−→"),
    ),
    rule(
        rf"{numbers.DASH} (?=\s?\d{{1,3}}\s{_LASTING}(?!\w))",
        _until_span,
        kind=TokenKind.SIGN,
        starts=signs("-‐‑‒–—−"),
    ),
    rule(
        rf"(?:(?<=\d)|(?<=\d\s)) {numbers.DASH} (?=\s?\d/\d{{1,2}}(?![\d/]))",
        _until_fraction,
        kind=TokenKind.SIGN,
        starts=signs("-‐‑‒–—−"),
    ),
    rule(
        r"(?:(?<=\d)|(?<=\d\s)) (?:→|⇒|->|÷) (?=\s?\d)",
        _until,
        kind=TokenKind.SIGN,
        starts=signs("→⇒-÷"),
    ),
    rule(
        rf"(?<![\w.,/-]) \d{{1,4}}(?:\s?{numbers.DASH}\s?\d{{1,4}}){{2,8}} (?![\w/-]|[.,]\d)",
        _listed,
        kind=TokenKind.NUMBER,
        starts=digits_then("-", 1, 4),
    ),
    rule(
        r"(?<![\w.,/]) \d{1,2}(?:,\d{1,2}){2,12} (?![\w/-]|[.,]\d)",
        _listed,
        kind=TokenKind.NUMBER,
        starts=digits_then(",", 1, 2),
    ),
    rule(
        rf"{_EDGE} (?P<first>{numbers.NUMBER}) \s?{numbers.DASH}\s? (?P<second>{numbers.NUMBER}) (?![\w/-])",
        _range,
        kind=TokenKind.NUMBER,
        starts=digits_then("-.,") | digits_then("3", 1, 3),
    ),
    rule(
        rf"(?<![\w)\]/.,%]) (?P<sign>[-−–+])(?P<number>{numbers.NUMBER})",
        _plain,
        kind=TokenKind.NUMBER,
        starts=signs("-−–+"),
    ),
    rule(rf"(?<![\d.,]) (?P<sign>) (?P<number>{numbers.NUMBER})", _plain, kind=TokenKind.NUMBER),
    rule(
        r"(?<![\w.,]) \d{1,3}(?:\.\d{1,3}){1,5}(?P<letter>(?<=\.\d)[a-c])? (?!\w|[.,]\d)",
        _dotted,
        kind=TokenKind.NUMBER,
        starts=digits_then(".", 1, 3),
    ),
    rule(r"(?<![\d.,]) (?P<number>\d{1,18}) (?!\d)", _whole, kind=TokenKind.NUMBER),
)
