"""References to the articles, points, appendices and forms of a document: điểm a khoản 2 Điều 15."""

from __future__ import annotations

import re
from typing import Final

from tts.normalise import letters, numbers
from tts.normalise.documents import code
from tts.normalise.issuers import issuer
from tts.normalise.rule import Rule, after, before, first_words, rule
from tts.types import TokenKind

_WORDS: Final = (
    "điểm",
    "khoản",
    "điều",
    "mục",
    "tiểu mục",
    "phụ lục",
    "chương",
    "phần",
    "tiết",
    "biểu",
    "mẫu",
)
_LABEL: Final = r"[a-zđA-ZĐ]\d?(?!\w)\)?"
_ITEM: Final = (
    r"(?:[IVXLC]{1,6}(?![^\W\d_])|[IVX]{1,5}(?=[abcd](?!\w))|\d{1,3})"
    r"(?:\.(?:[IVX]{1,5}|\d{1,2}|[a-zđA-ZĐ])(?!\d)){0,4}[a-zđA-ZĐ]?"
)
_AND: Final = r"(?:\s?[,;]\s?|\s?[-–]\s?|\s(?:và|hoặc|đến)\s)"
_AMOUNT: Final = re.compile(r"[.,]\d|(?:trăm|nghìn|ngàn|triệu|tỷ|tỉ|đồng|đ|usd|%)(?!\w)")
_PIECE: Final = re.compile(r"[IVXLC]{1,6}(?![^\W\d_])|[IVX]{1,5}(?=[abcd](?!\w))|\d+|[^\W\d_]+|[,;.–-]")


def _points(match: re.Match[str]) -> str:
    """điểm a, b và đ khoản 2: the letters are labels, never đồng."""
    return f"{match['word']} {_spoken(match['labels'])}"


def _items(match: re.Match[str]) -> str | None:
    if not any(character.isdigit() for character in match["items"]) and not _is_roman(match["items"]):
        return None
    if _AMOUNT.match(after(match)):  # khoản 3,5 tỷ đồng is a sum, no article
        return None
    return f"{match['word']} {_spoken(match['items'])}"


def _is_roman(items: str) -> bool:
    head = re.match(r"[IVXLC]+", items)
    return bool(head and numbers.roman(head[0]) is not None)


def _spoken(labels: str) -> str:
    said = ""
    pieces = _PIECE.findall(labels)
    for piece, following in zip(pieces, [*pieces[1:], ""], strict=True):
        if piece == ".":  # I.2 is một chấm hai, II.A is hai a
            said += "" if _is_letter(following) else " chấm"
        elif piece in "-–":
            said += " đến"
        elif piece in ",;":
            said += ","
        else:
            said += f" {_label(piece)}"
    return said.strip()


def _is_letter(piece: str) -> bool:
    return len(piece) == 1 and piece.isalpha() and piece not in "IVX"


def _label(piece: str) -> str:
    if piece.isdigit():
        return numbers.number(piece)
    if piece in ("và", "hoặc", "đến"):
        return piece
    if len(piece) == 1 and piece.lower() in "aeoiy" and piece != "I":
        return piece.lower()
    value = numbers.roman(piece)
    return letters.names(piece) if value is None or piece in ("C", "L") else numbers.cardinal(value)


def _clipped(match: re.Match[str]) -> str:
    """K.2 Đ.15, k3 Đ8: the clause and its article, as they are noted in a margin."""
    said = [f"{_CLIPPED[part[0].upper()]} {numbers.number(part[1:].strip('. '))}" for part in match.groups()]
    return " ".join(said)


def _short(match: re.Match[str]) -> str | None:
    """Đ.5 Luật Đất đai, khoản 2 Đ8, k.1 Điều 5; elsewhere Đ. is a street."""
    clause = match["word"] in "Kk"
    told = _ITS_ARTICLE.match(after(match)) if clause else _LAWS.match(after(match))
    if not told and (clause or not _OF_LAW.search(before(match))):
        return None
    return f"{_CLIPPED[match['word'].upper()]} {numbers.number(match['number'])}"


def _form(match: re.Match[str]) -> str:
    """Mẫu số 01/TTr, mẫu 02a-HD: digits as a number, letters by their names, those of a long body in full."""
    word = " ".join(match["word"].split())
    return " ".join([word, *map(_part_of_form, re.split(r"[-–/.]", match["code"]))])


def _part_of_form(part: str) -> str:
    """2C-BNV/2008: the figures of a year have four digits."""
    if re.fullmatch(r"(?:19|20)\d\d", part):
        return f"năm {numbers.year(part)}"
    whole = issuer(part) if part.isalpha() and len(part) >= _LONG_BODY else ""
    return whole or code(part)


_LONG_BODY: Final = 4  # letters: of fewer the letters may be those of the form
_LAWS: Final = re.compile(
    r"(?:của\s)?(?:luật|bộ luật|pháp lệnh|hiến pháp|điều lệ|quy chế|nghị định|nghị quyết|thông tư|quyết định"
    r"|blhs|blds|bllđ|blttds|bltths|nđ|nq|tt|qđ)(?!\w)"
)
_ITS_ARTICLE: Final = re.compile(r",?\s?điều\s\d")
_OF_LAW: Final = re.compile(
    r"(?<!\w)(?:khoản\s\d{1,2}|điểm\s[a-zđ]|k\.?\s?\d{1,2}|căn cứ|theo|quy định tại)[\s,]*$"
)
_CLIPPED: Final = {"K": "khoản", "Đ": "điều"}
_NUMBERED: Final = r"điều|khoản|mục|tiểu\smục|phụ\slục|chương|tiết|biểu"
RULES: Final[tuple[Rule, ...]] = (
    rule(
        r"(?<![\w.]) ([KkĐđ]\.?\s?\d{1,3})[\s,]{0,2}([KkĐđ]\.?\s?\d{1,3}) (?!\w|[.,/]\d)",
        _clipped,
        kind=TokenKind.ARTICLE,
        starts=first_words("k", "đ"),
    ),
    rule(
        r"(?<![\w.]) (?P<word>[KkĐ])\.?\s?(?P<number>\d{1,3}) (?!\w|[.,/-]\d)",
        _short,
        kind=TokenKind.ARTICLE,
        starts=first_words("k", "đ"),
    ),
    rule(
        rf"""(?<!\w) (?P<word>điểm)\s{{0,2}}
            (?P<labels>(?<!\w){_LABEL}(?:{_AND}{_LABEL}){{0,8}})""",
        _points,
        re.IGNORECASE,
        kind=TokenKind.ARTICLE,
        starts=first_words("điểm"),
    ),
    rule(
        r"""(?<!\w) (?P<word>(?:biểu\s)?mẫu(?:\ssố)?|biểu\ssố)\s{0,2}:?\s?
            (?P<code>[A-ZĐ]{0,3}\d{1,3}[a-zđA-ZĐ]?(?:[-–/.][A-ZĐa-z0-9]{1,9}){0,4}) (?!\w)""",
        _form,
        re.IGNORECASE,
        kind=TokenKind.ARTICLE,
        starts=first_words("mẫu", "biểu"),
    ),
    rule(
        rf"""(?<!\w) (?P<word>(?:{_NUMBERED})(?:\ssố)?)\s{{0,2}}
            (?P<items>{_ITEM}(?!\w)(?:{_AND}{_ITEM}(?!\w|[/%])(?!\.\d)){{0,8}}) (?![\w/%])""",
        _items,
        re.IGNORECASE,
        kind=TokenKind.ARTICLE,
        starts=first_words(*_WORDS),
    ),
)
