"""The reading tables, loaded once: ``readings.toml`` for figures and signs, ``tables`` for words."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Sense:
    """A meaning that holds only next to certain words."""

    spoken: str
    next: re.Pattern[str] | None
    previous: re.Pattern[str] | None
    near: re.Pattern[str] | None
    ends: frozenset[str]  # the last characters of what stands in front: asked first, since it is cheap
    before_capital: bool
    examples: tuple[tuple[str, str], ...]  # words in front and behind next to which it holds

    def fits(self, front: str, behind: str, *, capital: bool) -> bool:
        """The words on both sides in lower case, without the space next to the abbreviation."""
        return bool(
            (self.next and self.next.match(behind))
            or (self.previous and front[-1:] in self.ends and self.previous.search(front))
            or (self.before_capital and capital)
            or (self.near and (self.near.search(front) or self.near.search(behind)))
        )


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """An abbreviation of several meanings; ``usual`` is said where no sense fits, ``guess`` with a doubt."""

    senses: tuple[Sense, ...]
    usual: str
    guess: str


def _load(name: str) -> dict[str, Any]:
    text = (files("tts.normalise") / name).read_text(encoding="utf-8")
    return tomllib.loads(unicodedata.normalize("NFC", text))


def _neighbour(word: str) -> str:
    pattern = re.escape(word).replace(r"\#", r"\d")
    head = r"(?<!\w)" if word[0].isalnum() else ""
    return head + pattern + (r"(?!\w)" if word[-1].isalpha() else "")


def _any(words: Iterable[str]) -> str:
    return "|".join(_neighbour(word) for word in sorted(words, key=len, reverse=True))


def _sense(entry: dict[str, Any]) -> Sense:
    following = [word for word in entry.get("next", ()) if word != "^"]
    preceding = entry.get("previous", ())
    ends = "".join(word[-1] for word in preceding)
    return Sense(
        spoken=entry["spoken"],
        next=re.compile(_any(following)) if following else None,
        previous=re.compile(f"(?:{_any(preceding)})$") if preceding else None,
        ends=frozenset(ends.replace("#", "0123456789")),
        near=re.compile(_any(entry["near"])) if "near" in entry else None,
        before_capital="^" in entry.get("next", ()),
        examples=_examples((*preceding, *entry.get("near", ())), following),
    )


def _examples(preceding: Iterable[str], following: Iterable[str]) -> tuple[tuple[str, str], ...]:
    front = tuple((word.replace("#", "7"), "") for word in preceding)
    return front + tuple(("", word.replace("#", "7")) for word in following)


def _ambiguous(entry: dict[str, Any]) -> Ambiguous:
    senses = tuple(map(_sense, entry.get("senses", ())))
    return Ambiguous(senses, entry.get("usual", ""), entry.get("guess", ""))


def _merged(tables: dict[str, dict[str, str]]) -> dict[str, str]:
    return {written: spoken for table in tables.values() for written, spoken in table.items()}


_FIGURES: Final = _load("readings.toml")
_PLACES: Final = _load("tables/places.toml")
_FOREIGN: Final = _load("tables/foreign.toml")
_CODES: Final = _load("tables/codes.toml")
_ISSUERS: Final = _load("tables/issuers.toml")
_ABBREVIATIONS: Final = _load("tables/abbreviations.toml")

ROADS: Final[dict[str, str]] = _FIGURES["roads"]
SIGNS: Final[dict[str, str]] = _FIGURES["signs"]

ABBREVIATIONS: Final = _merged(_ABBREVIATIONS)
SPELLED: Final[frozenset[str]] = frozenset(_ABBREVIATIONS["spelled"])
AMBIGUOUS: Final = {written: _ambiguous(entry) for written, entry in _load("tables/contexts.toml").items()}
LOANS: Final[dict[str, str]] = {**_FOREIGN["loans"], **_FOREIGN["names"]}
PLACES: Final[dict[str, str]] = _PLACES["before_names"]
PLACE_NAMES: Final[dict[str, str]] = _PLACES["names"]

CODES: Final[dict[str, str]] = _CODES["codes"]
STANDARDS: Final[dict[str, str]] = _CODES["standards"]
METALS: Final[dict[str, str]] = _CODES["metals"]

BODIES: Final[dict[str, str]] = _ISSUERS["bodies"]
FIELDS: Final[dict[str, str]] = _ISSUERS["fields"]
BOARDS: Final[dict[str, str]] = _ISSUERS["boards"]
LEVELS: Final[dict[str, str]] = _ISSUERS["levels"]
COURT_CASES: Final[dict[str, str]] = _ISSUERS["court_cases"]
COURT_STAGES: Final[dict[str, str]] = _ISSUERS["court_stages"]
DOCUMENT_KINDS: Final[frozenset[str]] = frozenset(_ISSUERS["kinds"]["letters"])
