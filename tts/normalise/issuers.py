"""Who issued a document, from the letters in its number: STTTT, BTGTU, UBMTTQ."""

from __future__ import annotations

import functools
import re
from typing import Final

from tts.normalise import numbers
from tts.normalise.data import BOARDS, BODIES, DOCUMENT_KINDS, FIELDS, LEVELS

_HEADS: Final = {"B": "bộ", "S": "sở", "P": "phòng"}
_ASSEMBLY: Final = re.compile(r"(QH|UBTVQH)(\d{1,2})")
_NUMBERED: Final = re.compile(r"([^\W\d_&]{2,10})(\d{1,4})")
_SOCIETIES: Final = frozenset(
    ("HND", "HPN", "HLHPN", "HCCB", "HNCT", "HCTĐ", "LĐLĐ", "BCHQS", "MTTQ", "UBMTTQ")
)
_OF_LEVEL: Final = {"T": "tỉnh", "H": "huyện", "X": "xã", "P": "phường"}  # HNDT, HCCBX
_NO_OFFICE: Final = frozenset(("PCA", "PQP", "PNG", "PCT", "PDL"))  # fields that only higher levels have


@functools.lru_cache(maxsize=1 << 12)
def issuer(written: str) -> str:
    """The body in words, or nothing where the letters name none."""
    assembly = _ASSEMBLY.fullmatch(written)
    if assembly:
        return f"{BODIES[assembly[1]]} khóa {numbers.cardinal(int(assembly[2]))}"
    whole = BODIES.get(written) or LEVELS.get(written) or _department(written)
    return whole or BOARDS.get(written) or _composed(written)


def _department(written: str) -> str:
    head, field = _HEADS.get(written[:1]), FIELDS.get(written[1:])
    if not head or not field or written in _NO_OFFICE:
        return ""
    return f"{head} {field}"


def ministry(written: str) -> str:
    """BYT, BQP, SNNMT outside of a document's number: who it is and its field, where enough letters tell."""
    told = len(written) > (2 if written[0] == "B" else 3) and written[0] in "BS"
    return _department(written) if told else ""


def _composed(written: str) -> str:
    """A board and the level it belongs to, or a body, its level and a number: BTGTU, UBNDTP, BCĐ389."""
    numbered = _NUMBERED.fullmatch(written)
    if numbered:
        body = issuer(numbered[1])
        return f"{body} {numbers.number(numbered[2])}" if body else ""
    if written[:-1] in _SOCIETIES and written[-1] in _OF_LEVEL:
        return f"{BODIES[written[:-1]]} {_OF_LEVEL[written[-1]]}"
    for cut in range(2, len(written) - 1):
        head = BOARDS.get(written[:cut]) or (BODIES.get(written[:cut]) if cut > 2 else "")
        tail = LEVELS.get(written[cut:]) or BODIES.get(written[cut:])
        if head and tail:
            return f"{head} {tail}"
    return ""


def kind_and_issuer(written: str) -> tuple[str, str]:
    """KHUBND and QĐTTg, written without their hyphen, parted; ("", "") where they cannot be."""
    for cut in range(min(4, len(written) - 2), 0, -1):
        if written[:cut] in DOCUMENT_KINDS and issuer(written[cut:]):
            return written[:cut], written[cut:]
    return "", ""
