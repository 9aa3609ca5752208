"""Vietnamese words in the sounds of Kokoro, by the table of syllables beside this module."""

from __future__ import annotations

import functools
import hashlib
import re
import tomllib
import unicodedata
from collections.abc import Iterator
from importlib.resources import files
from typing import Final

_TABLE: Final = files("tts.engines").joinpath("kokoro.toml").read_bytes()
DIGEST: Final = hashlib.sha256(_TABLE).hexdigest()[:8]
_SOUNDS: Final[dict[str, dict[str, str]]] = tomllib.loads(_TABLE.decode())
_TONES: Final = {
    "\u0300": "huyền",
    "\u0301": "sắc",
    "\u0309": "hỏi",
    "\u0303": "ngã",
    "\u0323": "nặng",
}


def _alternatives(table: str) -> str:
    return "|".join(sorted(_SOUNDS[table], key=len, reverse=True))


_SYLLABLE: Final = re.compile(
    rf"(?P<onset>{_alternatives('onsets')}|)(?P<vowel>{_alternatives('vowels')})(?P<coda>{_alternatives('codas')}|)"
)
# In gì, gìn and giếng the i belongs to the vowel as well: they are said as dì, dìn, diếng.
_LONE_GI: Final = re.compile(r"^gi(?=ê|[^aăâeêioôơuưy]|$)")
_PIECES: Final = re.compile(r"\w+|[,.;:?!]")
_BREAKS: Final = re.compile(r"(?<=[,.;:?!]) ")


def chunks(text: str, limit: int) -> Iterator[str]:
    """The sounds of a text in pieces of up to ``limit``, broken at punctuation, else between words."""
    held = ""
    for clause in _BREAKS.split(phonemes(text)):
        for piece in [clause] if len(clause) <= limit else clause.split(" "):
            if held and len(held) + 1 + len(piece) > limit:
                yield held
                held = ""
            held = f"{held} {piece}".strip()[:limit]
    if held:
        yield held


def phonemes(text: str) -> str:
    """Words apart, punctuation joined to the word before it."""
    composed = unicodedata.normalize("NFC", text.lower())
    pieces = (syllable(piece) if piece[0].isalpha() else piece for piece in _PIECES.findall(composed))
    return re.sub(r" (?=[,.;:?!])", "", " ".join(piece for piece in pieces if piece))


@functools.lru_cache(maxsize=8192)  # the language has about as many syllables
def syllable(word: str) -> str:
    """The sounds of one syllable; of a word that is none, those of the pieces that can be one."""
    letters, tone = _apart(word)
    letters = _LONE_GI.sub("di", letters)
    whole = _SYLLABLE.fullmatch(letters)
    if whole is not None:
        return _say(whole, tone)
    found = (_say(each, tone) for each in _SYLLABLE.finditer(letters))
    return "".join(found) or "".join(_SOUNDS["onsets"].get(letter, "") for letter in letters)


def _apart(word: str) -> tuple[str, str]:
    """The letters without their tone, and the tone."""
    marks = [each for each in unicodedata.normalize("NFD", word) if each in _TONES]
    bare = "".join(each for each in unicodedata.normalize("NFD", word) if each not in _TONES)
    return unicodedata.normalize("NFC", bare), _TONES[marks[0]] if marks else "level"


def _say(match: re.Match[str], tone: str) -> str:
    onset, vowel, coda = match["onset"], match["vowel"], match["coda"]
    sound = _SOUNDS["short"].get(vowel + coda) or _SOUNDS["vowels"][vowel]
    return "".join(
        (_SOUNDS["onsets"].get(onset, ""), sound, _SOUNDS["tones"][tone], _SOUNDS["codas"].get(coda, ""))
    )
