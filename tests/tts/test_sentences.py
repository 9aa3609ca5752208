"""Where an announcer breathes."""

from __future__ import annotations

from tts.normalise import read
from tts.sentences import LONGEST


def spoken(text: str) -> list[str]:
    return [sentence.spoken for sentence in read(text).sentences]


def pauses(text: str) -> list[float]:
    return [sentence.pause_after for sentence in read(text).sentences]


def test_a_text_is_cut_at_the_ends_of_its_sentences() -> None:
    assert spoken("Mời bà con đi họp! Họp lúc nào? Tối nay. Xin cảm ơn.") == [
        "Mời bà con đi họp!",
        "Họp lúc nào?",
        "Tối nay.",
        "Xin cảm ơn.",
    ]


def test_dots_in_numbers_and_abbreviations_end_nothing() -> None:
    assert len(spoken("TP. Cao Bằng hỗ trợ 1.250.000 đồng, v.v. cho các hộ từ ngày 1.4.2025.")) == 1


def test_headings_paragraphs_and_items_have_their_own_pauses() -> None:
    heading, sentence, paragraph, item, last = pauses(
        "THÔNG BÁO\n\nCâu thứ nhất. Câu thứ hai.\n- Mục thứ nhất;\n- Mục thứ hai."
    )
    assert heading > paragraph > item == last > sentence > 0.3


def test_a_line_broken_by_the_editor_goes_on() -> None:
    assert spoken("Ủy ban nhân dân xã mời bà con\nđến họp tại nhà văn hóa.") == [
        "Ủy ban nhân dân xã mời bà con đến họp tại nhà văn hóa."
    ]


PAGE = """ỦY BAN NHÂN DÂN\tCỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM
XÃ TÂN LẬP\tĐộc lập - Tự do - Hạnh phúc

Số: 15/TB-UBND        Tân Lập, ngày 5 tháng 3 năm 2025

THÔNG BÁO
VỀ VIỆC CẮT ĐIỆN

Thực hiện kế hoạch của Điện lực về việc sửa chữa đường dây, Ủy ban nhân dân xã
Tân Lập thông báo, đến toàn thể bà con nhân dân trong xã, các cơ quan, đơn vị và trường học
trên địa bàn xã, theo mar-
keting nội dung sau:
1. Thời gian
1.1 Ngày thứ nhất
a)\tBuổi sáng
Nơi nhận:
- Như trên;
- Lưu: VT.
TM. ỦY BAN NHÂN DÂN
CHỦ TỊCH
(Đã ký)
Nguyễn Văn A"""


def test_a_page_is_heard_in_its_parts() -> None:
    assert [part.rstrip(".") for part in spoken(PAGE)] == [
        "ủy ban nhân dân",
        "cộng hòa xã hội chủ nghĩa việt nam",
        "xã tân lập",
        "Độc lập, Tự do, Hạnh phúc",
        "Số: mười lăm tê bê ủy ban nhân dân",
        "Tân Lập, ngày năm tháng ba năm hai nghìn không trăm hai mươi lăm",
        "thông báo về việc cắt điện",
        "Thực hiện kế hoạch của Điện lực về việc sửa chữa đường dây, Ủy ban nhân dân xã Tân Lập thông báo,",
        (
            "đến toàn thể bà con nhân dân trong xã, các cơ quan, đơn vị và trường học trên địa bàn xã, "
            "theo ma két ting nội dung sau"
        ),
        "một, Thời gian",
        "một chấm một, Ngày thứ nhất",
        "a, Buổi sáng",
        "Nơi nhận",
        "Như trên",
        "Lưu: văn thư",
        "thay mặt ủy ban nhân dân",
        "chủ tịch",
        "Đã ký",
        "Nguyễn Văn A",
    ]


def test_lines_in_a_table_are_heard_cell_by_cell() -> None:
    assert spoken("STT\tHọ và tên\tThôn\n1\tNguyễn Văn A\tBản Chu") == [
        "số thứ tự.",
        "Họ và tên.",
        "Thôn.",
        "một.",
        "Nguyễn Văn A.",
        "Bản Chu.",
    ]
    assert spoken("| Thôn | Số hộ |") == ["Thôn, Số hộ."]


def test_lines_that_each_begin_with_a_capital_stay_apart() -> None:
    lines = "Đồng chí Bí thư Đảng ủy xã và các đồng chí trong ban\nĐại diện các hội, đoàn thể của xã đến dự"
    assert len(spoken(lines)) == 2


def test_a_long_sentence_is_cut_at_commas_into_parts_an_engine_takes() -> None:
    text = ", ".join(["các thôn bản chủ động kiểm tra hệ thống kênh mương thủy lợi"] * 8) + "."
    parts = spoken(text)
    assert len(parts) > 2
    assert all(len(part) <= LONGEST for part in parts)
    assert all(part.endswith("thủy lợi,") for part in parts[:-1])
    assert max(pauses(text)[:-1]) < 0.3


def test_a_long_sentence_without_commas_is_cut_before_a_joining_word() -> None:
    text = "Nhân dân các thôn bản tích cực hưởng ứng phong trào xây dựng nông thôn mới nâng cao " * 2
    parts = spoken(text + "và giữ gìn vệ sinh đường làng ngõ xóm sạch đẹp " * 2)
    assert any(part.startswith("và ") for part in parts)


def test_repeated_marks_become_the_strongest_one() -> None:
    assert spoken("Chú ý!!! Khẩn (cấp), thôn ba.,") == ["Chú ý!", "Khẩn, cấp, thôn ba."]


def test_a_text_without_words_has_nothing_to_say() -> None:
    assert read("* * *\n./.").text.strip() == ""
    assert read("").sentences == ()
