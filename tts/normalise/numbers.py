"""Vietnamese number words as northern announcers say them."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_DIGITS: Final = ("không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín")
_SCALES: Final = ("", "nghìn", "triệu")
_LONGEST_CARDINAL: Final = 15  # digits; beyond that nobody can follow a cardinal
_ROMAN: Final = re.compile(r"(?=.)M{0,3}(CM|CD|D?C{0,3})(XC|XL|L?X{0,3})(IX|IV|V?I{0,3})")
_ROMAN_VALUES: Final = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}


def cardinal(number: int) -> str:
    """0..10^15 in words: 2024 -> hai nghìn không trăm hai mươi tư."""
    if number == 0:
        return _DIGITS[0]
    if number >= 10**_LONGEST_CARDINAL:
        return spelled(str(number))
    billions, rest = divmod(number, 10**9)
    words = [f"{cardinal(billions)} tỷ"] if billions else []
    for scale in (2, 1, 0):
        group = rest // 1000**scale % 1000
        if group:
            words.append(f"{_group(group, full=bool(words))} {_SCALES[scale]}".rstrip())
    return " ".join(words)


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
    return " ".join(_DIGITS[unicodedata.digit(character)] for character in digits)


def number(written: str) -> str:
    """A number as written in Vietnamese: ``.`` groups thousands, ``,`` is the decimal sign."""
    whole, _, fraction = written.partition(",")
    digits = re.sub(r"\D", "", whole)
    if len(digits) > _LONGEST_CARDINAL or (digits.startswith("0") and len(digits) > 1):
        words = spelled(digits)
    else:
        words = cardinal(int(digits))
    return f"{words} phẩy {_fraction(fraction)}" if fraction else words


def _fraction(digits: str) -> str:
    if digits.startswith("0") or len(digits) > 2:
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
