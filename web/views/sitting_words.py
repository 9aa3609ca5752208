"""Says what a slot plays and why, what it leaves out and what can be done about that."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import reduce
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from schedules.slots import Kind, Reason, Why
from web.filters import duration, lasting, moment
from web.views import words

Params = Mapping[str, Any]

_KINDS = {
    Kind.TUNE: _l("Nhạc hiệu"),
    Kind.CHIME: _l("Chuông"),
    Kind.FLOW: _l("Bản tin tự vào"),
    Kind.BULLETIN: _l("Bản tin"),
    Kind.PIECE: _l("Bài ghi âm"),
    Kind.RELAY: _l("Tiếp âm"),
    Kind.CLOSING: _l("Nhạc kết"),
}
_WHYS = {
    Why.FIXED: _l("luôn phát"),
    Why.PRIORITY: _l("ưu tiên, vào trước"),
    Why.ORDERED: _l("theo thứ tự đã xếp"),
    Why.VALID: _l("còn hiệu lực, còn chỗ"),
    Why.SPARE: _l("còn thừa thời gian"),
}
_ADVICE = {
    Reason.NO_ROOM: _l("Kéo dài khung giờ, rút ngắn bản tin, hoặc xếp nó lên trước."),
    Reason.EXPIRED: _l("Nếu tin còn đúng, gia hạn ở trang bản tin."),
    Reason.NO_AUDIO: _l("Tạo âm thanh cho bản tin, hoặc thêm thứ tiếng của nó vào khung giờ."),
    Reason.NO_PLACE: _l("Thêm mục “Bản tin tự vào” cho loại này."),
    Reason.NOT_APPROVED: _l("Duyệt bản tin, hoặc bỏ mục này."),
}


def kind(value: Kind) -> str:
    return str(_KINDS[value])


def flow(classes: Collection[str]) -> str:
    """The title of a place where bulletins of these classes go in."""
    if "priority" not in classes:
        return str(_("Bản tin thường tự vào"))
    if "routine" not in classes:
        return str(_("Bản tin ưu tiên tự vào"))
    return str(_("Bản tin tự vào: ưu tiên rồi đến thường"))


def why(value: Why) -> str:
    return str(_WHYS[value])


def languages(codes: Sequence[str]) -> str:
    """In the order in which they are heard: ``Tiếng Tày, rồi Tiếng Việt``."""
    return reduce(
        lambda first, then: str(_("%(first)s, rồi %(then)s", first=first, then=then)), _named(codes)
    )


def missing(codes: Sequence[str]) -> str:
    """Languages of the slot that a bulletin does not have."""
    return str(_("không có %(languages)s", languages=", ".join(_named(codes))))


def spoken(codes: Sequence[str]) -> str:
    """What a slot that names languages does with them."""
    return str(
        _(
            "Từng bản tin một, bằng %(languages)s. Bản tin thiếu thứ tiếng nào thì phát những thứ tiếng có.",
            languages=languages(codes),
        )
    )


def in_own_order() -> str:
    return str(_("phát cả bản theo thứ tự của nó; tạo lại âm thanh thì tách được từng thứ tiếng"))


def _named(codes: Sequence[str]) -> list[str]:
    return [words.language(code) for code in codes]


def reason(value: Reason, params: Params) -> str:
    """Why something is not played."""
    return _REASONS[value](params)


def advice(value: Reason) -> str:
    """What can be done so that it is played; empty where all is as it should be."""
    return str(_ADVICE.get(value, ""))


def short(title: str, possible: int, wanted: int) -> str:
    """A bulletin that cannot air as often as wished."""
    words = _(
        "“%(title)s”: chỉ được %(possible)s trong %(wanted)s lần.",
        title=title,
        possible=possible,
        wanted=wanted,
    )
    way_out = _("Thêm buổi, kéo dài thời hạn, hoặc giảm số lần.")
    return f"{words} {way_out}"


def _no_room(params: Params) -> str:
    return str(_("không đủ chỗ, thiếu %(length)s", length=lasting(params["missing_ms"])))


def _not_valid_yet(params: Params) -> str:
    return str(_("chưa đến lúc: có hiệu lực từ %(time)s", time=moment(params["valid_from"])))


def _expired(params: Params) -> str:
    return str(_("hết hiệu lực lúc %(time)s", time=moment(params["until"])))


def _aired_enough(params: Params) -> str:
    return str(ngettext("đã đủ %(num)s lần phát", "đã đủ %(num)s lần phát", params["times"]))


def _too_soon(params: Params) -> str:
    gap = dt.timedelta(seconds=params["gap_s"])
    return str(
        _(
            "gần lần phát %(time)s, phải cách ít nhất %(gap)s",
            time=moment(params["aired"]),
            gap=gap_words(gap),
        )
    )


def _no_place(params: Params) -> str:
    if params.get("klass") == "priority":
        return str(_("khung giờ không có chỗ cho bản tin ưu tiên"))
    return str(_("khung giờ không có chỗ cho bản tin thường"))


def gap_words(gap: dt.timedelta) -> str:
    hours, rest = divmod(int(gap.total_seconds()), 3600)
    if rest:
        return lasting(gap.total_seconds() * 1000)
    return str(ngettext("%(num)s giờ", "%(num)s giờ", hours))


_REASONS: dict[Reason, Callable[[Params], str]] = {
    Reason.NO_ROOM: _no_room,
    Reason.NOT_VALID_YET: _not_valid_yet,
    Reason.EXPIRED: _expired,
    Reason.AIRED_ENOUGH: _aired_enough,
    Reason.TOO_SOON: _too_soon,
    Reason.LATER: lambda _params: str(_("để dành cho buổi sau, cho đều các ngày")),
    Reason.OTHER_AREA: lambda _params: str(_("dành cho nơi khác")),
    Reason.NO_AUDIO: lambda _params: str(_("chưa có âm thanh ở thứ tiếng nghe trong khung giờ này")),
    Reason.NO_PLACE: _no_place,
    Reason.NOT_APPROVED: lambda _params: str(_("chưa duyệt, hoặc không còn dùng được")),
}


def used(used_ms: int, length_ms: int) -> str:
    """``28:40 của 30:00``."""
    return str(_("%(used)s của %(length)s", used=duration(used_ms), length=duration(length_ms)))
