"""The table of all reading rules; where two can take the same place, the earlier one does."""

from __future__ import annotations

from typing import Final

from tts.normalise import contacts, dates, documents, quantities, words
from tts.normalise.rule import Rule

RULES: Final[tuple[Rule, ...]] = (
    *contacts.RULES,
    *documents.RULES[:3],
    *dates.RULES,
    *documents.RULES[3:],
    *words.RULES,
    *quantities.RULES,
)
