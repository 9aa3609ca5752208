"""Units and words next to figures of a heading in capitals (500.000 ĐỒNG/HỘ), written as elsewhere."""

from __future__ import annotations

import re
from typing import Final

from tts.normalise import letters
from tts.normalise.rule import alternatives
from tts.normalise.units import UNITS

_CALLED_OTHERWISE: Final = frozenset("GSPK") | {"TH", "PH", "THG", "IU", "UI", "CV", "CC", "ATM", "BAR"}
_UNITS: Final = {
    unit.upper(): unit
    for unit in sorted(UNITS, key=len, reverse=True)
    if unit.upper() not in UNITS and unit.upper() not in _CALLED_OTHERWISE and "/" not in unit
}
_BEHIND_A_STROKE: Final = _UNITS | {"H": "h", "S": "s", "G": "g", "L": "l"}
_PLAIN: Final = """
và đến tới hoặc giờ phút giây tuần tháng quý triệu tỷ tỉ nghìn ngàn vạn đồng độ tấn tạ yến lít mét
lần viên người hộ cây trận số rộng dài cao sâu
"""
_WORDS: Final = {word.upper(): word for word in _PLAIN.split()}
_PIECE: Final = re.compile(
    rf"""(?<=\d)(?P<gap>\s?)(?P<unit>{alternatives(_UNITS)})(?!\w)
    | (?<=\d)(?P<sign>[Hh][0-5]?\dP|(?:TR|TỶ)(?=\d))
    | (?<=[^\W_]/|[²³%]/)(?<!\d\d/)(?P<one>{alternatives(_BEHIND_A_STROKE)}|[^\W\d_]{{2,7}})(?!\w)
    | (?<![\w.])(?P<word>{alternatives(_WORDS)})(?![\w.])""",
    re.VERBOSE,
)
_WITH_CAPITAL: Final = re.compile(
    r"(?P<front>\d\ ?|[IVX]\ (?=Và\ [IVX]))"
    r"(?P<word>Và|Đến|Tới|Giờ|Phút|Giây|Độ|Lần|Viên|Nghìn|Triệu|Tỷ|Cm|Mm|Ml|Mg|Gr|Gram|Md|Inch)(?!\w)",
    re.VERBOSE,
)
_CAPITALS: Final = "".join(
    chr(code) for code in range(0x41, 0x1EFA) if chr(code).isupper() and chr(code).isalpha()
)
_RUN: Final = re.compile(rf"[{_CAPITALS}]{{2,}}\s[{_CAPITALS}]{{2,}}\s")
_NEAR: Final = 30  # characters in front
_SMALL_UNIT: Final = re.compile(r"(?<=[\d/])\s?[a-zđ]{1,4}(?=[\W\d²³]|$)")


def as_in_text(line: str) -> str:
    """The same line, as long as before."""
    if line.isupper() or (line[:6].isupper() and _SMALL_UNIT.sub("", line).isupper()):
        return _PIECE.sub(_small, line)
    if _RUN.search(line):  # Nội dung: TẶNG 300.000 ĐỒNG/HỘ
        line = _PIECE.sub(lambda match: _small(match) if _in_run(match) else match[0], line)
    return _without_capitals(line)


def _in_run(match: re.Match[str]) -> bool:
    front = match.string[max(0, match.start() - _NEAR) : match.start()]
    run = _RUN.search(front)
    return run is not None and front[run.start() :].isupper()


def _without_capitals(line: str) -> str:
    """7 Giờ 30 Phút, 20 Cm of a headline whose words all have a capital."""
    return _WITH_CAPITAL.sub(lambda match: match["front"] + match["word"].lower(), line)


def _small(match: re.Match[str]) -> str:
    if match["unit"]:
        return match["gap"] + _UNITS[match["unit"]]
    one = match["one"]
    priced = match.string[match.start() - 2 : match.start()] in ("Đ/", "đ/")
    if one and not ((priced or letters.is_marked(one)) and letters.is_syllable(one)):
        return _BEHIND_A_STROKE.get(one, one)
    return match[0].lower()
