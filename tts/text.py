"""Turns the bytes of a bulletin file into clean text, the first step of every clip."""

from __future__ import annotations

import html
import re
import unicodedata
from typing import Final

from tts import encodings
from tts.errors import EmptyText, NotText, TextTooLong

LIMIT: Final = 50_000

_ALLOWED_CONTROLS: Final = frozenset("\n\t")
_LINE_ENDS: Final = re.compile("\r\n|[\r\v\f\x85\u2028\u2029]")
_ENTITY: Final = re.compile(
    "&(?:amp;)*(amp|nbsp|lt|gt|quot|apos|ndash|mdash|hellip|[lr][sd]quo);"
)  # of web pages
_INVISIBLE: Final = dict.fromkeys(
    (
        *map(ord, "\u00ad\u2060\ufeff"),
        *range(0x200B, 0x2010),
        *range(0x202A, 0x202F),
        *range(0x2066, 0x206A),
        *range(0xFE00, 0xFE10),
    )
)
_COMPATIBLE: Final = (
    *range(0xFF01, 0xFF5F),
    *range(0x1D400, 0x1D800),
    *range(0xFB00, 0xFB07),
    *range(0x2160, 0x2180),
)
_ONE_SHAPE: Final = {
    **{code: unicodedata.normalize("NFKC", chr(code)) for code in _COMPATIBLE},
    **dict.fromkeys((0xA0, 0x3000, 0x202F, 0x205F, *range(0x2000, 0x200B)), " "),
    **dict.fromkeys(range(0xF020, 0xF100), "•"),  # the bullets of Word's symbol fonts
    ord("Ð"): "Đ",
    ord("Ɖ"): "Đ",
    ord("ð"): "đ",
    **dict.fromkeys(map(ord, "º˚"), "°"),
    **{0x2080 + digit: str(digit) for digit in range(10)},
    **{0x2460 + index: f"({index + 1})" for index in range(20)},
}
_LOOK_ALIKES: Final = str.maketrans(
    "АВЕЅІЈКМНОРСТУХаеѕіјорсухԁΑΒΕΖΗΙΚΜΝΟΡΤΥΧο", "ABESIJKMHOPCTYXaesijopcyxdABEZHIKMNOPTYXo"
)
_FOREIGN_LETTER: Final = re.compile("[\u0370-\u03ff\u0400-\u052f]")
_WORD: Final = re.compile(r"[^\W\d_]+")
# A tone typed before the hat, breve or horn of its letter.
_LOOSE_HAT: Final = re.compile("[\u0302\u0306\u031b]")
_SWAPPED: Final = re.compile("([\u0300\u0301\u0303\u0309\u0323]{1,3})([\u0302\u0306\u031b])")


def decode(data: bytes) -> str:
    """Read a file to NFC text with ``\\n`` line ends.

    Raises NotText for anything but text, EmptyText, and TextTooLong above 50,000 characters.
    """
    text = characters(data)
    if not text.strip():
        raise EmptyText("the text is empty")
    if len(text) > LIMIT:
        raise TextTooLong(len(text), LIMIT)
    return text


def characters(data: bytes) -> str:
    """Clean text of any length, in UTF-8 or an encoding that is beyond doubt. Raises NotText."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        mended = encodings.decode(data)
        if mended is None:
            raise NotText(f"byte {error.start} is not UTF-8") from error
        text = mended.text
    text = clean(text)
    for position, character in enumerate(text):
        if unicodedata.category(character) == "Cc" and character not in _ALLOWED_CONTROLS:
            raise NotText(f"control character U+{ord(character):04X} at {position}")
    return text


def clean(text: str) -> str:
    """The form in which spans are counted: NFC, ``\\n`` line ends, one shape for each letter and space."""
    text = _ENTITY.sub(lambda match: html.unescape(f"&{match[1]};"), _LINE_ENDS.sub("\n", text))
    if text.isascii():
        return text
    text = encodings.mend(unicodedata.normalize("NFC", text)).text
    text = unicodedata.normalize("NFC", text.translate(_INVISIBLE).translate(_ONE_SHAPE))
    if _LOOSE_HAT.search(text):
        text = unicodedata.normalize("NFC", _SWAPPED.sub(r"\2\1", unicodedata.normalize("NFD", text)))
    return _WORD.sub(_in_latin, text) if _FOREIGN_LETTER.search(text) else text


def _in_latin(word: re.Match[str]) -> str:
    """Letters of another script that look like ours are ours, where the whole word looks so."""
    written = word[0].translate(_LOOK_ALIKES)
    return word[0] if _FOREIGN_LETTER.search(written) else written
