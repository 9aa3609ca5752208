"""Vietnamese number words as northern announcers say them, and what a number looks like."""

from __future__ import annotations

import functools
import re
import unicodedata
from typing import Final

# Thousands with points, commas or spaces, decimals with a comma or a point; never half of a longer one.
NUMBER: Final = (
    r"(?:\d{1,3}+(?:(?:\.\d{3}){1,6}(?:,\d{1,6}+)?"
    r"|(?:,\d{3}){2,6}(?:\.\d{1,6}+)?"
    r"|,\d{3}\.\d{1,2}+"
    r"|(?:[\ \u00a0\u202f]\d{3}){1,5}(?:,\d{1,6}+)?)"
    r"|\d{1,18}+(?:[.,]\d{1,6}+)?)(?!\d|[.,]\d|[\u00a0\u202f]\d)"
)
DASH: Final = r"[-\u2010-\u2015\u2212]"
SCALE: Final = r"(?:trăm|nghìn|ngàn|vạn|triệu|tỷ|tỉ)"
_DIGITS: Final = ("không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín")
_SCALES: Final = ((10**6, " triệu"), (10**3, " nghìn"), (1, ""))
_LONGEST_CARDINAL: Final = 18  # digits; beyond that nobody can follow a cardinal
_LONGEST_FRACTION: Final = 2  # digits behind the decimal sign that are said as one number
_ROMAN: Final = re.compile(r"(?=.)M{0,3}(CM|CD|D?C{0,3})(XC|XL|L?X{0,3})(IX|IV|V?I{0,3})")
_ROMAN_VALUES: Final = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
_GROUPED: Final = re.compile(r"[1-9]\d{0,2}(?:\.\d{3})+|[1-9]\d{0,2}(?:,\d{3}){2,}")
_SIGNS: Final = re.compile(r"[.,]")
_PADDED: Final = re.compile(r"0(?=\d(?!\d))")
_UNCERTAIN: Final = re.compile(r"[1-9]\d{0,2},\d{3}")
_RUN: Final = re.compile(r"\d+")


def cardinal(number: int) -> str:
    """0..10^18 in words: 2024 -> hai nghìn không trăm hai mươi tư."""
    if number == 0:
        return _DIGITS[0]
    if number >= 10**_LONGEST_CARDINAL:
        return spelled(str(number))
    billions, rest = divmod(number, 10**9)
    words = [f"{cardinal(billions)} tỷ"] if billions else []
    for scale, name in _SCALES:
        group = rest // scale % 1000
        if group:
            words.append(_group(group, full=bool(words)) + name)
    return " ".join(words)


@functools.cache
def _group(number: int, *, full: bool) -> str:
    hundreds, rest = divmod(number, 100)
    words = [_DIGITS[hundreds], "trăm"] if hundreds or full else []
    if rest:
        words += _below_hundred(rest, after_hundreds=bool(words))
    return " ".join(words)


def _below_hundred(number: int, *, after_hundreds: bool) -> list[str]:
    tens, units = divmod(number, 10)
    if tens == 0:
        return ["linh", _DIGITS[units]] if after_hundreds else [_DIGITS[units]]
    head = ["mười"] if tens == 1 else [_DIGITS[tens], "mươi"]
    if units == 0:
        return head
    changed = {5: "lăm"} if tens == 1 else {1: "mốt", 4: "tư", 5: "lăm"}
    return [*head, changed.get(units, _DIGITS[units])]


def spelled(digits: str) -> str:
    """Digit by digit, any Unicode digits: 0912 -> không chín một hai."""
    return " ".join(map(_digit, digits))


@functools.cache
def _digit(character: str) -> str:
    return _DIGITS[unicodedata.digit(character)]


def runs(written: str) -> list[str]:
    """The runs of digits."""
    return _RUN.findall(written)


@functools.lru_cache(maxsize=1 << 14)
def number(written: str) -> str:
    """A number of a label or a document, whose leading zero is said: 07 -> không bảy."""
    whole, fraction = parts(written)
    padded = whole.startswith("0") and len(whole) > 1
    words = spelled(whole) if padded or len(whole) > _LONGEST_CARDINAL else cardinal(int(whole))
    return f"{words} phẩy {_fraction(fraction)}" if fraction else words


def quantity(written: str) -> str:
    """A number that counts something: 07 -> bảy, 1.250,5 -> một nghìn hai trăm năm mươi phẩy năm."""
    return number(written[1:] if _PADDED.match(written) else written)


def parts(written: str) -> tuple[str, str]:
    """The digits before and behind the decimal sign, in Vietnamese or in foreign writing."""
    if written.isdecimal():
        return written, ""
    text = "".join(written.split())
    cut = max(text.rfind(","), text.rfind("."))
    if cut < 0 or _GROUPED.fullmatch(text):
        return _SIGNS.sub("", text), ""
    return _SIGNS.sub("", text[:cut]), text[cut + 1 :]


def is_uncertain(written: str) -> bool:
    """1,234 is a decimal here, but many write thousands so."""
    return bool(_UNCERTAIN.fullmatch(written))


def _fraction(digits: str) -> str:
    if digits.startswith("0") or len(digits) > _LONGEST_FRACTION:
        return spelled(digits)
    return cardinal(int(digits))


def year(written: str) -> str:
    return cardinal(int(written))


def ordinal(written: str) -> str:
    """After thứ: 1 -> nhất, 2 -> hai, 4 -> tư."""
    return {1: "nhất", 4: "tư"}.get(int(written), cardinal(int(written)))


def roman(written: str) -> int | None:
    """Value of a well-formed Roman numeral in capitals."""
    if not _ROMAN.fullmatch(written):
        return None
    values = [_ROMAN_VALUES[letter] for letter in written]
    pairs = zip(values, [*values[1:], 0], strict=True)
    return sum(-value if value < after else value for value, after in pairs)
