"""Current in the horn, a microphone, a sound that nobody ordered: journaled, and judged by the server."""

from devices.messages import Action, ClockQuality
from devices.speaker import core as c

SECOND, MINUTE, HOUR = 1000, 60_000, 3_600_000


def playing(rig, seconds=60):
    speaker = rig()
    item = speaker.item("s1.a", speaker.now + MINUTE, seconds=seconds)
    speaker.send(speaker.desired(item))
    speaker.run(item.start + 5 * SECOND)
    return speaker


def faults(speaker):
    return speaker.core.state(speaker.clock, 1, "", faults=("disk_full",)).faults


def test_the_load_of_the_horn_is_journaled_when_it_changes(rig):
    speaker = playing(rig)
    for ok in (True, True, False, False, True):
        speaker.event(c.Electrical("s1.a", ok))
    told = [e.reason for e in speaker.medium.journal if e.event == "electrical"]
    assert told == ["load", "no_load", "load"]


def test_a_loose_contact_does_not_fill_the_journal(rig):
    speaker = playing(rig)
    for n in range(1000):
        speaker.event(c.Electrical("s1.a", n % 2 == 0))
    assert speaker.states("s1.a").count("electrical") == 8


def test_a_horn_without_load_is_a_fault_until_it_has_one(rig):
    speaker = playing(rig)
    speaker.event(c.Electrical("s1.a", False))
    assert faults(speaker) == ("dead_horn", "disk_full")
    speaker.event(c.Electrical("s1.a", True))
    assert faults(speaker) == ("disk_full",)


def test_what_a_microphone_heard_is_journaled_with_its_place_in_the_item(rig):
    speaker = playing(rig)
    speaker.event(c.Heard("s1.a", 5_000, "AAEC"))
    heard = speaker.last("s1.a")
    assert (heard.event, heard.offset_ms, heard.energies) == ("heard", 5_000, "AAEC")


def test_sensors_say_nothing_of_what_never_sounded(rig):
    speaker = playing(rig)
    before = len(speaker.medium.journal)
    for name in ("s9.unknown",):
        speaker.event(c.Heard(name, 0, "AAEC"))
        speaker.event(c.Electrical(name, True))
    assert len(speaker.medium.journal) == before


def test_thach_ha_foreign_a_sound_that_nobody_ordered_is_told_at_most_once_a_minute(rig):
    speaker = rig()
    speaker.after(MINUTE)
    for _ in range(120):
        speaker.event(c.UnorderedSound(71.6))
        speaker.after(SECOND)
    told = [e.reason for e in speaker.medium.journal if e.event == "unordered_sound"]
    assert told == ["72 dB", "72 dB (+59)"]


def test_what_sounds_or_just_sounded_is_no_sound_that_nobody_ordered(rig):
    speaker = playing(rig)
    speaker.event(c.UnorderedSound(80))
    speaker.run(speaker.heard[0].end + 14 * SECOND)
    speaker.event(c.UnorderedSound(80))
    assert speaker.alarms() == []
    speaker.after(2 * SECOND)
    speaker.event(c.UnorderedSound(80))
    assert speaker.alarms() == ["unordered_sound"]


def test_a_tone_of_our_own_was_ordered(rig):
    speaker = rig()
    speaker.send(speaker.desired())
    speaker.after(MINUTE)
    speaker.send(speaker.command(Action.IDENTIFY))
    speaker.after(15 * SECOND)
    speaker.event(c.UnorderedSound(80))
    assert speaker.alarms() == []


def test_the_state_tells_the_error_of_the_clock_and_a_clock_that_is_not_known(rig):
    speaker = rig()
    speaker.event(c.ClockJudged(ClockQuality.HOLDOVER, 40))
    assert speaker.core.state(speaker.clock, 1, "").clock_error_ms == 40
    speaker.event(c.ClockJudged(ClockQuality.UNKNOWN))
    assert faults(speaker) == ("clock", "disk_full")
