"""The reading tables of ``readings.toml``, loaded once."""

from __future__ import annotations

import tomllib
import unicodedata
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Context:
    """A meaning that holds only next to certain words (compared in lower case)."""

    written: str
    spoken: str
    next: tuple[str, ...]
    previous: tuple[str, ...]


def _load() -> dict[str, Any]:
    text = (files("tts.normalise") / "readings.toml").read_text(encoding="utf-8")
    return tomllib.loads(unicodedata.normalize("NFC", text))


_TABLES: Final = _load()

ABBREVIATIONS: Final[dict[str, str]] = _TABLES["abbreviations"]
PLACES: Final[dict[str, str]] = _TABLES["places"]
ISSUERS: Final[dict[str, str]] = _TABLES["issuers"]
UNITS: Final[dict[str, str]] = _TABLES["units"]
ROADS: Final[dict[str, str]] = _TABLES["roads"]
LOANS: Final[dict[str, str]] = _TABLES["loans"]
WEB: Final[dict[str, str]] = _TABLES["web"]
SIGNS: Final[dict[str, str]] = _TABLES["signs"]
CONTEXTS: Final = tuple(
    Context(
        written=entry["written"],
        spoken=entry["spoken"],
        next=tuple(word.lower() for word in entry.get("next", ())),
        previous=tuple(word.lower() for word in entry.get("previous", ())),
    )
    for entry in _TABLES["context"]
)
