"""Words as they are compared in a search, whatever keyboard typed them."""

from __future__ import annotations

import unicodedata


def fold(words: str) -> str:
    """Lower case without accents, so that a search finds what was typed without a Vietnamese keyboard."""
    plain = unicodedata.normalize("NFD", words.casefold())
    return "".join(c for c in plain if not unicodedata.combining(c)).replace("đ", "d")
