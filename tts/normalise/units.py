"""The units of ``tables/units.toml`` and the patterns that find them."""

from __future__ import annotations

import tomllib
import unicodedata
from importlib.resources import files
from typing import Any, Final

from tts.normalise.rule import alternatives


def _load() -> dict[str, Any]:
    text = (files("tts.normalise") / "tables" / "units.toml").read_text(encoding="utf-8")
    return tomllib.loads(unicodedata.normalize("NFC", text))


_TABLES: Final = _load()
_COUNTED: Final = _TABLES.pop("counted")
ALONE: Final[tuple[str, ...]] = tuple(_COUNTED["alone"])
OF_THINGS: Final = frozenset(_COUNTED["of_things"])
MONEY: Final[dict[str, str]] = _TABLES["money"]
UNITS: Final[dict[str, str]] = {
    written: said for table in _TABLES.values() for written, said in table.items()
}
ANY_UNIT: Final = f"(?:{alternatives(UNITS)})"
UNIT: Final = rf"{ANY_UNIT}(?!\w)"

_EACH: Final = frozenset(_COUNTED["each"])
_OF: Final = frozenset(_COUNTED["of"])


def per(counted: str, one: str) -> str:
    """How the slash of a rate is said: 5.000 đồng một người, hai lần một ngày, ba tấn trên héc ta."""
    return "một" if counted in MONEY or (counted in _OF and one in _EACH) else "trên"
