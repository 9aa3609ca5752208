"""When and how loudly an area may sound: every level narrows, and horns that share ears take turns."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadcast.errors import Forbidden, InvalidInput, InvalidWindow, OutOfRange
from broadcast.evidence import closing
from broadcast.models import Area, AreaPolicy, AsRun, AuditRow, Loudspeaker, PlanDocument, StartMode
from broadcast.plans import turns
from broadcast.scheduling import concerns
from broadcast.scheduling.intents import Intent
from broadcast.storage.moments import to_ms
from broadcast.units import areas, policies
from devices.envelope import decode_plan
from devices.messages import AllowedWindow, Desired, VolumeCap
from schedules import windows
from schedules.types import Frequency, Rule, Window

MIDDAY = {"start": "11:30", "end": "13:30"}
SESSIONS = [{"start": "05:00", "end": "06:30"}, {"start": "17:00", "end": "18:30"}]


def say(stage: Any, area_id: int, **values: Any) -> None:
    with stage.database.transaction() as session:
        policies.save(session, stage.cast.admin, area_id, values=values, now=stage.now)


def policy_of(stage: Any, area_id: int) -> policies.Policy:
    with stage.database.transaction(read_only=True) as session:
        return policies.of(session, area_id)


def told(stage: Any) -> dict[str, Desired]:
    return {order.device: order for _, order in stage.outbox() if isinstance(order, Desired)}


def test_where_nobody_says_anything_the_hours_of_the_areas_hold(stage: Any) -> None:
    assert policy_of(stage, stage.cast.commune) == policies.Policy(
        windows=(Window(dt.time(5), dt.time(21, 30)),)
    )


def test_a_commune_cannot_allow_what_the_district_forbids(stage: Any) -> None:
    with stage.database.transaction() as session:
        above = AreaPolicy(area_id=stage.cast.district, quiet=[MIDDAY], max_volume=80, minutes_a_day=60)
        above.updated_at, above.updated_by = stage.now, stage.cast.admin.id
        session.add(above)
    say(stage, stage.cast.commune, windows=SESSIONS, max_volume=95, minutes_a_day=30, quiet=[])
    found = policy_of(stage, stage.cast.villages[0])
    assert found.max_volume == 80
    assert found.minutes_a_day == 30
    assert found.quiet == (Window(dt.time(11, 30), dt.time(13, 30)),)
    assert found.open == (Window(dt.time(5), dt.time(6, 30)), Window(dt.time(17), dt.time(18, 30)))


times = st.times().map(lambda time: time.replace(second=0, microsecond=0))
rows = st.lists(
    st.builds(lambda a, b: {"start": f"{a:%H:%M}", "end": f"{b:%H:%M}"}, times, times), max_size=3
)


@given(st.lists(st.tuples(st.none() | rows, st.none() | rows), min_size=1, max_size=3), times)
def test_it_is_open_exactly_when_every_level_allows_it(levels: Any, time: dt.time) -> None:
    chain = [Area(id=n, window_start="05:00", window_end="21:30") for n in range(len(levels))]
    said = {n: AreaPolicy(area_id=n, windows=open_, quiet=quiet) for n, (open_, quiet) in enumerate(levels)}

    def holds(some: Any) -> bool:
        each = (Window(dt.time.fromisoformat(w["start"]), dt.time.fromisoformat(w["end"])) for w in some)
        return any(windows.holds(window, time) for window in each)

    meant = dt.time(5) <= time < dt.time(21, 30) and all(
        (open_ is None or holds(open_)) and not holds(quiet or []) for open_, quiet in levels
    )
    found = policies.effective(chain, said).open
    assert any(windows.holds(window, time) for window in found) == meant


def test_the_loudspeakers_are_told_at_the_next_planning(stage: Any) -> None:
    stage.loudspeakers(2)
    stage.plan()
    stage.clear_outbox()
    say(
        stage, stage.cast.commune, quiet=[MIDDAY], volumes=[{"start": "05:00", "end": "06:00", "percent": 40}]
    )
    assert stage.plan() == 2
    policy = told(stage)["loa-001"].policy
    assert policy.quiet == (AllowedWindow(start="11:30", end="13:30"),)
    assert policy.volumes == (VolumeCap(start="05:00", end="06:00", percent=40),)


def test_trung_loc_0315_a_slot_in_the_quiet_hours_is_named_before_it_is_saved(stage: Any) -> None:
    say(stage, stage.cast.commune, quiet=[MIDDAY])
    bulletin = stage.bulletin()
    rule = Rule(Frequency.DAILY, dt.date(2026, 3, 3), (dt.time(12, 0),))
    with stage.database.transaction(read_only=True) as session:
        intent = Intent(stage.cast.commune, [bulletin], rule)
        found = concerns.check(session, stage.cast.lan, intent, stage.now)
    assert "outside_hours" in {each.code for each in found}


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"quiet": [{"start": "25:00", "end": "06:00"}]}, InvalidWindow),
        ({"max_volume": 101}, OutOfRange),
        ({"minutes_a_day": -1}, OutOfRange),
        ({"volumes": [{"start": "05:00", "end": "06:00", "percent": 101}]}, OutOfRange),
        ({"windows": [MIDDAY] * 13}, OutOfRange),
        ({"colour": "red"}, InvalidInput),
    ],
)
def test_what_makes_no_sense_is_refused(stage: Any, values: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        say(stage, stage.cast.commune, **values)


def test_only_who_runs_the_area_may_say(stage: Any) -> None:
    with pytest.raises(Forbidden), stage.database.transaction() as session:
        policies.save(session, stage.cast.lan, stage.cast.commune, values={"max_volume": 1}, now=stage.now)


def test_a_change_is_audited_and_none_takes_it_back(stage: Any) -> None:
    say(stage, stage.cast.commune, max_volume=50)
    say(stage, stage.cast.commune, max_volume=None)
    assert policy_of(stage, stage.cast.commune).max_volume == 100
    with stage.database.transaction(read_only=True) as session:
        saved = session.query(AuditRow).filter(AuditRow.action == "policy.save").order_by(AuditRow.id).all()
    assert [row.detail["changed"]["max_volume"] for row in saved] == [[None, 50], [50, None]]


def place(stage: Any, *metres: float) -> None:
    with stage.database.transaction() as session:
        found = session.query(Loudspeaker).order_by(Loudspeaker.device)
        for each, at in zip(found, metres, strict=True):
            each.latitude, each.longitude = 21.0 + at / 111_195, 105.8


def starts(stage: Any) -> dict[str, int]:
    """When each loudspeaker's plan begins its first item, in seconds after the earliest."""
    with stage.database.transaction(read_only=True) as session:
        plans = {
            device: decode_plan(session.get_one(PlanDocument, order.plan.sha256).body)
            for device, order in told(stage).items()
            if order.plan is not None
        }
    first = min(plan.items[0].start for plan in plans.values())
    return {device: (plan.items[0].start - first) // 1000 for device, plan in plans.items()}


def test_chigasaki_59_neighbours_take_turns_and_each_waits_for_the_whole_item(stage: Any) -> None:
    stage.loudspeakers(3, area_id=stage.cast.commune)
    place(stage, 0, 250, 500)
    stage.schedule("17:00", bulletin_ids=[stage.bulletin(seconds=60)])
    say(stage, stage.cast.commune, start_mode=StartMode.STAGGERED)
    with stage.database.transaction() as session:
        proposal = turns.adopt(session, stage.cast.admin, stage.cast.commune, now=stage.now)
    assert (proposal.count, proposal.echo_ms) == (2, 729)
    stage.plan()
    assert starts(stage) == {"loa-001": 62, "loa-002": 0, "loa-003": 62}
    broadcast = stage.broadcasts()[0]
    with stage.database.transaction(read_only=True) as session:
        last = turns.last_start(session, broadcast)
    assert last - broadcast.start == dt.timedelta(seconds=62)


def test_simultaneous_is_what_an_area_is_unless_it_says_otherwise(stage: Any) -> None:
    stage.loudspeakers(3, area_id=stage.cast.commune)
    place(stage, 0, 250, 500)
    stage.schedule("17:00")
    with stage.database.transaction() as session:
        turns.adopt(session, stage.cast.admin, stage.cast.commune, now=stage.now)
    stage.plan()
    assert set(starts(stage).values()) == {0}


def test_moving_the_hours_of_an_area_still_narrows_everything(stage: Any) -> None:
    with stage.database.transaction() as session:
        areas.set_window(session, stage.cast.district, start="06:00", end="20:00", now=stage.now)
    assert policy_of(stage, stage.cast.villages[1]).open == (Window(dt.time(6), dt.time(20)),)


def test_a_broadcast_is_open_until_the_last_turn_is_over_and_each_row_has_its_own_start(stage: Any) -> None:
    boxes = stage.loudspeakers(2, area_id=stage.cast.commune)
    place(stage, 0, 250)
    stage.schedule("17:00", bulletin_ids=[stage.bulletin(seconds=600)])
    say(stage, stage.cast.commune, start_mode=StartMode.STAGGERED)
    with stage.database.transaction() as session:
        turns.adopt(session, stage.cast.admin, stage.cast.commune, now=stage.now)
    stage.plan()
    broadcast = stage.broadcasts()[0]
    turn = dt.timedelta(seconds=602)
    late = broadcast.start + turn + dt.timedelta(minutes=12)
    with stage.database.transaction() as session:
        assert closing.close_over(session, stage.wire, late) == 0
        assert closing.close_over(session, stage.wire, late + dt.timedelta(minutes=6)) == 1
    done = boxes[1].event(
        late, "done", broadcast.occurrence, planned=to_ms(broadcast.start + turn), samples=48, volume=50
    )
    stage.hear(boxes[1].journal(late, done))
    with stage.database.transaction(read_only=True) as session:
        assert session.query(AsRun).one().planned_start == broadcast.start + turn
