"""Rules for words hold for all of their tables, not only for the lines that were thought of."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.normalise import data, numbers, plain, read
from tts.normalise.issuers import issuer
from tts.syllables import is_syllable
from tts.types import Doubt

TABLES = {
    "abbreviations": data.ABBREVIATIONS,
    "loans": data.LOANS,
    "places": data.PLACES,
    "place names": data.PLACE_NAMES,
    "codes": data.CODES,
    "standards": data.STANDARDS,
    "bodies": data.BODIES,
    "fields": data.FIELDS,
    "boards": data.BOARDS,
    "levels": data.LEVELS,
}
SURE = sorted(
    written
    for written, spoken in data.ABBREVIATIONS.items()
    if written.isalpha()
    and len(written) > 2
    and written.isupper()
    and written not in data.AMBIGUOUS
    and written not in data.SPELLED
    and not is_syllable(written)
    and spoken
)
SENSES = [
    (written, sense.spoken, neighbour)
    for written, entry in data.AMBIGUOUS.items()
    for sense in entry.senses
    for neighbour in sense.examples
]


def words(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.lower()))


@pytest.mark.parametrize("name", TABLES)
def test_what_a_table_says_is_vietnamese_and_reads_to_itself(name: str) -> None:
    for written, spoken in TABLES[name].items():
        assert not re.search(r"[fjwz\d]", words(spoken)), written
        assert plain(read(spoken)) == words(spoken), written


def test_every_sense_is_said_next_to_its_neighbours() -> None:
    assert len(SENSES) > 300
    wrong = []
    for written, spoken, (front, behind) in SENSES:
        said = plain(read(f"rồi {front} {written} {behind}".strip()))
        if words(spoken) not in said:
            wrong.append((written, front, behind, said))
    assert wrong == []


@pytest.mark.parametrize("written", [w for w, entry in data.AMBIGUOUS.items() if entry.guess])
def test_a_guess_is_marked(written: str) -> None:
    token = next(token for token in read(f"rồi thì {written} nhé").doubts)
    assert token.written == written
    assert token.doubt == Doubt.AMBIGUOUS


@given(
    number=st.integers(1, 9999),
    year=st.integers(1990, 2049),
    kind=st.sampled_from(("NĐ", "TT", "QĐ", "NQ", "CT", "KH", "TTr", "HD", "KL")),
    body=st.sampled_from(sorted(body for body in data.BODIES if body.isalpha())),
)
def test_a_document_number_says_its_figures_and_its_issuer(
    number: int, year: int, kind: str, body: str
) -> None:
    spoken = read(f"Theo văn bản số {number}/{year}/{kind}-{body} thì được.")
    said = plain(spoken)
    assert said.startswith(f"theo văn bản số {numbers.cardinal(number)} năm {numbers.cardinal(year)} ")
    assert said.endswith(f"{words(issuer(body))} thì được")
    assert not spoken.doubts


@given(st.integers(1, 9999), st.sampled_from(("KH-UBND", "QĐ-TTg", "NQ-HĐND", "NĐ-CP", "CT-TTg", "GM-UBND")))
def test_case_and_spaces_do_not_change_a_document_number(number: int, code: str) -> None:
    usual = plain(read(f"số {number}/{code} nhé"))
    kind, body = code.split("-")
    for typed in (
        f"{number}/{code.lower()}",
        f"{number} /{code}",
        f"{number}/{kind}–{body}",
        f"{number}/{kind}{body}",
    ):
        assert plain(read(f"số {typed} nhé")) == usual


@given(
    st.lists(st.sampled_from("abcdđeghik"), min_size=1, max_size=4, unique=True),
    st.integers(1, 30),
    st.integers(1, 300),
)
def test_the_letters_of_points_are_labels(labels: list[str], item: int, article: int) -> None:
    said = plain(read(f"theo điểm {', '.join(labels)} khoản {item} Điều {article} của luật"))
    assert "đồng" not in said
    assert said.endswith(f"khoản {numbers.cardinal(item)} điều {numbers.cardinal(article)} của luật")


@given(st.sampled_from(SURE))
def test_an_abbreviation_is_said_in_full_in_any_company(written: str) -> None:
    full = words(data.ABBREVIATIONS[written])
    for line in (
        f"nhờ {written} giúp",
        f"nhờ {written}, rồi",
        f"nhờ ({written})",
        f"NHỜ {written} GIÚP ĐỠ",
        f"nhờ {written}./.",
    ):
        assert f"nhờ {full}" in plain(read(line))
        assert not read(line).doubts


@given(st.sampled_from(SURE))
def test_an_abbreviation_behind_its_full_form_is_silent(written: str) -> None:
    full = data.ABBREVIATIONS[written]
    for bracket in (f"({written})", f"(sau đây gọi tắt là {written})", f"(viết tắt: {written})"):
        assert plain(read(f"gặp {full} {bracket} rồi về")) == f"gặp {words(full)} rồi về"


@given(st.text("ABCDĐGHKLMNPQRSTVX", min_size=2, max_size=12))
def test_unknown_capitals_are_spelled_or_marked_and_never_lost(written: str) -> None:
    spoken = read(f"gặp {written} nhé")
    assert plain(spoken).startswith("gặp ")
    assert len(plain(spoken).split()) > 2


@given(st.text(st.sampled_from("UBNDHĐxã TP.P,;:&-/()khoản2Điều15a\n'’"), max_size=60))
def test_any_mixture_of_its_marks_is_read_once_and_for_all(text: str) -> None:
    said = plain(read(text))
    assert plain(read(said)) == said
