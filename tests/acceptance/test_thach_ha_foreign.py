"""Thạch Hà: the loudspeakers carry a foreign programme for hours, and officers have to cut the mains.

Hà Tĩnh; the clusters took whatever was strongest on their FM frequency. A box of ours takes nothing from
the air, but its horn may hang on an old amplifier too: an ear hears what nobody ordered, and there are two
mutes that always work, a button on the pole and an order from the commune.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select

from broadcast.models import Alarm, Loudspeaker
from devices.messages import Action, ItemState
from devices.simulator import Fault, Profile

EARS = Profile.parse("[sensors]\nmicrophone = true\nlisten_every_s = 0.5")
FLOOD = "Nước sông lên nhanh. Bà con di chuyển lên cao. " * 6


def test_a_programme_that_nobody_ordered_raises_the_alarm_at_the_pole_it_sounds_from(
    make_station, sqlite_url
):
    station = make_station(sqlite_url, loudspeakers=2)
    station.serve_here()
    station.start_fleet(profile=EARS)
    foreign, _ = [identity.device for identity in station.identities]
    station.leap(station.now() + dt.timedelta(minutes=1))  # what sounds at a start may still be its own
    station.fleet.break_(foreign, Fault.FOREIGN_SOUND)

    station.wait_for(lambda: "unordered_sound" in station.alarms(), "the alarm")
    with station.database.transaction(read_only=True) as session:
        told = session.execute(select(Alarm.kind, Loudspeaker.device).join_from(Alarm, Loudspeaker)).all()
    assert [tuple(each) for each in told] == [("unordered_sound", foreign)]


def test_the_button_and_the_order_of_the_commune_silence_whatever_plays_and_stay(make_station, sqlite_url):
    station = make_station(sqlite_url, loudspeakers=2, rate=1.0)
    station.serve_here()
    station.start_fleet()
    by_hand, by_order = [identity.device for identity in station.identities]
    flood = station.prepared_urgent(FLOOD)
    first = station.broadcast(station.send_urgent(flood))
    station.wait_states(first.id, {"playing"})

    station.fleet.press_button(by_hand)
    station.wait_for(lambda: outcome(station, first, by_hand) == "partial", "the button")
    assert outcome(station, first, by_order) in {"playing", "electrical"}
    station.order(Action.SILENCE)
    station.wait_over(first.id)
    assert outcomes(station, first) == {(ItemState.PARTIAL, "silenced")}
    assert not any(speaker.chain.audible() for speaker in station.fleet.fleet.speakers.values())

    for device in (by_hand, by_order):  # the mains are cut, and come back
        station.fleet.power_off(device)
        station.fleet.power_on(device)
    station.wait_for(lambda: silenced(station) == {by_hand: "local", by_order: "central"}, "both silent")
    second = station.broadcast(station.send_urgent(flood))
    station.wait_over(second.id)
    assert outcomes(station, second) == {(ItemState.SKIPPED, "silenced")}

    station.order(Action.RELEASE)
    station.wait_for(lambda: silenced(station) == {by_hand: "local", by_order: ""}, "the order released")
    assert station.samples_heard == 0


def outcome(station, broadcast, device: str) -> str:
    last = station.fleet.fleet.heard(broadcast.occurrence).get(device)
    return last.event if last else ""


def outcomes(station, broadcast) -> set[tuple[ItemState, str]]:
    return {(each.state, each.reason) for each in station.deliveries(broadcast.id)}


def silenced(station) -> dict[str, str]:
    """Who silences each loudspeaker, by its own word."""
    query = select(Loudspeaker.device, Loudspeaker.silenced).where(Loudspeaker.online)
    with station.database.transaction(read_only=True) as session:
        return dict(session.execute(query).all())
