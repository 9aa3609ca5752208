"""Puts tokens together into sentences short enough for every engine, with the pauses between them."""

from __future__ import annotations

import enum
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise, zip_longest
from typing import Final

from tts.types import Sentence, Token

LONGEST: Final = 200  # characters an engine gets at once
_STRETCH: Final = 8 * LONGEST  # of an endless sentence no more is looked at to find a place
_LOOKED_AT: Final = 400  # places to breathe: more than a stretch can hold
_WORD: Final = 1.0  # the cost of a cut between any two words


class Kind(enum.Enum):
    """What a block of text is; decides the pause after it."""

    PARAGRAPH = 0.8
    HEADING = 0.9
    ITEM = 0.6
    CELL = 0.4


@dataclass(frozen=True, slots=True)
class Block:
    """The tokens of a paragraph, heading, list item or table cell."""

    kind: Kind
    tokens: tuple[Token, ...]


# Seconds; generous, since loudspeakers hundreds of metres apart echo into one another.
_SENTENCE_PAUSE: Final = 0.5
_CLAUSE_PAUSE: Final = 0.2
_ENDS: Final = frozenset(".!?")
_STRENGTH: Final = {mark: rank for rank, mark in enumerate((",", ":", ";", ".", "!", "?"))}
# Words before which a sentence without commas may be parted.
_JOINTS: Final = frozenset(
    (
        "và",
        "hoặc",
        "nhưng",
        "để",
        "nhằm",
        "theo",
        "tại",
        "trên",
        "của",
        "cho",
        "với",
        "do",
        "từ",
        "về",
        "khi",
        "nếu",
        "thì",
        "mà",
        "vì",
        "là",
        "triển",
    )
)
_MARKS: Final = "".join(_STRENGTH)
_NO_WORDS: Final = frozenset(("", *_STRENGTH))  # nothing stands between them and the word in front


def split(blocks: Iterable[Block]) -> tuple[Sentence, ...]:
    """All tokens stay, in order; a silent run of tokens goes to the sentence before it."""
    sentences: list[Sentence] = []
    silent: list[Token] = []
    for block in blocks:
        for sentence in _of_block(block):
            if sentence.spoken or not sentences:
                _take_up(sentences, silent)
                sentences.append(sentence)
            else:
                silent += sentence.tokens
    _take_up(sentences, silent)
    return tuple(sentences)


def _take_up(sentences: list[Sentence], silent: list[Token]) -> None:
    if silent:
        last = sentences[-1]
        sentences[-1] = Sentence(last.spoken, (*last.tokens, *silent), last.pause_after)
        silent.clear()


def _of_block(block: Block) -> Iterator[Sentence]:
    groups = [group for group in _groups(block.tokens) if group]
    for group_number, group in enumerate(groups, start=1):
        after_group = block.kind.value if group_number == len(groups) else _SENTENCE_PAUSE
        pieces = list(_pieces(group))
        for number, piece in enumerate(pieces, start=1):
            last = number == len(pieces)
            yield Sentence(
                say(piece, end="." if last else ","), piece, after_group if last else _CLAUSE_PAUSE
            )


def _groups(tokens: tuple[Token, ...]) -> Iterator[tuple[Token, ...]]:
    """Up to and with the last of some marks that end a sentence."""
    stops = [index for index, token in enumerate(tokens) if token.spoken in _ENDS]
    start = 0
    for stop, following in zip_longest(stops, stops[1:]):
        if following != stop + 1:
            yield tokens[start : stop + 1]
            start = stop + 1
    yield tokens[start:]


def _pieces(tokens: tuple[Token, ...]) -> Iterator[tuple[Token, ...]]:
    """Cut at the breath nearest to the middle until every piece is short; else between words."""
    said = [token.spoken for token in tokens]
    if sum(map(len, said)) + len(said) <= LONGEST:
        yield tokens
        return
    ends = list(accumulate([len(spoken) + (spoken not in _NO_WORDS) for spoken in said]))
    costs = {
        index: _cost(spoken)
        for index, (spoken, following) in enumerate(pairwise(said), start=1)
        if following in _JOINTS or spoken[-1:] in _STRENGTH
    }
    breaths = list(costs)
    waiting = [(0, len(tokens))]
    while waiting:
        start, stop = waiting.pop()
        length = ends[stop - 1] - (ends[start - 1] if start else 0)
        if stop - start == 1 or length <= LONGEST + 1:
            yield tokens[start:stop]
            continue
        first = bisect_left(breaths, start + 1)
        ahead = breaths[first : min(bisect_left(breaths, stop), first + _LOOKED_AT)]
        cut = _cut(ends, {index: costs[index] for index in ahead}, start, stop)
        waiting += (cut, stop), (start, cut)


def _cut(ends: Sequence[int], breaths: Mapping[int, float], start: int, stop: int) -> int:
    """The best place between two tokens; of an endless sentence only the next stretch is looked at."""
    before = ends[start - 1] if start else 0
    length = min(ends[stop - 1] - before, _STRETCH)
    middle = before + length / 2
    word = min(max(start + 1, bisect_left(ends, middle, start, stop)), stop - 1)

    def cost(index: int) -> float:
        return abs(ends[index - 1] - middle) + length * breaths.get(index, _WORD)

    return min((word, *breaths), key=cost)


def _cost(spoken: str) -> float:
    """How bad it is to breathe behind a mark or else in front of a joint, as a part of the whole length."""
    mark = spoken[-1:]
    if mark in _STRENGTH:
        return 1 / 8 if mark == "," else 0
    return 1 / 2


def say(tokens: Sequence[Token], end: str = "") -> str:
    """The words of ``tokens`` with tidy marks; the strongest of several marks in a row stays."""
    said: list[str] = []
    for spoken in [token.spoken for token in tokens]:
        if spoken in _STRENGTH:
            _mark(said, spoken)
        elif spoken:
            said.append(spoken)
    if end and said and said[-1][-1] not in _ENDS:
        _mark(said, end)
    return " ".join(said)


def _mark(said: list[str], mark: str) -> None:
    """Put ``mark`` behind the last word, in place of a weaker one."""
    if not said:
        return
    last = said[-1]
    if last[-1] in _STRENGTH:
        word = last.rstrip(_MARKS)
        said[-1] = word + max(last[len(word) :] + mark, key=_STRENGTH.__getitem__)
    else:
        said[-1] = last + mark
