"""What an alarm says: what happened, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import gettext as _

from broadcast.models import Alarm


@dataclass(frozen=True, slots=True)
class AlarmWords:
    title: str
    advice: str
    serious: bool


def alarm_words(alarm: Alarm) -> AlarmWords:
    """The sentences of a kind; an unknown kind is shown by its name rather than hidden."""
    known = _words().get(alarm.kind)
    return known or AlarmWords(_("Cảnh báo: %(kind)s", kind=alarm.kind), _("Hãy báo người quản trị."), True)


def _words() -> dict[str, AlarmWords]:
    forged = _("Loa đã từ chối và không phát. Hãy báo người quản trị: có thể có người lạ can thiệp.")
    return {
        "silent": AlarmWords(
            _("Cụm loa mất liên lạc"), _("Kiểm tra điện, sim 4G hoặc đường mạng tại cụm loa."), False
        ),
        "bad_signature": AlarmWords(_("Lệnh giả mạo bị chặn"), forged, True),
        "replayed": AlarmWords(_("Lệnh cũ bị phát lại đã bị chặn"), forged, True),
        "wrong_target": AlarmWords(_("Lệnh gửi nhầm loa đã bị chặn"), forged, True),
        "malformed": AlarmWords(_("Lệnh hỏng đã bị chặn"), forged, True),
        "stale": AlarmWords(
            _("Lệnh đến quá muộn đã bị bỏ"),
            _("Đường truyền chậm hoặc đồng hồ loa sai. Nếu lặp lại, hãy báo người quản trị."),
            False,
        ),
        "keyset_refused": AlarmWords(
            _("Cụm loa không nhận bộ khóa mới"),
            _("Chạy “truyen-thanh keys list” trên máy chủ. Đừng gỡ khóa cũ khi loa này chưa nhận khóa mới."),
            True,
        ),
        "clock_unknown": AlarmWords(
            _("Đồng hồ cụm loa chưa đúng"),
            _("Loa sẽ tự chỉnh khi có mạng. Nếu kéo dài, hãy kiểm tra mạng."),
            False,
        ),
        "clock_ahead": AlarmWords(
            _("Đồng hồ cụm loa chạy trước giờ máy chủ"),
            _("Loa sẽ phát sớm. Hãy so giờ máy chủ với giờ chuẩn, rồi kiểm tra máy chủ giờ của cụm loa."),
            True,
        ),
        "clock_doubtful": AlarmWords(
            _("Máy chủ giờ của cụm loa báo sai giờ"),
            _("Loa đang theo giờ đã ký của máy chủ. Hãy kiểm tra đồng hồ máy chủ và mạng của cụm loa."),
            True,
        ),
        "swapped": AlarmWords(
            _("Tệp âm thanh tải về bị tráo"),
            _("Loa đã bỏ tệp và không phát. Có người chen vào đường tải: hãy báo người quản trị."),
            True,
        ),
        "flooding": AlarmWords(
            _("Cụm loa gửi tin dồn dập"),
            _("Máy chủ bỏ bớt tin của loa này: máy hỏng hoặc lộ mật khẩu. Hãy nhận lại loa bằng mã mới."),
            True,
        ),
        "store_damaged": AlarmWords(
            _("Bộ nhớ cụm loa bị lỗi"), _("Nhờ đơn vị lắp đặt kiểm tra hoặc thay thẻ nhớ."), True
        ),
        "broker_down": AlarmWords(
            _("Mất liên lạc với máy chủ điều khiển loa"),
            _("Hãy báo người quản trị kiểm tra máy chủ MQTT."),
            True,
        ),
        "key_expires": AlarmWords(
            _("Khóa của cụm loa sắp hết hạn"),
            _("Loa tự đổi khóa khi có mạng. Hãy kiểm tra mạng; nếu không được, nhận lại loa bằng mã mới."),
            True,
        ),
        "server_key_expires": AlarmWords(
            _("Khóa ký lệnh của máy chủ sắp hết hạn"),
            _("Chạy “truyen-thanh keys rotate” trên máy chủ trước hạn, kẻo loa từ chối mọi lệnh."),
            True,
        ),
        "key_ended": AlarmWords(
            _("Khóa của cụm loa đã hết hạn"),
            _("Loa vẫn phát, nhưng báo cáo của nó không còn được tin. Hãy nhận lại loa bằng mã mới."),
            True,
        ),
        "self_test_missing": AlarmWords(
            _("Cụm loa không trả lời lệnh kiểm tra hằng tuần"),
            _("Loa có thể không nghe cả lệnh khẩn cấp. Hãy cử người đến kiểm tra."),
            True,
        ),
        "unproved": AlarmWords(
            _("Cụm loa có kết nối nhưng không ra tiếng"),
            _("Ba ngày nay không buổi nào chứng minh được là ra tiếng. Hãy cử người đến nghe thử."),
            True,
        ),
        "data_near": AlarmWords(
            _("Sắp hết dữ liệu của SIM"),
            _("Đã dùng hơn bốn phần năm gói tháng này. Hãy nạp thêm hoặc đổi gói."),
            False,
        ),
        "data_over": AlarmWords(
            _("Đã dùng hết dữ liệu của SIM"),
            _("Loa có thể không tải được bản tin mới. Hãy nạp thêm ngay."),
            True,
        ),
        "silenced_long": AlarmWords(
            _("Cụm loa bị tắt tiếng hơn một ngày"),
            _("Không gì phát ra, kể cả tin khẩn. Hãy bỏ tắt tiếng, hoặc hỏi người đã bấm nút ở loa."),
            True,
        ),
        "area_outage": AlarmWords(
            _("Phần lớn cụm loa của địa bàn mất liên lạc cùng lúc"),
            _("Thường do mất điện hoặc nhà mạng. Hãy hỏi điện lực và nhà mạng trước khi cử người đi."),
            True,
        ),
        "no_sound_card": AlarmWords(
            _("Cụm loa không thấy cạc âm thanh"),
            _("Loa không ra tiếng được. Cắm lại hoặc thay hộp."),
            True,
        ),
        "disk_full": AlarmWords(
            _("Bộ nhớ cụm loa đầy"),
            _("Loa không tải được bản tin mới. Nhờ đơn vị lắp đặt kiểm tra thẻ nhớ."),
            True,
        ),
        "amplifier": AlarmWords(
            _("Âm-li của cụm loa không phản hồi"), _("Kiểm tra nguồn và dây nối của âm-li."), True
        ),
        "dead_horn": AlarmWords(
            _("Củ loa hỏng hoặc đứt dây"), _("Kiểm tra dây ra củ loa; nếu còn dây thì thay củ loa."), True
        ),
        "store_failed": AlarmWords(
            _("Bộ nhớ cụm loa không ghi được"), _("Nhờ đơn vị lắp đặt thay thẻ nhớ."), True
        ),
        "refusing": AlarmWords(
            _("Cụm loa từ chối phát"),
            _("Xem lý do ở nhật ký phát: thường là ngoài khung giờ hoặc hết số phút trong ngày."),
            False,
        ),
        "self_test": AlarmWords(
            _("Cụm loa tự kiểm tra thấy lỗi"), _("Mở trang của loa để xem lỗi gì, rồi mở phiếu sự cố."), True
        ),
        "unordered_sound": AlarmWords(
            _("Micrô nghe thấy tiếng không do hệ thống phát"),
            _("Có thể có người cắm nguồn âm khác vào loa. Hãy cử người đến kiểm tra ngay."),
            True,
        ),
        "unknown_device": AlarmWords(
            _("Thiết bị lạ gửi tin"), _("Hãy báo người quản trị: thiết bị này chưa được đăng ký."), True
        ),
    }
