"""Says what is wrong with a slot that fills itself, or with a wish for airings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from web.filters import duration

SENTENCES = {
    "malformed": _l("Không đọc được khung giờ này. Hãy lập lại."),
    "bad_length": _l("Khung giờ phải dài từ 1 phút đến 24 giờ."),
    "no_entries": _l("Khung giờ chưa có gì. Hãy thêm ít nhất một mục."),
    "too_many_entries": _l("Nhiều mục quá: tối đa %(limit)s mục trong một khung giờ."),
    "no_ref": _l("Mục %(number)s chưa chọn phát gì. Hãy bỏ mục này rồi thêm lại."),
    "bad_entry_length": _l("Mục %(number)s không biết dài bao nhiêu. Hãy bỏ mục này rồi thêm lại."),
    "bulletin_is_fixed": _l("Bản tin cụ thể (mục %(number)s) luôn có chỗ của nó."),
    "flow_is_filling": _l("Chỗ cho bản tin tự vào (mục %(number)s) không giữ chỗ cố định được."),
    "no_class": _l("Mục %(number)s chưa chọn loại bản tin nào tự vào."),
    "bad_class": _l("Bản tin loại này không tự vào khung giờ được. Thông báo khẩn có trang riêng."),
    "repeated_class": _l("Mỗi loại bản tin chỉ tự vào ở một chỗ. Hãy bỏ bớt một mục."),
    "routine_before_priority": _l(
        "Bản tin ưu tiên phải vào trước bản tin thường. Hãy đưa mục ưu tiên lên trước."
    ),
    "repeated_bulletin": _l("Một bản tin đứng hai lần trong khung giờ. Hãy bỏ bớt một."),
    "repeated_language": _l("Một thứ tiếng đứng hai lần. Hãy bỏ bớt một."),
    "no_sound": _l("Có âm thanh trong khung giờ không còn dùng. Hãy bỏ mục ấy hoặc chọn âm thanh khác."),
    "no_relay": _l("Đài tiếp âm trong khung giờ không còn dùng. Hãy bỏ mục ấy hoặc chọn đài khác."),
    "until_before_from": _l("Hết hiệu lực trước khi bắt đầu. Hãy sửa một trong hai."),
    "bad_times": _l("Số lần phát phải từ 1 đến %(limit)s."),
    "bad_days": _l("Số ngày phải từ 1 đến %(limit)s."),
    "bad_gap": _l("Khoảng cách giữa hai lần phát không được âm."),
    "gap_too_long": _l(
        "Cách nhau như vậy thì %(days)s ngày không đủ cho %(times)s lần. Hãy bớt số lần, "
        "bớt khoảng cách, hoặc thêm ngày."
    ),
}


def sentence(code: str, params: Mapping[str, object]) -> str:
    """What to say, in the language of the page; a code of tomorrow is told as one that cannot be read."""
    if code == "over_full":
        return over_full(_number(params, "fixed_ms"), _number(params, "length_ms"))
    values = defaultdict(str, params)
    values["number"] = str(_number(params, "entry") + 1)
    return str(SENTENCES.get(code, SENTENCES["malformed"])) % values


def over_full(fixed_ms: int, length_ms: int) -> str:
    """How much too long that is which is always there, and what can be done."""
    return str(
        _(
            "Các mục luôn phát dài %(fixed)s, khung giờ chỉ có %(length)s: quá %(seconds)s giây. "
            "Hãy bỏ bớt, chọn “chỉ phát khi còn thời gian” ở một mục, hoặc kéo dài khung giờ.",
            fixed=duration(fixed_ms),
            length=duration(length_ms),
            seconds=-(-(fixed_ms - length_ms) // 1000),
        )
    )


def _number(params: Mapping[str, object], name: str) -> int:
    found = params.get(name, 0)
    return found if isinstance(found, int) else 0
