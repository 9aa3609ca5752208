"""Stations that a unit carries: tried before they are offered, in slots as live parts of what is planned."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

import msgspec
import pytest

from broadcast.authoring import relays
from broadcast.errors import AlreadyExists, EmptyTitle, Forbidden, NotFound, WrongState
from broadcast.models import AuditRow, RelayStation
from broadcast.orders.items import Entry as Planned
from broadcast.plans.documents import publish_plans
from broadcast.plans.planner import NOTHING
from broadcast.relay_errors import RelayUnusable
from broadcast.scheduling import concerns, sittings
from broadcast.scheduling.intents import Intent
from broadcast.slot_errors import SlotInvalid
from devices.messages import ClipRef, Desired, Item, Relay
from devices.relay import Findings
from schedules.slots import Entry, Kind
from schedules.types import LOCAL, Frequency, Rule
from tests.broadcast.slot_stage import FLOW, MINUTE, PRIORITY, inspect, make_slot, make_sound, plans
from tests.devices.radio_station import HERE, Radio

URL = "https://radio.example/live"
FOUND = Findings("audio/mpeg", "MP3", 64_000, 44_100, 2, "Đài tỉnh")


def make_station(stage: Any, url: str = URL, area_id: int | None = None, minutes: int = 10) -> Entry:
    """A station as an entry of a slot."""
    with stage.database.transaction() as session:
        person = session.merge(stage.cast.lan)
        whose = area_id or stage.cast.commune
        made = relays.add(session, person, whose, title="", url=url, found=FOUND, now=stage.now)
        return Entry(Kind.RELAY, str(made.id), minutes * MINUTE)


def test_a_stream_is_offered_to_all_below_and_to_nobody_beside(stage: Any) -> None:
    entry = make_station(stage)
    with stage.database.transaction() as session:
        station = session.get_one(RelayStation, int(entry.ref))
        assert (station.title, station.bit_rate, station.check_error) == ("Đài tỉnh", 64_000, "")
        assert relays.offered(session, stage.cast.villages[0]) == [station]
        assert relays.offered(session, stage.cast.other_commune) == []
        stranger = session.merge(stage.cast.mai)
        with pytest.raises(NotFound):
            relays.get(session, stranger, station.id)
        with pytest.raises(Forbidden):
            relays.add(session, stranger, stage.cast.commune, title="x", url="u", found=FOUND, now=stage.now)


def test_the_same_stream_is_not_offered_twice_and_none_without_a_name(stage: Any) -> None:
    make_station(stage)
    with stage.database.transaction() as session:
        lan = session.merge(stage.cast.lan)
        with pytest.raises(AlreadyExists):
            relays.add(session, lan, stage.cast.villages[0], title="Lại", url=URL, found=FOUND, now=stage.now)
        nameless = dataclasses.replace(FOUND, title="")
        with pytest.raises(EmptyTitle):
            relays.add(session, lan, stage.cast.commune, title=" ", url="v", found=nameless, now=stage.now)


def test_what_a_trial_finds_is_kept_and_what_cannot_be_carried_has_a_code() -> None:
    radio = Radio()
    try:
        assert relays.examine(radio.live(), HERE).bit_rate == 64_000
        page = radio.body("/page", b"<html>" + b"x" * 9000, "text/html")
        with pytest.raises(RelayUnusable) as caught:
            relays.examine(page, HERE)
        assert caught.value.params["why"] == "relay_page"
    finally:
        radio.close()


def test_a_later_trial_says_that_a_station_is_silent_and_when_it_is_back(stage: Any) -> None:
    number = int(make_station(stage).ref)
    with stage.database.transaction() as session:
        lan = session.merge(stage.cast.lan)
        broken = RelayUnusable(why="relay_unreachable")
        station = relays.note_check(session, lan, number, broken, now=stage.now)
        assert (station.check_error, station.bit_rate) == ("relay_unreachable", 64_000)
        again = dataclasses.replace(FOUND, bit_rate=96_000)
        station = relays.note_check(session, lan, number, again, now=stage.now)
        assert (station.check_error, station.bit_rate) == ("", 96_000)
        actions = session.query(AuditRow.action).order_by(AuditRow.id).all()
    assert [action for (action,) in actions if action.startswith("relay.")] == ["relay.add"]
    with stage.database.transaction() as session:
        actions = session.query(AuditRow.action).order_by(AuditRow.id).all()
    assert [a for (a,) in actions if a.startswith("relay.")] == ["relay.add", "relay.check", "relay.check"]


def test_half_an_hour_a_day_at_64_kbit_costs_nearly_half_a_gigabyte_a_month() -> None:
    station = RelayStation(bit_rate=64_000)
    assert station.bytes_in(30 * 30 * 60_000) == pytest.approx(447.5e6, rel=0.01)


def test_a_station_in_a_slot_is_a_live_part_of_the_planned_item(stage: Any) -> None:
    stage.loudspeakers(1)
    stage.bulletin("Ưu tiên", seconds=60, klass=PRIORITY)
    tune, closing = make_sound(stage), make_sound(stage, Kind.CLOSING)
    make_slot(stage, tune, make_station(stage), FLOW, closing)
    stage.plan()
    [items] = plans(stage).values()
    assert len(items) == 8
    item = items[0]
    assert item.relays == (Relay(url=URL, duration_ms=10 * MINUTE, after=1),)
    assert len(item.clips) == 3
    assert item.duration_ms == 20_000 + 10 * MINUTE + MINUTE + 20_000
    assert stage.broadcasts()[0].duration_ms == item.duration_ms
    assert inspect(stage) == NOTHING


def test_two_stations_follow_each_other_and_a_slot_with_nothing_else_is_aired(stage: Any) -> None:
    stage.loudspeakers(1)
    nation, province = make_station(stage), make_station(stage, URL + "2", minutes=15)
    make_slot(stage, nation, province, minutes=30)
    stage.plan()
    [items] = plans(stage).values()
    assert items[0].clips == ()
    assert [(relay.url, relay.after) for relay in items[0].relays] == [(URL, 0), (URL + "2", 0)]
    assert inspect(stage) == NOTHING


def test_a_station_that_is_retired_leaves_what_is_planned_and_comes_back(stage: Any) -> None:
    stage.loudspeakers(1)
    entry = make_station(stage)
    make_slot(stage, make_sound(stage, Kind.PIECE), entry)
    stage.plan()
    for act, carried in ((relays.retire, 0), (relays.restore, 1)):
        with stage.database.transaction() as session:
            act(session, session.merge(stage.cast.lan), int(entry.ref), now=stage.now)
        stage.plan()
        [items] = plans(stage).values()
        assert [len(item.relays) for item in items] == [carried] * 8
        assert inspect(stage) == NOTHING
    with stage.database.transaction() as session, pytest.raises(WrongState):
        relays.restore(session, session.merge(stage.cast.lan), int(entry.ref), now=stage.now)


def test_a_slot_does_not_take_a_station_that_is_not_offered_to_its_area(stage: Any) -> None:
    villages = make_station(stage, area_id=stage.cast.villages[0])
    with pytest.raises(SlotInvalid) as caught:
        make_slot(stage, villages)
    assert caught.value.params["why"] == "no_relay"


def test_the_officer_sees_the_station_in_the_coming_slots_by_its_name(stage: Any) -> None:
    entry = make_station(stage)
    number = make_slot(stage, entry)
    with stage.database.transaction() as session:
        view = sittings.coming(session, number, stage.now)[0]
        [heard] = view.variants[0].placed
        assert (heard.kind, heard.ref, heard.title) == (Kind.RELAY, entry.ref, "Đài tỉnh")
        assert (heard.length_ms, heard.bulletin_id) == (10 * MINUTE, None)
        relays.retire(session, session.merge(stage.cast.lan), int(entry.ref), now=stage.now)
        view = sittings.coming(session, number, stage.now)[0]
        assert [each.title for each in view.variants[0].left_out] == ["Đài tỉnh"]


def test_loudspeakers_are_told_the_networks_of_the_settings(stage: Any) -> None:
    stage.loudspeakers(1)
    stage.wire = dataclasses.replace(stage.wire, relay_networks=("10.20.0.0/16",))
    with stage.database.transaction() as session:
        publish_plans(session, stage.wire, stage.now, 7)
    [told] = [order for _, order in stage.outbox() if isinstance(order, Desired)]
    assert told.policy.relay_networks == ("10.20.0.0/16",)


def test_what_is_live_is_not_put_in_turn(stage: Any) -> None:
    live = Relay(url=URL, duration_ms=60_000)
    clip = ClipRef(sha256="0", size=1, duration_ms=5_000, url="u")
    item = Item(id="a", title="a", start=0, not_before=0, expires=1, clips=(clip,))
    assert Planned(stage.now, item).in_turn(2).item.start == 2 * 7_000
    carrying = Planned(stage.now, msgspec.structs.replace(item, relays=(live,)))
    assert carrying.in_turn(2) == carrying


def test_whoever_plans_into_a_relay_is_told_which_and_when(stage: Any) -> None:
    stage.loudspeakers(1)
    slot = make_slot(stage, make_sound(stage), make_station(stage), FLOW)  # 17:00:20 to 17:10:20
    stage.bulletin("Ưu tiên", klass=PRIORITY)
    bulletin = stage.bulletin("Tin", seconds=60)
    stage.plan()

    def told(time: str, schedule_id: int | None = None) -> list[Any]:
        rule = Rule(Frequency.DAILY, dt.date(2026, 3, 2), (dt.time.fromisoformat(time),))
        with stage.database.transaction(read_only=True) as session:
            lan = session.merge(stage.cast.lan)
            intent = Intent(stage.cast.villages[0], [bulletin], rule, schedule_id)
            found = concerns.check(session, lan, intent, stage.now)
        return [each.params for each in found if each.code == "during_relay"]

    [params] = told("17:05")
    assert (params["who"], params["count"]) == ("Đài tỉnh", 8)
    assert f"{params['start'].astimezone(LOCAL):%d %H:%M:%S}" == "02 17:00:20"
    assert params["end"] - params["start"] == dt.timedelta(minutes=10)
    assert told("17:10:30") == told("16:00") == []
    assert told("17:05", slot) == []  # a slot is not in its own way
