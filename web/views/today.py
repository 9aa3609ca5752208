"""Today: what plays now and next, what needs me, which loudspeakers are silent, which alarms are open."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from flask import Blueprint, flash, g, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from broadcast import monitoring
from broadcast.models import Alarm, BroadcastState, Loudspeaker, Role
from broadcast.monitoring import Silent, Today
from broadcast.week import Slot
from devices.presence import Presence
from web.alarm_words import AlarmWords, alarm_words
from web.auth import current_person, has_role, signed_in
from web.edge import now, system
from web.filters import ago

from . import airing, words
from .airing import Airing

blueprint = Blueprint("today", __name__)

MANY = 6  # of a list; the rest is behind a link


@dataclass(frozen=True, slots=True)
class OnAir:
    """What is on the air now and how many loudspeakers say that they sound; time alone proves nothing."""

    slot: Slot
    airing: Airing | None
    elapsed_ms: int


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
    return render_template(
        "today.html",
        today=today,
        on_air=[_on_air(slot) for slot in today.playing],
        done=[slot for slot in today.slots if slot.end <= now()],
        coming=[slot for slot in today.slots if slot.start > now()],
        silent=[(each, _why(each)) for each in today.silent[:MANY]],
        alarms=[_open_alarm(alarm) for alarm in today.alarms[:MANY]],
        needs=len(today.awaiting) + len(today.returned),
        many=MANY,
        words=words,
        lead=_lead(today),
        may_stop=has_role(Role.URGENT),
        may_write=has_role(Role.EDITOR),
        cancelled=BroadcastState.CANCELLED,
    )


@blueprint.post("/alarms/<int:alarm_id>/close")
@signed_in
def close_alarm(alarm_id: int) -> Response:
    monitoring.close_alarm(g.session, current_person(), alarm_id, now())
    flash(_("Đã ghi nhận cảnh báo."), "ok")
    return redirect(url_for("today.index"))


def _on_air(slot: Slot) -> OnAir:
    found = airing.find(g.session, current_person(), slot.broadcast_id) if slot.broadcast_id else None
    return OnAir(slot, found, (now() - slot.start) // dt.timedelta(milliseconds=1))


def _open_alarm(alarm: Alarm) -> OpenAlarm:
    loudspeaker = g.session.get(Loudspeaker, alarm.loudspeaker_id) if alarm.loudspeaker_id else None
    return OpenAlarm(alarm, alarm_words(alarm), loudspeaker.name if loudspeaker else "")


def _why(silent: Silent) -> str:
    """Why this loudspeaker cannot be counted on."""
    if silent.presence is Presence.NEVER:
        return _("Chưa từng kết nối")
    if silent.presence is Presence.OFFLINE:
        return _("Mất kết nối · %(ago)s", ago=ago(silent.loudspeaker.last_seen, now()))
    return _("Có kết nối nhưng 3 ngày chưa chứng minh đã phát")


def _lead(today: Today) -> str:
    """One sentence that says whether all is well."""
    if today.urgent:
        return _("Đang có thông báo khẩn cấp.")
    if not today.loudspeakers:
        return _("Chưa có cụm loa nào.")
    if today.silent or today.alarms:
        return _("Có việc cần xem.")
    return _("Mọi cụm loa đang hoạt động bình thường.")
