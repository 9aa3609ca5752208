"""E-mail and web addresses: no scheme, names cut into syllables, signs by their names."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from importlib.resources import files
from typing import Any, Final

from tts.normalise import letters, numbers
from tts.normalise.rule import Reading, Rule, digits_then, letters_then, rule, signs
from tts.types import Doubt, TokenKind

_SIGNS: Final = {
    ".": "chấm", "@": "a còng", "/": "gạch chéo", "-": "gạch ngang", "_": "gạch dưới", ":": "hai chấm",
    "?": "hỏi", "=": "bằng", "&": "và", "%": "phần trăm", "#": "thăng", "+": "cộng", "~": "ngã",
}  # fmt: skip


def _load() -> dict[str, Any]:
    text = (files("tts.normalise") / "tables" / "web.toml").read_text(encoding="utf-8")
    return tomllib.loads(unicodedata.normalize("NFC", text))


_TABLES: Final = _load()
_SAID: Final[dict[str, str]] = _TABLES["said"]
_SPELLED: Final = frozenset(_TABLES["spelled"]["letters"])
_LONGEST_NAME: Final = 40  # letters; a longer run is spelled, not cut
_LETTERS_BEHIND: Final = re.compile(r"(?<=[a-z]{2})[bcdfghjklmnpqrstvwxz]{1,4}$")
# Vowels that never stand without their mark before a final consonant or glide.
_MARKED: Final = (
    ("uye", "uyê"), ("ieu", "iêu"), ("yeu", "yêu"), ("uoi", "ươi"), ("uou", "ươu"), ("uo", "ươ"),
    ("ie", "iê"),    ("ye", "yê"), ("uu", "ưu"), ("uay", "uây"), ("eu", "êu"), ("", ""),
)  # fmt: skip


def _address(written: str) -> str:
    parts = re.findall(r"[^\W\d_]+|\d+|[_\W]", written)
    return " ".join(filter(None, map(_part, parts)))


def _part(part: str) -> str:
    if part.isdigit():
        return numbers.spelled(part)
    if not part.isalpha():
        return _SIGNS.get(part, "")
    known = _SAID.get(part.lower())
    if known:
        return known
    return " ".join(syllables(part.lower())) or _with_letters(part.lower()) or letters.names(part)


def _with_letters(name: str) -> str:
    """tracuunnt, daitt: syllables with letters behind them."""
    tail = _LETTERS_BEHIND.search(name)
    for start in range(tail.start(), len(name)) if tail else ():
        said = syllables(name[:start])
        if said:
            return " ".join((*said, letters.names(name[start:])))
    return ""


def syllables(name: str) -> list[str]:
    """Cut letters written together, as in ``sotuphap``, into syllables; [] where that cannot be done."""
    if len(name) > _LONGEST_NAME:
        return []
    best: list[list[str] | None] = [[]] + [None] * len(name)
    for end in range(1, len(name) + 1):
        for start in range(max(0, end - 7), end):
            head, piece = best[start], _syllable(name[start:end])
            found = best[end]
            if head is not None and piece and (found is None or len(head) + 1 < len(found)):
                best[end] = [*head, piece]
    return best[len(name)] or []


def _syllable(bare: str) -> str:
    """What is written ``bare``, a syllable without its marks or letters that are spelled; or nothing."""
    if len(bare) < 2:
        return ""
    if bare in _SPELLED:
        return letters.names(bare)
    for without, marked in _MARKED:
        said = bare.replace(without, marked, 1) if without else bare
        if (not without or said != bare) and letters.is_syllable(said):
            return said
    return ""


def _mail(match: re.Match[str]) -> str:
    return _address(match[0])


def _hidden_mail(_match: re.Match[str]) -> Reading:
    """What a web page leaves of an address that it hides from robots: nobody can read it."""
    return Reading("địa chỉ đã được ẩn", Doubt.UNREADABLE)


def _web(match: re.Match[str]) -> str:
    return _address(match["host"] + (match["port"] or "") + (match["path"] or "").rstrip("/"))


_TOP: Final = (
    "com|vn|net|org|edu|gov|info|io|me|tv|asia|app|page|online|site|xyz|mobi|biz|vip|shop|store|link|ly|gl"
)
RULES: Final[tuple[Rule, ...]] = (
    rule(r"\[email\s?protected\]", _hidden_mail, re.IGNORECASE, kind=TokenKind.WEB, starts=signs("[")),
    rule(
        r"(?<![\w@]) [A-Za-z0-9][\w.+-]{0,63}+\s?@\s?[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,5}",
        _mail,
        re.ASCII,
        kind=TokenKind.WEB,
        starts=letters_then("@.+-_0") | digits_then("@.+-_a"),
    ),
    rule(
        rf"""(?<![\w@.]) (?:https?://)? (?:www\.)?
            (?P<host>(?:[a-z0-9][a-z0-9-]{{0,62}}+\.){{1,5}}(?:{_TOP})\b
                |(?<=://)(?:\d{{1,3}}\.){{3}}\d{{1,3}})
            (?P<port>:\d{{2,5}}(?!\d))?
            (?P<path>/(?:[\w./?=&%\#+~-]{{0,200}}[\w/])?)?""",
        _web,
        re.ASCII | re.IGNORECASE,
        kind=TokenKind.WEB,
        starts=letters_then(".-:0") | digits_then(".-a"),
    ),
)
