"""The calendar beside what was really heard: what differs, why, and all of it as a table to download."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Sequence
from typing import Final

from flask import Blueprint, g, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from broadcast.errors import NotFound
from broadcast.evidence import reconciling
from broadcast.evidence.reconciliation import Row, Why, totals
from broadcast.models import Area, Loudspeaker, Role
from broadcast.storage.moments import day_start
from schedules.types import LOCAL
from web.auth import current_person, signed_in
from web.edge import now
from web.filters import clock, day
from web.views import places, words
from web.views.matrix import harmless

blueprint = Blueprint("reconciliation", __name__, url_prefix="/as-run/calendar")

SPANS: Final = (7, 31)  # days
SHOWN: Final = 200  # rows on the page; the table to download has all


@blueprint.get("/")
@signed_in
def index() -> str:
    choices = places.choices(current_person(), Role.VIEWER)
    area = places.chosen(choices, request.args.get("area", type=int))
    first, days = _span()
    rows = _rows(area, first, days) if area else []
    wanted = request.args.get("why", "")
    different = [row for row in rows if row.why is not None and wanted in ("", row.why.value)]
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
        rows=different[:SHOWN],
        left=max(0, len(different) - SHOWN),
        speakers=_speakers(different[:SHOWN]),
        told=told,
        why=why,
        words=words,
    )


@blueprint.get("/calendar.csv")
@signed_in
def download() -> Response:
    """Every row, the equal ones too, with a byte-order mark so that office programs read the accents."""
    choices = places.choices(current_person(), Role.VIEWER)
    area = places.chosen(choices, request.args.get("area", type=int))
    if area is None:
        raise NotFound(kind="area", id=None)
    first, days = _span()
    answer = Response("\ufeff" + _table(_rows(area, first, days)), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="doi-chieu-{first.isoformat()}.csv"'
    return answer


def why(value: Why | None) -> str:
    """The explanation in a few words."""
    phrases: dict[Why | None, str] = {
        None: _("Đúng lịch"),
        Why.MOVED: _("Đã chuyển giờ"),
        Why.LEFT_OUT: _("Đã bỏ buổi này"),
        Why.GAVE_WAY: _("Nhường chương trình khác"),
        Why.WITHDRAWN: _("Lịch đã gỡ"),
        Why.CHANGED: _("Lịch đã đổi"),
        Why.DAY_OFF: _("Ngày nghỉ"),
        Why.UNAPPROVED: _("Bản tin không còn hiệu lực duyệt"),
        Why.NOTHING: _("Không có gì để phát"),
        Why.STOPPED: _("Có người cho dừng"),
        Why.ELSEWHERE: _("Loa treo ở nơi khác"),
        Why.RETIRED: _("Loa đã ngừng dùng"),
        Why.SILENCED: _("Đang tắt tiếng"),
        Why.PREEMPTED: _("Bị tin ưu tiên hơn chen"),
        Why.IN_TURN: _("Chờ tin trước phát xong"),
        Why.RESUMED: _("Bị chen ngang rồi phát tiếp đủ"),
        Why.HOURS: _("Ngoài khung giờ được phép"),
        Why.LIMIT: _("Hết mức phát cho phép"),
        Why.TOO_LATE: _("Quyết định quá sát giờ"),
        Why.NO_POWER: _("Loa mất điện"),
        Why.OUT_OF_TOUCH: _("Loa mất mạng, không nhận được thay đổi"),
        Why.CLOCK: _("Đồng hồ của loa sai"),
        Why.NO_AUDIO: _("Chưa tải được âm thanh"),
        Why.BROKEN: _("Loa hỏng"),
        Why.NO_WORD: _("Loa chưa báo về"),
        Why.UNKNOWN: _("Chưa rõ vì sao"),
    }
    return phrases[value]


def told(row: Row) -> str:
    """Who decided it and when, or what sounded instead."""
    change = row.change
    if change is None or change.why is Why.UNKNOWN:
        return row.other
    parts = [change.by, f"{clock(change.at)} {day(change.at)}"]
    if change.to is not None:
        parts.append(_("sang %(time)s", time=f"{clock(change.to)} {day(change.to)}"))
    return ", ".join(part for part in parts if part)


def _rows(area: Area, first: dt.date, days: int) -> list[Row]:
    end = day_start(first + dt.timedelta(days=days))
    return reconciling.rows(g.session, current_person(), area.id, day_start(first), min(end, now()))


def _span() -> tuple[dt.date, int]:
    """The days asked for, or the last seven; days to come have nothing to compare."""
    wished = request.args.get("days", type=int)
    days = wished if wished in SPANS else SPANS[0]
    latest = now().astimezone(LOCAL).date()
    try:
        first = dt.date.fromisoformat(request.args.get("first", ""))
    except ValueError:
        first = latest - dt.timedelta(days=days - 1)
    return min(first, latest), days


def _speakers(rows: Sequence[Row]) -> dict[int, Loudspeaker]:
    ids = {row.part.loudspeaker_id for row in rows}
    found = (g.session.get(Loudspeaker, each) for each in sorted(ids))
    return {each.id: each for each in found if each is not None}


def _table(rows: Sequence[Row]) -> str:
    output = io.StringIO()
    writer = csv.writer(output, lineterminator="\r\n")
    writer.writerow(
        [
            _("Ngày"), _("Giờ theo lịch"), _("Buổi phát"), _("Cụm loa"), _("Địa bàn"), _("Kết quả"),
            _("Bắt đầu thật"), _("Đã phát (giây)"), _("Giải thích"), _("Ai, lúc nào"), _("Lý do loa báo"),
        ]
    )  # fmt: skip
    speakers = _speakers(rows)
    for row in rows:
        speaker = speakers[row.part.loudspeaker_id]
        columns = [day(row.part.start), clock(row.part.start, seconds=True), row.part.title]
        columns += [
            speaker.name,
            speaker.area.name,
            *_heard(row)[:3],
            why(row.why),
            told(row),
            _heard(row)[3],
        ]
        writer.writerow(map(harmless, columns))
    return output.getvalue()


def _heard(row: Row) -> tuple[str, str, str, str]:
    heard = row.heard
    if heard is None:
        return "", "", "", ""
    return (
        words.item_state(heard.state).text,
        clock(heard.started, seconds=True) if heard.started else "",
        f"{heard.played_ms / 1000:.1f}" if heard.sounded else "",
        words.reason(heard.reason) if heard.reason else "",
    )
