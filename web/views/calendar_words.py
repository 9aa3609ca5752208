"""Says why an event of a foreign calendar is not, or not quite, taken over as it was written."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict

from flask_babel import lazy_gettext as _l

from schedules.ical_reading import Note
from web import rule_words
from web.filters import day

SENTENCES = {
    # not quite as written
    "floating": _l("Lịch gốc không ghi múi giờ: hiểu là giờ Việt Nam."),
    "all_day_at": _l("Sự kiện cả ngày: phát lúc %(time)s."),
    "other_title": _l("Ngày %(date)s lịch gốc ghi tên khác: “%(title)s”. Ở đây giữ một tên cho mọi lần."),
    "title_cut": _l("Tên dài quá 200 chữ nên đã cắt bớt."),
    "no_uid": _l("Sự kiện không có mã: lần nhập sau sẽ không nhận ra nếu nó được sửa."),
    "bad_line": _l("Dòng %(line)s của tệp bị hỏng, đã bỏ qua."),
    "unmatched": _l("Lịch gốc sửa lần phát %(time)s ngày %(date)s, nhưng không có lần phát nào lúc đó."),
    "not_on_start": _l("Ngày đầu %(date)s không theo quy tắc lặp: ngày đó sẽ không phát."),
    "long": _l("Sự kiện kéo dài %(hours)s giờ. Loa chỉ phát hết bản tin rồi dừng."),
    "shared_uid": _l("Nhiều sự kiện trong tệp mang cùng một mã: mỗi giờ bắt đầu được coi là một sự kiện."),
    "lone_change": _l("Đây là một lần đã đổi của sự kiện lặp mà tệp này không có."),
    "tentative": _l("Lịch gốc ghi là chưa chắc chắn."),
    "private": _l("Lịch gốc ghi là riêng tư, nhưng tên lịch phát thì ai cũng xem được."),
    "called_off": _l("Theo tên thì sự kiện này đã huỷ."),
    # not at all
    "no_start": _l("Sự kiện không ghi lúc bắt đầu."),
    "no_title": _l("Sự kiện không có tên."),
    "bad_time": _l("Không đọc được thời gian “%(value)s”."),
    "all_day": _l("Sự kiện cả ngày, không có giờ phát. Muốn nhập thì chọn giờ cho sự kiện cả ngày."),
    "unknown_zone": _l("Không biết múi giờ “%(zone)s”."),
    "zone_shifts": _l("Múi giờ “%(zone)s” đổi giờ theo mùa, nên giờ ở Việt Nam lúc này lúc khác."),
    "zone_by_time": _l("Ghi theo múi giờ khác với nhiều giờ trong ngày: hãy lập lịch này bằng tay."),
    "zone_other_day": _l("Ghi theo múi giờ khác, ở Việt Nam rơi vào ngày khác: hãy lập lịch này bằng tay."),
    "this_and_future": _l("Lịch gốc đổi từ một ngày trở về sau trong cùng một sự kiện: hãy lập bằng tay."),
    "cancelled": _l("Lịch gốc đã huỷ sự kiện này."),
    "repeated_uid": _l("Trong tệp có bản mới hơn của sự kiện này."),
    "not_an_event": _l("Không phải sự kiện của lịch (%(kind)s)."),
    "broken_line": _l("Dòng %(line)s ghi ngày giờ của sự kiện nhưng bị hỏng, nên không chắc phát lúc nào."),
    "cut_off": _l("Tệp bị cắt ngang, thiếu phần cuối. Hãy xuất lại rồi nhập lại."),
    # the file
    "too_large": _l("Tệp lớn quá. Hãy xuất ít tháng hơn rồi nhập lại."),
    "no_calendar": _l("Đây không phải tệp lịch. Hãy chọn tệp có đuôi .ics."),
    "too_many_events": _l("Nhiều sự kiện quá: chỉ đọc %(limit)s sự kiện đầu."),
}


def sentence(note: Note) -> str:
    """In the language of the page."""
    params: defaultdict[str, object] = defaultdict(str, note.params)
    if isinstance(params.get("date"), str):
        params["date"] = day(dt.date.fromisoformat(str(params["date"])))
    words = SENTENCES.get(note.code)
    return str(words) % params if words else rule_words.sentence(note.code, note.params)
