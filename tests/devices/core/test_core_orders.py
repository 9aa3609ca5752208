"""Orders: obeyed when signed, new, in time and meant for us; refused aloud otherwise."""

import msgspec
import pytest

from devices.messages import Action
from devices.speaker import core as c
from devices.topics import Kind, Place

SECOND, MINUTE, HOUR, DAY = 1000, 60_000, 3_600_000, 86_400_000


@pytest.fixture
def playing(rig):
    """A loudspeaker in the middle of a bulletin of ten minutes."""
    speaker = rig()
    item = speaker.item("s1.a", speaker.now + MINUTE, seconds=600)
    speaker.send(speaker.desired(item, speaker.item("s2.b", speaker.now + 30 * MINUTE)))
    speaker.run(item.start + 10 * SECOND)
    return speaker


def test_dallas_stop_silences_at_once_and_holds_the_schedule(playing):
    sent = playing.now
    playing.send(playing.stop(hold_until=playing.now + HOUR))
    playing.after(2 * HOUR)
    (heard,) = playing.heard
    assert heard.end - sent <= 100
    assert (playing.last("s1.a").event, playing.last("s1.a").reason) == ("partial", "stopped")
    assert (playing.last("s2.b").event, playing.last("s2.b").reason) == ("skipped", "held")


def test_a_stop_is_answered_when_the_sound_has_ended(playing):
    order = playing.stop()
    playing.send(order)
    assert playing.acks == []
    playing.after(SECOND)
    assert [(ack.command, ack.stage, ack.code) for ack in playing.acks] == [(order.id, "done", "stopped")]


def test_a_stop_when_nothing_plays_says_so(rig):
    speaker = rig()
    speaker.send(speaker.desired())
    speaker.send(speaker.stop())
    assert [(ack.stage, ack.code) for ack in speaker.acks] == [("done", "nothing_playing")]


def test_a_stop_ends_also_what_was_preempted_and_what_waits(playing):
    urgent = playing.emergency("u1", playing.now)
    second = playing.emergency("u2", playing.now)
    playing.send(playing.alerts(urgent, second))
    playing.after(5 * SECOND)
    playing.send(playing.stop())
    playing.after(10 * MINUTE)
    assert [s.item for s in playing.heard] == ["s1.a", "u1"]
    assert [playing.last(name).event for name in ("s1.a", "u1", "u2")] == ["partial", "partial", "cancelled"]


def test_an_actual_emergency_passes_a_hold(playing):
    playing.send(playing.stop(hold_until=playing.now + HOUR))
    playing.after(MINUTE)
    playing.send(playing.alerts(playing.emergency("u1", playing.now)))
    playing.after(MINUTE)
    assert playing.last("u1").event == "done"


def test_a_release_ends_the_hold_even_when_the_older_stop_comes_after_it(playing):
    stop = playing.stop(hold_until=playing.now + 2 * HOUR)
    playing.after(SECOND)
    playing.send(playing.command(Action.RELEASE))
    playing.send(stop)
    playing.after(HOUR)
    assert playing.last("s2.b").event == "done"


def test_a_stop_for_one_item_leaves_the_others(playing):
    playing.send(playing.stop("s2.b"))
    playing.after(HOUR)
    assert playing.last("s1.a").event == "done"
    assert playing.states("s2.b") == ["cancelled"]


def test_a_cancel_that_overtakes_its_order_still_cancels(rig):
    speaker = rig()
    speaker.send(speaker.desired())
    item = speaker.emergency("u1", speaker.now + 5 * SECOND)
    speaker.send(speaker.stop("u1"))
    speaker.cut_power()
    speaker.power_on()
    speaker.send(speaker.alerts(item))
    speaker.after(10 * MINUTE)
    assert speaker.heard == []
    assert speaker.states("u1") == ["cancelled"]


def test_a_tombstone_in_the_document_cuts_what_sounds_and_bars_it_for_ever(rig):
    speaker = rig()
    speaker.send(speaker.desired())
    item = speaker.emergency("u1", speaker.now)
    speaker.send(speaker.alerts(item))
    speaker.after(5 * SECOND)
    speaker.send(speaker.alerts(cancelled=["u1"]))
    speaker.send(speaker.alerts(item))
    speaker.after(10 * MINUTE)
    assert len(speaker.heard) == 1
    assert speaker.last("u1").event == "partial"


def test_a_duplicate_command_repeats_the_old_answer_and_does_nothing(playing):
    order = playing.stop()
    playing.send(order)
    playing.after(5 * SECOND)
    playing.send(playing.alerts(playing.emergency("u1", playing.now)))
    playing.after(5 * SECOND)
    playing.send(order)
    playing.after(MINUTE)
    assert playing.last("u1").event == "done"
    assert playing.acks == [playing.acks[0]] * 2
    assert playing.alarms() == []


def test_a_duplicate_is_known_also_after_a_power_cut(playing):
    order = playing.command(Action.VOLUME, volume=10)
    playing.send(order)
    playing.send(playing.command(Action.VOLUME, volume=60))
    playing.cut_power()
    playing.power_on()
    playing.send(order)
    assert playing.core.volume == 60


def test_sirenjack_replay_a_command_that_is_sent_again_later_does_nothing_and_is_told(playing):
    order = playing.stop(valid_s=30)
    playing.send(order)
    playing.after(MINUTE)
    playing.send(playing.alerts(playing.emergency("u1", playing.now)))
    playing.after(5 * SECOND)
    playing.send(order)
    playing.after(MINUTE)
    assert playing.last("u1").event == "done"
    assert playing.alarms() == ["replayed"]


def test_sirenjack_replay_a_third_copy_in_time_is_told(playing):
    order = playing.command(Action.VOLUME, volume=10)
    for _ in range(3):
        playing.send(order)
    assert playing.alarms() == ["replayed"]


def test_a_command_that_comes_too_late_is_stale(playing):
    order = playing.stop(valid_s=5)
    playing.after(6 * SECOND)
    playing.send(order)
    playing.after(20 * MINUTE)
    assert playing.last("s1.a").event == "done"
    assert (playing.alarms(), playing.acks) == (["stale"], [])


def test_sirenjack_replay_an_old_document_is_not_taken_up_again(rig):
    speaker = rig()
    item = speaker.emergency("u1", speaker.now, late_s=3600)
    speaker.send(speaker.desired())
    old = speaker.alerts(item)
    new = speaker.alerts()
    speaker.send(new)
    speaker.send(old)
    speaker.after(HOUR)
    assert speaker.heard == []
    assert speaker.alarms() == ["replayed"]


def test_an_old_revision_is_refused_also_after_a_power_cut(rig):
    speaker = rig()
    early = speaker.desired(speaker.item("s1.a", speaker.now + HOUR), rev=3)
    speaker.send(speaker.desired(rev=4))
    speaker.after(SECOND)
    speaker.medium.sync()
    speaker.cut_power()
    speaker.power_on()
    speaker.send(early)
    speaker.after(2 * HOUR)
    assert speaker.heard == []
    assert speaker.alarms() == ["replayed"]


def test_a_new_epoch_goes_before_any_revision(rig):
    speaker = rig()
    speaker.send(speaker.desired(rev=900))
    item = speaker.item("s1.a", speaker.now + MINUTE)
    speaker.send(speaker.desired(item, epoch=2, rev=1))
    speaker.after(5 * MINUTE)
    assert speaker.last("s1.a").event == "done"


def test_the_same_document_again_is_normal_and_silent(rig):
    speaker = rig()
    order = speaker.desired(speaker.item("s1.a", speaker.now + MINUTE))
    for _ in range(5):
        speaker.send(order)
        speaker.after(SECOND)
    speaker.after(HOUR)
    assert len(speaker.heard) == 1
    assert speaker.alarms() == []


def test_an_order_for_another_device_or_on_another_topic_is_refused_and_told(rig):
    speaker = rig()
    speaker.send(speaker.desired())
    item = speaker.emergency("u1", speaker.now)
    foreign = msgspec.structs.replace(speaker.alerts(item), group="xa-khac")
    for order, place in [
        (foreign, Place(Kind.ALERTS, "xa-khac")),
        (foreign, Place(Kind.ALERTS, "xa")),
        (speaker.alerts(item), Place(Kind.CMD, "loa-1")),
        (msgspec.structs.replace(speaker.desired(), device="loa-2"), Place(Kind.DESIRED, "loa-1")),
        (speaker.stop(target="loa-2"), Place(Kind.CMD, "loa-1")),
        (speaker.stop(target="xa"), Place(Kind.CMD, "loa-1")),
        (speaker.stop(target="xa-khac"), Place(Kind.GROUP_CMD, "xa-khac")),
        (speaker.cursor("b", 5), Place(Kind.DESIRED, "loa-1")),
    ]:
        speaker.after(2 * MINUTE)
        speaker.send(order, place)
    speaker.after(HOUR)
    assert speaker.heard == []
    assert speaker.acks == []
    assert speaker.alarms() == ["wrong_target"] * 8


def test_a_flood_of_forged_orders_does_not_fill_the_journal(rig):
    speaker = rig()
    for _ in range(1000):
        speaker.event(c.OrderRefused("bad_signature", "ttcs/1/x"))
    speaker.event(c.OrderRefused("malformed", "ttcs/1/x"))
    speaker.after(MINUTE)
    speaker.event(c.OrderRefused("bad_signature", "ttcs/1/x"))
    assert speaker.alarms() == ["bad_signature", "malformed", "bad_signature"]
    assert speaker.medium.journal[-1].reason == "ttcs/1/x (+999)"


def test_the_volume_is_set_at_once_and_until_the_server_wishes_another(playing):
    playing.send(playing.command(Action.VOLUME, volume=30))
    assert c.SetVolume("s1.a", 30) in playing.actions
    playing.send(playing.desired(*playing.core._documents._memory.plan[""].plan.items))
    assert playing.core.volume == 30
    playing.send(playing.desired(*playing.core._documents._memory.plan[""].plan.items, volume=55))
    assert playing.core.volume == 55


def test_a_volume_that_is_no_percentage_is_refused(playing):
    playing.send(playing.command(Action.VOLUME, volume=300))
    assert [(ack.stage, ack.code) for ack in playing.acks] == [("refused", "volume")]


def test_a_loudspeaker_identifies_itself_only_when_it_is_silent(playing):
    playing.send(playing.command(Action.IDENTIFY))
    assert [(ack.stage, ack.code) for ack in playing.acks] == [("refused", "playing")]
    playing.after(15 * MINUTE)
    playing.send(playing.command(Action.IDENTIFY))
    assert (c.Identify(80) in playing.actions, playing.acks[-1].stage) == (False, "received")
    playing.after(5 * SECOND)  # the amplifier wakes up first
    assert (c.Identify(80) in playing.actions, playing.acks[-1].stage) == (True, "done")


def test_a_report_is_sent_when_it_is_asked_for(playing):
    playing.send(playing.command(Action.REPORT))
    assert c.Report() in playing.actions


def test_group_answers_are_spread_and_a_single_one_is_not(playing):
    playing.send(playing.command(Action.REPORT))
    playing.send(playing.command(Action.REPORT, target="loa-1"))
    playing.send(playing.stop("u9"))
    spreads = [action.spread_s for action in playing.actions if isinstance(action, c.Reply)]
    assert spreads == [5.0, 0.0, 2.0]


def test_a_loudspeaker_that_leaves_a_group_forgets_its_announcements(rig):
    speaker = rig()
    speaker.send(speaker.desired())
    speaker.send(speaker.alerts(speaker.emergency("u1", speaker.now + MINUTE)))
    speaker.send(speaker.desired(groups=("xa-moi",)))
    speaker.after(HOUR)
    assert speaker.heard == []
    assert c.Subscribe(("xa-moi",)) in speaker.actions


def test_a_plan_that_cannot_be_fetched_is_asked_for_again_ever_more_slowly(rig):
    speaker = rig()
    speaker.can_fetch = False
    speaker.send(speaker.desired(speaker.item("s1.a", speaker.now + HOUR)))
    speaker.after(20 * MINUTE)
    asked = sum(isinstance(action, c.FetchPlan) for action in speaker.actions)
    assert 8 <= asked <= 20


def test_a_cursor_confirms_the_journal(rig):
    speaker = rig()
    speaker.send(speaker.cursor("boot-1", 7))
    assert c.Confirm("boot-1", 7) in speaker.actions


def test_what_is_long_over_is_forgotten(rig):
    speaker = rig()
    speaker.send(speaker.desired(speaker.item("s1.a", speaker.now + MINUTE)))
    speaker.send(speaker.stop("u1"))
    speaker.after(HOUR)
    assert {kind for kind, _ in speaker.medium.facts} >= {"item", "tombstone", "command"}
    speaker.send(speaker.desired())
    speaker.now += 40 * DAY
    speaker.after(2 * HOUR)
    assert not {"item", "tombstone", "command"} & {kind for kind, _ in speaker.medium.facts}
