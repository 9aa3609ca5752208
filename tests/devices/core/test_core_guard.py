"""The guard on the loudspeaker: whoever orders, whatever the server thinks, these rules hold here."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import _core_model as brute
from devices.messages import (
    Action,
    AlertStatus,
    AllowedWindow,
    BulletinClass,
    GuardPolicy,
    Item,
    VolumeCap,
)
from devices.speaker import core as c
from devices.speaker.core import guard

SECOND, MINUTE, HOUR, DAY = 1000, 60_000, 3_600_000, 86_400_000
MIDNIGHT = 1_800_000_000_000 // DAY * DAY - 7 * HOUR  # in Vietnam
POLICY = GuardPolicy()


def at(clock, day=0):
    hours, minutes = clock.split(":")
    return MIDNIGHT + day * DAY + (int(hours) * 60 + int(minutes)) * MINUTE


def item(klass=BulletinClass.ROUTINE, status=AlertStatus.ACTUAL, volume=100):
    return Item(
        id="x",
        title="x",
        start=0,
        not_before=0,
        expires=1,
        clips=(),
        klass=klass,
        status=status,
        volume=volume,
    )


def refusal(what, clock, policy=POLICY, used_ms=0, duration_ms=MINUTE):
    return guard.refusal(policy, what, at=at(clock), duration_ms=duration_ms, used_ms=used_ms)


def test_trung_loc_0315_a_relay_set_by_mistake_does_not_wake_the_village(rig):
    speaker = rig(now=at("03:00"), policy=POLICY)
    wrong = speaker.item("s1.relay", at("03:15"), seconds=600, klass=BulletinClass.PRIORITY, level=0)
    speaker.send(speaker.desired(wrong))
    speaker.run(at("04:30"))
    assert speaker.heard == []
    refused = speaker.last("s1.relay")
    assert (refused.event, refused.reason) == ("refused", "outside_hours")


def test_yunnan_midnight_a_whole_programme_at_midnight_is_zero_seconds_of_sound(rig):
    speaker = rig(now=at("23:30"), policy=POLICY)
    items = [speaker.item(f"s{n}.x", at("00:00", 1) + n * MINUTE) for n in range(20)]
    speaker.send(speaker.desired(*items))
    speaker.run(at("02:00", 1))
    assert speaker.heard == []
    assert {speaker.last(i.id).event for i in items} == {"refused"}


@pytest.mark.parametrize("status", [AlertStatus.EXERCISE, AlertStatus.TEST])
def test_hawaii_drill_a_drill_is_not_an_emergency_at_night(rig, status):
    speaker = rig(now=at("02:00"), policy=POLICY)
    speaker.send(speaker.desired())
    speaker.send(speaker.alerts(speaker.emergency("u1", at("02:01"), status=status)))
    speaker.run(at("03:00"))
    assert speaker.heard == []
    assert speaker.last("u1").reason == "outside_hours"


def test_an_actual_emergency_sounds_at_night_at_its_full_volume(rig):
    speaker = rig(now=at("02:00"), policy=POLICY)
    speaker.send(speaker.desired(volume=90))
    speaker.send(speaker.alerts(speaker.emergency("u1", at("02:01"))))
    speaker.run(at("03:00"))
    assert [(s.item, s.volume) for s in speaker.heard] == [("u1", 90)]


def test_what_still_plays_when_the_hours_end_is_cut(rig):
    speaker = rig(now=at("21:00"), policy=POLICY)
    speaker.send(speaker.desired(speaker.item("s1.a", at("21:20"), seconds=1800)))
    speaker.run(at("23:00"))
    (heard,) = speaker.heard
    assert at("21:30") <= heard.end <= at("21:30") + 1100
    assert (speaker.last("s1.a").event, speaker.last("s1.a").reason) == ("partial", "outside_hours")


def test_the_night_makes_what_plays_quieter(rig):
    speaker = rig(now=at("20:50"), policy=POLICY)
    speaker.send(speaker.desired(speaker.item("s1.a", at("20:55"), seconds=900), volume=100))
    speaker.run(at("21:20"))
    assert [s.volume for s in speaker.heard] == [100]
    assert speaker.last("s1.a").volume == POLICY.night_volume


def test_an_item_at_the_first_minute_of_the_hours_plays(rig):
    speaker = rig(now=at("04:50"), policy=POLICY)
    speaker.send(speaker.desired(speaker.item("s1.a", at("05:00"))))
    speaker.run(at("05:10"))
    assert [s.start for s in speaker.heard] == [at("05:00")]


def test_minutes_a_day_are_counted_over_a_power_cut_and_begin_anew_at_midnight(rig):
    policy = GuardPolicy(windows=(AllowedWindow(start="00:00", end="24:00"),), minutes_a_day=3)
    speaker = rig(now=at("22:00"), policy=policy)
    times = [at("22:10"), at("22:20"), at("22:30"), at("00:10", 1)]
    speaker.send(speaker.desired(*(speaker.item(f"s{n}.x", t, seconds=80) for n, t in enumerate(times))))
    speaker.run(at("22:25"))
    speaker.medium.sync()
    speaker.cut_power()
    speaker.power_on()
    speaker.run(at("01:00", 1))
    assert [s.start for s in speaker.heard] == [times[0], times[1], times[3]]
    assert speaker.last("s2.x").reason == "daily_limit"


def test_emergencies_are_not_counted_and_not_limited(rig):
    policy = GuardPolicy(windows=(AllowedWindow(start="00:00", end="24:00"),), minutes_a_day=1)
    speaker = rig(now=at("10:00"), policy=policy)
    speaker.send(speaker.desired(speaker.item("s1.a", at("11:00"), seconds=60)))
    speaker.send(speaker.alerts(speaker.emergency("u1", at("10:01"), seconds=200)))
    speaker.run(at("12:00"))
    assert [s.item for s in speaker.heard] == ["u1", "s1.a"]


def test_what_the_guard_refuses_does_not_preempt_what_plays(rig):
    policy = GuardPolicy(windows=(AllowedWindow(start="05:00", end="24:00"),), minutes_a_day=5)
    speaker = rig(now=at("10:00"), policy=policy)
    long = speaker.item("s2.x", at("10:02"), seconds=600, klass=BulletinClass.PRIORITY)
    speaker.send(speaker.desired(speaker.item("s1.a", at("10:01"), seconds=240), long))
    speaker.run(at("11:00"))
    assert [s.item for s in speaker.heard] == ["s1.a"]
    assert speaker.last("s2.x").event == "refused"


def test_thach_ha_foreign_a_mute_works_for_emergencies_too(rig):
    speaker = rig(now=at("10:00"), policy=POLICY)
    speaker.send(speaker.desired())
    speaker.send(speaker.command(Action.VOLUME, volume=0))
    speaker.send(speaker.alerts(speaker.emergency("u1", at("10:01"))))
    speaker.run(at("10:10"))
    assert [s.volume for s in speaker.heard] == [0]


def test_only_an_actual_emergency_passes():
    for klass in BulletinClass:
        for status in AlertStatus:
            passes = refusal(item(klass, status), "03:15") is None
            assert passes == (klass is BulletinClass.EMERGENCY and status is AlertStatus.ACTUAL)


def test_a_window_over_midnight_is_open_on_both_sides():
    policy = GuardPolicy(windows=(AllowedWindow(start="22:00", end="02:00"),))
    assert [refusal(item(), clock, policy) for clock in ("21:59", "22:00", "01:59", "02:00")] == [
        "outside_hours",
        None,
        None,
        "outside_hours",
    ]


@pytest.mark.parametrize("window", [("5h", "21h"), ("05:00", ""), ("25:00", "26:00"), ("05:60", "06:00")])
def test_a_window_that_cannot_be_read_opens_nothing(window):
    policy = GuardPolicy(windows=(AllowedWindow(start=window[0], end=window[1]),))
    assert refusal(item(), "12:00", policy) == "outside_hours"


def test_without_windows_nothing_ordinary_sounds():
    assert refusal(item(), "12:00", GuardPolicy(windows=())) == "outside_hours"


@given(
    base=st.integers(-50, 300),
    wished=st.integers(-50, 300),
    cap=st.integers(0, 100),
    night=st.integers(0, 100),
    minute=st.integers(0, 24 * 60 - 1),
    klass=st.sampled_from(BulletinClass),
)
def test_no_volume_exceeds_the_caps(*, base, wished, cap, night, minute, klass):
    policy = GuardPolicy(max_volume=cap, night_volume=night)
    moment = MIDNIGHT + minute * MINUTE
    volume = guard.volume(policy, item(klass, volume=wished), base=base, at=moment)
    assert 0 <= volume <= cap
    if klass is not BulletinClass.EMERGENCY and (minute >= 21 * 60 or minute < 6 * 60):
        assert volume <= night


clock_faces = st.one_of(
    st.tuples(st.integers(0, 23), st.integers(0, 59)).map(lambda t: f"{t[0]:02}:{t[1]:02}"),
    st.sampled_from(["00:00", "24:00", "12:00", "21:00", "06:00", "7:00", "25:00", "", "12:60", "١٢:٠٠"]),
)
hours = st.builds(AllowedWindow, start=clock_faces, end=clock_faces)
policies = st.builds(
    GuardPolicy,
    windows=st.lists(hours, max_size=3).map(tuple),
    quiet=st.lists(hours, max_size=2).map(tuple),
    max_volume=st.integers(-5, 120),
    night_volume=st.integers(-5, 120),
    volumes=st.lists(
        st.builds(VolumeCap, start=clock_faces, end=clock_faces, percent=st.integers(-5, 120)), max_size=3
    ).map(tuple),
    utc_offset_minutes=st.sampled_from([420, 0, -180, 765]),
)


@given(policy=policies, moments=st.lists(st.integers(0, 3 * DAY - 1), min_size=1, max_size=20))
def test_hours_and_caps_are_those_that_counting_minute_by_minute_gives(policy, moments):
    for moment in moments:
        wall = MIDNIGHT + moment
        is_open, loudest = brute.row(policy, wall)
        assert guard.is_open(policy, wall) == is_open
        assert guard.cap(policy, wall) == loudest
        assert (guard.refusal(policy, item(), at=wall, duration_ms=0, used_ms=0) is None) == is_open
        loud = guard.volume(policy, item(), base=100, at=wall)
        assert loud == min(100, loudest)
        emergency = guard.volume(policy, item(BulletinClass.EMERGENCY), base=100, at=wall)
        assert emergency == max(0, min(100, policy.max_volume))


def test_quiet_hours_close_again_what_the_windows_open(rig):
    policy = GuardPolicy(quiet=(AllowedWindow(start="11:30", end="13:30"),))
    speaker = rig(now=at("11:00"), policy=policy)
    items = [speaker.item(name, at(clock)) for name, clock in (("s1.a", "11:29"), ("s1.b", "12:00"))]
    speaker.send(speaker.desired(*items, speaker.item("s1.c", at("13:30"))))
    speaker.send(speaker.alerts(speaker.emergency("u1", at("12:30"))))
    speaker.run(at("14:00"))
    assert at("11:30") <= speaker.heard[0].end <= at("11:30") + 100
    assert [s.item for s in speaker.heard] == ["s1.a", "u1", "s1.c"]
    assert (speaker.last("s1.b").event, speaker.last("s1.b").reason) == ("refused", "outside_hours")


def test_the_volume_follows_the_hour_while_something_plays(rig):
    caps = (
        VolumeCap(start="10:05", end="11:00", percent=50),
        VolumeCap(start="10:10", end="10:15", percent=20),
    )
    speaker = rig(now=at("10:00"), policy=GuardPolicy(volumes=caps))
    speaker.send(speaker.desired(speaker.item("s1.a", at("10:01"), seconds=1800), volume=90))
    speaker.run(at("10:20"))
    changes = [action.volume for action in speaker.done(c.SetVolume)]
    assert (speaker.heard[0].volume, changes) == (90, [50, 20, 50])


def test_hours_that_cannot_be_read_never_permit_more():
    quiet = GuardPolicy(quiet=(AllowedWindow(start="noon", end="13:00"),))
    assert refusal(item(), "09:00", quiet) == "outside_hours"
    capped = GuardPolicy(volumes=(VolumeCap(start="?", end="13:00", percent=10),))
    assert guard.volume(capped, item(), base=80, at=at("09:00")) == 10
