"""The pages of the fleet with a commune's troubles in it: pictures to look at, judged for accessibility."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page
from sqlalchemy import select

from broadcast.joining import registry
from broadcast.models import (
    AreaPolicy,
    AsRun,
    Box,
    CommandOrder,
    CommandState,
    Fault,
    Loudspeaker,
    Person,
    Role,
    StartMode,
    UptimeDay,
    UsageMonth,
)
from broadcast.orders import commanding
from broadcast.speakers import faults
from broadcast.speakers.faults import FaultKind
from broadcast.storage.database import Database
from broadcast.units.people import grant
from devices.messages import Action, ItemState
from schedules.types import LOCAL

Judge = Callable[[Page, str], None]
Open = Callable[[Person | None, str], Page]

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # what is drawn is the same

NOW = dt.datetime.now(dt.UTC)
TODAY = NOW.astimezone(LOCAL).date()
SPOTS = (
    "nhà văn hóa",
    "cổng chợ",
    "ngã ba đình",
    "trạm y tế",
    "trường tiểu học",
    "đầu cầu",
    "sân bóng",
    "bến đò",
)
MAKERS = ("Thiên Hà", "Sông Đà")


@pytest.fixture
def speakers(database: Database, system: Any, cast: Any) -> list[int]:
    """24 loudspeakers in three villages, with one of every trouble."""
    with database.transaction() as session:
        grant(session, session.get_one(Person, cast.lan.id), Role.URGENT, cast.commune, now=NOW)
        for number, area_id in enumerate(cast.villages):
            for spot, label in enumerate(SPOTS):
                angle = 2 * math.pi * (spot + number * 0.3) / len(SPOTS)
                registry.add(
                    session,
                    None,
                    wire=system.wire,
                    device=f"loa-{number + 1}{spot + 1:02}",
                    name=f"Loa {label}",
                    area_id=area_id,
                    latitude=21.50 + 0.011 * (number - 1) + 0.0042 * math.sin(angle),
                    longitude=104.90
                    + 0.014 * ((number % 2) * 2 - 1)
                    + (0.004 + spot * 0.0003) * math.cos(angle),
                    now=NOW - dt.timedelta(days=90),
                )
        found = list(session.scalars(select(Loudspeaker).order_by(Loudspeaker.id)))
        for index, each in enumerate(found):
            _well(each, index)
            session.add(
                UsageMonth(
                    loudspeaker_id=each.id, month=f"{TODAY:%Y-%m}", bytes=310_000_000 + index * 9_000_000
                )
            )
        found[1].last_seen = NOW - dt.timedelta(seconds=70)
        found[2].asked_at, found[2].proved_at = NOW - dt.timedelta(hours=5), NOW - dt.timedelta(days=6)
        found[2].faults = " dead_horn "
        found[3].refused_at = NOW - dt.timedelta(hours=2)
        found[6].clock = "unknown"
        found[7].data_limit_mb = 400
        found[9].silenced, found[9].silenced_at = "local", NOW - dt.timedelta(hours=3)
        found[13].last_seen, found[13].online = NOW - dt.timedelta(hours=9), False
        found[20].activated_at, found[20].last_seen, found[20].online, found[20].report = (
            None,
            None,
            False,
            {},
        )
        found[4].playing = "s1.1"
        return [each.id for each in found]


def _well(each: Loudspeaker, index: int) -> None:
    each.online, each.boot, each.last_seen = True, "b1", NOW + dt.timedelta(minutes=15, seconds=index)
    each.activated_at, each.clock, each.firmware = (
        NOW - dt.timedelta(days=89),
        "synced",
        "1.0.3" if index % 3 else "1.1.0",
    )
    each.maker, each.hardware, each.serial = MAKERS[index % 2], "TH-200", f"TH200-{4100 + index}"
    each.data_limit_mb = 3000
    each.asked_at = each.proved_at = NOW - dt.timedelta(hours=5)
    each.report = {
        "state": {
            "firmware": each.firmware,
            "clock": "synced",
            "ready": 13,
            "planned": 14,
            "clock_error_ms": 4,
        },
        "tele": {
            "uptime_s": 401_200,
            "clock_offset_ms": 3.4,
            "temperature_c": 41.0,
            "free_bytes": 5_300_000_000,
            "total_bytes": 14_800_000_000,
            "volume": 80,
            "signal_dbm": -71 - index,
            "voltage_v": 12.3,
            "network": "4g",
        },
    }


@pytest.fixture
def history(database: Database, system: Any, cast: Any, speakers: list[int]) -> int:
    """What one of them has behind it; gives an order to twelve that is half way."""
    sick = speakers[2]
    with database.transaction() as session:
        lan = session.get_one(Person, cast.lan.id)
        levels = ((5, 0.93), (4, None), (3, None), (3, None), (2, None), (1, None))
        for number, (level, score) in enumerate(levels):
            start = NOW - dt.timedelta(hours=5 + 12 * number)
            result, reason = (
                (ItemState.DONE, "no_load" if level < 3 else "")
                if number != 3
                else (ItemState.PARTIAL, "power")
            )
            session.add(
                AsRun(
                    loudspeaker_id=sick,
                    occurrence=f"s{number}",
                    title=("Bản tin chiều", "Bản tin sáng")[number % 2],
                    planned_start=start,
                    planned_ms=312_000,
                    started_at=start,
                    played_ms=312_000,
                    volume=80,
                    result=result,
                    reason=reason,
                    evidence=level,
                    score=score,
                )
            )
        for loudspeaker_id in speakers:
            for back in range(26):
                gone = (
                    86_400
                    if loudspeaker_id == speakers[13] and back < 1
                    else 5_200 * ((back + loudspeaker_id) % 5 == 0)
                )
                late = 900 * (back % 4 == 1)
                session.add(
                    UptimeDay(
                        loudspeaker_id=loudspeaker_id,
                        day=TODAY - dt.timedelta(days=back),
                        online_s=86_400 - gone - late,
                        late_s=late if gone < 80_000 else 0,
                        offline_s=gone,
                    )
                )
        session.add(
            Box(
                loudspeaker_id=sick,
                public_key="x",
                hardware="TH-100",
                serial="TH100-0231",
                installed_at=NOW - dt.timedelta(days=700),
                removed_at=NOW - dt.timedelta(days=90),
                reason="replaced",
            )
        )
        faults.open_(
            session,
            lan,
            loudspeaker_id=sick,
            kind=FaultKind.HORN,
            note="Rè rồi tắt hẳn sau cơn giông.",
            now=NOW,
        )
        faults.open_(session, lan, loudspeaker_id=speakers[13], kind=FaultKind.POWER, now=NOW)
        faults.open_(
            session, lan, loudspeaker_id=speakers[7], kind=FaultKind.NETWORK, note="Chờ nạp SIM", now=NOW
        )
        for ticket, days in zip(session.scalars(select(Fault).order_by(Fault.id)), (11, 3, 0), strict=True):
            ticket.opened_at = NOW - dt.timedelta(days=days, hours=2)
        bulk = commanding.order(
            session, lan, wire=system.wire, action=Action.SELF_TEST, loudspeaker_ids=speakers[:12], now=NOW
        )
        states = [(CommandState.DONE, "ok")] * 6 + [
            (CommandState.DONE, "dead_horn"),
            (CommandState.FAILED, "outside_hours"),
        ]
        states += [
            (CommandState.EXPIRED, ""),
            (CommandState.RECEIVED, ""),
            (CommandState.SENT, ""),
            (CommandState.QUEUED, ""),
        ]
        orders = session.scalars(select(CommandOrder).order_by(CommandOrder.loudspeaker_id))
        for one, (state, code) in zip(orders, states, strict=True):
            one.state, one.code, one.sent_at = state, code, NOW
            if state is CommandState.DONE:
                one.received_at, one.done_at = NOW, NOW + dt.timedelta(seconds=6)
        session.add(
            AreaPolicy(
                area_id=cast.district,
                quiet=[{"start": "11:30", "end": "13:30"}],
                minutes_a_day=90,
                updated_at=NOW,
                updated_by=cast.admin.id,
            )
        )
        session.add(
            AreaPolicy(
                area_id=cast.commune,
                windows=[{"start": "05:00", "end": "07:00"}, {"start": "16:30", "end": "18:30"}],
                volumes=[{"start": "05:00", "end": "06:00", "percent": 60}],
                start_mode=StartMode.STAGGERED,
                updated_at=NOW,
                updated_by=cast.admin.id,
            )
        )
        return bulk.id


def test_pictures_of_the_fleet_and_of_one_of_it(
    cast: Any, speakers: list[int], history: int, open_as: Open, judge: Judge
) -> None:
    page = open_as(cast.lan, "/loudspeakers/")
    for number in (0, 1, 2):
        page.locator(".pick__box").nth(number).check()
    judge(page, "fleet")
    judge(open_as(cast.lan, "/loudspeakers/?view=map"), "fleet-map")
    page = open_as(cast.lan, f"/loudspeakers/{speakers[2]}")
    page.locator("summary", has_text="E0 đến E6").click()
    judge(page, "loudspeaker")
    judge(open_as(cast.admin, f"/policies/{cast.commune}"), "policies")


def test_pictures_of_orders_tickets_and_uptime(
    cast: Any, speakers: list[int], history: int, open_as: Open, judge: Judge
) -> None:
    chosen = "&".join(f"id={speakers[number]}" for number in (0, 9, 13))
    judge(open_as(cast.lan, f"/commands/new?action=silence&{chosen}"), "command-review")
    judge(open_as(cast.lan, f"/commands/{history}"), "command")
    judge(open_as(cast.lan, "/faults/"), "faults")
    judge(open_as(cast.lan, "/uptime/?days=30"), "uptime")
