"""Figures keep their value: what is said is turned back into digits by readers written here."""

from __future__ import annotations

import datetime
import re
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tts.normalise import plain, read
from tts.normalise.numbers import cardinal, ordinal, quantity, roman, spelled
from tts.normalise.units import MONEY, UNITS
from tts.normalise.web import syllables
from tts.types import Doubt, TokenKind

WORDS = ["không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín"]
DIGITS = {word: value for value, word in enumerate(WORDS)}
NAMES = ["tan", "lap", "cao", "bang", "lang", "son", "thai", "binh", "xa", "phuong", "hoi", "nong", "dan"]
VALUES = DIGITS | {"mốt": 1, "tư": 4, "lăm": 5}
SCALES = {"nghìn": 10**3, "triệu": 10**6, "tỷ": 10**9}


def value(words: list[str]) -> int:
    """What a listener writes down: the inverse of ``cardinal``."""
    if "tỷ" in words:
        cut = len(words) - 1 - words[::-1].index("tỷ")
        return value(words[:cut]) * 10**9 + value(words[cut + 1 :])
    total = group = last = 0
    for word in words:
        if word in SCALES:
            total += (group + last) * SCALES[word]
            group = last = 0
        elif word == "trăm":
            group, last = last * 100, 0
        elif word == "mươi":
            group, last = group + last * 10, 0
        elif word == "mười":
            group, last = group + 10, 0
        elif word != "linh":
            last = VALUES[word]
    return total + group + last


def heard(written: str) -> list[str]:
    return plain(read(written)).split()


def said(written: str) -> str:
    return " ".join(heard(written))


def grouped(number: int, mark: str) -> str:
    return f"{number:,}".replace(",", mark)


NUMBERS = st.one_of(
    st.integers(0, 10**4), st.integers(0, 10**18 - 1), st.integers(0, 17).map(lambda p: 10**p)
)
SMALL = st.integers(1, 999)
DATES = st.dates(datetime.date(1900, 1, 1), datetime.date(2099, 12, 31))


@given(NUMBERS)
def test_a_listener_writes_down_the_number_that_was_said(number: int) -> None:
    assert value(cardinal(number).split()) == number


@given(NUMBERS, st.sampled_from([".", " ", ","]))
def test_thousands_may_be_grouped_by_points_spaces_or_two_commas(number: int, mark: str) -> None:
    assume(mark != "," or number >= 10**6)
    assert value(heard(f"có {grouped(number, mark)} hộ")[1:-1]) == number


@given(st.integers(0, 10**6), st.text("0123456789", min_size=1, max_size=6))
def test_every_digit_behind_the_decimal_sign_is_said(whole: int, fraction: str) -> None:
    front, _, behind = said(f"tăng {whole},{fraction} lần").partition(" phẩy ")
    words = behind.split()[:-1]
    assert value(front.split()[1:]) == whole
    spelled_out = len(fraction) > 2 or fraction.startswith("0")
    assert words == (spelled(fraction) if spelled_out else cardinal(int(fraction))).split()


@given(st.integers(1, 10**9))
def test_a_minus_is_said_once(number: int) -> None:
    words = heard(f"chênh lệch -{number} đồng")
    assert (words[2], value(words[3:-1])) == ("âm", number)


@given(st.text("0123456789", min_size=1, max_size=20))
def test_spelling_keeps_each_digit(digits: str) -> None:
    assert "".join(str(DIGITS[word]) for word in spelled(digits).split()) == digits


@given(st.integers(1, 99))
def test_padding_is_dropped_from_what_is_counted(number: int) -> None:
    assert quantity(f"{number:02}") == cardinal(number)


@pytest.mark.parametrize(
    ("written", "words"), [("1", "nhất"), ("2", "hai"), ("4", "tư"), ("24", "hai mươi tư")]
)
def test_an_ordinal_has_its_own_first_and_fourth(written: str, words: str) -> None:
    assert ordinal(written) == words


@given(st.integers(1, 89))
def test_roman_numerals_mean_what_they_count(number: int) -> None:
    assert roman(written_in_roman(number)) == number


def written_in_roman(number: int) -> str:
    tens = ["", "X", "XX", "XXX", "XL", "L", "LX", "LXX", "LXXX"][number // 10]
    return tens + ["", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX"][number % 10]


@given(st.integers(1, 30), st.sampled_from(["khóa", "Đại hội", "thế kỷ", "Chương", "quý", "vùng", "Phụ lục"]))
def test_a_roman_numeral_behind_a_counting_word_is_said_as_its_number(number: int, word: str) -> None:
    assert said(f"{word} {written_in_roman(number)}") == f"{word.lower()} {cardinal(number)}"


@given(st.sampled_from("ABCDEGHKLMNPQRSTUY"))
def test_a_letter_behind_vitamin_stays_a_letter(letter: str) -> None:
    tokens = [token for sentence in read(f"vitamin {letter}").sentences for token in sentence.tokens]
    assert all(token.kind is not TokenKind.ROMAN for token in tokens)


@given(DATES, st.sampled_from(["{0.day}/{0.month}/{0.year}", "{0:%d-%m-%Y}", "{0.day}.{0.month}.{0.year}"]))
def test_a_date_is_heard_as_the_day_it_is(day: datetime.date, form: str) -> None:
    assert date_of(heard(f"Họp ngày {form.format(day)}.")[1:]) == day


@given(DATES)
def test_spaces_and_padding_change_nothing_of_a_date(day: datetime.date) -> None:
    written = said(f"họp {day:%d / %m / %Y}")
    assert written == said(f"họp {day.day}/{day.month}/{day.year}")


def date_of(words: list[str]) -> datetime.date:
    assert words[0] == "ngày"
    month = words.index("tháng")
    year = len(words) - words[::-1].index("năm") - 1
    while not ({"nghìn"} <= set(words[year:])):
        year -= 1 + words[:year][::-1].index("năm")
    return datetime.date(value(words[year + 1 :]), value(words[month + 1 : year]), value(words[1:month]))


@given(st.integers(1, 30), st.integers(1, 12))
def test_a_range_of_days_says_the_month_once(first: int, month: int) -> None:
    words = said(f"từ ngày {first}-{first + 1}/{month}")
    assert words.count("tháng") == 1
    name = "tư" if month == 4 else cardinal(month)
    assert words == f"từ ngày {cardinal(first)} đến {cardinal(first + 1)} tháng {name}"


@given(st.integers(1900, 2098), st.sampled_from(["-", "–", " - ", "—"]))
def test_a_range_of_years_says_both(first: int, dash: str) -> None:
    assert said(f"giai đoạn {first}{dash}{first + 1}").split(" đến ")[1] == cardinal(first + 1)


@given(
    st.integers(0, 23),
    st.integers(0, 59),
    st.sampled_from(["{}h{:02}", "{}:{:02}", "{}g{:02}", "{:02}h{:02}"]),
)
def test_a_time_is_heard_as_the_minute_it_is(hour: int, minute: int, form: str) -> None:
    words = heard(f"Lúc {form.format(hour, minute)} bắt đầu.")[1:-2]
    cut = words.index("giờ")
    rest = words[cut + 1 :]
    assert value(words[:cut]) == hour
    assert rest == [] if minute == 0 else (value(rest[:-1]) == minute and rest[-1] == "phút")


@given(st.integers(0, 11), st.integers(0, 59), st.sampled_from(["-", " - ", "–", "→"]))
def test_a_range_of_times_is_said_with_den(hour: int, minute: int, dash: str) -> None:
    first, second = (
        said(f"từ {hour}h{minute:02}{dash}{hour + 12}h{minute:02}").removeprefix("từ ").split(" đến ")
    )
    assert value(first.split()[: first.split().index("giờ")]) == hour
    assert value(second.split()[: second.split().index("giờ")]) == hour + 12


@given(SMALL, st.sampled_from(sorted(set(UNITS) - set(MONEY))))
def test_a_unit_is_written_out_and_its_number_kept(number: int, unit: str) -> None:
    assume(unit not in ("h", "H", "°N", "°S", "°E", "°W", "°B", "°Đ", "p", "ph"))
    words = said(f"đo được {number} {unit}").removeprefix("đo được ")
    assert words == f"{cardinal(number)} {' '.join(UNITS[unit].lower().split())}"


@given(st.integers(1, 10**12), st.sampled_from(["đ", " đồng", " VNĐ", "đ/kg", " đ/người"]))
def test_money_keeps_its_sum(number: int, unit: str) -> None:
    words = heard(f"giá {grouped(number, '.')}{unit}")
    assert value(words[1 : words.index("đồng")]) == number
    assert ("một" in words[words.index("đồng") :]) == ("/" in unit)


@given(st.integers(0, 999), st.integers(0, 9), st.sampled_from(["%", " %"]))
def test_a_percentage_is_a_number_of_hundredths(whole: int, tenth: int, sign: str) -> None:
    words = said(f"đạt {whole},{tenth}{sign} kế hoạch")
    assert words == f"đạt {cardinal(whole)} phẩy {cardinal(tenth)} phần trăm kế hoạch"


@given(
    st.from_regex(r"0[35789]\d{8}", fullmatch=True),
    st.sampled_from([(10,), (4, 3, 3), (4, 2, 2, 2), (3, 3, 4)]),
    st.sampled_from([" ", ".", "-"]),
)
def test_a_telephone_number_is_heard_digit_by_digit(digits: str, sizes: tuple[int, ...], mark: str) -> None:
    cuts = [sum(sizes[:count]) for count in range(len(sizes) + 1)]
    written = mark.join(digits[start:end] for start, end in pairwise(cuts))
    spoken = read(f"Gọi số {written} để được giúp.").text
    assert plain(read(f"số {written}")).split()[1:] == spelled(digits).split()
    assert spoken.count(",") == len(sizes) - 1


@given(st.from_regex(r"\d{9,14}", fullmatch=True))
def test_no_digit_of_an_account_is_lost(digits: str) -> None:
    assert heard(f"số tài khoản {digits}")[3:] == spelled(digits).split()


@given(st.lists(st.sampled_from(NAMES), min_size=1, max_size=6))
def test_a_name_in_an_address_is_cut_into_syllables_that_give_it_back(parts: list[str]) -> None:
    name = "".join(parts)
    bare = unicodedata.normalize("NFD", "".join(syllables(name)))
    assert re.sub(r"[\u0300-\u036f]", "", bare) == name


@pytest.mark.parametrize(
    ("written", "piece"),
    [
        ("đoạn 3/4.", "3/4"),
        ("kết quả ghi 1,234 ở cuối", "1,234"),
        ("giấy mời ghi: 15/6", "15/6"),
        ("ngày 30/2/2025", "30/2/2025"),
        ("ngày 5/6/24", "5/6/24"),
    ],
)
def test_what_the_context_does_not_decide_is_marked(written: str, piece: str) -> None:
    doubts = {token.written: token.doubt for token in read(written).doubts}
    assert doubts == {piece: Doubt.AMBIGUOUS}


@pytest.mark.parametrize(
    "written", ["đến hết 3/4", "hạn nộp là 15/6", "1.234 hộ", "3/4 diện tích", "10/12 xã"]
)
def test_what_the_context_decides_is_not_marked(written: str) -> None:
    assert read(written).doubts == ()


@given(st.text("0123456789.,/-: hgđ%°'\"+xIVX()", max_size=60))
def test_any_mixture_of_figures_is_said_in_words(text: str) -> None:
    spoken = read(text)
    assert not re.search(r"\d", spoken.text)
    for token in (token for sentence in spoken.sentences for token in sentence.tokens):
        assert token.spoken or not re.search(r"\d", token.written)


@given(st.integers(1, 9), st.integers(1, 12), st.sampled_from([2024, 2025, 2026, 2030]))
def test_an_o_typed_for_a_zero_is_read_as_the_zero_marked_and_kept_as_written(
    tens: int, month: int, year: int
) -> None:
    meant = f"ngày {min(tens, 3)}0/{month:02}/{year}, {tens}0 hộ"
    typed = re.sub(r"(?<=\d)0", "O", meant)
    said = read(typed)
    assert plain(said) == plain(read(meant))
    tokens = [token for sentence in said.sentences for token in sentence.tokens]
    assert all(
        said.source[token.start : token.start + len(token.written)] == token.written for token in tokens
    )
    assert all(token.doubt is Doubt.AMBIGUOUS for token in tokens if "O" in token.written)


@pytest.mark.parametrize("written", ["H2O", "CO2", "N2O5", "O3", "37oC", "OM5451", "nhóm O", "SO2"])
def test_the_letter_o_of_a_formula_or_a_degree_is_no_zero(written: str) -> None:
    assert "không" not in plain(read(f"Đo {written} tại đây"))


@given(
    st.sampled_from(["từ", "đến", "ngày", "lúc", "cấp"]),
    st.integers(10, 28),
    st.integers(1, 12),
    st.sampled_from(["", " UBND xã họp.", " Mưa 3 ,5 mm, gió,2 đợt."]),
)
def test_a_space_missing_before_a_figure_changes_no_word_and_no_place(
    word: str, day: int, month: int, rest: str
) -> None:
    typed, meant = read(f"Mưa {word}{day}/{month}/2026.{rest}"), read(f"Mưa {word} {day}/{month}/2026.{rest}")
    assert plain(typed) == plain(meant)
    tokens = [token for sentence in typed.sentences for token in sentence.tokens]
    places = [(token.start, token.start + len(token.written)) for token in tokens]
    assert all(one[1] <= other[0] for one, other in pairwise(places))
    kept = "".join(typed.source[start:end] for start, end in places)
    assert re.sub(r"\s", "", kept) == re.sub(r"\s", "", typed.source)


@given(st.integers(1, 50), st.integers(1, 50), st.sampled_from(["Nhiệt độ {}", "Sốt {}", "Bảo quản ở {}"]))
def test_a_zero_in_place_of_the_sign_of_a_degree_is_read_as_the_sign(low: int, more: int, line: str) -> None:
    high = low + more
    for written in (f"{low}%sC", f"{low}-{high}%sC", f"{low},5%sC", f"{low} %sC"):
        assert said(line.format(written % "0")) == said(line.format(written % "°"))


@given(st.integers(1, 4), st.integers(2000, 2099))
def test_a_quarter_is_read_alike_however_it_is_shortened(quarter: int, year: int) -> None:
    numeral = ["I", "II", "III", "IV"][quarter - 1]
    full = said(f"quý {numeral} năm {year}")
    assert {said(f"{sign}{numeral}/{year}") for sign in ("Q.", "Q", "Q. ")} == {full}
    assert said(f"Q{quarter}/{year}") == full


@given(st.integers(0, 20), st.integers(0, 20), st.sampled_from(["-", " - ", "–"]))
def test_the_goals_of_two_sides_are_no_range(ours: int, theirs: int, dash: str) -> None:
    goals = f"{cardinal(ours)} {cardinal(theirs)}"
    for sides in ("Thôn Nà Lọ - thôn Bản Chang {}", "Xóm 3 thắng xóm 8: {}", "Chung kết: Nà Lọ {} Bản Chang"):
        assert goals in said(sides.format(f"{ours}{dash}{theirs}"))
