"""Says what is wrong with a rule of the programme or with the RRULE of another calendar."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from flask_babel import lazy_gettext as _l

SENTENCES = {
    "malformed": _l("Không đọc được lịch này. Hãy nhập lại ngày và giờ."),
    "no_times": _l("Lịch chưa có giờ phát. Hãy thêm ít nhất một giờ."),
    "too_many_times": _l("Nhiều giờ phát quá: mỗi ngày tối đa %(limit)s lượt."),
    "repeated_time": _l("Giờ %(time)s ghi hai lần. Hãy bỏ bớt một."),
    "zoned_time": _l("Giờ %(time)s không đúng dạng. Hãy ghi giờ Việt Nam, ví dụ 05:30."),
    "until_before_start": _l("Ngày kết thúc đứng trước ngày bắt đầu. Hãy sửa một trong hai."),
    "date_out_of_range": _l("Ngày %(date)s ở ngoài lịch: chỉ nhận từ %(first)s đến %(last)s."),
    "misplaced": _l("Có mục không dùng cho kiểu lặp này. Hãy chọn lại kiểu lặp rồi nhập lại."),
    "bad_interval": _l("Khoảng lặp phải từ 1 đến %(limit)s."),
    "no_weekdays": _l("Lịch theo thứ nhưng chưa chọn thứ nào. Hãy chọn ít nhất một thứ trong tuần."),
    "bad_weekday": _l("Thứ trong tuần không đúng. Hãy chọn lại."),
    "no_dates": _l("Lịch theo ngày nhưng chưa có ngày nào. Hãy thêm ít nhất một ngày."),
    "too_many_dates": _l("Nhiều ngày quá: tối đa %(limit)s ngày trong một lịch."),
    "no_months": _l("Lịch hằng năm nhưng chưa chọn tháng. Hãy chọn ít nhất một tháng."),
    "bad_month": _l("Tháng phải từ 1 đến 12."),
    "no_month_days": _l("Hãy chọn ngày trong tháng, hoặc thứ mấy trong tháng: một trong hai cách."),
    "bad_month_day": _l("Ngày trong tháng phải từ 1 đến %(longest)s, hoặc ngày cuối tháng."),
    "bad_nth": _l("Trong một tháng chỉ có lần thứ nhất đến lần thứ năm của một thứ, hoặc lần cuối."),
    "too_many_exceptions": _l("Nhiều ngoại lệ quá: tối đa %(limit)s. Hãy kết thúc lịch này và lập lịch mới."),
    "moved_twice": _l("Một lượt phát bị dời đi hai nơi. Hãy giữ một."),
    "rrule_malformed": _l("Không đọc được quy tắc lặp của lịch nhập vào (phần “%(part)s”)."),
    "rrule_unsupported": _l(
        "Lịch nhập vào lặp theo cách chưa dùng được ở đây (phần “%(part)s”). Hãy lập lại lịch này bằng tay."
    ),
    "rrule_out_of_range": _l("Lịch nhập vào có số quá giới hạn: “%(part)s” phải từ %(least)s đến %(most)s."),
}


def sentence(code: str, params: Mapping[str, object]) -> str:
    """What to say, in the language of the page; a code of tomorrow is told as one that cannot be read."""
    return str(SENTENCES.get(code, SENTENCES["malformed"])) % defaultdict(str, params)
