"""The working pages with a commune in full swing: pictures to look at, judged for accessibility."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Page
from sqlalchemy import select

from broadcast.authoring import bulletins
from broadcast.joining import registry
from broadcast.models import (
    AsRun,
    Broadcast,
    BroadcastState,
    Bulletin,
    Clip,
    Loudspeaker,
    Person,
    RenderState,
    Role,
)
from broadcast.plans import planning
from broadcast.scheduling import programme, urgent
from broadcast.scheduling.intents import Intent
from broadcast.storage.database import Database
from broadcast.units.people import grant
from devices.messages import AlertStatus, BulletinClass, ItemState
from schedules.types import LOCAL, Frequency, Rule

Judge = Callable[[Page, str], None]
Open = Callable[[Person | None, str], Page]

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # what is drawn is the same

NOW = dt.datetime.now(dt.UTC)
TODAY = NOW.astimezone(LOCAL).date()
MARKS = [[0, 0, 4000, 9000], [0, 1, 9500, 21_000], [0, 2, 21_500, 38_000]]
SPOTS = (
    *("nhà văn hóa", "cổng chợ", "ngã ba đình", "trạm y tế", "trường tiểu học", "đầu cầu", "sân bóng"),
    "bến đò",
)
TEXTS = (
    (
        "Lịch tiêm chủng mở rộng tháng 11",
        (
            "Trạm Y tế xã thông báo lịch tiêm chủng mở rộng. Thời gian: từ 7h30 đến 11h00 ngày 25/11/2026. "
            "Địa điểm: Trạm Y tế xã, điện thoại 0203 3821 115. "
            "Đề nghị các hộ có trẻ dưới 5 tuổi mang theo sổ tiêm. "
            "Kế hoạch thực hiện theo công văn số 151/KH-UBND của UBND xã."
        ),
        BulletinClass.ROUTINE,
    ),
    (
        "Thu gom rác thải và vệ sinh đường làng",
        (
            "Thứ bảy, ngày 28/11/2026, toàn xã tổng vệ sinh đường làng ngõ xóm. Mỗi hộ cử 1 người, "
            "có mặt lúc 6h30 tại nhà văn hóa thôn."
        ),
        BulletinClass.ROUTINE,
    ),
    (
        "Cảnh báo lừa đảo qua điện thoại",
        (
            "Công an xã cảnh báo: không cung cấp mã OTP, số tài khoản cho người lạ. "
            "Cơ quan BHXH không thu tiền qua điện thoại. "
            "Gặp nghi vấn, gọi 113 hoặc báo tổ ANTT thôn."
        ),
        BulletinClass.PRIORITY,
    ),
    (
        "Phòng chống rét cho trâu bò",
        "Đêm nay dưới 12°C. Bà con che chắn chuồng trại, cho trâu bò ăn đủ 2-3 kg thức ăn tinh mỗi ngày.",
        BulletinClass.ROUTINE,
    ),
)


@dataclass(frozen=True)
class Scene:
    """Ids of what the pictures show."""

    draft: int
    waiting: int
    approved: tuple[int, ...]
    schedule: int
    drill: int
    alarm: int
    alarm_text: int
    past: int
    speakers: tuple[int, ...]


def wave(seed: int) -> list[int]:
    return [round(18 + 70 * abs(math.sin(i * 0.37 + seed) * math.cos(i * 0.11 + seed))) for i in range(160)]


def voice(session: Any, bulletin: Bulletin, milliseconds: int, fallback: str = "") -> Clip:
    sha256 = f"{bulletin.id:02x}" * 32
    clip = Clip(
        sha256=sha256,
        key=sha256,
        media_type="audio/mpeg",
        size=milliseconds * 6,
        duration_ms=milliseconds,
        engine="espeak",
        engine_version="1.52",
        fallback=fallback,
        loudness=-16.2,
        true_peak=-1.9,
        peaks=wave(bulletin.id),
        details={"marks": MARKS, "opus": {"sha256": sha256, "size": milliseconds * 3}},
        created_at=NOW,
    )
    session.add(clip)
    session.flush()
    bulletin.current.clip_id, bulletin.current.render_state = clip.id, RenderState.READY
    session.flush()
    session.refresh(bulletin.current)
    return clip


def approve(session: Any, lan: Person, binh: Person, bulletin: Bulletin) -> None:
    bulletins.submit(session, lan, bulletin.id, now=NOW)
    version = bulletin.current
    bulletins.approve(
        session,
        binh,
        bulletin.id,
        version=version.number,
        text_sha256=version.text_sha256,
        audio_sha256=version.clip.sha256,
        now=NOW,
    )


def hang(session: Any, wire: Any, cast: Any) -> list[Loudspeaker]:
    """24 loudspeakers in three villages: most there, some late, silent, or never seen."""
    for number, area_id in enumerate(cast.villages):
        for spot, label in enumerate(SPOTS):
            angle = 2 * math.pi * (spot + number * 0.3) / len(SPOTS)
            registry.add(
                session,
                None,
                wire=wire,
                device=f"loa-{number + 1}{spot + 1:02}",
                name=f"Loa {label}",
                area_id=area_id,
                latitude=21.50 + 0.011 * (number - 1) + 0.0042 * math.sin(angle),
                longitude=104.90 + 0.014 * ((number % 2) * 2 - 1) + (0.004 + spot * 0.0003) * math.cos(angle),
                now=NOW - dt.timedelta(days=30),
            )
    found = list(session.scalars(select(Loudspeaker).order_by(Loudspeaker.id)))
    for index, each in enumerate(found):
        each.online, each.boot, each.last_seen = True, "b1", NOW + dt.timedelta(minutes=15, seconds=index)
        each.activated_at, each.firmware, each.clock = NOW - dt.timedelta(days=30), "1.0.3", "synced"
        each.report = {
            "state": {"firmware": "1.0.3", "clock": "synced", "ready": 13, "planned": 14, "held_until": 0},
            "tele": {
                "uptime_s": 401_200,
                "clock_offset_ms": 3.4,
                "temperature_c": 41.0,
                "free_bytes": 5_300_000_000,
                "volume": 80,
                "signal_dbm": -71,
            },
        }
    found[5].last_seen = NOW - dt.timedelta(seconds=70)
    found[13].last_seen, found[13].online = NOW - dt.timedelta(hours=9), False
    found[20].last_seen, found[20].online, found[20].report = None, False, {}
    found[20].activated_at = None
    return found


def play(session: Any, broadcast: Broadcast, *, silent: dict[int, tuple[ItemState, str]]) -> None:
    """What the loudspeakers would have reported of a broadcast that is over."""
    broadcast.state = BroadcastState.CLOSED
    for index, delivery in enumerate(sorted(broadcast.deliveries, key=lambda each: each.loudspeaker_id)):
        state, reason = silent.get(index, (ItemState.DONE, ""))
        heard = state in (ItemState.DONE, ItemState.PARTIAL)
        delivery.state, delivery.reason = state, reason
        delivery.evidence = 3 if heard else 1 if state is not ItemState.MISSED else 0
        if not heard:
            continue
        started = broadcast.start + dt.timedelta(milliseconds=index * 2 - 9)
        session.add(
            AsRun(
                loudspeaker_id=delivery.loudspeaker_id,
                broadcast_id=broadcast.id,
                occurrence=broadcast.occurrence,
                title=broadcast.title,
                planned_start=broadcast.start,
                planned_ms=broadcast.duration_ms,
                started_at=started,
                ended_at=started + dt.timedelta(milliseconds=broadcast.duration_ms),
                played_ms=broadcast.duration_ms if state is ItemState.DONE else 9000,
                volume=80,
                result=state,
                reason=reason,
                evidence=3,
            )
        )


@pytest.fixture
def scene(database: Database, system: Any, cast: Any) -> Scene:
    with database.transaction() as session:
        lan, binh = session.get_one(Person, cast.lan.id), session.get_one(Person, cast.binh.id)
        grant(session, lan, Role.URGENT, cast.commune, now=NOW)
        speakers = hang(session, system.wire, cast)
        written = [
            bulletins.create(
                session,
                lan,
                area_id=cast.commune,
                title=title,
                text=text,
                klass=klass,
                source="Trạm Y tế xã",
                document_number="151/KH-UBND",
                document_date=dt.date(2026, 11, 12),
                document_issuer="Ủy ban nhân dân xã An Hòa",
                now=NOW - dt.timedelta(hours=26 - 5 * index),
            )
            for index, (title, text, klass) in enumerate(TEXTS)
        ]
        for index, bulletin in enumerate(written):
            voice(session, bulletin, 41_000 + 13_700 * index, "google: unreachable" if index == 3 else "")
        for bulletin in written[:3]:
            approve(session, lan, binh, bulletin)
        bulletins.submit(session, lan, written[3].id, now=NOW)
        draft = bulletins.create(
            session,
            lan,
            area_id=cast.commune,
            title="Họp dân thôn Đông",
            text="19h30 tối thứ sáu họp thôn. Đ/c trưởng thôn và KQX dự.",
            now=NOW - dt.timedelta(minutes=2),
        )
        draft.current.render_state, draft.current.render_done, draft.current.render_total = (
            RenderState.RENDERING,
            1,
            2,
        )
        morning = Rule(
            Frequency.DAILY, TODAY - dt.timedelta(days=9), (dt.time(5, 30), dt.time(17, 0)), until=None
        )
        weekly = Rule(
            Frequency.WEEKLY, TODAY - dt.timedelta(days=9), (dt.time(11, 15),), frozenset({1, 3, 5}), None
        )
        back = NOW - dt.timedelta(days=8)
        schedule = programme.create_schedule(
            session,
            lan,
            Intent(cast.commune, [written[0].id, written[1].id], morning),
            title="Bản tin sáng chiều",
            now=back,
        )
        programme.create_schedule(
            session,
            lan,
            Intent(cast.villages[0], [written[2].id], weekly),
            title="Cảnh báo lừa đảo qua điện thoại",
            now=back,
        )
        yesterday = dt.datetime.combine(TODAY - dt.timedelta(days=1), dt.time(), tzinfo=LOCAL)
        planning.materialise(session, yesterday.astimezone(dt.UTC), 9)
        session.flush()
        started = session.scalars(select(Broadcast).where(Broadcast.start < NOW).order_by(Broadcast.start))
        past = list(started)
        for number, broadcast in enumerate(past):
            silent = {
                13: (ItemState.MISSED, "off"),
                20: (ItemState.MISSED, "off"),
                4: (ItemState.PARTIAL, "power") if number % 2 else (ItemState.DONE, ""),
                17: (ItemState.FAILED, "no_audio") if number % 3 == 0 else (ItemState.DONE, ""),
            }
            play(session, broadcast, silent=silent)
        alarm_text = urgent.prepare(
            session,
            lan,
            area_id=cast.villages[1],
            text="Nước lũ đang lên nhanh tại thôn Đoài. Bà con ven suối đến ngay trường tiểu học.",
            status=AlertStatus.ACTUAL,
            title="Nước lũ lên nhanh",
            now=NOW,
        )
        voice(session, alarm_text, 19_000)
        drill = urgent.prepare(
            session,
            lan,
            area_id=cast.commune,
            text="Có cháy rừng tại đồi Con Voi. Các hộ gần rừng rời đi theo hướng ngược chiều gió.",
            status=AlertStatus.EXERCISE,
            title="Diễn tập chữa cháy rừng",
            now=NOW,
        )
        voice(session, drill, 16_000)
        alarm = urgent.send(
            session,
            lan,
            wire=system.wire,
            bulletin_id=alarm_text.id,
            status=AlertStatus.ACTUAL,
            area_id=cast.villages[1],
            expires_in=dt.timedelta(hours=1),
            now=NOW,
        )
        session.flush()
        session.refresh(alarm)
        for index, delivery in enumerate(sorted(alarm.deliveries, key=lambda each: each.loudspeaker_id)):
            states = (
                (ItemState.PLAYING, 2)
                if index < 5
                else (ItemState.ARMED, 2)
                if index == 6
                else (ItemState.PLANNED, 0)
            )
            delivery.state, delivery.evidence = states
            if states[0] is ItemState.PLAYING:
                speakers[8 + index].playing = alarm.occurrence
        return Scene(
            draft=draft.id,
            waiting=written[3].id,
            approved=tuple(each.id for each in written[:3]),
            schedule=schedule.id,
            drill=drill.id,
            alarm=alarm.id,
            alarm_text=alarm_text.id,
            past=past[0].id,
            speakers=tuple(each.id for each in speakers),
        )


def test_pictures_bulletins(cast: Any, scene: Scene, open_as: Open, judge: Judge) -> None:
    judge(open_as(cast.lan, "/bulletins/"), "bulletins")
    page = open_as(cast.lan, f"/bulletins/{scene.draft}")
    judge(page, "bulletin-draft")
    page.get_by_role("link", name="KQX").click()
    page.get_by_text("Chưa có bản tin nào dùng từ này").or_(page.get_by_text("được đọc lại")).wait_for()
    judge(page, "bulletin-entry")
    page = open_as(cast.lan, f"/bulletins/{scene.approved[0]}/edit")
    page.locator("summary", has_text="Giọng và cách đọc").click()
    with page.expect_response("**/bulletins/preview"):
        page.get_by_label("Tiếng của phần mới").select_option("tyz")
    page.get_by_role("button", name="Thêm phần").click()
    page.get_by_role("heading", name="Tiếng Tày").wait_for()
    judge(page, "bulletin-edit")
    judge(open_as(cast.lan, "/bulletins/?q=khongcotu"), "bulletins-none")


def test_pictures_decision(cast: Any, scene: Scene, open_as: Open, judge: Judge) -> None:
    judge(open_as(cast.binh, f"/bulletins/{scene.waiting}"), "bulletin-decide")


def test_pictures_programme(cast: Any, scene: Scene, open_as: Open, judge: Judge) -> None:
    judge(open_as(cast.lan, "/programme/"), "programme")
    judge(open_as(cast.lan, "/programme/schedules"), "programme-table")
    judge(open_as(cast.lan, f"/programme/schedules/{scene.schedule}"), "schedule")
    page = open_as(cast.lan, f"/programme/new?bulletin_id={scene.approved[2]}")
    page.locator("input[name=time]").first.fill("03:15")
    page.get_by_role("button", name="Đổi thành 15:15").wait_for()
    judge(page, "schedule-new")


def test_pictures_urgent(cast: Any, scene: Scene, open_as: Open, judge: Judge) -> None:
    judge(open_as(cast.lan, "/urgent/"), "urgent")
    page = open_as(cast.lan, "/urgent/new?status=actual")
    page.get_by_role("link", name="Nước lũ lên nhanh", exact=True).click()
    judge(page, "urgent-write")
    page = open_as(cast.lan, f"/urgent/prepared/{scene.drill}?minutes=60")
    judge(page, "urgent-review")
    page.get_by_role("button", name="Phát tới").click()
    judge(page, "urgent-confirm")
    judge(open_as(cast.lan, f"/urgent/broadcasts/{scene.alarm}"), "urgent-live")


def test_pictures_loudspeakers(cast: Any, scene: Scene, open_as: Open, judge: Judge) -> None:
    judge(open_as(cast.admin, "/loudspeakers/new"), "loudspeaker-new")


def test_pictures_matrix(cast: Any, scene: Scene, open_as: Open, judge: Judge) -> None:
    yesterday = (TODAY - dt.timedelta(days=1)).isoformat()
    judge(open_as(cast.lan, f"/as-run/?day={yesterday}"), "matrix")
    judge(open_as(cast.lan, f"/as-run/broadcasts/{scene.past}"), "matrix-broadcast")
    judge(
        open_as(cast.lan, f"/as-run/broadcasts/{scene.past}/loudspeakers/{scene.speakers[13]}"), "matrix-cell"
    )
