"""Texts of usual urgent announcements, written beforehand so that nobody has to compose at 5 a.m.

What differs from case to case stands in square brackets; a text with brackets left is not sent.
Kept in Vietnamese in every language of the pages: this is what the loudspeakers say.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

BLANK = re.compile(r"\[[^\[\]]*\]")


@dataclass(frozen=True, slots=True)
class Announcement:
    key: str
    title: str
    text: str


ANNOUNCEMENTS = (
    Announcement(
        "flood",
        "Nước lũ lên nhanh",
        "Thông báo khẩn. Nước lũ đang lên nhanh tại [tên thôn, xóm]. "
        "Đề nghị bà con rời khỏi vùng trũng, ven sông, ven suối và di chuyển ngay đến [điểm sơ tán]. "
        "Ưu tiên người già, trẻ em, phụ nữ có thai và người khuyết tật. "
        "Ngắt cầu dao điện trước khi rời nhà. Không đi qua ngầm tràn, cầu tràn khi nước đang chảy. "
        "Cần giúp đỡ, gọi số [số điện thoại trực].",
    ),
    Announcement(
        "landslide",
        "Nguy cơ sạt lở đất",
        "Thông báo khẩn. Khu vực [tên khu vực] có nguy cơ sạt lở đất cao. "
        "Đề nghị các hộ dân ven đồi, ven taluy di chuyển ngay đến [điểm sơ tán]. "
        "Không quay lại nhà lấy đồ khi chưa có thông báo an toàn. Cần giúp đỡ, gọi số [số điện thoại trực].",
    ),
    Announcement(
        "storm",
        "Bão đổ bộ",
        "Thông báo khẩn. Bão [tên bão] dự kiến ảnh hưởng trực tiếp đến địa bàn từ [giờ, ngày]. "
        "Bà con chằng chống nhà cửa, đưa tàu thuyền, lồng bè vào nơi trú tránh an toàn, "
        "dự trữ nước uống, lương thực và đèn pin. Không ra đường khi gió mạnh. "
        "Những nhà không kiên cố sơ tán về [điểm sơ tán] trước [giờ].",
    ),
    Announcement(
        "forest_fire",
        "Cháy rừng",
        "Thông báo khẩn. Đang có cháy rừng tại [tên khu vực]. "
        "Bà con ở gần khu vực cháy rời đi ngay theo hướng ngược chiều gió, về [điểm tập trung]. "
        "Lực lượng bảo vệ rừng, dân quân và đoàn viên có mặt tại [điểm tập trung lực lượng]. "
        "Báo cháy gọi số 114.",
    ),
    Announcement(
        "fire",
        "Cháy nhà, cháy chợ",
        "Thông báo khẩn. Đang có cháy tại [địa điểm]. Bà con không đến gần, nhường đường cho xe chữa cháy. "
        "Các hộ xung quanh ngắt điện, khóa gas và đưa người ra nơi thoáng. Báo cháy gọi số 114.",
    ),
    Announcement(
        "power",
        "Mất điện",
        "Thông báo. Do [nguyên nhân], khu vực [tên thôn, xóm] mất điện từ [giờ] đến khoảng [giờ]. "
        "Bà con ngắt các thiết bị điện, không lại gần dây điện đứt, cột điện đổ. "
        "Thấy sự cố, gọi điện lực số [số điện thoại].",
    ),
    Announcement(
        "water",
        "Nước sinh hoạt không an toàn",
        "Thông báo khẩn. Nguồn nước sinh hoạt tại [khu vực] có dấu hiệu không an toàn. "
        "Bà con tạm dừng dùng nước máy để ăn uống cho đến khi có thông báo mới. "
        "Nước sạch được cấp tại [địa điểm] từ [giờ].",
    ),
    Announcement(
        "missing",
        "Tìm người lạc",
        "Thông báo. Gia đình đang tìm [ông, bà, cháu] [họ tên], [tuổi] tuổi, "
        "cao khoảng [chiều cao], mặc [mô tả], rời nhà ở [thôn, xóm] lúc [giờ]. "
        "Ai biết, báo ngay cho công an xã hoặc gọi số [số điện thoại].",
    ),
    Announcement(
        "all_clear",
        "Đã an toàn",
        "Thông báo. Tình huống [tên tình huống] tại [khu vực] đã kết thúc. "
        "Bà con có thể trở lại sinh hoạt bình thường. Ủy ban nhân dân xã cảm ơn bà con đã hợp tác.",
    ),
    Announcement(
        "correction",
        "Đính chính",
        "Đính chính. Thông báo lúc [giờ] về [nội dung] là không đúng. Nội dung đúng là: [nội dung]. "
        "Đề nghị bà con thực hiện theo thông báo này.",
    ),
)


def blanks(text: str) -> list[str]:
    """The places still to be filled in, as they stand in the text."""
    return BLANK.findall(text)
