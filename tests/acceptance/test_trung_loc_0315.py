"""Trung Lộc: loudspeakers set to relay at 03:15 by mistake after a repair, and a village woken.

Nghệ An, 5 December 2025. The hour was meant to be a quarter past three in the afternoon. Here the slip is
named before it is saved, and where it is saved all the same every loudspeaker refuses it by itself.
"""

from __future__ import annotations

import datetime as dt

import pytest

from broadcast.units import policies
from devices.messages import ItemState
from schedules.types import LOCAL, Frequency, Rule

HOURS = {"windows": [{"start": "05:00", "end": "21:30"}]}
SLIP = dt.time(3, 15)


@pytest.fixture
def village(make_station, sqlite_url):
    """It is the evening before; what the commune allows begins at five in the morning."""
    station = make_station(sqlite_url, loudspeakers=3)
    evening = dt.datetime.combine(station.now().astimezone(LOCAL), dt.time(20), tzinfo=LOCAL)
    station.leap(evening)
    station.serve_here()
    with station.database.transaction() as session:
        binh = station.person(session, station.cast.binh_id)
        policies.save(session, binh, station.cast.commune_id, values=HOURS, now=station.now())
    station.start_fleet()
    return station


def test_the_officer_who_types_0315_is_asked_whether_she_means_1515(village):
    bulletin = village.approved_bulletin("Tiếp âm", "Bà con chú ý.")
    tomorrow = village.now().astimezone(LOCAL).date() + dt.timedelta(days=1)
    lan = village.sign_in(village.cast.lan_id)
    page = lan.post(
        "/programme/new",
        area_id=str(village.cast.commune_id),
        title="Tiếp âm buổi chiều",
        bulletin_id=str(bulletin),
        frequency="once",
        starts_on=tomorrow.isoformat(),
        time="03:15",
    )
    assert "03:15 – ý bạn là 15:15?" in page
    assert village.schedules == 0


def test_saved_all_the_same_it_wakes_nobody_though_the_order_is_signed_and_in_every_box(village):
    bulletin = village.approved_bulletin("Tiếp âm", "Bà con chú ý. Đây là bản tin tiếp âm của huyện.")
    tomorrow = village.now().astimezone(LOCAL).date() + dt.timedelta(days=1)
    rule = Rule(Frequency.ONCE, tomorrow, (SLIP,))
    [relay] = village.planned(village.schedule_by(rule, [bulletin]), 1)
    village.bring_into_every_store(1)

    village.leap(relay.start - dt.timedelta(seconds=4))
    village.wait_over(relay.id)

    assert village.samples_heard == 0
    told = {(each.state, each.reason) for each in village.deliveries(relay.id)}
    assert told == {(ItemState.REFUSED, "outside_hours")}
    assert "refusing" in village.alarms()


def test_at_0315_a_flood_still_wakes_the_village(village):
    flood = village.prepared_urgent("Lũ về. Bà con di chuyển lên cao.")
    night = dt.datetime.combine(village.now().astimezone(LOCAL), SLIP, tzinfo=LOCAL) + dt.timedelta(days=1)
    village.leap(night)
    alarm = village.send_urgent(flood)
    village.wait_over(alarm)
    assert {each.state for each in village.deliveries(alarm)} == {ItemState.DONE}
    assert village.samples_heard > 0
