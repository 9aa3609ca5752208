"""Foreign words as Vietnamese syllables: ``marketing`` is said ``ma kê ting``.

The sounds come from sea-g2p's English, or from the letters where a word carries Vietnamese marks (names of
the highlands: ``Krông Búk``) or sea-g2p has nothing. Either way they are cut into syllables that Vietnamese
has: one consonant at the head (``clip`` becomes ``cờ líp``), one of eight at the end.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Sequence
from itertools import zip_longest
from typing import Final, NamedTuple

from sea_g2p import G2P

from tts.syllables import is_syllable, toneless

LONGEST: Final = 20  # letters; beyond that it is no word


class Sound(NamedTuple):
    """A vowel as it is written in Vietnamese, or a consonant by its phonetic sign."""

    sign: str
    vowel: bool


# English vowels; where there are two, the first stands in an open syllable and the second before a stop.
_VOWELS: Final = {
    "aɪ": "ai", "aʊ": "ao", "eɪ": "ây", "oʊ": "ô", "ɔɪ": "oi", "i": "i", "ɪ": "i", "ᵻ": "i", "u": "u",
    "ʊ": "u", "ɛ": "e", "æ": "a", "ɑ": "a", "a": "a", "ɔ": "o", "ʌ": "ă", "ə": "ơ", "ɐ": "ơ", "ɚ": "ơ",
    "ɜ": "ơ", "e": "ê", "o": "ô",
}  # fmt: skip
_BY_LETTER: Final = {  # a dull vowel is said as it is written
    ("ɑ", "o"): "o", ("ə", "a"): "a", ("ɐ", "a"): "a", ("ə", "o"): "ô", ("ə", "i"): "i",
    ("ʌ", "o"): "â", ("ʌ", "u"): "ă", ("ə", "u"): "u", ("ɪ", "e"): "ê",
}  # fmt: skip
_CONSONANTS: Final = (
    "tʃ", "dʒ", "p", "b", "t", "d", "k", "ɡ", "f", "v", "θ", "ð", "s", "z", "ʃ", "ʒ", "h", "m", "n", "ŋ",
    "l", "ɹ", "ɾ", "j", "w",
)  # fmt: skip
_HEADS: Final = {
    "p": "p", "b": "b", "t": "t", "d": "đ", "k": "c", "ɡ": "g", "f": "ph", "v": "v", "θ": "th", "ð": "đ",
    "s": "x", "z": "d", "ʃ": "s", "ʒ": "gi", "h": "h", "m": "m", "n": "n", "ŋ": "ng", "l": "l", "ɹ": "r",
    "ɾ": "t", "j": "d", "tʃ": "ch", "dʒ": "gi", "ɲ": "nh", "ɗ": "đ", "tr": "tr", "x": "kh",
}  # fmt: skip
_ENDS: Final = {
    "p": "p", "b": "p", "f": "p", "v": "p", "t": "t", "d": "t", "ɾ": "t", "ɗ": "t", "k": "c", "ɡ": "c",
    "s": "t", "z": "t", "θ": "t", "ð": "t", "ʃ": "t", "ʒ": "t", "tʃ": "t", "dʒ": "t", "m": "m", "n": "n",
    "ŋ": "ng", "ɲ": "nh", "l": "n", "x": "c",
}  # fmt: skip
_STOPS: Final = frozenset("ptc")
_GLIDES: Final = frozenset("lɹwj")  # sounds that lean on the consonant in front of them
_HISSES: Final = frozenset(("s", "z", "θ", "ð", "ʃ", "ʒ", "tʃ", "dʒ", "f", "v"))
_ROUNDED: Final = {"a": "oa", "ai": "oai", "ă": "oă", "e": "oe", "i": "uy", "ê": "uê", "ây": "uây",
                   "ơ": "uơ", "â": "uâ", "o": "o", "ô": "ô", "u": "u", "oi": "oi", "ao": "oao"}  # fmt: skip
_BEFORE_END: Final = {  # a vowel and an end that Vietnamese writes otherwise
    ("i", "c"): "ich", ("ê", "c"): "êch", ("i", "ng"): "inh", ("ê", "ng"): "ênh", ("ơ", "c"): "âc",
    ("ơ", "ng"): "âng", ("ơ", "t"): "ơt", ("o", "p"): "ôp", ("o", "c"): "ôc",
    ("uy", "c"): "uych", ("uy", "ng"): "uynh", ("y", "c"): "ych", ("y", "ng"): "ynh", ("uơ", "c"): "ươc",
    ("uơ", "t"): "ươt", ("uơ", "n"): "ươn", ("uơ", "m"): "ươm", ("uơ", "p"): "ươp", ("uơ", "ng"): "ương",
}  # fmt: skip
_BEFORE_L: Final = {"ơ": "ồ", "i": "iu", "e": "eo", "ây": "eo"}
_OPEN_ONLY: Final = frozenset(("ai", "ao", "oi", "oai", "oao", "uây", "iu"))
_TABOO: Final = frozenset(("đít", "cứt", "lôn", "cắc", "đéo"))

_LETTER_SOUNDS: Final = {
    "sch": "ʃ", "tch": "tʃ", "ng": "ŋ", "nh": "ɲ", "ch": "tʃ", "sh": "ʃ", "th": "θ", "ph": "f", "kh": "x",
    "gh": "ɡ", "gi": "dʒ", "qu": "kw", "ck": "k", "tr": "tr", "b": "b", "c": "k", "d": "z", "đ": "ɗ",
    "f": "f",
    "g": "ɡ", "h": "h", "j": "dʒ", "k": "k", "l": "l", "m": "m", "n": "n", "p": "p", "q": "k", "r": "ɹ",
    "s": "ʃ", "t": "t", "v": "v", "w": "w", "x": "s", "z": "z", "ñ": "ɲ", "ç": "s", "č": "tʃ", "š": "ʃ",
    "ž": "ʒ", "ß": "s", "ł": "l",
}  # fmt: skip
_LETTER_VOWELS: Final = {"ä": "e", "ö": "ơ", "ø": "ơ", "å": "o", "æ": "e", "œ": "ơ", "ü": "u", "ï": "i",
                         "ë": "e", "î": "i", "û": "u", "y": "i"}  # fmt: skip
_PHONES: Final = re.compile("|".join(sorted((*_CONSONANTS, *_VOWELS), key=len, reverse=True)))
_VOWEL_LETTERS: Final = re.compile(r"[aeiouy]+")
# What a word can look like; anything else is spelled.
_PRONOUNCEABLE: Final = re.compile(
    r"(?!.{0,4}$(?<![aeiouy].)[^aeiouy]+$)"
    r"(?:[aeiouy]{1,3}"
    r"|(?:sch|tch|[cgkpstw]h|ck|dg|ng|qu|[bcdfghklmnprstw]|[jvxz](?=[aeiouyhrlks]|$)|([vz])\1){1,3}(?=[aeiouy]|$))+"
)
# Letters that follow one another in the languages of the world we meet; sea-g2p is asked for no others,
# since a look-up costs more than all the rest and noise must stay cheap.
_FOLLOWING: Final = {
    "a": "bcdefghiklmnprstuvwxyz", "b": "aebilorustycb", "c": "acehiklorstuy", "d": "adeghilmnorstuwy",
    "e": "abcdefghiklmnopqrstuvwxyz", "f": "aefilorstuy", "g": "aeghilmnorstuy", "h": "aeilmnorstuy",
    "i": "abcdefgklmnopqrstuvxz", "j": "aeiou", "k": "aehiklnorstuwy", "l": "abcdefgiklmoprstuvy",
    "m": "abeimnopstuy", "n": "abcdefghijklnoprstuvyz", "o": "abcdefghijklmnoprstuvwxyz",
    "p": "aefhiklnoprstuy", "q": "u", "r": "abcdefghiklmnoprstuvwyz", "s": "acefghiklmnopqrstuwy",
    "t": "abcefhiklmnoprstuwyz", "u": "abcdefghijklmnoprstvxyz", "v": "aeilorsuy", "w": "abdehiklnorsty",
    "x": "abcehioptuy", "y": "abcdefiklmnoprstuwz", "z": "aehilouyz",
}  # fmt: skip
_USUAL: Final = re.compile(
    "(?:" + "|".join(f"{letter}(?=[{behind}]|$)" for letter, behind in _FOLLOWING.items()) + ")+"
)
_STRESS: Final = re.compile("[ˈˌː\u0300-\u036f]")

# The letters without their marks, to see how they stand together.
_BARE: Final = {
    **{code: unicodedata.normalize("NFD", chr(code))[0] for code in range(0xDF, 0x1EFF)},
    **{ord(letter): bare for letter, bare in zip("đßłøæœ", "dsloee", strict=True)},
}


def syllables(word: str) -> str:
    """``word``, letters only, in Vietnamese syllables; nothing where it cannot be pronounced."""
    lower = word.lower()
    if len(lower) > LONGEST:
        return ""
    if not _PRONOUNCEABLE.fullmatch(lower.translate(_BARE)):
        return ""
    said = _said(_from_phonemes(lower) if _USUAL.fullmatch(lower) else _from_letters(lower))
    return said if all(map(is_syllable, said.split())) else ""


def by_letters(word: str) -> str:
    """As it is written, whatever an Englishman would say: the names of the highlands."""
    said = _said(_from_letters(word.lower())) if len(word) <= LONGEST else ""
    return said if all(map(is_syllable, said.split())) else ""


@functools.cache
def _g2p() -> G2P:
    return G2P()


def _from_phonemes(word: str) -> list[Sound]:
    phones = _PHONES.findall(_STRESS.sub("", _g2p().convert(word)))
    written = iter(_vowels_as_written(word, sum(phone in _VOWELS for phone in phones)))
    return [
        Sound(_vowel(phone, next(written)), vowel=True) if phone in _VOWELS else Sound(phone, vowel=False)
        for phone in phones
    ]


def _vowels_as_written(word: str, count: int) -> list[str]:
    """The letters behind each vowel that is heard; where they do not pair up, only the last is known."""
    letters = _VOWEL_LETTERS.findall(re.sub(r"(?<=[^aeiouy])e$", "", word))
    if len(letters) != count:
        letters = [""] * (count - 1) + [word[-1]]
    return letters[:count]


def _vowel(phone: str, written: str) -> str:
    return _BY_LETTER.get((phone, written[-1:]), _VOWELS[phone])


_LETTERS: Final = re.compile("|".join(sorted(_LETTER_SOUNDS, key=len, reverse=True)) + r"|[^\W\d_]")


def _from_letters(word: str) -> list[Sound]:
    """Names of the highlands and of other Latin scripts, read by their letters."""
    sounds: list[Sound] = []
    for piece in _LETTERS.findall(word):
        found = _sounds(piece)
        if not found:
            return []
        joined = sounds[-1].sign + found[0].sign if sounds and sounds[-1].vowel and found[0].vowel else ""
        if joined and is_syllable(joined):
            sounds[-1] = Sound(joined, vowel=True)
        else:
            sounds += found
    return sounds


@functools.lru_cache(maxsize=1 << 10)
def _sounds(piece: str) -> tuple[Sound, ...]:
    """A consonant or a vowel as it is written; nothing for other scripts."""
    sound = _LETTER_SOUNDS.get(piece)
    if sound:
        return tuple(Sound(sign, vowel=False) for sign in (("k", "w") if sound == "kw" else (sound,)))
    vowel = _vowel_letter(piece)
    return (Sound(vowel, vowel=True),) if vowel else ()


def _vowel_letter(letter: str) -> str:
    """The letter itself where Vietnamese has it, else what comes near; nothing for other scripts."""
    if toneless(letter) in "aăâeêioôơuưy":
        return letter
    near = _LETTER_VOWELS.get(letter)
    bare = unicodedata.normalize("NFD", letter)[0]
    return near or (_LETTER_VOWELS.get(bare, bare) if bare in "aeiouy" else "")


def _said(sounds: Sequence[Sound]) -> str:
    """Between two vowels the last consonant opens the next syllable, with the one it leans on."""
    nuclei = [index for index, sound in enumerate(sounds) if sound.vowel]
    if not nuclei:
        return ""
    signs = tuple(sound.sign for sound in sounds)
    words: list[str] = []
    head = signs[: nuclei[0]]
    for index, following in zip_longest(nuclei, nuclei[1:]):
        between = signs[index + 1 : following]
        cut = _head_start(between) if following else len(between)
        words.append(_syllable(head, signs[index], between[:cut]))
        head = between[cut:]
    return " ".join(words)


def _head_start(between: Sequence[str]) -> int:
    leaning = len(between) > 1 and between[-1] in _GLIDES and between[-2] not in _GLIDES | {"m", "n", "ŋ"}
    return max(0, len(between) - (2 if leaning else 1))


@functools.lru_cache(maxsize=1 << 14)
def _syllable(head: tuple[str, ...], vowel: str, end: tuple[str, ...]) -> str:
    """The consonants that do not fit in front of the vowel get a syllable of their own."""
    *loose, first = head or [""]
    if first == "ɹ" and loose[-1:] == ["t"]:
        loose, first = loose[:-1], "tr"
    if first == "w":
        vowel = _ROUNDED.get(vowel, vowel)
        first = loose.pop() if loose and loose[-1] in "kɡ" else ""
        if first == "k":
            rest = vowel.removeprefix("o").removeprefix("u") or vowel
            return " ".join((*map(_filler, loose), _closed("qu", rest, end)))
    elif first == "j" and loose and vowel == "u":
        vowel, first = "iu", loose.pop()
    return " ".join((*map(_filler, loose), _closed(_HEADS.get(first, ""), vowel, end)))


def _filler(sign: str) -> str:
    return "xì" if sign == "s" else f"{_HEADS.get(sign, '')}ờ"


def _closed(head: str, vowel: str, end: Sequence[str]) -> str:
    """Only the first consonant that can end a syllable is said; a stop makes the tone rise."""
    ends = [sign for sign in end if sign in _ENDS]
    bare = toneless(vowel)
    if ends[:1] == ["l"] and bare in _BEFORE_L:
        return _spelled(head, _BEFORE_L[bare])
    if not ends or bare in _OPEN_ONLY or (ends[0] in _HISSES and bare in ("ô", "ây")):
        return _spelled(head, _open(vowel))
    close = _ENDS[ends[0]]
    vowel = "ê" if bare == "ây" else vowel
    rhyme = _BEFORE_END.get((vowel, close), vowel + close)
    said = _spelled(head, _rising(rhyme) if close in _STOPS and toneless(vowel) == vowel else rhyme)
    return _spelled(head, _open(vowel)) if said in _TABOO else said


def _open(vowel: str) -> str:
    """ă and â do not end a syllable."""
    return {"ă": "a", "â": "ơ", "oă": "oa", "uâ": "uơ"}.get(vowel, vowel)


def _rising(rhyme: str) -> str:
    """The tone sits on the last vowel, or on the one with a hat."""
    vowels = [index for index, letter in enumerate(rhyme) if letter in "aăâeêioôơuưy"]
    hatted = [index for index in vowels if rhyme[index] in "ăâêôơư"]
    place = (hatted or vowels)[-1]
    return unicodedata.normalize("NFC", f"{rhyme[: place + 1]}\u0301{rhyme[place + 1 :]}")


def _spelled(head: str, rhyme: str) -> str:
    front = toneless(rhyme)[:1] in "iêe" or rhyme.startswith("y")
    if head in ("c", "g", "ng"):
        head = {"c": "k", "g": "gh", "ng": "ngh"}[head] if front else head
    if head == "gi" and toneless(rhyme).startswith("i"):
        head = "g"
    return head + rhyme
