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
        "clock_unknown": AlarmWords(
            _("Đồng hồ cụm loa chưa đúng"),
            _("Loa sẽ tự chỉnh khi có mạng. Nếu kéo dài, hãy kiểm tra mạng."),
            False,
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
        "unknown_device": AlarmWords(
            _("Thiết bị lạ gửi tin"), _("Hãy báo người quản trị: thiết bị này chưa được đăng ký."), True
        ),
    }
