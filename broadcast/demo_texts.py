"""The commune of the demonstration and what it announces; every name in it is invented."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from devices.messages import BulletinClass


@dataclass(frozen=True, slots=True)
class Village:
    """A village and where the middle of it lies, degrees."""

    name: str
    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Announcement:
    """A bulletin of the demonstration with the document behind it."""

    title: str
    text: str
    klass: BulletinClass = BulletinClass.ROUTINE
    source: str = ""
    number: str = ""


COMMUNE: Final = "Xã Suối Mây"
CODE: Final = "H99.24"
VILLAGES: Final = (
    Village("Thôn Đồi Chè", 21.6412, 105.5102),
    Village("Thôn Bến Mới", 21.6278, 105.5311),
    Village("Thôn Giếng Đá", 21.6509, 105.5388),
)
PLACES: Final = (
    "nhà văn hóa", "cổng trường", "ngã ba", "sân đình",
    "trạm bơm", "chợ", "cầu tràn", "khu tái định cư",
)  # fmt: skip
# degrees north and east of the middle of a village: its road with a fork
ROAD: Final = (
    (0.0, 0.0), (0.0011, 0.0028), (0.0006, 0.0057), (-0.0009, -0.0031),
    (-0.0024, -0.0052), (0.0031, 0.0013), (0.0052, 0.0004), (-0.0028, 0.0019),
)  # fmt: skip

ANNOUNCEMENTS: Final = (
    Announcement(
        title="Lịch tiêm chủng mở rộng tháng 12 năm 2026",
        text=(
            "Trạm Y tế xã Suối Mây thông báo lịch tiêm chủng mở rộng tháng 12 năm 2026.\n"
            "Thời gian: từ 7h30 đến 11h00 thứ Sáu, ngày 04/12/2026, tại Trạm Y tế xã.\n"
            "Đối tượng: trẻ dưới 24 tháng tuổi chưa tiêm đủ mũi và phụ nữ mang thai.\n"
            "Đề nghị gia đình mang theo sổ tiêm chủng, cho trẻ ăn no và đến đúng giờ."
        ),
        source="Trạm Y tế xã Suối Mây",
    ),
    Announcement(
        title="Thông báo tạm ngừng cung cấp điện",
        text=(
            "Đội Quản lý điện khu vực thông báo: để sửa chữa đường dây 22 kV, thôn Bến Mới và thôn Giếng Đá "
            "tạm ngừng cung cấp điện từ 8h00 đến 11h30 ngày 28/11/2026.\n"
            "Bà con chủ động tích nước, tắt thiết bị điện trước giờ cắt và không tự ý đóng cầu dao. "
            "Điện có thể được cấp lại sớm hơn dự kiến."
        ),
        klass=BulletinClass.PRIORITY,
        source="Đội Quản lý điện khu vực",
        number="86/TB-QLĐ",
    ),
    Announcement(
        title="Kế hoạch truyền thông chính sách quý IV",
        text=(
            "Ủy ban nhân dân xã Suối Mây triển khai Kế hoạch số 47/KH-UBND ngày 16/11/2026 "
            "về truyền thông chính sách.\n"
            "Từ nay đến ngày 31/12/2026, mỗi thôn tổ chức ít nhất 2 buổi phổ biến về hỗ trợ nhà ở, "
            "bảo hiểm y tế và đăng ký hộ tịch trực tuyến.\n"
            "Ý kiến của người dân được tiếp nhận tại bộ phận một cửa và trả lời trên đài truyền thanh xã "
            "trong 5 ngày làm việc."
        ),
        source="Văn phòng HĐND và UBND xã",
        number="47/KH-UBND",
    ),
)
