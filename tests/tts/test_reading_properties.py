"""What holds for the reading of any text whatever."""

from __future__ import annotations

import re
import time
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tts.normalise import plain, read
from tts.normalise.dispatch import PIECE, Dispatch
from tts.normalise.rule import Rule
from tts.normalise.table import RULES
from tts.sentences import LONGEST, say
from tts.types import SpokenText

WRITTEN = """UBND xã ngày 12/3/2025 7h30 151/KH-UBND 0912345678 1.250,5 % ( ) . , ; ./. - – 3/4 đ kg BTV
    huyện ủy a) 1. XIV thứ 4 Covid-19 e@x.vn https://a.gov.vn/b?c=1 15-20/5 km2 TP. … ! 00 -5°C v.v. 20:61
    99/99/2024 31/13 ½ x² ٣٤ 漢字 😀 _ / @ # 1900 113 điểm đ khoản Điều II.1 Krông H'Mông iPhone wifi Ｕ１ Ⅳ ①
    th«ng b¸o thoâng baùo ǹa İ ﬁ ß ĸ Ǆ K CO₂ m³/s 10⁶ +84 (GMT+7) 5' 2,5% A&B 1/2/3/4 12A3 PM2.5 tỷ nghìn
    linh mươi Schmidt xkcdq TÂN LẬP nghiêng quý tháng lần kg/ha / ₫ $ € ≥ 1e5 0x1F v1.2.3 C:\\x &amp; <b>"""
PIECES = st.sampled_from(
    [
        *WRITTEN.split(),
        "\n",
        "\n\n",
        "\t",
        "|",
        "\r\n",
        "[email\u00a0protected]",
        "\u0301",
        "\u00ad",
        "\u0430",
    ]
)
TEXTS = st.one_of(
    st.text(max_size=120),
    st.text(alphabet=st.characters(categories=["L", "N"]), max_size=40),
    st.text(alphabet="0123456789 .,/-:hđ%I()\n", max_size=40),
    st.lists(PIECES, max_size=25).map(" ".join),
    st.lists(PIECES, max_size=12).map("".join),
)
LETTERS = "aàảãáạăằẳẵắặâầẩẫấậbcdđeèẻẽéẹêềểễếệghiìỉĩíịklmnoòỏõóọôồổỗốộơờởỡớợpqrstuùủũúụưừửữứựvxyỳỷỹýỵ"


def tokens(spoken: SpokenText) -> list[tuple[int, int, str, str, bool]]:
    return [
        (token.span.start, token.span.end, token.written, token.spoken, token.doubt is not None)
        for sentence in spoken.sentences
        for token in sentence.tokens
    ]


@settings(max_examples=400, deadline=None)
@given(TEXTS)
@example("1" * 200)
@example("\n\n ./. \n(1)")
@example("TẶNG  500.000Đ/HỘ, 7h30,8h – 9h ngày 5 /6")
def test_every_token_is_the_piece_of_the_source_it_says_it_is_and_they_stand_in_order(text: str) -> None:
    spoken = read(text)
    position = 0
    for start, end, written, _, _ in tokens(spoken):
        assert position <= start < end <= len(spoken.source)
        assert spoken.source[start:end] == written
        position = end


@settings(max_examples=400, deadline=None)
@given(TEXTS)
@example("0 /0")
def test_nothing_but_space_is_left_out(text: str) -> None:
    spoken = read(text)
    left = list(spoken.source)
    for start, end, *_ in tokens(spoken):
        left[start:end] = " " * (end - start)
    assert "".join(left).strip() == ""


@settings(max_examples=400, deadline=None)
@given(TEXTS)
@example("(GMT+7)")
def test_no_digit_is_dropped_without_a_word(text: str) -> None:
    spoken = read(text)
    for _, _, written, said, doubtful in tokens(spoken):
        if re.search(r"\d", written) and not re.fullmatch(r"\((GMT|UTC)\s?\+?\s?7(:?00)?\)", written):
            assert said or doubtful


@settings(max_examples=300, deadline=None)
@given(TEXTS)
def test_no_rule_matches_where_it_is_not_tried(text: str) -> None:
    dispatch = Dispatch(RULES)
    for piece in PIECE.finditer(unicodedata.normalize("NFC", text)):
        tried = dispatch.at(piece)
        assert [rule for rule in RULES if rule not in tried and takes(rule, piece)] == []


def takes(rule: Rule, piece: re.Match[str]) -> bool:
    match = rule.pattern.match(piece.string, piece.start())
    return bool(match and match[0] and rule.read(match) is not None)


@settings(max_examples=200, deadline=None)
@given(TEXTS)
def test_decomposed_text_reads_the_same(text: str) -> None:
    composed = unicodedata.normalize("NFC", text)
    assert read(unicodedata.normalize("NFD", composed)) == read(composed)


@settings(max_examples=600, deadline=None)
@given(TEXTS)
@example("ǹa")
def test_what_is_said_holds_only_vietnamese_letters_and_pauses(text: str) -> None:
    said = read(text).text
    assert set(said.lower()) <= {*LETTERS, *" .,;:!?"}


@settings(max_examples=600, deadline=None)
@given(TEXTS)
def test_what_is_said_reads_to_itself(text: str) -> None:
    said = plain(read(text))
    assert plain(read(said)) == said


@settings(max_examples=200, deadline=None)
@given(TEXTS)
def test_a_sentence_is_what_its_tokens_say_and_engines_can_take_it(text: str) -> None:
    for sentence in read(text).sentences:
        assert sentence.spoken.rstrip(".,;:!?") == say(sentence.tokens).rstrip(".,;:!?")
        assert len(sentence.spoken) <= LONGEST + 2 or len(sentence.tokens) == 1
        assert sentence.pause_after > 0


NASTY = [
    "a",
    "1",
    "1.",
    "-",
    "1-",
    "A/",
    "a.b",
    "( ",
    "1 ",
    "a@",
    ". ",
    "'1",
    "V/v ",
    "UBND",
    "(UB) ",
    "ngày 1/",
]
NASTY += [
    "a\u0301",
    "«a»",
    "á",
    "a\n",
    "\t",
    "\n \n",
    " ",
    "a\t",
    "😀",
    "1,",
    "x²",
    "Ô«",
    "I.",
    "1. a\n",
    "số 1/A-",
]


@pytest.mark.parametrize("nasty", NASTY)
def test_nonsense_takes_time_in_proportion_to_its_length(nasty: str) -> None:
    def seconds(length: int) -> float:
        text = (nasty * length)[:length]
        started = time.process_time()
        read(text)
        return time.process_time() - started

    small = max(seconds(2_000), seconds(2_000), 0.005)
    large = min(seconds(16_000), seconds(16_000))
    assert large < 8 * small * 3  # three times what is linear: the machine may be busy
