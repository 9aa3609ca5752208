"""Today: what plays now and next, what needs me, which loudspeakers are silent, which alarms are open."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from broadcast.care import monitoring
from broadcast.care.monitoring import Silent, Today
from broadcast.models import Alarm, Area, BroadcastState, Loudspeaker, Role
from broadcast.scheduling import notices
from devices.presence import Presence
from web.alarm_words import AlarmWords, alarm_words
from web.auth import current_person, has_role, signed_in
from web.edge import now, system
from web.filters import ago

from . import notice_words, on_air, words

blueprint = Blueprint("today", __name__)

MOST_PROVED = 40  # of what is over today, the last ones, each with its proof: a province has hundreds
MOST_AWAITING = 20  # a province's leader may approve for all communes
MANY = 6  # of a list; the rest is behind a link


@dataclass(frozen=True, slots=True)
class OpenAlarm:
    alarm: Alarm
    words: AlarmWords
    where: str


@blueprint.get("/")
@signed_in
def index() -> str:
    heartbeat = dt.timedelta(seconds=system().settings.heartbeat_s)
    today = monitoring.today(g.session, current_person(), now(), heartbeat)
    sounding = on_air.of(today.playing)
    done = [slot for slot in today.slots if slot.end <= now()]
    return render_template(
        "today.html",
        today=today,
        on_air=sounding,
        sounding=any(each.airing and each.airing.sounding for each in sounding),
        earlier=len(done[:-MOST_PROVED]),
        done=list(zip(done[-MOST_PROVED:], on_air.proofs(done[-MOST_PROVED:]), strict=True)),
        current=[slot for slot in today.slots if slot.start <= now() < slot.end],
        coming=[slot for slot in today.slots if slot.start > now()],
        silent=[(each, _why(each)) for each in today.silent[:MANY]],
        alarms=[_open_alarm(alarm) for alarm in today.alarms[:MANY]],
        awaiting=today.awaiting[:MOST_AWAITING],
        more_awaiting=len(today.awaiting[MOST_AWAITING:]),
        left_out=today.left_out,
        needs=len(today.awaiting) + len(today.returned) + len(today.notices),
        notices=[(notice, notice_words.sentence(notice)) for notice in today.notices],
        many=MANY,
        words=words,
        lead=_lead(today),
        may_stop=has_role(Role.URGENT),
        may_write=has_role(Role.EDITOR),
        may_report=has_role(Role.EDITOR) or has_role(Role.ADMIN),
        cancelled=BroadcastState.CANCELLED,
    )


@blueprint.post("/alarms/<int:alarm_id>/close")
@signed_in
def close_alarm(alarm_id: int) -> Response:
    monitoring.close_alarm(g.session, current_person(), alarm_id, now())
    flash(_("Đã ghi nhận cảnh báo."), "ok")
    return redirect(url_for("today.index"))


@blueprint.post("/notices/<int:notice_id>/seen")
@signed_in
def see_notice(notice_id: int) -> Response:
    """Read; on to the schedule that it is about, or back."""
    notice = notices.seen(g.session, current_person(), notice_id, now())
    if "open" in request.form:
        return redirect(url_for("programme.show", schedule_id=notice.schedule_id))
    return redirect(url_for("today.index"))


def _open_alarm(alarm: Alarm) -> OpenAlarm:
    loudspeaker = g.session.get(Loudspeaker, alarm.loudspeaker_id) if alarm.loudspeaker_id else None
    if loudspeaker is not None:
        return OpenAlarm(alarm, alarm_words(alarm), loudspeaker.name)
    area = g.session.get(Area, alarm.area_id) if alarm.area_id else None
    return OpenAlarm(alarm, alarm_words(alarm), area.name if area else "")


def _why(silent: Silent) -> str:
    """Why this loudspeaker cannot be counted on."""
    if silent.presence is Presence.OFFLINE:
        return str(_("Mất kết nối · %(ago)s", ago=ago(silent.loudspeaker.last_seen, now())))
    return str(_("Có kết nối nhưng 3 ngày chưa chứng minh đã phát"))


def _lead(today: Today) -> str:
    """One sentence that says whether all is well."""
    if today.urgent:
        return str(_("Đang có thông báo khẩn cấp."))
    if not today.loudspeakers and not today.never:
        return str(_("Chưa có cụm loa nào."))
    parts = []
    if today.silent:
        count = len(today.silent)
        parts.append(ngettext("%(num)s cụm loa cần kiểm tra", "%(num)s cụm loa cần kiểm tra", count))
    if today.alarms:
        parts.append(ngettext("%(num)s cảnh báo", "%(num)s cảnh báo", len(today.alarms)))
    if parts:
        return " · ".join(str(part) for part in parts)
    if not today.loudspeakers:
        return str(_("Chưa cụm loa nào kết nối lần nào."))
    return str(_("Mọi cụm loa đang hoạt động bình thường."))
