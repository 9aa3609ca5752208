"""Text in the encodings from before Unicode (TCVN3, VNI), as bytes or pasted, made readable.

Officers still paste from documents typed in fonts such as .VnTime or VNI-Times: what arrives is
``Th«ng b¸o`` or ``Thoâng baùo``. A line is converted only where that is beyond doubt: as it stands its
marked words are no Vietnamese syllables, and converted they all are.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tts.syllables import is_syllable, toneless

_TCVN3_CODES: Final = {
    0xA1: "ĂÂÊÔƠƯĐăâêôơưđ", 0xB5: "àảãáạ", 0xBB: "ằẳẵắ", 0xC6: "ặầẩẫấậè", 0xCE: "ẻẽéẹềểễếệìỉ",
    0xDC: "ĩíịò", 0xE1: "ỏõóọồổỗốộờởỡớợù", 0xF1: "ủũúụừửữứựỳỷỹýỵ",
}  # fmt: skip
TCVN3: Final = {
    chr(first + index): letter for first, run in _TCVN3_CODES.items() for index, letter in enumerate(run)
}
# A letter and the mark behind it; the marks stand for a tone, or for a hat or breve with its tone.
_VNI_TONES: Final = dict(zip("ùøûõï", "\u0301\u0300\u0309\u0303\u0323", strict=True))
_VNI_HATS: Final = {
    mark: "\u0302" + tone
    for mark, tone in zip("âáàåãä", ("", "\u0301", "\u0300", "\u0309", "\u0303", "\u0323"), strict=True)
}
_VNI_BREVES: Final = {
    mark: "\u0306" + tone
    for mark, tone in zip("êéèúüë", ("", "\u0301", "\u0300", "\u0309", "\u0303", "\u0323"), strict=True)
}
_VNI_SINGLE: Final = {
    "ñ": "đ",
    "ô": "ơ",
    "ö": "ư",
    "î": "ỵ",
    "æ": "ỉ",
    "ó": "ĩ",
    "ò": "ị",
    "í": "í",
    "ì": "ì",
}


def _vni() -> dict[str, str]:
    marked = {"a": _VNI_TONES | _VNI_HATS | _VNI_BREVES, "e": _VNI_TONES | _VNI_HATS, "u": _VNI_TONES}
    marked |= {"o": _VNI_TONES | _VNI_HATS, "y": _VNI_TONES, "ô": _VNI_TONES, "ö": _VNI_TONES}
    table = dict(_VNI_SINGLE)
    for letter, marks in marked.items():
        base = _VNI_SINGLE.get(letter, letter)
        table |= {letter + mark: unicodedata.normalize("NFC", base + said) for mark, said in marks.items()}
    table |= {written.upper(): letter.upper() for written, letter in list(table.items())}
    return table


VNI: Final = _vni()

_VNI_WRITTEN: Final = re.compile("|".join(sorted(map(re.escape, VNI), key=len, reverse=True)))
# A run in which these encodings put their letters, some of which look like signs: « · ® § ¸ µ.
_RUN: Final = re.compile(
    r"[A-Za-z\u0080-\u009f\u00a1-\u00ff\u0152\u0153\u0160\u0161\u0178\u0192\u2000-\u2122]+"
)
_LETTERS: Final = re.compile(r"[^\W\d_]+")
_SUSPECT: Final = re.compile(r"[A-Za-z][\u00a1-\u00fe]|[\u00a1-\u00fe][A-Za-z]")
_UNICODE: Final = re.compile("[ăđĩũơưĂĐĨŨƠƯ\u1ea0-\u1ef9\u0300-\u0323]")
_STOPPED: Final = re.compile(r"(?:ch|[cpt])$")
_LEVEL: Final = frozenset("\u0300\u0303\u0309")  # tones that a syllable with such an end never has

# Letters that Vietnamese has not, and signs that stand next to a letter.
_FOREIGN: Final = re.compile(
    "[ÄÅÆÇËÎÏÑÖØÛÜÞßäåæçëîïñöøûüþÿ]|(?<=[A-Za-z])[\u00a1-\u00bf]|[\u00a1-\u00bf](?=[A-Za-z\u00c0-\u00ff])"
)
_ABBREVIATION: Final = re.compile("[A-ZĐ]{2,}|[Đđ]")  # HĐND, 5.000đ: no syllables, and no sign of an error
_EVIDENCE: Final = 4  # letters of marked words without which nothing is sure


@dataclass(frozen=True, slots=True)
class Mended:
    """Readable text, and the name of the encoding that any of it was in."""

    text: str
    encoding: str = ""


def mend(text: str) -> Mended:
    """Pasted text with its lines in an old encoding converted; all other lines as they are."""
    if text.isascii() or not _SUSPECT.search(text):
        return Mended(text)
    lines = text.split("\n")
    sure = [_encoding(line) for line in lines]
    if not any(sure):
        return Mended(text)
    name = max(sorted(set(filter(None, sure))), key=sure.count)
    # A line that says nothing by itself ("Tù do") goes with the others, unless some are in Unicode.
    margin = 1 if _UNICODE.search(text) else 0
    mended = [_converted(line, own or name, margin) for line, own in zip(lines, sure, strict=True)]
    return Mended("\n".join(mended), name)


def _converted(line: str, name: str, margin: int) -> str:
    if line.isascii() or _UNICODE.search(line):
        return line
    converted = _CONVERTERS[name](line)
    good, sound = _marked_words(converted)
    return converted if sound and good >= _fine(line) + margin else line


def decode(data: bytes) -> Mended | None:
    """Bytes that are not UTF-8: two-byte Unicode, TCVN3, VNI or Windows-1258; None for anything else."""
    wide = _two_bytes(data)
    if wide is not None:
        return wide
    if any(byte < 0x20 and byte not in b"\t\n\r\f" for byte in data):
        return None
    mended = mend(data.decode("latin-1"))
    if mended.encoding:
        return mended
    text = data.decode("cp1258", errors="replace")
    _, sound = _marked_words(unicodedata.normalize("NFC", text))
    return Mended(text, "windows-1258") if sound and "\ufffd" not in text else None


def _two_bytes(data: bytes) -> Mended | None:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        codec = "utf-16"
    elif len(data) >= 4 and data[1::2].count(0) * 4 > len(data) and not data[::2].count(0):
        codec = "utf-16-le"
    elif len(data) >= 4 and data[::2].count(0) * 4 > len(data) and not data[1::2].count(0):
        codec = "utf-16-be"
    else:
        return None
    try:
        return Mended(data.decode(codec), "utf-16")
    except UnicodeDecodeError:
        return None


def _encoding(line: str) -> str:
    """The encoding that makes syllables of a line with few, or with foreign letters; empty if none does."""
    if not _SUSPECT.search(line) or _UNICODE.search(line):
        return ""
    fine = _fine(line)
    marked = [run for run in _RUN.findall(line) if not run.isascii()]
    foreign = 5 * sum(bool(_FOREIGN.search(run)) for run in marked) >= len(marked)
    if not foreign and 5 * fine > 2 * len(marked):
        return ""
    best, name = fine + (not foreign), ""
    for candidate, convert in _CONVERTERS.items():
        good, sound = _marked_words(convert(line))
        if sound and good > best:
            best, name = good, candidate
    return name


def _fine(line: str) -> int:
    """How many of the runs with marks are words as they stand."""
    return sum(_is_word(run.strip("«»“”‘’°")) for run in _RUN.findall(line) if not run.isascii())


def _marked_words(line: str) -> tuple[int, bool]:
    """How many words with marks are Vietnamese, and whether nearly all are."""
    words = [word for word in _LETTERS.findall(line) if not word.isascii()]
    marked = [word for word in words if is_syllable(word) or not _ABBREVIATION.fullmatch(word)]
    good = sum(map(_is_word, marked))
    enough = sum(map(len, marked)) >= _EVIDENCE
    return good, enough and 10 * good >= 9 * len(marked)


def _is_word(word: str) -> bool:
    if not is_syllable(word):
        return False
    tones = _LEVEL.intersection(unicodedata.normalize("NFD", word))
    return not (tones and _STOPPED.search(toneless(word.lower())))


def _from_tcvn3(line: str) -> str:
    return _CAPITALS.sub(_in_capitals, "".join(TCVN3.get(character, character) for character in line))


# The fonts for capitals (.VnTimeH) have no codes of their own: "X· T¢N LËP" is XÃ TÂN LẬP.
_CAPITALS: Final = re.compile(r"[^\W\d_]+(?:[ \t]+[^\W\d_]+)*")


def _in_capitals(run: re.Match[str]) -> str:
    words = re.split(r"([ \t]+)", run[0])
    sure = [_looks_capital(word, 2) for word in words]
    for index, word in enumerate(words):
        near = sure[max(0, index - 2) : index + 3]
        if sure[index] or (any(near) and _looks_capital(word, 1)):
            words[index] = word.upper()
    return "".join(words)


def _looks_capital(word: str, least: int) -> bool:
    plain = [letter for letter in word if letter.isascii() and letter.isalpha()]
    return len(plain) >= least and all(letter.isupper() for letter in plain)


def _from_vni(line: str) -> str:
    return _VNI_WRITTEN.sub(lambda match: VNI[match[0]], line)


def _from_utf8(line: str) -> str:
    """UTF-8 that a program took for Windows-1252: ``ThÃ´ng bÃ¡o``."""
    try:
        return b"".join(map(_byte, line)).decode()
    except UnicodeError:
        return line


def _byte(character: str) -> bytes:
    return character.encode("latin-1" if ord(character) < 256 else "cp1252")


_CONVERTERS: Final[dict[str, Callable[[str], str]]] = {
    "tcvn3": _from_tcvn3,
    "vni": _from_vni,
    "utf-8": _from_utf8,
}
