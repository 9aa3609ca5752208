"""Bulletins from the time before Unicode."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.encodings import TCVN3, VNI, decode, mend
from tts.errors import NotText
from tts.normalise import plain, read
from tts.text import characters, clean

NOTICE = (
    "Ủy ban nhân dân xã Tân Lập thông báo: từ ngày mùng ba, đề nghị bà con nộp quỹ, giữ vệ sinh ngõ xóm,\n"
    "những hộ ở gần suối hãy dời đồ đạc lên chỗ cao. Xin cảm ơn!"
)
LETTERS = "aàảãáạăằẳẵắặâầẩẫấậeèẻẽéẹêềểễếệiìỉĩíịoòỏõóọôồổỗốộơờởỡớợuùủũúụưừửữứựyỳỷỹýỵđ"


def in_tcvn3(text: str) -> str:
    written = {letter: character for character, letter in TCVN3.items()}
    return "".join(written.get(each, written.get(each.lower(), each)) for each in text)


def in_vni(text: str) -> str:
    written = {letter: pair for pair, letter in VNI.items()}
    return "".join(written.get(each, each) for each in text)


def in_windows_1258(text: str) -> bytes:
    tones = "\u0300\u0301\u0303\u0309\u0323"
    parts = []
    for letter in text:
        marks = unicodedata.normalize("NFD", letter)
        base = unicodedata.normalize("NFC", "".join(mark for mark in marks if mark not in tones))
        parts.append(base + "".join(mark for mark in marks if mark in tones))
    return "".join(parts).encode("cp1258")


def test_each_table_has_every_letter_once() -> None:
    marked = [letter for letter in LETTERS if not letter.isascii()]
    assert sorted(letter for letter in TCVN3.values() if letter.islower()) == sorted(marked)
    assert sorted(set(VNI.values())) == sorted([*marked, *map(str.upper, marked)])
    assert len(set(TCVN3.values())) == len(TCVN3)


@pytest.mark.parametrize(("write", "name"), [(in_tcvn3, "tcvn3"), (in_vni, "vni")])
def test_pasted_text_in_an_old_font_is_made_readable(write, name: str) -> None:
    mended = mend(write(NOTICE))
    assert mended.encoding == name
    assert mended.text.lower() == NOTICE.lower()
    assert plain(read(write(NOTICE))) == plain(read(NOTICE))


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (in_tcvn3(NOTICE).encode("latin-1"), "tcvn3"),
        (in_vni(NOTICE).encode("latin-1"), "vni"),
        (in_windows_1258(NOTICE), "windows-1258"),
        (NOTICE.encode("utf-16"), "utf-16"),
        (NOTICE.encode("utf-16-le"), "utf-16"),
        (NOTICE.encode("utf-16-be"), "utf-16"),
    ],
)
def test_a_file_in_an_old_encoding_is_read(data: bytes, name: str) -> None:
    mended = decode(data)
    assert mended is not None
    assert mended.encoding == name
    assert characters(data).lower() == NOTICE.lower()


def test_text_of_which_a_program_mistook_the_encoding_is_made_readable() -> None:
    assert mend(NOTICE.encode().decode("latin-1")).text == NOTICE


@pytest.mark.parametrize(
    ("pasted", "meant"),
    [
        ("CéNG HOµ X· HéI CHñ NGHÜA VIÖT NAM", "CỘNG HOÀ XÃ HỘI CHỦ NGHĨA VIỆT NAM"),
        ("Uû BAN NH¢N D¢N X· T¢N LËP", "UỶ BAN NHÂN DÂN XÃ TÂN LẬP"),
        ("X· T©n LËp", "Xã Tân Lập"),
        ("th«ng b¸o\n§éc lËp - Tù do - H¹nh phóc", "thông báo\nĐộc lập - Tự do - Hạnh phúc"),
        ("Thông báo của xã\nTh«ng b¸o cña x·", "Thông báo của xã\nThông báo của xã"),
        ("NghÞ ®Þnh sè 49/2024/N§-CP", "Nghị định số 49/2024/NĐ-CP"),
        ("Nghò ñònh soá 49/2024/NÑ-CP", "Nghị định số 49/2024/NĐ-CP"),
        ("Phô lôc I vµ Phô lôc VI", "Phụ lục I và Phụ lục VI"),
        ("LÖ phÝ 20.000 ®/lÇn", "Lệ phí 20.000 đ/lần"),
        ("Leä phí 20.000 ñ/laàn", "Lệ phí 20.000 đ/lần"),
        ("B¾t ®Çu lóc 7 giê 30 phót", "Bắt đầu lúc 7 giờ 30 phút"),
        ("Caên cöù ñieåm ñ khoaûn 2 Ñieàu 5", "Căn cứ điểm đ khoản 2 Điều 5"),
        ("Häp H§ND x·", "Họp HĐND xã"),
        ("COÄNG HOØA XAÕ HOÄI CHUÛ NGHÓA VIEÄT NAM", "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"),
    ],
)
def test_capitals_short_lines_and_mixed_texts_are_seen_through(pasted: str, meant: str) -> None:
    assert mend(pasted).text == meant
    assert clean(pasted) == meant


@pytest.mark.parametrize(
    "good",
    [
        "Thông báo",
        "Xã ta có bò, gà, cá",
        "«Thông cáo» báo chí số 5°",
        "déjà vu à la carte",
        "Müller für Straße",
        "El niño y la señora",
        "© 2024 · ® Honda",
        "µg, 5 §",
        "giải Nobel của Gabriel García Márquez, Günter Grass và Wisława",
        "Đá phạt của Özil, Müller và Agüero",
        "bà con xã Ia Pnôn, Krông Nô",
        "São Paulo, Malmö",
        "xe Honda® và gà rán KFC®",
        "«Gà» và «bò»; mì, cá",
        "cá và tôm 15µg, rau 12 m², 1½ bát",
    ],
)
def test_good_text_stays_as_it_is(good: str) -> None:
    assert mend(good).text == good


SYLLABLES = st.sampled_from([word.strip(".,:!") for word in NOTICE.split()] + ["ô", "à", "bê", "tê", "xã"])
STRANGERS = st.sampled_from(["Zürich", "«", "°C", "café", "®", "5m²", "·", "UBND", "a"])


@given(st.lists(SYLLABLES, min_size=1, max_size=12), st.lists(STRANGERS, max_size=2), st.randoms())
def test_vietnamese_in_unicode_is_never_converted(words: list[str], strangers: list[str], random) -> None:
    mixed = [*words, *strangers[: len(words) // 3]]
    random.shuffle(mixed)
    text = " ".join(mixed)
    assert mend(text).text == text


@given(st.text(max_size=60))
def test_any_text_can_be_looked_at_twice(text: str) -> None:
    assert mend(mend(text).text).text == mend(text).text


@given(st.binary(max_size=100))
def test_any_bytes_are_text_or_refused(data: bytes) -> None:
    try:
        characters(data)
    except NotText:
        return
