"""Foreign words as Vietnamese syllables."""

from __future__ import annotations

import re
import string
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tts.normalise import rest
from tts.normalise.foreign import syllables
from tts.syllables import is_syllable


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("marketing", "ma kê tinh"),
        ("workshop", "ước sốp"),
        ("Microsoft", "mai cờ rô xốp"),
        ("website", "oép xai"),
        ("Windows", "uyn đô"),
        ("clip", "cờ líp"),
        ("Washington", "oa sinh tôn"),
        ("Schmidt", "sờ mít"),
        ("Trump", "trăm"),
        ("smartphone", "xì mát phôn"),
        ("computer", "côm piu tơ"),
        ("quick", "quých"),
        ("Ronaldo", "ro nan đô"),
        ("metformin", "mét pho min"),
    ],
)
def test_a_foreign_word_is_said_by_its_sounds(written: str, said: str) -> None:
    assert syllables(written) == said
    assert syllables(written.upper()) == said


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("Krông", "cờ rông"),
        ("Búk", "búc"),
        ("Đăk", "đắc"),
        ("Klơng", "cờ lâng"),
        ("Kpă", "cờ pa"),
        ("Rlấp", "rờ lấp"),
        ("Zürich", "du rít"),
    ],
)
def test_a_name_with_marks_is_said_by_its_letters(written: str, said: str) -> None:
    assert syllables(written) == said


@pytest.mark.parametrize("written", ["xkcdq", "bcdfg", "漢字", "Россия", "z" * 21, "ʃ"])
def test_what_nobody_can_say_gives_nothing(written: str) -> None:
    assert syllables(written) == ""


def test_a_harmless_word_never_becomes_a_rude_one() -> None:
    assert "đít" not in syllables("this")


@pytest.mark.parametrize(
    ("written", "said"), [("½", "một phần hai"), ("x²", "ích mũ hai"), ("⁶", "mũ sáu"), ("Ω", "")]
)
def test_numerals_among_letters_are_said(written: str, said: str) -> None:
    assert rest.spoken(written) == said


LATIN = string.ascii_letters + "àảãáạăâđêôơưýüöñçßøł"


@given(st.one_of(st.text(alphabet=LATIN, min_size=1, max_size=25), st.text(min_size=1, max_size=6)))
@example("ﬀ")
def test_whatever_the_word_only_vietnamese_syllables_come_out(word: str) -> None:
    said = rest.spoken(unicodedata.normalize("NFC", word)).split()
    assert all(map(is_syllable, said))
    assert not re.search("[fjwz]", " ".join(said))
