"""Slips that hide a figure or a word: O for zero (1O/5), a space missing (từ15-20/5), odd (3 ,5 ha) or
double, a long dash within a figure (01–02–2024).

They are mended in front of the rules; each token keeps the place and the writing that it has in the source.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import Final

import msgspec

from tts.normalise import headings, letters
from tts.types import Doubt, Token

_SLIP: Final = re.compile(r"\d|(?<=[IVX]\ )V[Àà]|\ \ |[\u2010-\u2015\u2212]\w", re.VERBOSE)
_LONG_DASH: Final = re.compile(r"(?<=\w)[\u2010-\u2015\u2212](?=\w)|[\u2012-\u2014](?=>)")
_LETTER_O: Final = re.compile(r"\d[Oo]|O\d")
# Figures alone: no letter but the O is near, so neither H2O nor 37oC nor a code such as OM5451.
_FIGURES: Final = re.compile(
    r"(?<![\w.,/-]) (?:[\dO][\dOo.,:/]{0,20}[\dO] | \d{1,2}O) (?:(?!\w)|(?=[hg]\d{0,2}(?!\w))) (?!-\d{3})",
    re.VERBOSE,
)
_SURELY: Final = re.compile(r"(?=.*\d)(?!O\d{1,2}$)(?:O|\d|[.,:/]|(?<=\d)o(?=\d))+")  # O2 is oxygen
_MEASURED: Final = r"(?:[%‰°]|(?:độ|ha|kg|km|mm|cm|m[23²³]?|tấn|tạ|triệu|tỷ|tỉ|lần|điểm|lít)(?!\w))"
_SPACES: Final = re.compile(
    rf"""(?P<few>(?<=[^\W\d_])(?:(?=\d{{1,4}}(?:[/.,:-]\d|[hg]|/[A-ZĐ])) | ,(?=\d)))
    | (?P<many>(?<=\d)\ ,\ ?(?=\d{{1,2}}\s?{_MEASURED}))
    | (?P<run>\ {{2,200}})
    | (?P<comma>,(?=\d)(?:(?<=/20\d\d,)|(?<=[hH][0-5]\d,)|(?<=\),)
        |(?<=(?<!\d)11\d,)(?=11\d(?!\d))|(?<=(?<!\d)20\d\d,)(?=20\d\d(?!\d))))
    | (?P<stroke>(?:\ /\ ?|/\ )(?:(?=(?!0\d\d)\d{{1,4}}(?!\d))|(?=[A-ZĐ]{{1,5}}r?-[A-ZĐ])))""",
    re.VERBOSE,
)
_ANY_DASH: Final = re.compile("[\u2010-\u2015\u2212]")
_LAST_DIGITS: Final = re.compile(r"\d{1,4}$")
_LAST_WORD: Final = re.compile(r"(?<![\w.,/@-])[^\W\d_]{2,7}$")
_LONGEST: Final = 9  # characters of a syllable and of what stands in front of it


class Mended(msgspec.Struct, frozen=True, gc=False):
    """A line without slips; from ``places[i]`` on, a character comes from ``shifts[i]`` further on."""

    line: str
    places: tuple[int, ...]
    shifts: tuple[int, ...]

    def origin(self, place: int) -> int:
        index = bisect_right(self.places, place)
        return place + (self.shifts[index - 1] if index else 0)


def mended(line: str) -> Mended | None:
    """None for a line without slips, as nearly all are."""
    if not _SLIP.search(line):
        return None
    zeros = _FIGURES.sub(_with_zeros, line) if _LETTER_O.search(line) else line
    zeros = headings.as_in_text(zeros)
    zeros = zeros if zeros.isascii() else _LONG_DASH.sub("-", zeros)
    pieces: list[str] = []
    places: list[int] = []
    shifts: list[int] = []
    done = length = 0
    for match in _SPACES.finditer(zeros):
        instead = _instead(match)
        if instead == match[0]:
            continue
        pieces += (zeros[done : match.start()], instead)
        length += match.start() - done
        gap = len(match[0]) - len(match[0].lstrip(" "))
        if gap and instead[:1] != " ":  # the sign itself keeps its place
            places.append(length)
            shifts.append(match.start() + gap - length)
        length += len(instead)
        done = match.end()
        places.append(length)
        shifts.append(done - length)
    if zeros == line and not pieces:
        return None
    return Mended("".join([*pieces, zeros[done:]]), tuple(places), tuple(shifts))


def _with_zeros(match: re.Match[str]) -> str:
    written = match[0]
    return written.replace("O", "0").replace("o", "0") if _SURELY.fullmatch(written) else written


def _instead(match: re.Match[str]) -> str:
    if match["run"]:
        return " "
    if match["many"]:
        return ","
    if match["stroke"]:
        sides = (
            match.string[max(0, match.start() - 3) : match.start()],
            match.string[match.end() : match.end() + 3],
        )
        return match[0] if all("/" in side for side in sides) else "/"
    if match["few"] or match["comma"]:
        return ", "
    word = _LAST_WORD.search(match.string[max(0, match.start() - _LONGEST) : match.start()])
    said = word and word[0][1:].islower() and letters.is_marked(word[0]) and letters.is_syllable(word[0])
    return " " if said else match[0]


def _stroke(match: re.Match[str]) -> str:
    """15/ 8/2024, 151/ KH-UBND; 15/7 / 16/7 are two days, and telephones are longer."""
    line, start, end = match.string, match.start(), match.end()
    written = _LAST_DIGITS.search(line[max(0, start - 4) : start])
    if not written or (line[end].isdigit() and len(written[0]) > 2):
        return match[0]
    both = "/" in line[max(0, start - 3) : start] and "/" in line[end : end + 3]
    return match[0] if both else "/"


def marked(tokens: Iterator[Token], slips: Mended, written: str, offset: int) -> Iterator[Token]:
    """The tokens as they stand in the source; where another letter was meant they are doubtful."""
    for token in tokens:
        first, said = token.start - offset, token.written
        start, end = slips.origin(first), slips.origin(first + len(said) - 1) + 1
        typed, doubt = written[start:end], token.doubt
        if typed != said and _bare(typed) != _bare(said):
            doubt = doubt or Doubt.AMBIGUOUS
        yield Token(offset + start, typed, token.spoken, doubt, token.kind)


def _bare(written: str) -> str:
    """Without spaces and capitals, with one shape of dash: what these slips leave in no doubt."""
    return _ANY_DASH.sub("-", written.replace(" ", "").lower())
