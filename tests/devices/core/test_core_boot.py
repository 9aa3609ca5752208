"""Power cuts, lost memory and wrong clocks."""

import pytest

from devices.messages import ClockQuality
from devices.speaker import core as c

SECOND, MINUTE, HOUR = 1000, 60_000, 3_600_000


def test_missed_items_never_replay_after_the_power_is_back(rig):
    speaker = rig()
    items = [speaker.item(f"s{n}.x", speaker.now + n * HOUR) for n in range(1, 4)]
    speaker.send(speaker.desired(*items))
    speaker.after(MINUTE)
    speaker.medium.sync()
    speaker.cut_power()
    speaker.now += 2 * HOUR + 30 * MINUTE
    speaker.power_on()
    speaker.after(3 * HOUR)
    assert [s.item for s in speaker.heard] == ["s3.x"]
    assert [speaker.last(item.id).event for item in items] == ["missed", "missed", "done"]


@pytest.mark.parametrize(("off_s", "end"), [(2, "done"), (8, "missed")])
def test_a_slot_is_not_begun_beside_neighbours_who_are_well_into_it(rig, off_s, end):
    speaker = rig()
    item = speaker.item("s1.a", speaker.now + MINUTE, late_s=120)
    speaker.send(speaker.desired(item))
    speaker.after(30 * SECOND)
    speaker.medium.sync()
    speaker.cut_power()
    speaker.now = item.start + off_s * SECOND
    speaker.power_on()
    speaker.after(HOUR)
    assert speaker.last("s1.a").event == end


def test_an_urgent_announcement_is_begun_by_a_loudspeaker_that_comes_late(rig):
    speaker = rig()
    speaker.send(speaker.desired())
    speaker.send(speaker.alerts(speaker.emergency("u1", speaker.now - MINUTE)))
    speaker.after(HOUR)
    assert speaker.last("u1").event == "done"


def test_an_item_that_was_over_when_its_plan_came_is_missed(rig):
    speaker = rig()
    speaker.send(speaker.desired(speaker.item("s1.a", speaker.now - 10 * MINUTE)))
    speaker.after(HOUR)
    assert (speaker.heard, speaker.states("s1.a")) == ([], ["missed"])


@pytest.mark.parametrize("into", [-1500, -100, 0, 100, 30 * SECOND])
def test_a_start_that_was_journaled_is_interrupted_by_a_power_cut_and_never_begins_again(rig, into):
    speaker = rig()
    item = speaker.item("s1.a", speaker.now + MINUTE, late_s=600)
    speaker.send(speaker.desired(item))
    speaker.run(item.start + into)
    speaker.cut_power()
    speaker.now += 3 * SECOND
    speaker.power_on()
    speaker.after(HOUR)
    assert speaker.states("s1.a").count("starting") == 1
    assert (speaker.last("s1.a").event, speaker.last("s1.a").reason) == ("interrupted", "power")


def test_the_journal_is_numbered_on_over_power_cuts(rig):
    speaker = rig()
    for _ in range(3):
        speaker.event(c.OrderRefused("bad_signature", "x"))
        speaker.medium.sync()
        speaker.cut_power()
        speaker.power_on()
    assert [event.seq for event in speaker.medium.journal] == [1, 2, 3]


def test_a_preempted_item_is_interrupted_too(rig):
    speaker = rig()
    item = speaker.item("s1.a", speaker.now + MINUTE, seconds=300)
    speaker.send(speaker.desired(item))
    speaker.run(item.start + MINUTE)
    speaker.send(speaker.alerts(speaker.emergency("u1", speaker.now)))
    speaker.after(10 * SECOND)
    speaker.cut_power()
    speaker.power_on()
    speaker.after(HOUR)
    assert [speaker.last(name).event for name in ("s1.a", "u1")] == ["interrupted", "interrupted"]


def test_yagi_7_days_the_programme_goes_on_from_the_store_alone(rig):
    speaker = rig()
    items = [speaker.item(f"s{day}.x", speaker.now + day * 24 * HOUR) for day in range(1, 8)]
    speaker.send(speaker.desired(*items))
    speaker.after(HOUR)
    speaker.medium.sync()
    speaker.can_fetch = False
    for _ in items:
        speaker.cut_power()
        speaker.power_on()
        speaker.after(24 * HOUR)
    assert [s.start for s in speaker.heard] == [item.start for item in items]


def test_a_plan_that_was_ordered_and_not_yet_fetched_is_fetched_after_the_power_cut(rig):
    speaker = rig()
    speaker.can_fetch = False
    item = speaker.item("s1.a", speaker.now + 10 * MINUTE)
    speaker.send(speaker.desired(item))
    speaker.medium.sync()
    speaker.cut_power()
    speaker.can_fetch = True
    speaker.power_on()
    speaker.after(HOUR)
    assert speaker.last("s1.a").event == "done"


def test_a_memory_that_cannot_be_read_is_told_and_its_item_never_sounds_again(rig):
    speaker = rig()
    item = speaker.item("s1.a", speaker.now + MINUTE, late_s=600)
    speaker.send(speaker.desired(item))
    speaker.run(item.start + SECOND)
    speaker.medium.facts["item", "s1.a"] = b"\x00garbage"
    speaker.medium.sync()
    speaker.cut_power()
    speaker.power_on()
    speaker.after(HOUR)
    assert speaker.alarms() == ["store_damaged"]
    assert len(speaker.heard) == 1


def test_a_newer_program_may_have_left_facts_of_unknown_kinds(rig):
    speaker = rig()
    speaker.medium.facts["later", "x"] = b"{}"
    speaker.medium.sync()
    speaker.cut_power()
    speaker.power_on()
    assert speaker.alarms() == []


def test_by_a_clock_before_signed_time_nothing_starts_until_it_is_right(rig):
    speaker = rig()
    speaker.event(c.ClockJudged(ClockQuality.HOLDOVER))
    speaker.send(speaker.desired())
    speaker.skew = -24 * HOUR  # a box without a battery woke up yesterday
    speaker.send(speaker.alerts(speaker.emergency("u1", speaker.now - 24 * HOUR, late_s=3600)))
    speaker.after(5 * MINUTE)
    assert speaker.heard == []
    assert speaker.core.state(speaker.clock, 1, "").clock is ClockQuality.UNKNOWN
    assert speaker.alarms() == ["clock_stepped", "clock_unknown"]
    speaker.skew = 0
    speaker.send(speaker.alerts(speaker.emergency("u2", speaker.now)))
    speaker.after(5 * MINUTE)
    assert [s.item for s in speaker.heard] == ["u2"]


def test_a_synchronised_clock_is_trusted_more_than_a_server_that_was_ahead(rig):
    speaker = rig()
    speaker.event(c.ClockJudged(ClockQuality.SYNCED))
    item = speaker.item("s1.a", speaker.now + MINUTE)
    speaker.send(speaker.desired(item, issued_at=speaker.now + 24 * HOUR))
    speaker.after(5 * MINUTE)
    assert speaker.last("s1.a").event == "done"


def test_without_any_clock_nothing_starts_and_a_stop_still_works(rig):
    speaker = rig()
    item = speaker.item("s1.a", speaker.now + MINUTE)
    speaker.send(speaker.desired(item, speaker.item("s2.b", speaker.now + 3 * MINUTE)))
    speaker.run(item.start + 10 * SECOND)
    speaker.event(c.ClockJudged(ClockQuality.UNKNOWN))
    speaker.send(speaker.stop())
    speaker.after(30 * MINUTE)
    assert speaker.last("s1.a").event == "partial"
    assert not speaker.sound_of("s2.b")


def test_an_old_command_is_stale_even_by_a_clock_that_was_set_back(rig):
    speaker = rig()
    order = speaker.stop(valid_s=30)
    speaker.after(HOUR)
    speaker.event(c.ClockJudged(ClockQuality.HOLDOVER))
    speaker.send(speaker.desired())
    speaker.skew = -HOUR
    speaker.send(order)
    assert speaker.acks == []
    assert "stale" in speaker.alarms()


def test_the_next_tick_is_always_ahead(rig):
    speaker = rig()
    speaker.send(speaker.desired(speaker.item("s1.a", speaker.now + MINUTE)))
    for _ in range(200):
        due = speaker.core.next_due(speaker.now)
        assert due > speaker.now
        speaker.run(min(due, speaker.now + 10 * SECOND))
