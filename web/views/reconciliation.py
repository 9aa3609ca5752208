"""The calendar beside what was really heard: what differs, why, and all of it as a table to download."""

from __future__ import annotations

import datetime as dt
import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from flask import Blueprint, g, render_template, request
from flask_babel import LazyString, ngettext
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response

from broadcast.errors import NotFound
from broadcast.evidence import matrix, reconciling, wishes_past
from broadcast.evidence.reconciliation import Row, totals
from broadcast.evidence.whys import Why
from broadcast.evidence.wishes_past import Left, Wish
from broadcast.models import Area, Loudspeaker, Person, Role
from broadcast.storage.moments import day_start
from schedules.types import LOCAL
from web.asked import calendar_day, integer
from web.auth import current_person, signed_in
from web.edge import now
from web.filters import clock, day, place_then
from web.views import exports, places, words
from web.views.exports import Table

blueprint = Blueprint("reconciliation", __name__, url_prefix="/as-run/calendar")

MOST_LOUDSPEAKERS: Final = 300  # of more only the table to download tells: a unit below is to be chosen
SPANS: Final = (7, 31)  # days
LISTED: Final = 20  # loudspeakers of a line
SHOWN: Final = 200  # lines on the page; the table to download has a row for each loudspeaker
TABLE: Final = Table(
    (
        *("day", "planned_at", "title", "name", "area", "result", "started_at", "played_s", "why", "told"),
        *("box_reason", "shift_s"),
    ),
    {},
)


@blueprint.get("/")
@signed_in
def index() -> str:
    choices = places.choices(current_person(), Role.VIEWER)
    area = places.chosen(choices, request.args.get("area", type=integer))
    first, days = _span()
    large = area is not None and matrix.size(g.session, area.id) > MOST_LOUDSPEAKERS
    told_of = area if not large else None
    rows = _rows(told_of, first, days) if told_of else []
    wanted = request.args.get("why", "")
    different = alike(row for row in rows if row.why is not None and wanted in ("", row.why.value))
    shown = different[:SHOWN]
    return render_template(
        "matrix/calendar.html",
        area=area,
        areas=[choice.option for choice in choices],
        first=first,
        last=first + dt.timedelta(days=days - 1),
        days=days,
        spans=SPANS,
        sums=totals(rows),
        wanted=wanted,
        wishes=_wishes(told_of, first, days) if told_of else [],
        large=large,
        listed=LISTED,
        left=left,
        lines=shown,
        more=len(different) - len(shown),
        speakers=_speakers(g.session, itertools.chain.from_iterable(each[:LISTED] for each in shown)),
        told=told,
        why=why,
        words=words,
    )


@blueprint.get("/calendar.<kind>")
@signed_in
def download(kind: str) -> Response:
    """Every row, the equal ones too."""
    choices = places.choices(current_person(), Role.VIEWER)
    area = places.chosen(choices, request.args.get("area", type=integer))
    if area is None:
        raise NotFound(kind="area", id=None)
    area_id, (first, days), at = area.id, _span(), now()

    def rows(session: Any, person: Person) -> Iterator[tuple[Any, ...]]:
        return _lines(session, _compared(session, person, area_id, (first, days), at))

    return exports.answer(kind, f"doi-chieu-{first.isoformat()}", TABLE, rows)


def alike(rows: Iterable[Row]) -> list[list[Row]]:
    """By airing, the loudspeakers of which the same is told: an area without power is one line."""
    found: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in rows:
        found[row.part.start, row.part.title, row.why, told(row)].append(row)
    return list(found.values())


_WHYS: dict[Why | None, LazyString] = {
    None: _l("Đúng lịch"),
    Why.MOVED: _l("Đã chuyển giờ"),
    Why.LEFT_OUT: _l("Đã bỏ buổi này"),
    Why.GAVE_WAY: _l("Nhường chương trình khác"),
    Why.WITHDRAWN: _l("Lịch đã gỡ"),
    Why.CHANGED: _l("Lịch đã đổi"),
    Why.DAY_OFF: _l("Ngày nghỉ"),
    Why.UNAPPROVED: _l("Bản tin không còn hiệu lực duyệt"),
    Why.NOT_VALID: _l("Bản tin chưa tới hoặc đã quá hạn phát"),
    Why.NOTHING: _l("Không có gì để phát"),
    Why.STOPPED: _l("Có người cho dừng"),
    Why.ELSEWHERE: _l("Loa treo ở nơi khác"),
    Why.RETIRED: _l("Loa đã ngừng dùng"),
    Why.SILENCED: _l("Đang tắt tiếng"),
    Why.ORDER_DECIDED: _l("Phát sau theo thứ tự đơn vị quyết định"),
    Why.STAGGERED: _l("Phát lần lượt, tới lượt sau"),
    Why.OVERDUE: _l("Tới lượt phát thì đã hết hạn"),
    Why.PREEMPTED: _l("Bị tin ưu tiên hơn chen"),
    Why.IN_TURN: _l("Chờ tin trước phát xong"),
    Why.RESUMED: _l("Bị chen ngang rồi phát tiếp đủ"),
    Why.HOURS: _l("Ngoài khung giờ được phép"),
    Why.LIMIT: _l("Hết mức phát cho phép"),
    Why.TOO_LATE: _l("Quyết định quá sát giờ"),
    Why.NO_POWER: _l("Loa mất điện"),
    Why.OUT_OF_TOUCH: _l("Loa mất mạng, không nhận được thay đổi"),
    Why.CLOCK: _l("Đồng hồ của loa sai"),
    Why.NO_AUDIO: _l("Chưa tải được âm thanh"),
    Why.BROKEN: _l("Loa hỏng"),
    Why.NO_WORD: _l("Loa chưa báo về"),
    Why.NOT_KEPT: _l("Nhật ký chi tiết đã hết hạn lưu"),
    Why.UNKNOWN: _l("Chưa rõ vì sao"),
}


def why(value: Why | None) -> str:
    """The explanation in a few words."""
    return str(_WHYS[value])


def left(value: Left) -> str:
    """Why a bulletin was not played, in a few words."""
    phrases = {
        Left.NOT_APPROVED: _("chưa duyệt, hoặc không còn dùng được"),
        Left.NOT_VALID: _("ngoài thời hạn của bản tin"),
        Left.NO_LANGUAGE: _("không có thứ tiếng nghe trong khung giờ"),
        Left.NO_PLACE: _("khung giờ không nhận loại bản tin này"),
        Left.NO_ROOM: _("khung giờ không đủ chỗ"),
        Left.NOT_AIRED: _("buổi phát bị bỏ hoặc bị dừng"),
        Left.TOO_SOON: _("quá gần lần phát khác"),
        Left.LATER: _("để dành cho buổi sau"),
        Left.NO_SLOT: _("không còn buổi nào trong thời hạn"),
    }
    return str(phrases[value])


def told(row: Row) -> str:
    """By how much later it began, who decided it and when, or what sounded instead."""
    parts = [late(row.shift)] if row.shift else []
    change = row.change
    if change is not None and change.why is not Why.UNKNOWN:
        parts += [change.by, f"{clock(change.at)} {day(change.at)}"]
        if change.to is not None:
            parts.append(_("sang %(time)s", time=f"{clock(change.to)} {day(change.to)}"))
    if change is None or row.other:
        parts.append(row.other)
    return ", ".join(part for part in parts if part)


def late(shift: dt.timedelta) -> str:
    seconds = round(shift.total_seconds())
    return str(ngettext("muộn %(num)s giây", "muộn %(num)s giây", seconds))


def _rows(area: Area, first: dt.date, days: int) -> list[Row]:
    return _compared(g.session, current_person(), area.id, (first, days), now())


def _wishes(area: Area, first: dt.date, days: int) -> list[Wish]:
    end = min(day_start(first + dt.timedelta(days=days)), now())
    return wishes_past.short(g.session, current_person(), area.id, day_start(first), end)


def _compared(
    session: Any, person: Person, area_id: int, span: tuple[dt.date, int], at: dt.datetime
) -> list[Row]:
    first, days = span
    end = day_start(first + dt.timedelta(days=days))
    return reconciling.rows(session, person, area_id, day_start(first), min(end, at))


def _span() -> tuple[dt.date, int]:
    """The days asked for, or the last seven; days to come have nothing to compare."""
    wished = request.args.get("days", type=integer)
    days = wished if wished in SPANS else SPANS[0]
    latest = now().astimezone(LOCAL).date()
    first = request.args.get("first", latest - dt.timedelta(days=days - 1), type=calendar_day)
    return min(first, latest), days


def _speakers(session: Any, rows: Iterable[Row]) -> dict[int, Loudspeaker]:
    return reconciling.speakers(session, {row.part.loudspeaker_id for row in rows})


def _lines(session: Any, rows: Sequence[Row]) -> Iterator[tuple[Any, ...]]:
    """In the order of ``TABLE``; places are called what they were called then."""
    speakers, found = _speakers(session, rows), reconciling.places(session, rows)
    for row in rows:
        speaker, part = speakers[row.part.loudspeaker_id], row.part
        result, started, played, reason = _heard(row)
        yield (
            *(day(part.start), clock(part.start, seconds=True), part.title, speaker.name),
            place_then(found.get(part.place, speaker.area), part.start),
            *(result, started, played, why(row.why), told(row), reason),
            round(row.shift.total_seconds()) or "",
        )


def _heard(row: Row) -> tuple[str, str, str | float, str]:
    heard = row.heard
    if heard is None:
        return "", "", "", ""
    return (
        words.item_state(heard.state).text,
        clock(heard.started, seconds=True) if heard.started else "",
        round(heard.played_ms / 1000, 1) if heard.sounded else "",
        words.reason(heard.reason) if heard.reason else "",
    )
