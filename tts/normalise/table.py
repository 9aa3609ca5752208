"""The table of all reading rules; where two can take the same place, the earlier one does."""

from __future__ import annotations

from typing import Final

from tts.normalise import (
    abbreviations,
    articles,
    brackets,
    codes,
    coordinates,
    dates,
    documents,
    glued,
    heat,
    linebreaks,
    measures,
    ordinals,
    periods,
    places,
    quantities,
    rates,
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
    *linebreaks.RULES,
    *web.RULES,
    *serials.RULES,
    *telephones.RULES,
    *documents.RULES,
    *articles.RULES,
    *brackets.RULES,
    *times.RULES,
    *periods.RULES,
    *dates.RULES,
    *coordinates.RULES,
    *heat.RULES,
    *rates.RULES,
    *measures.RULES,
    *ratios.RULES,
    *ordinals.RULES,
    *romans.RULES,
    *abbreviations.JOINED,
    *glued.RULES,
    *codes.RULES,
    *places.RULES,
    *abbreviations.RULES,
    *words.RULES,
    *quantities.RULES,
)
