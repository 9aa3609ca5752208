"""What our own tables do not know goes to sea-g2p; its output is cleaned here."""

from __future__ import annotations

import functools
import re
from importlib.metadata import version
from typing import Final

from sea_g2p import Normalizer

VERSION: Final = version("sea-g2p")
_TAG: Final = re.compile(r"</?\w+>")
_NOT_SAID: Final = re.compile(r"[^\w\s-]+")


@functools.cache
def _normalizer() -> Normalizer:
    return Normalizer()


def spoken(piece: str) -> str:
    """Words for ``piece``, or nothing where sea-g2p would drop a part of it without a word."""
    if _normalizer().audit(piece):
        return ""
    return " ".join(_NOT_SAID.sub(" ", _TAG.sub(" ", _normalizer().normalize(piece))).split())
