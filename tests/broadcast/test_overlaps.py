"""What sounds at once is named before it is saved, and there are three ways out."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select, update

from broadcast.errors import Forbidden, NotFound, WrongState
from broadcast.models import (
    Area,
    ChangeAction,
    Loudspeaker,
    NoticeKind,
    Person,
    PlanDocument,
    Role,
    Schedule,
    StartMode,
)
from broadcast.scheduling import (
    decisions,
    free_times,
    notices,
    occurrences,
    overlaps,
    programme,
    schedule_changes,
)
from broadcast.scheduling.intents import Intent
from broadcast.units import people, policies
from devices.envelope import decode_plan
from devices.messages import BulletinClass
from schedules import recurrence
from schedules.conflicts import Part, Say
from schedules.types import LOCAL, Frequency, Rule

TODAY = dt.date(2026, 3, 2)  # a Monday; now is 08:00


def daily(*times: str, **fields: Any) -> Rule:
    return Rule(Frequency.DAILY, TODAY, tuple(dt.time.fromisoformat(time) for time in times), **fields)


def once(day: int, *times: str) -> Rule:
    times_ = tuple(dt.time.fromisoformat(time) for time in times)
    return Rule(Frequency.ONCE, TODAY + dt.timedelta(days=day), times_)


def ask(stage: Any, service: Any, rule: Rule, person: Any = None, **more: Any) -> Any:
    """What one of the services of ``overlaps`` says of a schedule that is meant."""
    time = {"time": more.pop("time")} if "time" in more else {}
    intent = meant(stage, rule, **more)
    with stage.database.transaction() as session:
        return service(session, person or stage.cast.lan, intent, stage.now, **time)


def create(stage: Any, rule: Rule, person: Any = None, **more: Any) -> Schedule:
    said = {"title": "Tin mới", "now": stage.now, "wire": stage.wire, "over": more.pop("over", ())}
    intent = meant(stage, rule, **more)
    with stage.database.transaction() as session:
        return programme.create_schedule(session, person or stage.cast.lan, intent, **said)


def meant(stage: Any, rule: Rule, **more: Any) -> Intent:
    if "bulletin_ids" not in more:
        more["bulletin_ids"] = [stage.bulletin()]
    return Intent(**{"area_id": stage.cast.commune, "rule": rule, **more})


def rule_of(stage: Any, schedule_id: int) -> Rule:
    with stage.database.transaction(read_only=True) as session:
        return recurrence.from_dict(session.get_one(Schedule, schedule_id).rule)


def of_the_district(stage: Any) -> Any:
    """An officer who makes the programme of the district."""
    with stage.database.transaction() as session:
        made = people.create_person(session, username="hoa", name="Vũ Thị Hoa", now=stage.now)
        people.grant(session, made, Role.EDITOR, stage.cast.district, now=stage.now)
        return made


def from_above(
    stage: Any, *times: str, klass: BulletinClass = BulletinClass.ROUTINE, seconds: int = 60
) -> Any:
    hoa = of_the_district(stage)
    bulletin = stage.bulletin(klass=klass, seconds=seconds)
    return create(stage, daily(*times), hoa, area_id=stage.cast.district, bulletin_ids=[bulletin])


# --- named --------------------------------------------------------------------


def test_an_overlap_says_with_which_whose_where_and_on_how_many_loudspeakers(stage: Any) -> None:
    stage.loudspeakers(6)
    village = stage.cast.villages[0]
    other = stage.schedule("17:00", bulletin_ids=[stage.bulletin(seconds=120)], area_id=village)
    [found] = ask(stage, overlaps.find, daily("17:01", "19:00"))
    assert (found.schedule_id, found.title, found.author) == (other.id, "Bản tin sáng", "Nguyễn Thị Lan")
    assert (found.area, found.where, found.loudspeakers) == ("Thôn Đông", "Thôn Đông", 2)
    start = dt.datetime.combine(TODAY, dt.time(17, 1), tzinfo=LOCAL)
    assert (found.start, found.end) == (start, start + dt.timedelta(minutes=1))
    assert found.theirs == start - dt.timedelta(minutes=1)
    assert (found.times, found.part) == (14, Part.END)
    assert ask(stage, overlaps.find, daily("17:01"), area_id=stage.cast.villages[1]) == []


def test_loudspeakers_that_begin_in_turn_overlap_when_their_turn_has_come(stage: Any) -> None:
    """At 17:00 the first one speaks a minute, then the second one: at 17:01 only that one is busy."""
    boxes = stage.loudspeakers(2, area_id=stage.cast.villages[0])
    with stage.database.transaction() as session:
        second = update(Loudspeaker).where(Loudspeaker.device == boxes[1].device)
        session.execute(second.values(turn=1))
        values = {"start_mode": StartMode.STAGGERED}
        policies.save(session, stage.cast.admin, stage.cast.villages[0], values=values, now=stage.now)
    stage.schedule("17:00", area_id=stage.cast.villages[0])
    [found] = ask(stage, overlaps.find, once(0, "17:00:30"))
    assert found.loudspeakers == 2
    short = stage.bulletin(seconds=10)
    [found] = ask(stage, overlaps.find, once(0, "17:01:00"), bulletin_ids=[short])
    assert found.loudspeakers == 1
    assert ask(stage, overlaps.find, once(0, "17:02:00"), bulletin_ids=[short]) == []


def test_the_rank_says_who_may_go_over_whom(stage: Any) -> None:
    above = from_above(stage, "17:00")
    equal = stage.schedule("17:00")
    below = stage.schedule("17:00", area_id=stage.cast.villages[1])
    found = {each.schedule_id: each for each in ask(stage, overlaps.find, daily("17:00"))}
    assert {key: each.say for key, each in found.items()} == {
        above.id: Say.NOBODY,
        equal.id: Say.UNIT,
        below.id: Say.RULE,
    }
    assert [found[each.id].may_displace for each in (above, equal, below)] == [False, True, True]
    assert [each.may_decide for each in found.values()] == [False, False, False]


# --- another time, after it -----------------------------------------------------


def test_the_next_free_time_is_in_the_hours_and_free_on_every_day(stage: Any) -> None:
    stage.schedule("17:00", bulletin_ids=[stage.bulletin(seconds=90)])
    stage.schedule("17:02", frequency=Frequency.ONCE, starts_on=TODAY + dt.timedelta(days=3))
    assert ask(stage, free_times.next_free, daily("17:00")) == (dt.time(17, 3), None)
    assert ask(stage, free_times.after, daily("17:00")) == dt.time(17, 3)
    assert ask(stage, free_times.after, once(0, "17:00")) == dt.time(17, 2)
    assert ask(stage, free_times.next_free, daily("09:00", "17:00"), time=dt.time(17)) == (
        dt.time(17, 3),
        None,
    )
    assert ask(stage, free_times.next_free, daily("16:00")) == (dt.time(16), None)


def test_nothing_is_proposed_where_the_hours_are_over(stage: Any) -> None:
    stage.schedule("21:29", bulletin_ids=[stage.bulletin(seconds=60)])
    assert ask(stage, free_times.next_free, daily("21:29")) is None
    assert ask(stage, free_times.after, daily("21:29")) is None


# --- over it --------------------------------------------------------------------


def test_what_is_displaced_is_left_out_its_author_is_told_and_one_undo_returns_it(stage: Any) -> None:
    with stage.database.transaction() as session:
        hoa = people.create_person(session, username="hoa", name="Vũ Thị Hoa", now=stage.now)
        people.grant(session, hoa, Role.EDITOR, stage.cast.commune, now=stage.now)
    theirs = create(stage, daily("17:00"), hoa)
    mine = create(stage, once(2, "17:00"), over=[theirs.id])
    gone = dt.datetime.combine(TODAY + dt.timedelta(days=2), dt.time(17))
    assert rule_of(stage, theirs.id).skipped == (gone,)
    with stage.database.transaction() as session:
        [notice] = notices.unseen(session, hoa)
        assert notices.unseen(session, stage.cast.lan) == []
        assert notice.kind is NoticeKind.DISPLACED
        assert notice.schedule.id == theirs.id
        assert (notice.params["by"], notice.params["times"]) == ("Nguyễn Thị Lan", 1)
        [change] = schedule_changes.recent(session, stage.cast.lan, stage.cast.commune, 1)
        assert [part.action for part in change.parts] == [ChangeAction.CREATE, ChangeAction.OVER]
        with pytest.raises(NotFound):
            notices.seen(session, stage.cast.lan, notice.id, stage.now)
        notices.seen(session, hoa, notice.id, stage.now)
        assert notices.unseen(session, hoa) == []
        schedule_changes.undo(session, stage.cast.lan, change.id, stage.now, wire=stage.wire)
    assert rule_of(stage, theirs.id).skipped == ()
    with stage.database.transaction(read_only=True) as session:
        assert session.get_one(Schedule, mine.id).withdrawn_at == stage.now


def test_a_programme_that_loses_every_airing_from_a_day_on_ends_before_that_day(stage: Any) -> None:
    theirs = stage.schedule("17:00")
    start = TODAY + dt.timedelta(days=10)
    create(stage, Rule(Frequency.DAILY, start, (dt.time(17),)), over=[theirs.id])
    rule = rule_of(stage, theirs.id)
    assert (rule.until, rule.skipped) == (start - dt.timedelta(days=1), ())
    whole = stage.schedule("19:00")
    create(stage, daily("19:00"), over=[whole.id])
    with stage.database.transaction(read_only=True) as session:
        assert session.get_one(Schedule, whole.id).withdrawn_at == stage.now


def test_what_plays_is_stopped_when_it_gives_way(stage: Any) -> None:
    stage.loudspeakers(1)
    theirs = stage.schedule("08:30", bulletin_ids=[stage.bulletin(seconds=600)])
    stage.plan()
    stage.now = dt.datetime.combine(TODAY, dt.time(8, 31), tzinfo=LOCAL)
    create(stage, once(0, "08:35"), over=[theirs.id])
    assert next(each.stopped_at for each in stage.broadcasts()) == stage.now


def test_what_is_cut_by_rank_stays_in_the_programme_and_is_told(stage: Any) -> None:
    hoa = of_the_district(stage)
    below = stage.schedule("17:00", area_id=stage.cast.villages[1])
    create(stage, daily("17:00"), hoa, area_id=stage.cast.district, over=[below.id])
    assert rule_of(stage, below.id).skipped == ()
    with stage.database.transaction() as session:
        [notice] = notices.unseen(session, stage.cast.lan)
        assert (notice.kind, notice.params["times"]) == (NoticeKind.CUT, 366)


def test_nobody_puts_their_own_over_what_comes_from_above(stage: Any) -> None:
    above = from_above(stage, "17:00")
    with pytest.raises(Forbidden):
        create(stage, daily("17:00"), over=[above.id])
    with pytest.raises(NotFound):
        create(stage, daily("17:00"), over=[999])
    with stage.database.transaction(read_only=True) as session:
        assert list(session.scalars(select(Schedule.id))) == [above.id]


# --- the order between a priority from above and one's own -----------------------


def test_the_commune_decides_the_order_and_the_decision_is_kept_with_name_and_time(stage: Any) -> None:
    above = from_above(stage, "17:00", klass=BulletinClass.PRIORITY)
    [found] = ask(stage, overlaps.find, daily("17:00"))
    assert (found.say, found.may_decide) == (Say.UNIT, True)
    own = create(stage, daily("17:00"))
    commune = stage.cast.commune
    with stage.database.transaction() as session:
        options = {"first": own.id, "second": above.id, "now": stage.now}
        decisions.decide(session, stage.cast.lan, area_id=commune, **options)
        with pytest.raises(Forbidden):
            decisions.decide(session, stage.cast.binh, area_id=commune, **options)
    with stage.database.transaction() as session:
        [kept] = decisions.list_(session, stage.cast.lan, commune)
        assert (kept.first.id, kept.second.id) == (own.id, above.id)
        assert (kept.person.name, kept.at) == ("Nguyễn Thị Lan", stage.now)
        hoa = session.scalars(select(Person).where(Person.username == "hoa")).one()
        [notice] = notices.unseen(session, hoa)
        assert (notice.kind, notice.params["other"]) == (NoticeKind.DECIDED, "Tin mới")
        [decision] = decisions.about(session, own.id)
        assert decision.level == session.get_one(Area, commune).level


def test_what_goes_second_waits_on_the_loudspeakers_of_the_unit_that_decided(stage: Any) -> None:
    """The district's ten minutes at 17:00, the commune's own at 17:05: as the commune says, its own first."""
    boxes = [*stage.loudspeakers(1), *stage.loudspeakers(1, area_id=stage.cast.other_commune)]
    above = from_above(stage, "17:00", klass=BulletinClass.PRIORITY, seconds=600)
    own = create(stage, daily("17:05"))

    def starts() -> list[dict[int, str]]:
        stage.plan()
        return [planned(stage, box) for box in boxes]

    assert starts() == [{above.id: "17:00:00", own.id: "17:05:00"}, {above.id: "17:00:00"}]
    first = {"first": own.id, "second": above.id}
    with stage.database.transaction() as session:
        options = {"area_id": stage.cast.commune, "now": stage.now}
        decisions.decide(session, stage.cast.lan, **first, **options)
    assert starts() == [{above.id: "17:06:00", own.id: "17:05:00"}, {above.id: "17:00:00"}]
    with stage.database.transaction() as session:
        decisions.decide(session, stage.cast.lan, first=above.id, second=own.id, **options)
    assert starts() == [{above.id: "17:00:00", own.id: "17:10:00"}, {above.id: "17:00:00"}]


def planned(stage: Any, box: Any) -> dict[int, str]:
    """By schedule, when a loudspeaker shall first begin it."""
    topic = stage.wire.topics.desired(box.device)
    [desired] = [order for to, order in stage.outbox() if to == topic]
    with stage.database.transaction(read_only=True) as session:
        kept = session.scalars(select(PlanDocument).where(PlanDocument.sha256 == desired.plan.sha256)).one()
        found = decode_plan(kept.body).items
    times = {}
    for item in reversed(found):
        start = dt.datetime.fromtimestamp(item.start / 1000, LOCAL)
        times[int(item.id[1:].partition(".")[0])] = f"{start:%H:%M:%S}"
    return times


def test_what_the_rule_settles_is_not_decided(stage: Any) -> None:
    above = from_above(stage, "17:00")
    own = stage.schedule("17:00")
    elsewhere = create(stage, daily("17:00"), stage.cast.mai, area_id=stage.cast.other_commune, **mine(stage))
    with stage.database.transaction() as session:
        options = {"area_id": stage.cast.commune, "first": own.id, "now": stage.now}
        with pytest.raises(WrongState):
            decisions.decide(session, stage.cast.lan, second=above.id, **options)
        with pytest.raises(NotFound):
            decisions.decide(session, stage.cast.lan, second=elsewhere.id, **options)


def mine(stage: Any) -> dict[str, Any]:
    """A bulletin of the other commune's own, through a grant for the writer of this one."""
    with stage.database.transaction() as session:
        mai = session.get_one(Person, stage.cast.mai.id)
        people.grant(session, mai, Role.VIEWER, stage.cast.commune, now=stage.now)
    return {"bulletin_ids": [stage.bulletin()]}


def test_an_edited_programme_is_not_in_its_own_way(stage: Any) -> None:
    made = stage.schedule("17:00")
    assert ask(stage, overlaps.find, daily("17:00"), schedule_id=made.id) == []
    assert ask(stage, free_times.next_free, daily("17:00"), schedule_id=made.id) == (dt.time(17), None)
    with stage.database.transaction() as session:
        gone = dt.datetime.combine(TODAY, dt.time(17))
        occurrences.skip(session, stage.cast.lan, made.id, at=gone, now=stage.now, wire=stage.wire)
    [found] = ask(stage, overlaps.find, daily("17:00"))
    assert found.start.astimezone(LOCAL).date() == TODAY + dt.timedelta(days=1)
