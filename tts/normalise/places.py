"""Signs before the names of places (TP., P.), and names in minority languages."""

from __future__ import annotations

import re
from typing import Final

from tts.normalise import foreign, letters, numbers
from tts.normalise.abbreviations import expansion
from tts.normalise.data import FIELDS, PLACE_NAMES, PLACES
from tts.normalise.rule import Reading, Rule, alternatives, before, first_words, letters_then, rule
from tts.types import Doubt, TokenKind

_DOTTED: Final = tuple(written for written in PLACES if written.endswith("."))
_BARE: Final = tuple(written for written in PLACES if not written.endswith("."))
_ACTING: Final = {"P": "phó", "Q": "quyền"}  # before an office: P. Giám đốc, Q. Chủ tịch
_OFFICES: Final = (
    r"chủ\stịch|giám\sđốc|(?:hiệu\s|cục\s|vụ\s|viện\s)?trưởng|bí\sthư|chánh\s(?:văn|thanh|án)|chi\scục|tổng"
    r"|CT|GĐ|BT|HT|CHT|TGĐ|TBT"
)
_DIVISIONS: Final = re.compile(  # P. Nội vụ; a ward has a capital in both its words
    r"(?:Tư\spháp|Nội\svụ|Kinh\stế|Văn\shóa|Tài\s(?:chính|nguyên)|Giáo\sdục|Y\stế|Lao\sđộng|Nông\snghiệp"
    r"|Kế\s(?:hoạch|toán)|Hành\schính|Tổ\schức|Quản\slý|Kỹ\sthuật|Dân\stộc|Công\s[Tt]hương|Tổng\shợp"
    r"|Cảnh\ssát|Đào\stạo)(?!\w)"
)
_LATIN: Final = {"C": "cờ", "K": "cờ", "Q": "cờ"}
_ALSO_NAMES: Final = ("X.", "H.", "Q.", "T.")  # Nguyễn Văn H.
_PERSONS: Final = (" ông", " bà", " anh", " chị", " cháu", " cụ", "đồng chí", "đ/c")  # ông Đ. Văn Ba
_SUBJECT: Final = frozenset(("Anh", "Anh,", "Anh)", "Anh.", "Anh;", "Anh "))  # T. Anh is English, no province
_ROOM: Final = re.compile(
    r"(?<!\w)(?:phòng|phòng thi|phòng họp|tầng \d{1,2}|nhà [a-h]\d?|tòa [a-h]\d?|khoa"
    r"|bệnh viện|khách sạn)[\s,:-]*$"
)
_HOUSE_NUMBER: Final = 3  # digits: P.302 is a room, P.5 a ward

# Syllables of the highlands: more consonants at the head and at the end than Vietnamese has.
_HIGHLAND: Final = re.compile(
    r"(?:ch|gi|kh|ng|nh|ph|th|tr|[bcdđghklmnprstvxy]?[rl]|[bcdđghklmnpqrstvxy])?[aăâeêioôơuưy]{1,3}"
    r"(?:ng|nh|ch|[cghklmnprst])?"
)
_LONGEST_HIGHLAND: Final = 7  # letters


def is_highland(written: str) -> bool:
    """Đắk, Krông: letters that only Vietnamese has in a syllable that Vietnamese has not."""
    if len(written) > _LONGEST_HIGHLAND or not letters.is_marked(written):
        return False
    return bool(_HIGHLAND.fullmatch(letters.toneless(written.lower())))


def _place(match: re.Match[str]) -> Reading | None:
    written, following = match["sign"], match.string[match.end() : match.end() + 16]
    ahead = following.lstrip()[:1]
    if not ahead.isupper() or _is_no_place(match, written, following.lstrip()):
        return None
    other = _other(written, following.lstrip())
    if other:
        return Reading(other)
    listed = before(match).endswith((",", "-", "–", "ubnd", "hđnd"))
    if written == "t." and not listed:
        return None
    doubtful = written in _ALSO_NAMES and following[:1].isspace() and not listed and _ends_sentence(match)
    return Reading(PLACES[written], Doubt.AMBIGUOUS if doubtful else None)


def _is_no_place(match: re.Match[str], written: str, following: str) -> bool:
    """lúc 7 h. Mọi người; TTr. HĐND, TTr. Huyện ủy"""
    if not following[1:2].isalpha() or before(match).endswith(_PERSONS):  # Tin, ảnh: T.H
        return True
    if written.islower():
        return before(match)[-1:].isdigit()
    return written in ("TTr.", "Ttr.") and not all(word.istitle() for word in following.split()[:2])


def _other(written: str, following: str) -> str:
    """T. Anh, TP Tư pháp, P. Nội vụ: what else than a place the letters mean."""
    if written == "T." and following[:4] in _SUBJECT:
        return "tiếng"
    if written in ("TP", "TP.") and _is_division(following):
        return "trưởng phòng"
    return "phòng" if written == "P." and _is_office(following) else ""


def _numbered(match: re.Match[str]) -> str | None:
    """Q.12, P. 5; three digits are those of a room."""
    sign, digits = match["sign"], match["number"]
    if sign.islower() and before(match)[-1:].isdigit():
        return None
    room = sign in ("P.", "p.") and (len(digits) >= _HOUSE_NUMBER or bool(_ROOM.search(before(match))))
    if room and before(match).endswith(("phòng", "phòng thi", "phòng họp")):  # phòng P.12
        return f"{letters.names('P')} {numbers.number(digits)}"
    return f"{'phòng' if room else PLACES[sign]} {numbers.number(digits)}"


def _is_office(following: str) -> bool:
    """P.VHTT is the office of culture, P.Tân Giang a ward."""
    if _DIVISIONS.match(following):
        return True
    name = re.match(r"[^\W\d_][\w&-]+", following)
    return bool(name and name[0].isupper() and (name[0] in FIELDS or expansion(name[0])))


def _is_division(following: str) -> bool:
    """TP Tư pháp, TP. VHTT: who leads it, no town."""
    name = re.match(r"[^\W\d_][\w&-]+", following)
    return bool(_DIVISIONS.match(following) or (name and name[0] in FIELDS))


def _ends_sentence(match: re.Match[str]) -> bool:
    """Nguyễn Văn H. Sau đó: the letter hides a name."""
    words = re.findall(r"[^\W\d_]+", match.string[max(0, match.start() - 24) : match.start()])
    return bool(words) and words[-1][:1].isupper() and match.string[match.start() - 1 : match.start()] == " "


def _acting(match: re.Match[str]) -> str:
    return _ACTING[match["sign"]]


def _name(match: re.Match[str]) -> str:
    return PLACE_NAMES[match["name"].lower().replace("’", "'")]


def _of_highlands(match: re.Match[str]) -> str | None:
    """Ea Kly, Ia Kring: behind such a word no English is meant."""
    head, name = match["head"], match["name"]
    if _is_name(name) or name.lower() in PLACE_NAMES:
        return None
    said = foreign.by_letters(name)
    return f"{PLACE_NAMES.get(head.lower(), head)} {said}" if said else None


def _clipped(match: re.Match[str]) -> Reading | None:
    """H'Hen, K'Tổng, Y'Bia: a consonant of its own in front of a syllable."""
    letter = match["letter"]
    own = letter if letters.is_syllable(letter) else f"{letter.lower()}ờ"
    head, rest = _LATIN.get(letter, own), match["rest"]
    return Reading(f"{head} {PLACE_NAMES.get(rest.lower(), rest)}") if _is_name(rest) else None


def _is_name(written: str) -> bool:
    return letters.is_syllable(written) or is_highland(written)


_HEADS: Final = (
    "Ea", "Ia", "Krông", "Chư", "Cư", "Đắk", "Đăk", "Plei", "Kon", "Buôn", "buôn", "Đạ", "Yang", "làng"
)  # fmt: skip
_NAMES: Final = tuple(name for name in PLACE_NAMES if not name.isalpha())
RULES: Final[tuple[Rule, ...]] = (
    rule(
        rf"(?<![\w.]) (?P<sign>[PQ])\.\s?(?=(?i:{_OFFICES})(?!\w))",
        _acting,
        kind=TokenKind.ABBREVIATION,
        starts=first_words("P", "Q"),
    ),
    rule(
        rf"(?<![\w.]) (?P<sign>{alternatives(_DOTTED)})\s?(?P<number>\d{{1,4}}) (?![\w/:]|[.,-]\d)",
        _numbered,
        kind=TokenKind.PLACE,
        starts=first_words(*_DOTTED),
    ),
    rule(
        r"(?<=xã,\ ) P\.? (?=,?\s?(?:TT|thị\strấn|ĐK)(?!\w))",  # các xã, P., TT.
        lambda _: "phường",
        kind=TokenKind.PLACE,
        starts=first_words("P"),
    ),
    rule(
        rf"(?<![\w.]) (?P<sign>{alternatives(_BARE)}) (?=\s)",
        _place,
        kind=TokenKind.PLACE,
        starts=first_words(*_BARE),
    ),
    rule(
        rf"(?<![\w.]) (?P<sign>{alternatives(_DOTTED)})",
        _place,
        kind=TokenKind.PLACE,
        starts=first_words(*_DOTTED),
    ),
    rule(
        rf"(?<!\w) (?P<name>{alternatives(_NAMES).replace(chr(39), '[' + chr(39) + '’]')}) (?!\w)",
        _name,
        re.IGNORECASE,
        kind=TokenKind.PLACE,
        starts=first_words(*_NAMES),
    ),
    rule(
        rf"(?<!\w) (?P<head>{alternatives(_HEADS)})\s(?P<name>[A-ZĐ][a-zđ]{{1,8}}) (?!\w|['’])",
        _of_highlands,
        kind=TokenKind.PLACE,
        starts=first_words(*_HEADS),
    ),
    rule(
        r"(?<!\w) (?P<letter>[BCDĐGHKLMNPRSTXYE])['’](?P<rest>[^\W\d_]{1,7}) (?!\w)",
        _clipped,
        kind=TokenKind.PLACE,
        starts=letters_then("'’"),
    ),
)
