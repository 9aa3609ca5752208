"""Bulletin files as people really send them."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.errors import EmptyText, NotText, SpeechError, TextTooLong
from tts.text import LIMIT, clean, decode


def test_a_file_from_windows_loses_its_mark_and_its_line_ends() -> None:
    assert decode("\ufeffThông báo\r\nHọp thôn\r".encode()) == "Thông báo\nHọp thôn\n"


def test_decomposed_letters_become_composed() -> None:
    text = "Ủy ban nhân dân"
    assert decode(unicodedata.normalize("NFD", text).encode()) == text


@pytest.mark.parametrize("data", [b"\x89PNG\r\n\x1a\n\x00\x00", b"\xff\xfe\x00", b"a\x00b", b"a\x1b[2Jb"])
def test_what_is_no_text_is_refused(data: bytes) -> None:
    with pytest.raises(NotText):
        decode(data)


@pytest.mark.parametrize("data", [b"", b"  \n\t\r\n", "\ufeff\u200b".encode()])
def test_an_empty_file_is_refused(data: bytes) -> None:
    with pytest.raises(EmptyText):
        decode(data)


def test_a_text_that_is_too_long_is_refused_with_both_counts() -> None:
    with pytest.raises(TextTooLong) as refused:
        decode(("ồ" * 100_000).encode())
    assert (refused.value.characters, refused.value.limit) == (100_000, LIMIT)
    assert len(decode(b"a" * LIMIT)) == LIMIT


@pytest.mark.parametrize(
    ("pasted", "clear"),
    [
        ("ＵＢＮＤ　xã", "UBND xã"),
        ("Тhông báo \u0430", "Thông báo a"),
        ("Ðảng ủy", "Đảng ủy"),
        ("e\u0301\u0302", "ế"),
        ("a&nbsp;&amp;&nbsp;b", "a & b"),
        ("1\u00ad2\u200b3", "123"),
        ("\uf0b7 mục, 5º, CO₂, Ⅳ, ①", "• mục, 5°, CO2, IV, (1)"),
        ("một\x0bhai\u2028ba", "một\nhai\nba"),
        ("Россия", "Россия"),
    ],
)
def test_letters_and_spaces_have_one_shape(pasted: str, clear: str) -> None:
    assert clean(pasted) == clear


def test_every_error_has_a_code_of_its_own() -> None:
    def tree(kind: type[SpeechError]) -> list[type[SpeechError]]:
        return [kind, *(deeper for sub in kind.__subclasses__() for deeper in tree(sub))]

    codes = [kind.code for kind in tree(SpeechError)]
    assert len(set(codes)) == len(codes)


@given(st.binary(max_size=200))
def test_any_bytes_give_a_text_or_a_typed_error(data: bytes) -> None:
    try:
        text = decode(data)
    except (NotText, EmptyText):
        return
    assert text == unicodedata.normalize("NFC", text)
