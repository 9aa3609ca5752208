"""Says in a sentence what is doubtful about a schedule, with the likely correction where there is one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flask_babel import gettext as _

from broadcast.programme import Concern
from web import rule_words
from web.filters import clock, moment


@dataclass(frozen=True, slots=True)
class Doubt:
    """One warning; ``correction`` is the time to take instead of ``time``, accepted with one tap."""

    text: str
    blocking: bool
    time: str = ""
    correction: str = ""


def doubts(concerns: Iterable[Concern]) -> list[Doubt]:
    return [_doubt(concern) for concern in concerns]


def _doubt(concern: Concern) -> Doubt:
    values = concern.params
    if concern.code == "outside_hours" and values.get("likely"):
        text = _("%(time)s – ý bạn là %(likely)s?", time=values["time"], likely=values["likely"])
        return Doubt(
            f"{text} {_('Giờ này ngoài khung được phép, loa sẽ từ chối phát.')}",
            concern.blocking,
            values["time"],
            values["likely"],
        )
    return Doubt(_sentence(concern), concern.blocking)


def _sentence(concern: Concern) -> str:
    values = concern.params
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
        case "too_near":
            words = _(
                "Lần phát %(time)s quá gần: loa ở vùng sóng yếu có thể chưa kịp tải âm thanh.",
                time=clock(values["start"]),
            )
        case "overlap":
            words = _(
                "Trùng với “%(title)s” (%(area)s) lúc %(start)s. Hãy chọn giờ khác, hoặc xếp trước sau.",
                title=values["title"],
                area=values["area"],
                start=moment(values["start"]),
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
