"""Numbers with their units: measures, percentages, money and sizes."""

from __future__ import annotations

import re
from typing import Final

from tts.normalise import numbers
from tts.normalise.rates import EDGE, RATES, said_rates
from tts.normalise.rule import (
    Reading,
    Rule,
    alternatives,
    before,
    digits_then,
    first_words,
    rule,
    signs,
)
from tts.normalise.units import ALONE, ANY_UNIT, MONEY, UNIT, UNITS
from tts.types import Doubt, TokenKind

_SHORT_MONEY: Final = frozenset(("đ", "đồng", "₫", "VNĐ", "VND", "vnđ"))
_OTHER_MONEY: Final = re.compile(r"\s?(?:đ|₫|đồng|VNĐ|VND)(?!\w)")
_NEGATIVE: Final = re.compile(r"(?<!\w)âm$")
_BEST_MARK: Final = 30
_EXAMINED: Final = re.compile(
    r"(?<!\w)(?:điểm sàn|điểm chuẩn|trúng tuyển|khối|tổ hợp|điểm thi)(?!\w)[^.]{0,40}$"
)
_MARK: Final = re.compile(r"\d{1,2},\d{1,2}")  # 7,5đ: đồng have no parts, an examination's marks have


def _amount(match: re.Match[str]) -> Reading | None:
    first, unit = match["first"], match["unit"]
    if len(first) > 2 and first[0] == "0" and first.isdigit():
        return None  # a label, not a quantity
    money = unit in MONEY or bool(match["scale"])
    words = [_sign(match), _number(first, money=unit in _SHORT_MONEY and not match["scale"])]
    if match["second"]:
        words += ["cộng trừ" if match["to"].strip() == "±" else "đến"]
        words.append(_number(match["second"], money=unit in _SHORT_MONEY))
    rates = said_rates(match["rates"] or "", unit or "đồng")
    if rates is None:
        return None
    marks = unit == "đ" and not match["scale"] and not rates and _is_mark(match)
    words += [match["scale"] or "", "điểm" if marks else UNITS.get(unit, unit), rates]
    uncertain = numbers.is_uncertain(first) and not match["scale"]
    return Reading(
        " ".join(filter(None, words)),
        Doubt.AMBIGUOUS if uncertain else None,
        TokenKind.MONEY if money and unit in MONEY else TokenKind.MEASURE,
    )


def _is_mark(match: re.Match[str]) -> bool:
    """7,5đ, and 24đ next to a word for an examination."""
    best = match["second"] or match["first"]
    if _MARK.fullmatch(best):
        return True
    return best.isdigit() and int(best) <= _BEST_MARK and bool(_EXAMINED.search(before(match)))


def _sign(match: re.Match[str]) -> str:
    sign = match["sign"]
    if not sign or _NEGATIVE.search(before(match)):  # âm -5°C
        return ""
    return "cộng" if sign == "+" else "âm"


def _number(written: str, *, money: bool) -> str:
    """30,000đ: nobody counts thousandths of a đồng."""
    if money and numbers.is_uncertain(written):
        written = written.replace(",", ".")
    return numbers.quantity(written)


def _unit_alone(match: re.Match[str]) -> str:
    return UNITS[match["unit"]]


def _size(match: re.Match[str]) -> str:
    """2x3 m, 40 cm x 40 cm, 3x4."""
    said = []
    for piece in re.split(r"\s?[xX×*]\s?", match["sides"]):
        side = re.match(rf"({numbers.NUMBER})\s?(.*)", piece, re.DOTALL | re.VERBOSE)
        said.append(f"{numbers.quantity(side[1])} {UNITS.get(side[2], side[2])}".strip() if side else piece)
    return " nhân ".join(said)


def _prefixed(match: re.Match[str]) -> str | None:
    if _OTHER_MONEY.match(match.string, match.end()):
        return None  # USD 25.170-25.500 đ: the price of one
    words = [_number(match["first"], money=not match["scale"])]  # $5,000 is no fraction of a dollar
    if match["second"]:
        words += ["đến", _number(match["second"], money=not match["scale"])]
    words += [match["scale"] or "", MONEY[match["unit"]]]
    return " ".join(filter(None, words))


def _thousands(match: re.Match[str]) -> str | None:
    """1tr2, 2tr500, 1tỷ2: the digits behind are the next lower thousands."""
    big, below = ("triệu", "nghìn") if match["big"].startswith("tr") else ("tỷ", "triệu")
    lower = int(match["rest"]) * 10 ** (3 - len(match["rest"]))
    rates = said_rates(match["rates"] or "", "đồng")
    if not lower or rates is None:
        return None
    said = [numbers.quantity(match["first"]), big, numbers.cardinal(lower), below]
    return " ".join([*said, *filter(None, ("đồng" if match["money"] else "", rates))])


def _between(match: re.Match[str]) -> str | None:
    """The dash of 5%-7%, 6 giờ - 8 giờ: both sides carry their unit."""
    preceding = match.string[max(0, match.start() - 30) : match.start()]
    if _POSITION.search(preceding):
        return ","
    front = _MEASURED.search(preceding)
    if not front:
        return None
    times = front["unit"] in _OF_CLOCKS and match["unit"] in _OF_CLOCKS
    same = times or match["unit"] == front["unit"] or not (match["unit"] in UNITS and front["unit"] in UNITS)
    return "đến" if same else ","


def _post(match: re.Match[str]) -> str:
    """Km5+200, a place on a road."""
    metres = match["metres"]
    said = f"ki lô mét {numbers.quantity(match['number'])}"
    return f"{said} cộng {numbers.number(metres)}" if metres else said


def _height(match: re.Match[str]) -> str:
    """1m65, 2kg5."""
    return f"{numbers.cardinal(int(match['whole']))} {UNITS[match['unit']]} {numbers.number(match['rest'])}"


def _told(match: re.Match[str]) -> str | None:
    """10A of a fuse and 43" of a screen; elsewhere a class and the end of a quotation."""
    told = _CURRENT if match["unit"] == "A" else _SCREEN
    if not told.search(before(match)):
        return None
    return f"{numbers.quantity(match['first'])} {'am pe' if match['unit'] == 'A' else 'in'}"


def _many(match: re.Match[str]) -> Reading | None:
    """50K as a price; 5K and 4K are names."""
    return Reading(f"{numbers.quantity(match['first'])} nghìn", Doubt.AMBIGUOUS)


_MEASURED: Final = re.compile(
    rf"\d\s?(?:{numbers.SCALE}\s)?(?P<unit>{numbers.SCALE}|{ANY_UNIT})(?:/[^\W\d_]{{1,5}}\d?)?\s?$",
    re.VERBOSE,
)
_CURRENT: Final = re.compile(
    r"(?:dòng điện|dòng|cầu chì|cầu dao|[aá]pt[oô]mát|aptomat|át|mcb|mccb|rcbo|rccb|cb|biến dòng|công tơ"
    r"|\d\s?(?:v|hz|k?w))[\s,;:-]*$"
)
_SCREEN: Final = re.compile(r"(?<!\w)(?:ti\s?vi|tv|màn hình|laptop|led|lcd)(?:\s[^\W\d_]{2,10}){0,2}[\s:(]*$")
_OF_CLOCKS: Final = frozenset(("h", "H", "giờ", "phút"))
_DIAMETERS: Final = "ØøΦφϕ⌀"
_POSITION: Final = re.compile(r"[°º][NSEWBĐ]\s?$")
_SIDE: Final = rf"(?:{UNIT}|{ANY_UNIT}(?=[xX×]\d))"
_SIGN: Final = r"(?:(?<![\w)%])(?P<sign>[-−–+]))?"
RULES: Final[tuple[Rule, ...]] = (
    rule(  # 20W-50, a kind of oil
        r"(?<![\w.,/-]) (?P<cold>\d{1,2})W-?(?P<hot>[2-6]0) (?!\w)",
        lambda match: f"{numbers.number(match['cold'])} vê kép {numbers.number(match['hot'])}",
        kind=TokenKind.CODE,
        starts=digits_then("a", 1, 2),
    ),
    rule(
        rf"""{EDGE} (?P<sides>{numbers.NUMBER}(?:\s?{_SIDE})?
            (?:\s?[xX×*]\s?{numbers.NUMBER}(?:\s?{_SIDE})?){{1,3}}) (?!\w)""",
        _size,
        kind=TokenKind.MEASURE,
        starts=digits_then("ax×*.,"),
    ),
    rule(
        rf"""{EDGE} (?P<first>\d{{1,3}})(?P<big>tr|triệu|tỷ|tỉ)(?P<rest>\d{{1,3}})(?:k|K)?
            (?:\s?(?P<money>vn[dđ]|VN[DĐ])(?!\w))?(?P<rates>{RATES})? (?![\w/]|[.,]\d)""",
        _thousands,
        kind=TokenKind.MONEY,
        starts=digits_then("a", 1, 3),
    ),
    rule(
        rf"{numbers.DASH} (?=\s?{numbers.NUMBER}\s?(?P<unit>{numbers.SCALE}|{UNIT}))",
        _between,
        kind=TokenKind.MEASURE,
        starts=signs("-‐‑‒–—−"),
    ),
    rule(
        rf"""{EDGE} {_SIGN} (?P<first>{numbers.NUMBER})
            (?:(?P<to>\s?{numbers.DASH}\s?|\s?±\s?)(?P<second>{numbers.NUMBER}))?
            (?:\s?(?P<scale>{numbers.SCALE}))? \s?(?P<unit>(?!đ/[cC]\b){UNIT})
            (?P<rates>{RATES})?""",
        _amount,
        kind=TokenKind.MEASURE,
        starts=digits_then("a-.,±%‰°º⁰˚℃$€£¥₫Ω") | digits_then("3", 1, 3) | signs("-−–+"),
    ),
    rule(
        rf"""{EDGE} (?P<sign>) (?P<first>{numbers.NUMBER})
            (?:(?P<to>\s?{numbers.DASH}\s?)(?P<second>{numbers.NUMBER}))?
            \s?(?P<scale>{numbers.SCALE})(?P<unit>) (?P<rates>{RATES})""",
        _amount,
        kind=TokenKind.MONEY,
        starts=digits_then("a-.,") | digits_then("3", 1, 3),
    ),
    rule(
        rf"""(?<!\w) (?P<unit>US\$|[$€£¥₫]|VNĐ|VND|USD|EUR|CNY) \s?(?P<first>{numbers.NUMBER})
            (?:\s?{numbers.DASH}\s?(?P<second>{numbers.NUMBER}))?
            (?:\s?(?P<scale>{numbers.SCALE}))? (?!\w)""",
        _prefixed,
        kind=TokenKind.MONEY,
        starts=signs("$€£¥₫") | first_words("US", "VNĐ", "USD", "EUR", "CNY", "VND"),
    ),
    rule(
        r"(?<!\w) [Kk][Mm] \s?(?P<number>\d{1,4})(?:\s?\+\s?(?P<metres>\d{1,4}))? (?![\w/]|[.,]\d)",
        _post,
        kind=TokenKind.MEASURE,
        starts=first_words("km"),
    ),
    rule(
        rf"(?<![^\W\d_]) [{_DIAMETERS}] (?=\s?\d)",
        lambda _: "phi",
        kind=TokenKind.MEASURE,
        starts=first_words(*(sign for sign in _DIAMETERS if sign.isalpha())) | signs("⌀"),
    ),
    rule(
        r"(?<=\() (?P<unit>m|km|m2|m3|km2|m²|m³|km²|%|ha|kg|cm|mm|kWh|°C|đ|ml|mg) (?=\s?[),;])",
        _unit_alone,
        kind=TokenKind.MEASURE,
        starts=signs("%°")
        | first_words("m", "km", "m²", "m³", "km²", "ha", "kg", "cm", "mm", "kWh", "đ", "ml", "mg"),
    ),
    rule(
        r"(?<=\d\)) (?P<unit>m|cm|mm|km) (?!\w)",  # (2x1x0,5)m
        _unit_alone,
        kind=TokenKind.MEASURE,
        starts=first_words("m", "cm", "mm", "km"),
    ),
    rule(
        rf"(?<!\w) (?P<unit>{alternatives(ALONE)}) (?!\w)",
        _unit_alone,
        kind=TokenKind.MEASURE,
        starts=first_words(*(unit for unit in ALONE if unit[0].isalpha())) | signs("°º"),
    ),
    rule(
        r"""(?<![\w.,]) (?P<whole>\d{1,2}) (?P<unit>m(?=[4-9]|\d\d)|kg(?=[1-9](?!\d)))
            (?P<rest>\d{1,2}) (?!\w|[.,]\d)""",
        _height,
        kind=TokenKind.MEASURE,
        starts=digits_then("a", 1, 2),
    ),
    rule(
        r"(?<![\w.,/-]) (?P<first>\d{1,3}(?:,\d)?)\s?(?P<unit>A|[\"”″]) (?!\w)",
        _told,
        kind=TokenKind.MEASURE,
        starts=digits_then('a"”″,', 1, 3),
    ),
    rule(  # 220v, 60w
        rf"{EDGE} (?P<first>\d{{1,4}})(?P<unit>[vw]) (?!\w|\.[vw])",
        lambda match: f"{numbers.quantity(match['first'])} {'vôn' if match['unit'] == 'v' else 'oát'}",
        kind=TokenKind.MEASURE,
        starts=digits_then("a", 1, 4),
    ),
    rule(
        rf"{EDGE} (?P<first>[1-9]\d{{1,3}})K (?!\w)",
        _many,
        kind=TokenKind.MONEY,
        starts=digits_then("a", 2, 4),
    ),
)
