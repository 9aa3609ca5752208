"""Words that the edge of a page cut in two."""

from __future__ import annotations

import re
from typing import Final

from tts.normalise import words
from tts.normalise.rule import Reading, Rule, letters_then, rule
from tts.syllables import is_syllable


def _joined(match: re.Match[str]) -> Reading | None:
    """mar-⏎keting is one word; of kinh tế-⏎xã hội each half is a word of its own."""
    head, tail = match["head"], match["tail"]
    if is_syllable(head) and is_syllable(tail):
        return None
    return words.word(head + tail, capitals=False)


RULES: Final[tuple[Rule, ...]] = (
    rule(
        r"(?<!\w) (?P<head>[^\W\d_]{2,20})-[ ]?\n[ ]?(?P<tail>[^\W\d_]{2,20}) (?!\w)",
        _joined,
        starts=letters_then("-"),
    ),
)
