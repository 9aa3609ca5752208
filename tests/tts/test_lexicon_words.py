"""Words that an area says in its own way."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.lexicon import Lexicon
from tts.normalise import plain, read
from tts.types import TokenKind

AREA = Lexicon.of(
    [
        ("Krông Pắc", "cờ rông pắc"),
        ("H'Mông", "hơ mông"),
        ("UBND", "ủy ban"),
        ("zalo", "da lô"),
        ("QL 1A", "quốc lộ một"),
        ("QL 1A cũ", "đường cũ"),
        ("114", "số một một bốn"),
        ("Bản 5G", "bản 5G"),
    ]
)


def said(text: str) -> str:
    return plain(read(text, lexicon=AREA))


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("huyện Krông Pắc", "huyện cờ rông pắc"),
        ("người H'Mông", "người hơ mông"),
        ("nhóm ZALO, Zalo", "nhóm da lô da lô"),
        ("UBND xã", "ủy ban xã"),
        ("151/KH-UBND", "một trăm năm mươi mốt ca hát ủy ban"),
        ("QL 1A cũ, QL  1A", "đường cũ quốc lộ một"),
        ("gọi 114", "gọi số một một bốn"),
        ("114.000 hộ", "một trăm mười bốn nghìn hộ"),
        ("Bản 5G", "bản năm gờ"),
        ("dự UBNDX", "dự u bê nờ dê ích"),
    ],
)
def test_an_entry_is_read_as_it_says_where_it_is_a_whole_word(written: str, spoken: str) -> None:
    assert said(written) == spoken


def test_an_entry_with_capitals_holds_only_as_it_is_written() -> None:
    assert "cờ rông pắc" not in said("KRÔNG PẮC")


def test_an_entry_has_no_doubt_and_its_own_kind() -> None:
    (token,) = [t for s in read("xem zalo", lexicon=AREA).sentences for t in s.tokens if t.written == "zalo"]
    assert (token.kind, token.doubt, token.span.start) == (TokenKind.LEXICON, None, 4)


def test_two_lexicons_with_the_same_entries_are_the_same() -> None:
    again = Lexicon.of(reversed(AREA.entries))
    assert (again, hash(again), again.digest) == (AREA, hash(AREA), AREA.digest)
    assert Lexicon.of([*AREA.entries, ("x", "y")]).digest != AREA.digest


def test_blank_entries_count_for_nothing_and_the_later_of_two_wins() -> None:
    assert Lexicon.of([(" ", "a"), ("x", "một"), ("x ", " hai ")]).entries == (("x", "hai"),)


def test_an_entry_of_another_language_is_said_as_it_is_written() -> None:
    lexicon = Lexicon.of([("Tan Lap", "Tahn Lup")])
    assert read("Tan Lap commune.", language="en", lexicon=lexicon).text == "Tahn Lup commune."


WORDS = st.text(alphabet="aăKx1.( '", min_size=1, max_size=6)


@given(st.lists(st.tuples(WORDS, st.just("lời")), max_size=5), st.text(alphabet="aăKx1.,( '", max_size=40))
def test_a_text_stays_whole_with_any_lexicon(pairs: list[tuple[str, str]], text: str) -> None:
    spoken = read(text, lexicon=Lexicon.of(pairs))
    written = [t.written for sentence in spoken.sentences for t in sentence.tokens]
    assert "".join("".join(written).split()) == "".join(spoken.source.split())
