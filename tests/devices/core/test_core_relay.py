"""A stream of another station is carried like a clip, but it waits for nobody and is not made good."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.messages import AllowedWindow, BulletinClass, Evidence, GuardPolicy, Relay
from devices.speaker import core as c

NOON = 1_800_000_000_000 // 86_400_000 * 86_400_000 + 5 * 3600_000
SECOND, MINUTE = 1000, 60_000
URL = "http://radio.vn/live"


def relay_item(world, name, start, seconds=60, *, clips=0, after=0, **fields):
    item = world.item(name, start, 1, **fields)
    clip = msgspec.structs.replace(item.clips[0], duration_ms=10 * SECOND)
    carried = Relay(url=URL, duration_ms=seconds * SECOND, after=after)
    return msgspec.structs.replace(item, clips=(clip,) * clips, relays=(carried,))


def test_a_relay_needs_no_download_and_is_done_when_all_of_it_came(rig):
    world = rig()
    world.send(world.desired(relay_item(world, "r", NOON + MINUTE)))
    world.run(NOON + 3 * MINUTE)
    assert world.states("r") == ["armed", "starting", "playing", "done"]
    assert (world.last("r").played_ms, world.last("r").evidence) == (60_000, Evidence.RENDERED)
    assert not world.done(c.FetchClip)


def test_a_relay_that_gave_way_goes_on_live_and_ends_when_it_would_have(rig):
    world = rig()
    world.send(world.desired(relay_item(world, "r", NOON + MINUTE, 60)))
    world.run(NOON + MINUTE + 20 * SECOND)
    world.send(world.alerts(world.emergency("e", world.now, 10)))
    world.run(NOON + 5 * MINUTE)
    first, second = world.sound_of("r")
    missed = second.start - first.end
    assert second.offset == pytest.approx((second.start - first.start) * 48, abs=48)
    assert second.end == pytest.approx(NOON + 2 * MINUTE, abs=2)
    over = world.last("r")
    assert (over.event, over.reason) == ("partial", "preempted")
    assert over.samples == pytest.approx((60_000 - missed) * 48, abs=200)


def test_a_relay_whose_time_went_by_meanwhile_does_not_go_on(rig):
    world = rig()
    world.send(world.desired(relay_item(world, "r", NOON + MINUTE, 30)))
    world.run(NOON + MINUTE + 10 * SECOND)
    world.send(world.alerts(world.emergency("e", world.now, 40)))
    world.run(NOON + 5 * MINUTE)
    assert len(world.sound_of("r")) == 1
    assert (world.last("r").event, world.last("r").reason) == ("partial", "preempted")


@pytest.mark.parametrize("by", [-400, 400])
def test_a_relay_whose_clock_is_set_before_its_first_sample_has_lost_nothing(rig, by):
    world = rig()
    world.send(world.desired(relay_item(world, "r", NOON + MINUTE, 60)))
    world.run(NOON + MINUTE - SECOND)
    assert world.states("r") == ["armed", "starting"]
    world.skew += by
    world.event(c.Tick())
    world.run(NOON + 5 * MINUTE)
    over = world.last("r")
    assert (over.event, over.reason, over.played_ms) == ("done", "", 60_000)


def test_a_relay_that_gave_way_before_its_first_sample_has_lost_only_its_own_time(rig):
    world = rig()
    world.send(world.desired(relay_item(world, "r", NOON + MINUTE, 60)))
    world.run(NOON + MINUTE - SECOND)
    world.send(world.alerts(world.emergency("e", world.now, 10)))
    world.run(NOON + 5 * MINUTE)
    (only,) = world.sound_of("r")
    assert only.start > NOON + MINUTE
    assert only.offset == pytest.approx((only.start - NOON - MINUTE) * 48, abs=48)
    assert only.end == pytest.approx(NOON + 2 * MINUTE, abs=2)


def test_clips_after_a_relay_are_not_shortened_by_what_cut_it(rig):
    world = rig()
    world.send(world.desired(relay_item(world, "r", NOON + MINUTE, 30, clips=2, after=1)))
    world.run(NOON + MINUTE + 15 * SECOND)  # five seconds into the stream
    world.send(world.alerts(world.emergency("e", world.now, 40)))
    world.run(NOON + 5 * MINUTE)
    _, second = world.sound_of("r")
    assert second.offset == 40 * 48_000  # the second clip from its beginning
    assert second.end - second.start == 10 * SECOND


def test_a_relay_with_a_gap_is_partial_and_says_why(rig):
    world = rig()
    world.outages["r"] = (7 * SECOND, "relay_stalled")
    world.send(world.desired(relay_item(world, "r", NOON + MINUTE)))
    world.run(NOON + 3 * MINUTE)
    over = world.last("r")
    assert (over.event, over.reason, over.underruns) == ("partial", "relay_stalled", 1)
    assert (over.played_ms, over.evidence) == (53_000, Evidence.RENDERED)


def test_a_relay_of_which_nothing_came_has_failed(rig):
    world = rig()
    world.outages["r"] = (60 * SECOND, "relay_unreachable")
    world.send(world.desired(relay_item(world, "r", NOON + MINUTE)))
    world.run(NOON + 3 * MINUTE)
    assert (world.last("r").event, world.last("r").reason) == ("failed", "relay_unreachable")


def test_the_minutes_of_a_day_count_a_relay_before_it_begins(rig):
    policy = GuardPolicy(windows=(AllowedWindow(start="00:00", end="24:00"),), minutes_a_day=10)
    world = rig(policy=policy)
    world.send(world.desired(relay_item(world, "r", NOON + MINUTE, 11 * 60)))
    world.run(NOON + 3 * MINUTE)
    assert (world.last("r").event, world.last("r").reason) == ("refused", "daily_limit")


def test_a_window_that_closes_ends_a_relay(rig):
    policy = GuardPolicy(windows=(AllowedWindow(start="00:00", end="12:02"),))
    world = rig(policy=policy)
    world.send(world.desired(relay_item(world, "r", NOON + MINUTE, 300)))
    world.run(NOON + 8 * MINUTE)
    assert (world.last("r").event, world.last("r").reason) == ("partial", "outside_hours")
    assert world.sound_of("r")[0].end <= NOON + 2 * MINUTE + 100


def test_the_networks_of_the_policy_go_with_the_order_to_carry_and_with_no_other(rig):
    policy = GuardPolicy(windows=(AllowedWindow(start="00:00", end="24:00"),), relay_networks=("10.0.0.0/8",))
    world = rig(policy=policy)
    plain = world.item("s", NOON + 20 * SECOND, 5)
    world.send(world.desired(plain, relay_item(world, "r", NOON + MINUTE)))
    world.run(NOON + MINUTE)
    assert {order.item.id: order.networks for order in world.done(c.Decode)} == {
        "s": (),
        "r": ("10.0.0.0/8",),
    }


def test_an_item_that_carries_a_stream_is_not_repeated(rig):
    world = rig()
    item = relay_item(world, "r", NOON + SECOND, 10, klass=BulletinClass.EMERGENCY)
    world.send(world.desired())
    world.send(world.alerts(item, repeat=5))
    world.after(5 * SECOND)
    assert [order.repeat for order in world.done(c.Decode)] == [1]


def test_a_length_below_nothing_gives_no_minutes_back(rig):
    item = relay_item(rig(), "r", NOON, clips=1)
    below = msgspec.structs.replace(item, relays=(Relay(url=URL, duration_ms=-600_000),))
    assert below.duration_ms == 10 * SECOND


@settings(max_examples=30)
@given(st.lists(st.integers(0, 130), max_size=4), st.integers(5, 120))
def test_whatever_cuts_in_a_relay_never_sounds_after_its_end_and_is_done_only_when_whole(rig, cuts, seconds):
    world = rig()
    world.send(world.desired(relay_item(world, "r", NOON + MINUTE, seconds)))
    for n, at in enumerate(sorted(cuts)):
        world.run(max(world.now, NOON + MINUTE + at * SECOND))
        world.send(world.alerts(world.emergency(f"e{n}", world.now, 7)))
    world.run(NOON + 10 * MINUTE)
    heard = world.sound_of("r")
    begun = heard[0].start if heard else 0
    assert all(stretch.end <= begun + seconds * SECOND + 50 for stretch in heard)
    if world.last("r").event == "done":
        assert sum(stretch.end - stretch.start for stretch in heard) == seconds * SECOND
