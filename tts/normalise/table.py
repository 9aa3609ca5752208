"""The table of all reading rules; where two can take the same place, the earlier one does."""

from __future__ import annotations

from typing import Final

from tts.normalise import (
    coordinates,
    dates,
    documents,
    measures,
    ordinals,
    quantities,
    ratios,
    romans,
    serials,
    telephones,
    times,
    web,
    words,
)
from tts.normalise.rule import Rule

RULES: Final[tuple[Rule, ...]] = (
    *web.RULES,
    *telephones.RULES,
    *serials.RULES,
    *documents.RULES[:3],
    *times.RULES,
    *dates.RULES,
    *coordinates.RULES,
    *measures.RULES,
    *ratios.RULES,
    *ordinals.RULES,
    *romans.RULES,
    *documents.RULES[3:],
    *words.RULES,
    *quantities.RULES,
)
