"""What is no text is marked as a whole instead of being spelled for minutes."""

from __future__ import annotations

import pytest

from tts.normalise import plain, read
from tts.types import Doubt

KEY = "k7$x]Q~1)v^9_m{2|Zq<8@h#5*w=4&r"


def test_a_key_pasted_by_mistake_is_marked_and_only_its_digits_are_said() -> None:
    spoken = read(f"Mật khẩu là {KEY} nhé.")
    assert plain(spoken) == "mật khẩu là bảy một chín hai tám năm bốn nhé"
    assert [(token.written, token.doubt) for token in spoken.doubts] == [(KEY, Doubt.UNREADABLE)]


def test_a_megabyte_of_code_becomes_pieces_that_an_engine_can_take() -> None:
    spoken = read(KEY * 40)
    assert max(len(token.written) for token in spoken.doubts) <= 40
    assert "".join(token.written for token in spoken.doubts) == KEY * 40


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("<p>Xã</p><p>Thôn</p>", "thôn"),
        ("gọi 0912.345.678/0987.654.321/0204.385.5123/0913.222.333 nhé", "ba ba ba nhé"),
        ("https://a.gov.vn/x?a=1&b=2&c=3&d=4#e=5", "bằng năm"),
        ("10.000/15.000/20.000/25.000/30.000/35.000/40.000/45.000", "bốn mươi lăm nghìn"),
        ("*****===*****===*****===***** Hết", "hết"),
    ],
)
def test_dense_text_is_still_text(written: str, said: str) -> None:
    spoken = read(written)
    assert said in plain(spoken)
    assert all(token.doubt is not Doubt.UNREADABLE for token in spoken.doubts)
