"""Rates: what stands behind the slash of a price or a measure, and rates whose figure stands further off."""

from __future__ import annotations

import re
from typing import Final

from tts.normalise import letters, numbers
from tts.normalise.abbreviations import likely
from tts.normalise.data import ABBREVIATIONS
from tts.normalise.rule import Rule, alternatives, before, digits_then, letters_then, rule, signs
from tts.normalise.units import MONEY, OF_THINGS, UNIT, UNITS, per
from tts.types import TokenKind

_IS_SCALE: Final = re.compile(numbers.SCALE)
_CLIPPED: Final = {"th": "tháng", "n": "năm", "nam": "năm", "thang": "tháng"}  # 0,65%/th
_LENT: Final = frozenset(("%", "đồng", "đ", "triệu"))
_SCALES: Final = frozenset(("k", "h", "p"))
_HOURS: Final = re.compile(r"(\d{1,3})\s?(?:h|giờ)")


def said_rates(written: str, counted: str) -> str | None:
    """/người/năm, /100 m2, /24h; None where it is no rate."""
    said = []
    for piece in re.split(r"\s?/\s?", written)[1:]:
        hours = _HOURS.fullmatch(piece)
        if hours:
            said.append(f"trong {numbers.cardinal(int(hours[1]))} giờ")
            continue
        count, one = re.match(r"([\d.,]*)\s?(.*)", piece, re.DOTALL).groups()  # type: ignore[union-attr]
        one = _CLIPPED.get(one, one) if counted in _LENT else one
        one_said = UNITS.get(one, one) if not one.isupper() or one in UNITS else likely(one)
        if one and one not in UNITS and not letters.is_syllable(one.split()[0]) and one_said == one:
            return None
        if not one_said:
            return None
        between = "trên" if _IS_SCALE.fullmatch(one) else per(counted, one)
        if between == "một" and count:  # đồng/1kg, đồng/01 hộ; đồng/12 tháng
            between, count = ("một", "") if count in ("1", "01") else ("trên", count)
        said += [between, numbers.quantity(count) if count else "", one_said]
    return " ".join(filter(None, said))


def _bare_rate(match: re.Match[str]) -> str | None:
    """tấn/ha, người/km2, kg/ha behind words or in brackets."""
    counted, rates = match["counted"], match["rates"]
    if match[0] in ABBREVIATIONS or counted in _SCALES:  # V/V is về việc; no k/h without a figure
        return None
    ones = re.split(r"\s?/\s?", rates)[1:]
    thing = letters.is_syllable(counted) and (
        ones[0] in UNITS or per(counted, ones[0]) == "một" or _is_counted(match, ones[0])
    )
    if counted not in UNITS and not thing:
        return None
    said = said_rates(rates, "" if counted in MONEY and ones[0] in MONEY else counted)
    return said and f"{UNITS.get(counted, counted)} {said}"


def _is_counted(match: re.Match[str], one: str) -> bool:
    """The gạo/người of 30kg gạo/người/tháng."""
    return one in OF_THINGS and bool(_NEAR_FIGURE.search(before(match)))


def _price(match: re.Match[str]) -> str | None:
    """12.000-15.000/kg: thousands with a rate are money, though nobody wrote đồng."""
    rates = said_rates(match["rates"], "đồng")
    if rates is None:
        return None
    second = f" đến {numbers.quantity(match['second'])}" if match["second"] else ""
    return f"{numbers.quantity(match['first'])}{second} {rates}"


def _for_each(match: re.Match[str]) -> str | None:
    """The /sào, /10 lít behind anything that stands near a figure."""
    if not _NEAR_FIGURE.search(before(match)) and not before(match).endswith(("gdp", "grdp", "thu nhập")):
        return None
    if not match["count"] and match["one"] not in UNITS and match["one"] not in OF_THINGS:
        return None
    return said_rates(f"/{match['count'] or ''}{match['one']}", "")


_THING: Final = rf"(?:{alternatives(OF_THINGS)})(?!\w)"
_THINGS: Final = alternatives(thing for thing in OF_THINGS if " " in thing)
_LOWER_WORD: Final = r"[^\W\d_A-Z]{1,7}(?!\w)"
_ONE: Final = rf"(?:(?:{_THINGS})(?!\w)|{_LOWER_WORD})"
RATES: Final = rf"(?:\s?/\s?(?:{numbers.NUMBER}\s?)?(?:{UNIT}|(?!c\b){_ONE}|[A-ZĐ]{{2,5}}(?!\w))){{1,3}}"
_NEAR_FIGURE: Final = re.compile(r"\d[^.;:()]{0,25}$")
EDGE: Final = r"(?:(?<![\w.,/])|(?<=\)/))(?<!\d[-–])"
RULES: Final[tuple[Rule, ...]] = (
    rule(
        rf"""{EDGE} (?P<first>[1-9]\d{{0,2}}(?:\.\d{{3}}){{1,3}})
            (?:\s?{numbers.DASH}\s?(?P<second>[1-9]\d{{0,2}}(?:\.\d{{3}}){{1,3}}))?
            (?P<rates>(?:\s?/\s?(?:{UNIT}|{_LOWER_WORD})){{1,2}})""",
        _price,
        kind=TokenKind.MONEY,
        starts=digits_then(".", 1, 3),
    ),
    rule(
        rf"(?<=\w) / \s?(?P<count>{numbers.NUMBER}(?=\s?(?:{UNIT}|{_THING})))? \s?(?P<one>{UNIT}|{_ONE})",
        _for_each,
        kind=TokenKind.MEASURE,
        starts=signs("/"),
    ),
    rule(
        rf"(?<![\w/]) (?P<counted>{UNIT}|{_LOWER_WORD}) (?P<rates>{RATES})",
        _bare_rate,
        kind=TokenKind.MEASURE,
        starts=letters_then("/0"),
    ),
)
