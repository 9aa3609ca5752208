"""The real agent over a real broker and real HTTP, its sound kept by the silent output's clock."""

import time

import msgspec
import pytest

from devices.envelope import SigningKey, seal
from devices.messages import Action, Evidence
from devices.simulator import FleetThread
from devices.topics import Topics


def now_ms():
    return time.time_ns() // 1_000_000


@pytest.fixture
def fleet(tmp_path):
    made = []

    def make(station, **options):
        made.append(FleetThread(station.identities.values(), tmp_path / "fleet", **options))
        made[-1].start()
        return made[-1]

    yield make
    for each in made:
        each.stop()


def test_a_planned_item_is_downloaded_played_at_its_instant_and_proved(make_station, fleet, eventually):
    station = make_station("loa-1")
    start = now_ms() + 2000
    station.program("loa-1", station.item("s1.a", start, station.clip(1.0)))
    fleet(station)
    eventually(lambda: station.is_over("loa-1", "s1.a"))
    done = station.last("loa-1", "s1.a")
    assert station.said("loa-1", "s1.a") == ["armed", "starting", "playing", "done"]
    assert -10 <= done.started - start < 1000
    assert (done.samples, done.evidence) == (48_000, Evidence.RENDERED)


def test_birth_have_and_heartbeat_tell_the_server_what_is_so(make_station, fleet, eventually):
    station = make_station("loa-1")
    fleet(station)
    eventually(lambda: "loa-1" in station.states and station.states["loa-1"].online)
    order = station.program("loa-1", station.item("s1.a", now_ms() + 50_000, station.clip()))
    eventually(lambda: station.states["loa-1"].have.rev == order.rev)
    eventually(lambda: (station.states["loa-1"].ready, station.states["loa-1"].planned) == (1, 1))
    eventually(lambda: "loa-1" in station.telemetry)


def test_an_urgent_announcement_preempts_on_all_and_stop_silences(make_station, fleet, eventually):
    devices = ("loa-1", "loa-2", "loa-3")
    station = make_station(*devices)
    clip, siren = station.clip(20.0), station.clip(1.0)
    for device in devices:
        station.program(device, station.item("s1.a", now_ms() + 1500, clip))
    fleet(station)
    eventually(lambda: all(station.said(d, "s1.a")[-1:] == ["playing"] for d in devices))
    station.alert("xa", station.emergency("u1", now_ms() + 500, siren))
    eventually(lambda: all(station.is_over(d, "u1") for d in devices))
    eventually(lambda: all(station.said(d, "s1.a")[-2:] == ["resuming", "playing"] for d in devices))
    sent = now_ms()
    station.command("c1", "xa", Action.STOP)
    eventually(lambda: all(station.is_over(d, "s1.a", "partial") for d in devices))
    stopped = [station.last(d, "s1.a") for d in devices]
    assert all(event.ended - sent < 5000 and event.reason == "stopped" for event in stopped)
    eventually(lambda: {(a.device, a.stage) for a in station.acks} == {(d, "done") for d in devices})


def test_a_loudspeaker_that_was_off_at_air_time_never_plays_the_missed_item(make_station, fleet, eventually):
    station = make_station("loa-1")
    station.program("loa-1", station.item("s1.a", now_ms() + 3000, station.clip(), late_s=1))
    boxes = fleet(station)
    eventually(lambda: station.states.get("loa-1") and station.states["loa-1"].have.rev == 1)
    boxes.power_off("loa-1")
    eventually(lambda: not station.states["loa-1"].online)
    time.sleep(4.5)
    boxes.power_on("loa-1")
    eventually(lambda: station.is_over("loa-1", "s1.a", "missed"))
    assert "playing" not in station.said("loa-1", "s1.a")


def test_power_lost_while_playing_is_an_interruption_and_never_a_second_start(
    make_station, fleet, eventually
):
    station = make_station("loa-1")
    station.program("loa-1", station.item("s1.a", now_ms() + 1500, station.clip(10.0)))
    boxes = fleet(station)
    eventually(lambda: "playing" in station.said("loa-1", "s1.a"))
    boxes.power_off("loa-1")
    boxes.power_on("loa-1")
    eventually(lambda: station.is_over("loa-1", "s1.a", "interrupted"))
    time.sleep(1)
    assert station.said("loa-1", "s1.a").count("starting") == 1
    seqs = sorted(seq for _, seq in station.journal["loa-1"])
    assert seqs == list(range(1, len(seqs) + 1))


def test_screentinker_outage_the_journal_is_kept_until_the_server_has_it(make_station, fleet, eventually):
    station = make_station("loa-1")
    station.confirm = False
    station.program("loa-1", station.item("s1.a", now_ms() + 1500, station.clip(0.5)))
    boxes = fleet(station)
    eventually(lambda: station.is_over("loa-1", "s1.a"))
    boxes.power_off("loa-1")
    station.journal["loa-1"].clear()
    station.confirm = True
    boxes.power_on("loa-1")
    eventually(lambda: station.is_over("loa-1", "s1.a"))
    assert station.said("loa-1", "s1.a") == ["armed", "starting", "playing", "done"]


def test_sirenjack_replay_forged_and_misdirected_orders_make_an_alarm_and_no_sound(
    make_station, fleet, eventually, plain_client
):
    station = make_station("loa-1")
    station.program("loa-1")
    fleet(station)
    eventually(lambda: station.states.get("loa-1") and station.states["loa-1"].have.rev == 1)
    order = station.alert("xa", station.emergency("u1", now_ms(), station.clip(0.5)))
    eventually(lambda: station.is_over("loa-1", "u1"))
    station.alert("xa")
    topics = Topics("thu")
    thief = plain_client(station.broker.url, "thief")
    forged = station.emergency("u2", now_ms(), station.clip(0.5))
    fake = msgspec.structs.replace(
        order, rev=99, alerts=(msgspec.structs.replace(order.alerts[0], item=forged),)
    )
    thief.publish(topics.alerts("xa"), seal(fake, SigningKey.generate()))
    thief.publish(topics.alerts("xa"), seal(order, station.key))
    thief.publish(topics.cmd("loa-1"), seal(order, station.key))
    eventually(lambda: set(station.said("loa-1")) >= {"bad_signature", "replayed", "wrong_target"})
    assert not station.said("loa-1", "u2")


def test_the_loudspeaker_comes_back_by_itself_after_the_broker_was_gone(make_station, fleet, eventually):
    station = make_station("loa-1")
    station.program("loa-1")
    fleet(station)
    eventually(lambda: station.states.get("loa-1") and station.states["loa-1"].have.rev == 1)
    station.broker.stop()
    time.sleep(0.5)
    station.broker.start()
    assert station.link.wait_connected(60)
    station.program("loa-1", station.item("s1.a", now_ms() + 3000, station.clip(0.5)))
    eventually(lambda: station.is_over("loa-1", "s1.a"))


def test_yagi_7_days_the_programme_plays_without_any_network(make_station, fleet, eventually):
    station = make_station("loa-1")
    station.program("loa-1", station.item("s1.a", now_ms() + 4500, station.clip(0.5)))
    boxes = fleet(station)
    eventually(lambda: station.states.get("loa-1") and station.states["loa-1"].ready == 1)
    boxes.power_off("loa-1")
    station.broker.stop()
    station.http_down = True
    boxes.power_on("loa-1")
    box = boxes.fleet.speakers["loa-1"]
    eventually(lambda: "done" in [event.event for event in box.journal])
    station.broker.start()
    eventually(lambda: station.is_over("loa-1", "s1.a"))


def test_a_loudspeaker_that_is_told_to_begin_anew_comes_back_and_answers_then(
    make_station, fleet, eventually
):
    station = make_station("loa-1")
    station.program("loa-1")
    fleet(station)
    eventually(lambda: station.states.get("loa-1") and station.states["loa-1"].have.rev == 1)
    before = station.states["loa-1"].boot
    station.command("c1", "loa-1", Action.REBOOT)
    eventually(lambda: station.states["loa-1"].online and station.states["loa-1"].boot != before)
    eventually(lambda: ("c1", "done") in {(ack.command, ack.stage) for ack in station.acks})
