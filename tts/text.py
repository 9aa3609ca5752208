"""Turns the bytes of a bulletin file into clean text, the first step of every clip."""

from __future__ import annotations

import unicodedata
from typing import Final

from tts.errors import EmptyText, NotText, TextTooLong

LIMIT: Final = 50_000

_ALLOWED_CONTROLS: Final = frozenset("\n\t")
_INVISIBLE: Final = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff"))


def decode(data: bytes) -> str:
    """Read UTF-8 (with or without BOM) to NFC text with ``\\n`` line ends.

    Raises NotText for anything but text, EmptyText, and TextTooLong above 50,000 characters.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise NotText(f"byte {error.start} is not UTF-8") from error
    text = clean(text)
    for position, character in enumerate(text):
        if unicodedata.category(character) == "Cc" and character not in _ALLOWED_CONTROLS:
            raise NotText(f"control character U+{ord(character):04X} at {position}")
    if not text.strip():
        raise EmptyText("the text is empty")
    if len(text) > LIMIT:
        raise TextTooLong(len(text), LIMIT)
    return text


def clean(text: str) -> str:
    """NFC, ``\\n`` line ends, no invisible joiners: the form in which spans are counted."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    return unicodedata.normalize("NFC", lines.replace("\f", "\n").translate(_INVISIBLE))
