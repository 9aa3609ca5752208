"""What one loudspeaker does with its programme and with urgent announcements."""

import pytest

from devices.messages import AlertStatus, BulletinClass, Evidence

SECOND, MINUTE, HOUR = 1000, 60_000, 3_600_000


def planned(rig, *items, **fields):
    speaker = rig(**fields)
    speaker.send(speaker.desired(*items))
    return speaker


def test_an_item_of_the_plan_is_fetched_armed_and_played_at_its_instant(rig):
    speaker = rig()
    item = speaker.item("s1.a", speaker.now + 5 * MINUTE)
    speaker.send(speaker.desired(item))
    speaker.after(10 * MINUTE)
    assert [(s.start, s.end) for s in speaker.heard] == [(item.start, item.start + MINUTE)]
    assert speaker.states("s1.a") == ["armed", "starting", "playing", "done"]


def test_what_was_heard_is_accounted_for(rig):
    speaker = rig()
    item = speaker.item("s1.a", speaker.now + MINUTE, volume=50)
    speaker.send(speaker.desired(item, volume=80))
    speaker.after(5 * MINUTE)
    done = speaker.last("s1.a")
    assert (done.planned, done.started, done.ended) == (item.start, item.start, item.start + MINUTE)
    assert (done.played_ms, done.samples, done.volume, done.underruns) == (MINUTE, 60 * 48_000, 40, 0)
    assert done.evidence == Evidence.RENDERED


def test_jakarta_silent_tower_a_muted_loudspeaker_proves_no_sound(rig):
    speaker = rig()
    speaker.send(speaker.desired(speaker.item("s1.a", speaker.now + MINUTE), volume=0))
    speaker.after(5 * MINUTE)
    assert (speaker.last("s1.a").event, speaker.last("s1.a").evidence) == ("done", Evidence.ARMED)


def test_have_grows_only_when_the_plan_is_here(rig):
    speaker = rig()
    speaker.can_fetch = False
    order = speaker.desired(speaker.item("s1.a", speaker.now + HOUR), rev=7)
    speaker.send(order)
    speaker.after(SECOND)
    assert speaker.core.state(speaker.now, 1, "").have.rev == 0
    speaker.can_fetch = True
    speaker.after(5 * MINUTE)
    assert speaker.core.state(speaker.now, 1, "").have.rev == 7


def test_an_item_whose_audio_never_came_is_failed_not_forgotten(rig):
    speaker = rig()
    speaker.send(speaker.desired(speaker.item("s1.a", speaker.now + MINUTE)))
    speaker.after(500)
    speaker.clips.clear()
    late = rig()
    late.send(late.desired(late.item("s1.b", late.now + MINUTE)))
    late.can_fetch = False
    late.run(late.now + 201)  # the plan was under way already
    late.after(10 * MINUTE)
    assert late.states("s1.b") == ["failed"]
    assert late.last("s1.b").reason == "no_audio"


def test_audio_that_comes_a_little_late_is_played_while_it_is_in_time(rig):
    speaker = rig()
    speaker.fetch_ms = 20_000
    item = speaker.emergency("u1", speaker.now + 3 * SECOND)
    speaker.send(speaker.desired())
    speaker.send(speaker.alerts(item))
    speaker.after(MINUTE)
    (heard,) = speaker.heard
    assert 20_000 <= heard.start - (item.start - 3 * SECOND) <= 20_500


def test_nothing_starts_before_it_may(rig):
    speaker = rig()
    item = speaker.item("s1.a", speaker.now + MINUTE, not_before=speaker.now + 90 * SECOND)
    speaker.send(speaker.desired(item))
    speaker.after(10 * MINUTE)
    assert [s.start for s in speaker.heard] == [item.not_before]


def test_an_urgent_announcement_sounds_within_seconds(rig):
    speaker = planned(rig)
    item = speaker.emergency("u1", speaker.now + SECOND)
    speaker.send(speaker.alerts(item, repeat=2))
    speaker.after(2 * MINUTE)
    (heard,) = speaker.heard
    assert heard.start == item.start
    assert heard.end - heard.start == 2 * 20 * SECOND + 2 * SECOND  # twice, and the pause between


def test_an_urgent_announcement_preempts_and_the_programme_goes_on_where_it_stopped(rig):
    speaker = rig()
    bulletin = speaker.item("s1.a", speaker.now + MINUTE, seconds=120)
    speaker.send(speaker.desired(bulletin))
    speaker.run(bulletin.start + 30 * SECOND)
    urgent = speaker.emergency("u1", speaker.now + SECOND)
    speaker.send(speaker.alerts(urgent))
    speaker.after(10 * MINUTE)
    first, over, rest = speaker.heard
    assert (first.item, over.item, rest.item) == ("s1.a", "u1", "s1.a")
    assert first.end <= over.start == urgent.start
    assert rest.offset == (first.end - first.start) * 48
    assert over.end <= rest.start < over.end + 3 * SECOND
    assert speaker.states("s1.a") == [
        "armed",
        "starting",
        "playing",
        "preempted",
        "resuming",
        "playing",
        "done",
    ]
    assert speaker.last("s1.a").samples == 120 * 48_000


def test_what_has_less_than_five_seconds_left_does_not_come_back(rig):
    speaker = rig()
    bulletin = speaker.item("s1.a", speaker.now + MINUTE, seconds=60)
    speaker.send(speaker.desired(bulletin))
    speaker.run(bulletin.start + 56 * SECOND)
    speaker.send(speaker.alerts(speaker.emergency("u1", speaker.now)))
    speaker.after(10 * MINUTE)
    assert [s.item for s in speaker.heard] == ["s1.a", "u1"]
    assert (speaker.last("s1.a").event, speaker.last("s1.a").reason) == ("partial", "preempted")


def test_a_second_announcement_of_equal_rank_queues_and_is_not_lost(rig):
    speaker = planned(rig)
    first = speaker.emergency("u1", speaker.now + SECOND, issued_at=1)
    second = speaker.emergency("u2", speaker.now + 2 * SECOND, issued_at=2)
    speaker.send(speaker.alerts(first, second))
    speaker.after(5 * MINUTE)
    one, two = speaker.heard
    assert (one.item, two.item) == ("u1", "u2")
    assert one.end - one.start == 20 * SECOND
    assert one.end <= two.start < one.end + 3 * SECOND


def test_the_older_of_two_waiting_announcements_goes_first(rig):
    speaker = planned(rig)
    speaker.send(speaker.alerts(speaker.emergency("u0", speaker.now, issued_at=1)))
    speaker.after(5 * SECOND)
    newer = speaker.emergency("u1", speaker.now, issued_at=3)
    older = speaker.emergency("u2", speaker.now, issued_at=2)
    speaker.send(speaker.alerts(newer, older))
    speaker.after(5 * MINUTE)
    assert [s.item for s in speaker.heard] == ["u0", "u2", "u1"]


@pytest.mark.parametrize(
    ("low", "high"),
    [
        ({"klass": BulletinClass.ROUTINE, "level": 0}, {"klass": BulletinClass.PRIORITY, "level": 9}),
        ({"klass": BulletinClass.PRIORITY, "level": 4}, {"klass": BulletinClass.PRIORITY, "level": 1}),
        (
            {"klass": BulletinClass.EMERGENCY, "status": AlertStatus.EXERCISE, "level": 0},
            {"klass": BulletinClass.EMERGENCY, "level": 9},
        ),
    ],
)
def test_class_goes_before_level_and_what_is_real_before_a_drill(rig, low, high):
    speaker = rig()
    below = speaker.item("s1.low", speaker.now + MINUTE, seconds=90, **low)
    above = speaker.item("s2.high", below.start + 20 * SECOND, seconds=30, **high)
    speaker.send(speaker.desired(below, above))
    speaker.after(10 * MINUTE)
    assert [s.item for s in speaker.heard] == ["s1.low", "s2.high", "s1.low"]
    assert speaker.heard[1].start == above.start


def test_a_lower_rank_waits_and_expires_when_its_time_is_over(rig):
    speaker = rig()
    long = speaker.item("s1.long", speaker.now + MINUTE, seconds=600, klass=BulletinClass.PRIORITY)
    low = speaker.item("s2.low", long.start + MINUTE, late_s=120)
    speaker.send(speaker.desired(long, low))
    speaker.after(HOUR)
    assert [s.item for s in speaker.heard] == ["s1.long"]
    assert (speaker.last("s2.low").event, speaker.last("s2.low").reason) == ("expired", "waited")


def test_a_new_plan_does_not_touch_what_plays(rig):
    speaker = rig()
    item = speaker.item("s1.a", speaker.now + MINUTE)
    speaker.send(speaker.desired(item))
    speaker.run(item.start + 10 * SECOND)
    moved = speaker.item("s1.a", item.start + HOUR, seconds=30)
    speaker.send(speaker.desired(moved))
    speaker.after(3 * HOUR)
    (heard,) = speaker.heard
    assert heard.end - heard.start == MINUTE


def test_an_item_that_is_withdrawn_stops_and_one_that_is_ahead_never_starts(rig):
    speaker = rig()
    now = speaker.item("s1.a", speaker.now + MINUTE)
    later = speaker.item("s1.b", speaker.now + 5 * MINUTE)
    speaker.send(speaker.desired(now, later))
    speaker.run(now.start + 10 * SECOND)
    speaker.send(speaker.desired())
    speaker.after(HOUR)
    (heard,) = speaker.heard
    assert heard.end - heard.start < 11 * SECOND
    assert (speaker.last("s1.a").event, speaker.last("s1.a").reason) == ("partial", "withdrawn")
    assert speaker.states("s1.b") == ["cancelled"]


def test_an_item_that_is_moved_plays_at_its_new_time_only(rig):
    speaker = rig()
    item = speaker.item("s1.a", speaker.now + 20 * SECOND)
    speaker.send(speaker.desired(item))
    speaker.after(5 * SECOND)
    assert speaker.states("s1.a") == ["armed"]
    moved = speaker.item("s1.a", speaker.now + 10 * MINUTE)
    speaker.send(speaker.desired(moved))
    speaker.after(HOUR)
    assert [s.start for s in speaker.heard] == [moved.start]


def test_an_announcement_the_server_no_longer_lists_is_not_cut_by_that(rig):
    speaker = planned(rig)
    speaker.send(speaker.alerts(speaker.emergency("u1", speaker.now)))
    speaker.after(5 * SECOND)
    speaker.send(speaker.alerts())
    speaker.after(MINUTE)
    assert speaker.states("u1")[-1] == "done"


def test_audio_that_cannot_be_decoded_fails_the_item_alone(rig):
    from devices.speaker import core as c

    speaker = rig()
    bad = speaker.item("s1.bad", speaker.now + MINUTE)
    good = speaker.item("s2.good", speaker.now + 2 * MINUTE)
    speaker.send(speaker.desired(bad, good))
    speaker.run(bad.start - 29_950)
    speaker.event(c.DecodeFailed(bad, "audio_unreadable"))
    speaker.after(HOUR)
    assert speaker.last("s1.bad").reason == "audio_unreadable"
    assert [s.item for s in speaker.heard] == ["s2.good"]


def test_a_clip_that_was_lost_on_the_disk_is_fetched_again_in_time(rig):
    from devices.speaker import core as c

    speaker = rig()
    item = speaker.item("s1.a", speaker.now + MINUTE)
    speaker.send(speaker.desired(item))
    speaker.run(item.start - 29_950)
    speaker.event(c.DecodeFailed(item, "clips_lost", lost=(item.clips[0].sha256,)))
    speaker.after(5 * MINUTE)
    assert [s.start for s in speaker.heard] == [item.start]


def test_an_output_that_dies_fails_the_item_and_the_next_one_plays(rig):
    from devices.speaker import core as c

    speaker = rig()
    one = speaker.item("s1.a", speaker.now + MINUTE)
    two = speaker.item("s1.b", speaker.now + 5 * MINUTE)
    speaker.send(speaker.desired(one, two))
    speaker.run(one.start + 10 * SECOND)
    speaker.event(c.Finished("s1.a", 10 * 48_000, failure="no_sound_card"))
    speaker._playing.clear()
    speaker.after(HOUR)
    assert (speaker.last("s1.a").event, speaker.last("s1.a").reason) == ("failed", "no_sound_card")
    assert speaker.states("s1.b")[-1] == "done"
