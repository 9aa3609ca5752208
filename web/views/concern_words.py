"""Says in a sentence what is doubtful about a schedule, with the likely correction where there is one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext

from broadcast.scheduling.concerns import HINTS
from broadcast.scheduling.programme import Concern
from web import rule_words
from web.filters import clock, day, moment


@dataclass(frozen=True, slots=True)
class Doubt:
    """One warning; ``correction`` is the time to take instead of ``time``, accepted with one tap."""

    text: str
    blocking: bool
    time: str = ""
    correction: str = ""


def doubts(concerns: Iterable[Concern]) -> list[Doubt]:
    return [_doubt(concern) for concern in concerns]


def stopping(concerns: Iterable[Concern]) -> list[Doubt]:
    """What a person must look at before saving; overlaps are told by themselves, with what can be done."""
    return doubts(concern for concern in concerns if concern.code not in ("overlap", *HINTS))


def hints(concerns: Iterable[Concern]) -> list[Doubt]:
    """What is good to know and stops nobody."""
    return doubts(concern for concern in concerns if concern.code in HINTS)


def _doubt(concern: Concern) -> Doubt:
    values = concern.params
    if concern.code == "outside_hours" and values.get("likely"):
        text = _("%(time)s – ý bạn là %(likely)s?", time=values["time"], likely=values["likely"])
        why = _("Giờ này ngoài khung được phép, loa sẽ từ chối phát.")
        return Doubt(f"{text} {why}", concern.blocking, values["time"], values["likely"])
    if concern.code == "unusual" and values.get("likely"):
        text = _("%(time)s – ý bạn là %(likely)s?", time=values["time"], likely=values["likely"])
        why = _("Nơi đây chưa mấy khi phát vào giờ này.")
        return Doubt(f"{text} {why}", concern.blocking, values["time"], values["likely"])
    return Doubt(_sentence(concern), concern.blocking)


def _sentence(concern: Concern) -> str:
    values = concern.params
    if concern.code in LONGER:
        return LONGER[concern.code](values)
    words: str
    match concern.code:
        case "outside_hours":
            words = _("%(time)s ở ngoài khung giờ được phép, loa sẽ từ chối phát.", time=values["time"])
        case "runs_over":
            words = _(
                "Buổi phát %(time)s kéo dài đến %(until)s, quá khung giờ được phép: phần sau sẽ bị cắt.",
                time=values["time"],
                until=values["until"],
            )
        case "in_past":
            start = moment(values["start"])
            words = _("Thời điểm %(start)s đã qua, lần đó sẽ không phát.", start=start)
        case "unusual":
            words = _(
                "Nơi đây chưa mấy khi phát lúc %(time)s; thường phát lúc %(usual)s. Hãy xem lại giờ.",
                time=values["time"],
                usual=", ".join(values["usual"]),
            )
        case "unapproved":
            words = _("Có bản tin chưa duyệt hoặc chưa có âm thanh.")
        case "emergency":
            words = _("Bản tin khẩn cấp không xếp lịch. Hãy dùng trang Khẩn cấp.")
        case "rule":
            words = rule_words.sentence(values["why"], values)
        case _:
            words = _("Lịch này chưa hợp lệ. Hãy xem lại ngày và giờ.")
    return words


def _too_near(values: Mapping[str, Any]) -> str:
    time = clock(values["start"])
    if "needed" in values:
        minutes = -(-values["needed"] // 60)
        return str(
            _(
                "Lần phát %(time)s quá gần: nơi sóng yếu cần khoảng %(minutes)s phút để tải âm thanh này.",
                time=time,
                minutes=minutes,
            )
        )
    return str(_("Lần phát %(time)s quá gần: loa ở vùng sóng yếu có thể chưa kịp tải âm thanh.", time=time))


def _overlap(values: Mapping[str, Any]) -> str:
    shared = values["overlap"]
    words = _(
        "Trùng với “%(title)s” (%(area)s) lúc %(start)s, đến %(end)s.",
        title=values["title"],
        area=values["area"],
        start=moment(values["start"]),
        end=clock(values["end"]),
    )
    if shared.loudspeakers:
        where = _("%(count)s cụm loa ở %(where)s", count=shared.loudspeakers, where=shared.where)
        words = f"{words} {where}."
    way_out = _("Hãy chọn giờ khác, hoặc xếp trước sau.")
    return f"{words} {way_out}"


def _holiday(values: Mapping[str, Any]) -> str:
    first = _("Ngày %(date)s là %(name)s.", date=day(values["date"]), name=values["name"])
    if values["count"] > 1:
        more = ngettext(
            "Còn %(num)s ngày lễ nữa cũng phát.", "Còn %(num)s ngày lễ nữa cũng phát.", values["count"] - 1
        )
        return f"{first} {more}"
    instead = _("Nếu ngày lễ không phát, hãy chọn cách khác cho ngày lễ.")
    return f"{first} {instead}"


def _weekday(values: Mapping[str, Any]) -> str:
    first = _(
        "%(area)s không phát theo lịch vào ngày %(date)s, loa sẽ từ chối phát.",
        area=values["area"],
        date=day(values["date"]),
    )
    if values["count"] > 1:
        more = ngettext(
            "Còn %(num)s ngày nữa cũng vậy.", "Còn %(num)s ngày nữa cũng vậy.", values["count"] - 1
        )
        return f"{first} {more}"
    return str(first)


def _session_limit(values: Mapping[str, Any]) -> str:
    return str(
        _(
            "%(area)s chỉ được phát %(limit)s buổi một ngày; buổi %(start)s là buổi thứ %(number)s, "
            "loa sẽ từ chối phát.",
            area=values["area"],
            limit=values["limit"],
            start=moment(values["start"]),
            number=_ordinal(values["number"]),
        )
    )


def _session_minutes(values: Mapping[str, Any]) -> str:
    return str(
        _(
            "Một buổi ở %(area)s chỉ được phát %(limit)s phút; buổi %(start)s sẽ dài %(minutes)s phút, "
            "loa sẽ từ chối phần quá giờ.",
            area=values["area"],
            limit=values["limit"],
            start=moment(values["start"]),
            minutes=values["minutes"],
        )
    )


def _during_relay(values: Mapping[str, Any]) -> str:
    first = _(
        "Lúc ấy loa đang tiếp âm “%(title)s” (%(start)s đến %(end)s): "
        "tin thường phải đợi và có thể bị bỏ, tin ưu tiên thì cắt ngang.",
        title=values["who"],
        start=moment(values["start"]),
        end=clock(values["end"]),
    )
    if values["count"] > 1:
        more = ngettext("%(num)s lần phát tới như vậy.", "%(num)s lần phát tới như vậy.", values["count"])
        return f"{first} {more}"
    return str(first)


def _held(values: Mapping[str, Any]) -> str:
    return str(
        _(
            "%(area)s đang giữ im lặng đến %(until)s (%(by)s): buổi %(start)s sẽ không phát ở đó.",
            area=values["area"],
            until=clock(values["until"]),
            by=values["by"],
            start=clock(values["start"]),
        )
    )


def _silenced(values: Mapping[str, Any]) -> str:
    return str(
        _(
            "%(count)s trên %(total)s cụm loa ở đây đang tắt tiếng: "
            "nơi đó không nghe được cho đến khi mở lại.",
            count=values["count"],
            total=values["total"],
        )
    )


def _ordinal(number: int) -> str:
    words = (_("nhất"), _("hai"), _("ba"), _("tư"), _("năm"), _("sáu"))
    return str(words[number - 1]) if number <= len(words) else str(number)


LONGER: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "too_near": _too_near,
    "overlap": _overlap,
    "holiday": _holiday,
    "weekday": _weekday,
    "session_limit": _session_limit,
    "session_minutes": _session_minutes,
    "during_relay": _during_relay,
    "held": _held,
    "silenced": _silenced,
}
