"""How administrative Vietnamese is read: a table of cases by the conventions of an announcer."""

from __future__ import annotations

import unicodedata

import pytest

from tts.normalise import read
from tts.types import Doubt

CASES = {
    "numbers": [
        ("21 hộ", "hai mươi mốt hộ"),
        ("24 hộ", "hai mươi tư hộ"),
        ("15 hộ", "mười lăm hộ"),
        ("105 hộ", "một trăm linh năm hộ"),
        ("1.250 hộ", "một nghìn hai trăm năm mươi hộ"),
        ("1.000.001 dân", "một triệu không trăm linh một dân"),
        ("2.005 hộ", "hai nghìn không trăm linh năm hộ"),
        ("3,5 sào", "ba phẩy năm sào"),
        ("0,05 điểm", "không phẩy không năm điểm"),
        ("tỷ lệ -2 độ", "tỷ lệ âm hai độ"),
        ("1.500.000.000 đồng", "một tỷ năm trăm triệu đồng"),
        ("từ 5 - 7 ngày", "từ năm đến bảy ngày"),
        ("gió cấp 8-9", "gió cấp tám đến chín"),
        ("2/3 số hộ", "hai phần ba số hộ"),
        ("đạt 8/10 điểm", "đạt tám trên mười điểm"),
    ],
    "ordinals and Roman numerals": [
        ("thứ 4 hằng tuần", "thứ tư hằng tuần"),
        ("Thứ 2, thứ 7", "Thứ hai, thứ bảy"),
        ("lần thứ 1", "lần thứ nhất"),
        ("Đại hội XIII", "Đại hội mười ba"),
        ("khóa XV", "khóa mười lăm"),
        ("quý IV năm nay", "quý bốn năm nay"),
        ("Chương II", "Chương hai"),
        ("đô thị loại V", "đô thị loại năm"),
        ("thế kỷ XXI", "thế kỷ hai mươi mốt"),
        ("lần thứ IV", "lần thứ tư"),
        ("vitamin C", "vi ta min xê"),
    ],
    "dates": [
        ("ngày 21/3/2023", "ngày hai mươi mốt tháng ba năm hai nghìn không trăm hai mươi ba"),
        ("sáng 05/9", "sáng ngày năm tháng chín"),
        ("12-6-2024", "ngày mười hai tháng sáu năm hai nghìn không trăm hai mươi tư"),
        ("ngày 1.4.2025", "ngày một tháng tư năm hai nghìn không trăm hai mươi lăm"),
        ("từ ngày 15-20/5", "từ ngày mười lăm đến hai mươi tháng năm"),
        ("ngày 28/4 - 3/5", "ngày hai mươi tám tháng tư đến ngày ba tháng năm"),
        ("tháng 7/2025", "tháng bảy năm hai nghìn không trăm hai mươi lăm"),
        (
            "giai đoạn 2021-2025",
            "giai đoạn hai nghìn không trăm hai mươi mốt đến hai nghìn không trăm hai mươi lăm",
        ),
        ("dịp 2/9", "dịp ngày hai tháng chín"),
        ("ngày 25, 26/12", "ngày hai mươi lăm, hai mươi sáu tháng mười hai"),
        ("Ngày 02 và 03/9", "Ngày hai và ba tháng chín"),
        ("ngày 19/5/1890", "ngày mười chín tháng năm năm một nghìn tám trăm chín mươi"),
        ("tháng 4 này", "tháng tư này"),
        ("Thứ tư, 20/8/2025", "Thứ tư, ngày hai mươi tháng tám năm hai nghìn không trăm hai mươi lăm"),
    ],
    "times": [
        ("lúc 7h30", "lúc bảy giờ ba mươi phút"),
        ("14g30", "mười bốn giờ ba mươi phút"),
        ("08:00", "tám giờ"),
        ("18:45", "mười tám giờ bốn mươi lăm phút"),
        ("7h", "bảy giờ"),
        ("7h30-9h00", "bảy giờ ba mươi phút đến chín giờ"),
        ("20:05 (GMT+7)", "hai mươi giờ năm phút"),
        ("24h qua", "hai mươi tư giờ qua"),
        ("5 giờ 30 phút", "năm giờ ba mươi phút"),
    ],
    "money and units": [
        ("500.000đ", "năm trăm nghìn đồng"),
        ("50.000 đồng/người", "năm mươi nghìn đồng một người"),
        ("1.200 VNĐ", "một nghìn hai trăm đồng"),
        ("3 USD", "ba đô la Mỹ"),
        ("2,5 triệu đồng/tháng", "hai phẩy năm triệu đồng một tháng"),
        ("95%", "chín mươi lăm phần trăm"),
        ("10-15%", "mười đến mười lăm phần trăm"),
        ("100-150mm", "một trăm đến một trăm năm mươi mi li mét"),
        ("36 tấn/ha", "ba mươi sáu tấn trên héc ta"),
        ("12km2", "mười hai ki lô mét vuông"),
        ("đường dây 110kV", "đường dây một trăm mười ki lô vôn"),
        ("38°C", "ba mươi tám độ xê"),
        ("100mm/24h", "một trăm mi li mét trong hai mươi tư giờ"),
        ("1,5tr/tháng", "một phẩy năm triệu một tháng"),
        ("sau 5' nữa", "sau năm phút nữa"),
        ("tỷ số 3-1", "tỷ số ba một"),
        ("≥ 18 tuổi", "lớn hơn hoặc bằng mười tám tuổi"),
    ],
    "documents": [
        ("số 151/KH-UBND", "số một trăm năm mươi mốt ca hát ủy ban nhân dân"),
        ("số 07/CT-TTg", "số không bảy xê tê thủ tướng"),
        ("49/2024/NĐ-CP", "bốn mươi chín năm hai nghìn không trăm hai mươi tư nờ đê chính phủ"),
        ("57-KL/TW", "năm mươi bảy ca lờ trung ương"),
        (
            "Luật số 43/2022/QH15",
            "Luật số bốn mươi ba năm hai nghìn không trăm hai mươi hai quốc hội khóa mười lăm",
        ),
        ("1234/UBND-VX", "một nghìn hai trăm ba mươi tư ủy ban nhân dân vê ích"),
        ("điểm đ khoản 2 Điều 5", "điểm đê khoản hai Điều năm"),
        (
            "39/2020/TT-BTTTT",
            "ba mươi chín năm hai nghìn không trăm hai mươi tê tê bộ thông tin và truyền thông",
        ),
        ("QL1A", "quốc lộ một a"),
        ("ĐT.295B", "đường tỉnh hai trăm chín mươi lăm bê"),
        ("lớp 9A2", "lớp chín a hai"),
        ("xe 11A-123.45", "xe mười một a, một hai ba, bốn năm"),
        (
            "CCCD số 004085001234",
            "căn cước công dân số không không bốn không tám năm không không một hai ba bốn",
        ),
    ],
    "telephone, mail, web": [
        ("0912 345 678", "không chín một hai, ba bốn năm, sáu bảy tám"),
        ("0204.3855.123", "không hai không bốn, ba tám năm năm, một hai ba"),
        ("gọi 114", "gọi một một bốn"),
        ("gọi 113, 114 hoặc 115", "gọi một một ba, một một bốn hoặc một một năm"),
        ("tổng đài 1022", "tổng đài một không hai hai"),
        ("1900 9095", "một chín không không, chín không chín năm"),
        ("114 hộ", "một trăm mười bốn hộ"),
        ("xa@gmail.com", "xa a còng gờ meo chấm com"),
        ("https://www.tanlap.gov.vn", "tan lap chấm gốp chấm vê nờ"),
        ("[email\u00a0protected]", "địa chỉ đã được ẩn"),
    ],
    "abbreviations": [
        ("UBND, HĐND xã", "ủy ban nhân dân, hội đồng nhân dân xã"),
        ("đ/c Bí thư", "đồng chí Bí thư"),
        ("nhóm PV, BTV", "nhóm phóng viên, biên tập viên"),
        ("BTV huyện ủy", "ban thường vụ huyện ủy"),
        ("TP. Cao Bằng", "thành phố Cao Bằng"),
        ("P. Tân Lập", "phường Tân Lập"),
        ("TP.HCM", "thành phố Hồ Chí Minh"),
        ("bảo hiểm y tế (BHYT)", "bảo hiểm y tế"),
        ("thẻ BHYT", "thẻ bảo hiểm y tế"),
        ("Sở TT&TT", "Sở thông tin và truyền thông"),
        ("rau, củ, v.v.", "rau, củ, vân vân"),
    ],
    "signs, lists, capitals, loan words": [
        ("thực hiện./.", "thực hiện"),
        ("“tin giả”", "tin giả"),
        ("kinh tế - xã hội", "kinh tế, xã hội"),
        ("1. Thời gian", "một, Thời gian"),
        ("a) Địa điểm", "a, Địa điểm"),
        ("- Thành phần", "Thành phần"),
        ("THÔNG BÁO VỀ VIỆC CẮT ĐIỆN", "thông báo về việc cắt điện"),
        ("Covid-19", "cô vít mười chín"),
        ("mạng Internet, Zalo", "mạng in tơ nét, da lô"),
        ("nam/nữ", "nam, nữ"),
    ],
}


@pytest.mark.parametrize(("written", "spoken"), [case for cases in CASES.values() for case in cases])
def test_it_is_read_as_an_announcer_would(written: str, spoken: str) -> None:
    assert read(written).text.rstrip(".") == spoken
    assert read(unicodedata.normalize("NFD", written)).text.rstrip(".") == spoken


@pytest.mark.parametrize(
    ("written", "piece", "doubt"),
    [
        ("Theo QXZK", "QXZK", Doubt.UNKNOWN_ABBREVIATION),
        ("Ông Schmidt đến thăm", "Schmidt", Doubt.FOREIGN),
        ("liên hệ [email protected]", "[email protected]", Doubt.UNREADABLE),
        ("đến hết 3/4", "3/4", None),
        ("đoạn 3/4.", "3/4", Doubt.AMBIGUOUS),
        ("ngày 30/2/2025", "30/2/2025", Doubt.AMBIGUOUS),
        ("thôn TÂN và BAN", "BAN", Doubt.AMBIGUOUS),
        ("漢字", "漢字", Doubt.UNREADABLE),
        ("trả lời 😀", "😀", None),
    ],
)
def test_what_may_be_wrong_is_marked(written: str, piece: str, doubt: Doubt | None) -> None:
    found = {token.written: token.doubt for token in read(written).doubts}
    assert found.get(piece) == doubt


def test_a_bulletin_in_plain_words_has_no_doubts() -> None:
    text = "Ủy ban nhân dân xã Tân Lập mời nhân dân đến Nhà văn hóa dự cuộc họp về xây dựng nông thôn mới."
    assert read(text).doubts == ()
    assert read(text).text == text


def test_another_language_is_left_as_it_is_written() -> None:
    assert read("Water off 7-9 am, 15 March.", language="en").text == "Water off 7-9 am, 15 March."


def test_a_token_across_the_edge_of_a_page_keeps_its_writing() -> None:
    spoken = read("Ủy ban nhân dân xã thông báo ngừng cấp nước sinh hoạt từ 8h\n- 11h ngày mai.")
    tokens = [token for sentence in spoken.sentences for token in sentence.tokens]
    assert "8h\n- 11h" in [token.written for token in tokens]
    assert all(spoken.source[token.start :].startswith(token.written) for token in tokens)


def test_rows_of_figures_are_not_joined() -> None:
    spoken = read("Danh sách các hộ được hỗ trợ kinh phí xây dựng nhà ở\n1 Nông Văn Páo\n2 Lê Thị Hoa")
    assert [len(sentence.tokens) for sentence in spoken.sentences] == [13, 4, 4]
