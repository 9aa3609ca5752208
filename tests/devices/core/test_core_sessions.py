"""Sessions, their minutes and the days of the week, kept by the loudspeaker itself."""

import itertools

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.messages import AlertStatus, AllowedWindow, BulletinClass, ClockQuality, GuardPolicy, Item
from devices.speaker import core as c
from devices.speaker.core import guard

SECOND, MINUTE, HOUR, DAY = 1000, 60_000, 3_600_000, 86_400_000
MIDNIGHT = 1_800_000_000_000 // DAY * DAY - 7 * HOUR  # in Vietnam, of a Friday
EVERY_HOUR = (AllowedWindow(start="00:00", end="24:00"),)
GAP = 10 * MINUTE


def at(clock, day=0):
    hours, minutes = clock.split(":")
    return MIDNIGHT + day * DAY + (int(hours) * 60 + int(minutes)) * MINUTE


def outcomes(speaker, items):
    return {each.id: (speaker.last(each.id).event, speaker.last(each.id).reason) for each in items}


def policy(**fields):
    return GuardPolicy(windows=EVERY_HOUR, night_volume=100, minutes_a_day=1440, **fields)


def test_a_document_of_an_older_server_limits_no_days_and_no_sessions():
    said = msgspec.json.decode(b'{"windows": [{"start": "00:00", "end": "24:00"}]}', type=GuardPolicy)
    assert said == GuardPolicy(windows=EVERY_HOUR)
    anything = Item(id="x", title="x", start=0, not_before=0, expires=1, clips=())
    begun = guard.Sessions(begun=50, until=at("09:00"), used_ms=3 * HOUR)
    for day in range(7):
        where = {"at": at("12:00", day), "duration_ms": HOUR, "used_ms": 0, "sessions": begun}
        assert guard.refusal(said, anything, **where) is None


def test_the_memory_of_an_older_program_holds_no_sessions(rig):
    speaker = rig(now=at("05:00"), policy=policy(sessions_a_day=1))
    speaker.send(speaker.desired(speaker.item("s1.a", at("05:30"))))
    speaker.run(at("06:00"))
    speaker.medium.sync()
    facts = {key: body for key, body in speaker.medium.facts.items() if key[0] != "sessions"}
    assert len(facts) == len(speaker.medium.facts) - 1
    assert c.recall(facts).sessions == {}


def test_two_sessions_a_day_and_the_third_is_refused_until_midnight(rig):
    speaker = rig(now=at("05:00"), policy=policy(sessions_a_day=2))
    clocks = (("s1.a", "05:30", 0), ("s2.a", "05:32", 0), ("s3.a", "17:00", 0), ("s4.a", "19:00", 0))
    items = [speaker.item(name, at(clock, day)) for name, clock, day in (*clocks, ("s5.a", "00:10", 1))]
    speaker.send(speaker.desired(*items))
    speaker.run(at("12:00"))
    speaker.medium.sync()
    speaker.cut_power()
    speaker.power_on()
    speaker.run(at("01:00", 1))
    assert outcomes(speaker, items) == {
        "s1.a": ("done", ""),
        "s2.a": ("done", ""),
        "s3.a": ("done", ""),
        "s4.a": ("refused", "session_limit"),
        "s5.a": ("done", ""),
    }


def test_a_power_cut_in_the_middle_of_a_session_does_not_give_it_back(rig):
    speaker = rig(now=at("05:00"), policy=policy(sessions_a_day=1))
    items = [speaker.item("s1.a", at("05:30"), seconds=600), speaker.item("s2.a", at("17:00"))]
    speaker.send(speaker.desired(*items))
    speaker.run(at("05:31"))
    speaker.cut_power()
    speaker.power_on()
    speaker.run(at("18:00"))
    assert outcomes(speaker, items)["s2.a"] == ("refused", "session_limit")


def test_a_priority_announcement_in_the_middle_opens_no_session_and_what_it_cut_goes_on(rig):
    speaker = rig(now=at("05:00"), policy=policy(sessions_a_day=1, minutes_a_session=30))
    long = speaker.item("s1.a", at("05:30"), seconds=1200)
    first = speaker.item("s2.a", at("05:45"), klass=BulletinClass.PRIORITY)
    speaker.send(speaker.desired(long, first))
    speaker.run(at("07:00"))
    assert outcomes(speaker, [long, first]) == {"s1.a": ("done", ""), "s2.a": ("done", "")}


def test_what_waited_for_an_emergency_belongs_to_the_session_of_its_planned_time(rig):
    speaker = rig(now=at("05:00"), policy=policy(sessions_a_day=1))
    items = [speaker.item("s1.a", at("05:30")), speaker.item("s2.a", at("05:40"), late_s=600)]
    speaker.send(speaker.desired(*items))
    speaker.send(speaker.alerts(speaker.emergency("u1", at("05:35"), seconds=800)))
    speaker.run(at("07:00"))
    assert outcomes(speaker, items) == {"s1.a": ("done", ""), "s2.a": ("done", "")}
    assert [each.item for each in speaker.heard] == ["s1.a", "u1", "s2.a"]


def test_on_sunday_only_an_emergency_sounds_and_what_began_on_saturday_goes_on(rig):
    speaker = rig(now=at("23:40", 1), policy=policy(weekdays=(1, 2, 3, 4, 5, 6)))
    items = [
        speaker.item("s1.a", at("23:55", 1), seconds=600),
        speaker.item("s2.a", at("12:00", 2)),
        speaker.item("s3.a", at("00:01", 3)),
    ]
    speaker.send(speaker.desired(*items))
    drill = speaker.emergency("u1", at("09:00", 2), status=AlertStatus.EXERCISE)
    speaker.send(speaker.alerts(drill, speaker.emergency("u2", at("10:00", 2))))
    speaker.run(at("01:00", 3))
    assert outcomes(speaker, [*items, drill]) == {
        "s1.a": ("done", ""),
        "s2.a": ("refused", "weekday"),
        "s3.a": ("done", ""),
        "u1": ("refused", "weekday"),
    }
    assert speaker.heard[0].end == at("00:05", 2)


@pytest.mark.parametrize("numbers", [(), (0, 8), (-1,)])
def test_days_that_do_not_exist_open_nothing(numbers):
    what = Item(id="x", title="x", start=0, not_before=0, expires=1, clips=())
    for day in range(7):
        where = {"at": at("12:00", day), "duration_ms": 1, "used_ms": 0}
        assert guard.refusal(policy(weekdays=numbers), what, **where) == "weekday"


def replayed(programme, most, longest_ms):
    """Who may sound, by the rule as it is written: neighbours nearer than ten minutes are one session."""
    sessions, told = [], {}
    for name, start, length in programme:
        last = sessions[-1] if sessions else []
        joined = bool(last) and start <= max(end for _, end in last) + GAP
        session = last if joined else []
        if most is not None and len(sessions) + (not joined) > most:
            told[name] = "session_limit"
        elif longest_ms is not None and sum(e - b for b, e in session) + length > longest_ms:
            told[name] = "session_minutes"
        else:
            told[name] = ""
            if not joined:
                sessions.append(session)
            session.append((start, start + length))
    return told


@settings(max_examples=25, deadline=None)
@given(
    steps=st.lists(st.tuples(st.integers(1, 25), st.integers(1, 12)), min_size=1, max_size=12),
    most=st.none() | st.integers(0, 4),
    longest=st.none() | st.integers(0, 20),
)
def test_sessions_are_those_that_reading_the_day_from_its_beginning_gives(rig, steps, most, longest):
    speaker = rig(now=at("05:00"), policy=policy(sessions_a_day=most, minutes_a_session=longest))
    starts = itertools.accumulate(steps, lambda at_, step: at_ + step[0] * MINUTE, initial=at("05:30"))
    programme, free = [], 0
    for number, (start, (_, minutes)) in enumerate(zip(starts, steps, strict=False)):
        begin = max(start, free)
        programme.append((f"s{number}.a", begin, minutes * MINUTE))
        free = begin + minutes * MINUTE + SECOND
    items = [speaker.item(name, start, seconds=length // SECOND) for name, start, length in programme]
    speaker.send(speaker.desired(*items))
    speaker.run(programme[-1][1] + HOUR)
    wanted = replayed(programme, most, None if longest is None else longest * MINUTE)
    assert {each.id: speaker.last(each.id).reason for each in items} == wanted


def test_while_two_clocks_disagree_about_the_day_nothing_begins(rig):
    speaker = rig(now=at("22:00", 1), policy=policy(weekdays=(6,)))
    item = speaker.item("s1.a", at("23:30", 1))
    speaker.send(speaker.desired(item))
    speaker.event(c.ClockJudged(ClockQuality.HOLDOVER, 50, HOUR))
    speaker.run(at("23:45", 1))
    assert outcomes(speaker, [item])["s1.a"] == ("refused", "clock_doubtful")
