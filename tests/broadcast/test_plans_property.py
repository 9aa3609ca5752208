"""Whatever is changed, moved or broken off: a loudspeaker is told what the calendar shows, nothing else."""

from __future__ import annotations

import datetime as dt
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select, update

from broadcast import (
    areas,
    bulletins,
    documents,
    events,
    items,
    people,
    policies,
    programme,
    registry,
    stopping,
    week,
)
from broadcast.database import Database
from broadcast.models import (
    Broadcast,
    BroadcastState,
    Bulletin,
    BulletinState,
    Delivery,
    Loudspeaker,
    OutboxMessage,
    Person,
    PlanDocument,
    Role,
    Schedule,
    StartMode,
)
from broadcast.planner import NOTHING, STEPS, Planner
from devices.envelope import decode_plan
from devices.messages import Desired, ItemState
from schedules import recurrence
from schedules.types import Frequency, Rule

DAYS = 7
TIMES = ("05:30", "08:20", "08:30", "11:00", "17:00", "17:00:30")
SECONDS = (30, 45, 60, 75)

any_of = st.integers(0, 50)


class PowerCutError(Exception):
    """The power fails."""


class Changes(RuleBasedStateMachine):
    """Officers, poles and the clock on one side, the planner on the other."""

    def __init__(self, stage: Any, path: Path) -> None:
        super().__init__()
        path.unlink(missing_ok=True)
        shutil.copyfile(stage.path, path)
        self.database = Database(f"sqlite:///{path}")
        self.stage = type(stage)(self.database, stage.cast, stage.wire, stage.now, list(stage.boxes))
        self.stage._numbers = stage._numbers
        self.told: dict[str, Desired] = {}
        self.steps = 0

    def teardown(self) -> None:
        self.database.dispose()

    # --- what officers do ----------------------------------------------------

    @rule(
        where=any_of, when=st.sampled_from(TIMES), what=st.lists(any_of, min_size=1, max_size=2), how=any_of
    )
    def create(self, where: int, when: str, what: list[int], how: int) -> None:
        frequency = (Frequency.DAILY, Frequency.ONCE, Frequency.WEEKLY)[how % 3]
        places = (self.stage.cast.commune, *self.stage.cast.villages)
        ready = self._bulletins(BulletinState.APPROVED)
        chosen = [ready[each % len(ready)] for each in what] if ready else []
        today = self.stage.now.date()
        if chosen:
            self.stage.schedule(
                when,
                bulletin_ids=dict.fromkeys(chosen),
                area_id=places[where % len(places)],
                frequency=frequency,
                starts_on=today + dt.timedelta(days=how % 3),
                weekdays=frozenset({how % 7}) if frequency is Frequency.WEEKLY else frozenset(),
            )

    @precondition(lambda self: self._schedules())
    @rule(which=any_of)
    def withdraw_or_restore(self, which: int) -> None:
        found = self._schedules()
        schedule = found[which % len(found)]
        lan, now = self.stage.cast.lan, self.stage.now
        with self.database.transaction() as session:
            if schedule.withdrawn_at is None:
                programme.withdraw_schedule(session, lan, schedule.id, now, wire=self.stage.wire)
            else:
                programme.restore_schedule(session, lan, schedule.id, now)

    @precondition(lambda self: self._schedules())
    @rule(which=any_of, when=st.sets(st.sampled_from(TIMES), min_size=1, max_size=2))
    def edit_rule(self, which: int, when: set[str]) -> None:
        found = self._schedules()
        schedule = found[which % len(found)]
        times = tuple(sorted(dt.time.fromisoformat(each) for each in when))
        edited = recurrence.to_dict(Rule(Frequency.DAILY, self.stage.now.date(), times))
        with self.database.transaction() as session:
            changed = update(Schedule).where(Schedule.id == schedule.id)
            session.execute(changed.values(rule=edited, title=f"Bản tin {which}"))
            events.emit(session, now=self.stage.now, kind="schedule", subject=schedule.id)

    @rule(which=any_of)
    def edit_or_approve_bulletin(self, which: int) -> None:
        drafts, ready = self._bulletins(BulletinState.DRAFT), self._bulletins(BulletinState.APPROVED)
        if drafts and which % 2:
            self.stage.approve(drafts[which % len(drafts)], seconds=SECONDS[which % len(SECONDS)])
        elif ready:
            with self.database.transaction() as session:
                bulletin = session.get_one(Bulletin, ready[which % len(ready)])
                bulletins.edit(
                    session,
                    self.stage.cast.lan,
                    bulletin.id,
                    expected_version=bulletin.version_number,
                    text=f"Nội dung {bulletin.version_number}.",
                    now=self.stage.now,
                )

    @rule(which=any_of)
    def withdraw_or_restore_bulletin(self, which: int) -> None:
        with self.database.transaction() as session:
            found = session.scalars(select(Bulletin).order_by(Bulletin.id)).all()
            bulletin = found[which % len(found)]
            if bulletin.state is BulletinState.WITHDRAWN:
                bulletins.restore(session, self.stage.cast.binh, bulletin.id, now=self.stage.now)
            else:
                wire = self.stage.wire
                bulletins.withdraw(session, self.stage.cast.binh, bulletin.id, wire=wire, now=self.stage.now)

    @rule(where=any_of, hour=st.integers(18, 21), mode=st.sampled_from([None, *StartMode]))
    def change_policy(self, where: int, hour: int, mode: StartMode | None) -> None:
        places = (self.stage.cast.commune, *self.stage.cast.villages)
        values = {"windows": [{"start": "05:00", "end": f"{hour}:00"}], "start_mode": mode}
        with self.database.transaction() as session:
            place = places[where % len(places)]
            policies.save(session, self.stage.cast.admin, place, values=values, now=self.stage.now)

    @rule(which=any_of)
    def stop_one(self, which: int) -> None:
        with self.database.transaction() as session:
            coming = select(Broadcast.id).where(Broadcast.state != BroadcastState.CANCELLED)
            found = session.scalars(coming.order_by(Broadcast.id)).all()
            if found:
                stopping.stop(
                    session,
                    self.stage.cast.dung,
                    wire=self.stage.wire,
                    broadcast_id=found[which % len(found)],
                    now=self.stage.now,
                )

    # --- what becomes of the poles --------------------------------------------

    @rule(which=any_of, back=st.booleans())
    def move_area(self, which: int, back: bool) -> None:
        village = self.stage.cast.villages[which % 3]
        parent = self.stage.cast.commune if back else self.stage.cast.other_commune
        with self.database.transaction() as session:
            areas.move(session, village, parent_id=parent, now=self.stage.now)

    @rule(where=any_of)
    def add_loudspeaker(self, where: int) -> None:
        with self.database.transaction() as session:
            registry.add(
                session,
                None,
                wire=self.stage.wire,
                device=f"loa-{len(session.scalars(select(Loudspeaker.id)).all()) + 1:03}",
                name="Cụm loa",
                area_id=self.stage.cast.villages[where % 3],
                now=self.stage.now,
            )

    @rule(which=any_of, where=any_of, deed=st.sampled_from(["move", "retire", "volume", "turn"]))
    def change_loudspeaker(self, which: int, where: int, deed: str) -> None:
        now = self.stage.now
        with self.database.transaction() as session:
            alive = select(Loudspeaker).where(Loudspeaker.retired_at.is_(None)).order_by(Loudspeaker.id)
            found = session.scalars(alive).all()
            box = found[which % len(found)]
            if deed == "move":
                area_id = self.stage.cast.villages[where % 3]
                registry.move(session, None, loudspeaker_id=box.id, area_id=area_id, now=now)
            elif deed == "volume":
                # The commune may be elsewhere by now: as the operator at the machine would.
                box.volume, box.desired_sha256 = where, ""
            elif deed == "turn":
                box.turn = where % 3
                events.emit(session, now=now, kind="area", subject=box.area_id)
            elif len(found) > 2:
                registry.retire(session, None, wire=self.stage.wire, loudspeaker_id=box.id, now=now)

    # --- time, the planner, and what it is held to ------------------------------

    @rule(hours=st.sampled_from([0.02, 1, 8, 24, 71]))
    def time_passes(self, hours: float) -> None:
        self.stage.now += dt.timedelta(hours=hours)

    @rule(at=st.sampled_from(STEPS))
    def crash(self, at: str) -> None:
        def checkpoint(name: str) -> None:
            if name == at:
                raise PowerCutError

        with pytest.raises(PowerCutError), self.database.transaction() as session:
            Planner(session, self.stage.wire, self.stage.now, DAYS, checkpoint).plan()

    @invariant()
    def plan_now_and_then(self) -> None:
        self.steps += 1
        if self.steps % 3 == 0:
            self.plan()

    def plan(self) -> None:
        with self.database.transaction() as session:
            Planner(session, self.stage.wire, self.stage.now, DAYS).plan()
        self._deliver()
        with self.database.transaction(read_only=True) as session:
            assert Planner(session, self.stage.wire, self.stage.now, DAYS).inspect() == NOTHING
            for wish in documents.wanted(session, self.stage.wire, self.stage.now, DAYS):
                told = self.told[wish.row.device]
                body = session.get_one(PlanDocument, told.plan.sha256).body if told.plan else b""
                assert body == wish.body
                assert told.rev == wish.row.desired_rev
                assert self._heard(body) == self._shown(session, wish.row)
                self._check_deliveries(session, wish.row)

    def _deliver(self) -> None:
        for _, order in self.stage.outbox():
            if isinstance(order, Desired):
                before = self.told.get(order.device)
                assert before is None or order.rev > before.rev or order.policy == before.policy
                self.told[order.device] = order
        with self.database.transaction() as session:
            for row in session.scalars(select(OutboxMessage)):
                session.delete(row)

    def _heard(self, body: bytes) -> Counter[tuple[int, str, int]]:
        plan, now = decode_plan(body), int(self.stage.now.timestamp() * 1000)
        assert all(item.expires > item.start == item.not_before for item in plan.items)
        assert len({item.id for item in plan.items}) == len(plan.items)
        return Counter((item.start, item.title, item.duration_ms) for item in plan.items if item.start > now)

    def _shown(self, session: Any, row: Any) -> Counter[tuple[int, str, int]]:
        """What the calendar shows of the loudspeaker's area, at the loudspeaker's own turn."""
        now, above = self.stage.now, [area.id for area in areas.ancestors(session, row.area_id)]
        staggered = policies.of(session, row.area_id).start_mode is StartMode.STAGGERED
        turn, shown = row.turn if staggered else 0, Counter[tuple[int, str, int]]()
        for slot in week.between(session, above, now - dt.timedelta(hours=1), items.horizon(now, DAYS), now):
            start = int(slot.start.timestamp() * 1000) + turn * (slot.duration_ms + items.TURN_GAP_MS)
            alive = slot.state is not BroadcastState.CANCELLED and slot.start > row.created_at
            if alive and start > int(now.timestamp() * 1000):
                shown[start, slot.title, slot.duration_ms] += 1
        return shown

    def _check_deliveries(self, session: Any, row: Any) -> None:
        above = [area.id for area in areas.ancestors(session, row.area_id)]
        coming = (Broadcast.start > self.stage.now, Broadcast.start > row.created_at)
        query = select(Broadcast.id).where(*coming, Broadcast.state != BroadcastState.CANCELLED)
        meant = set(session.scalars(query.where(Broadcast.area_id.in_(above))))
        has = select(Delivery.broadcast_id).where(
            Delivery.loudspeaker_id == row.id, Delivery.state != ItemState.CANCELLED
        )
        assert meant == set(session.scalars(has.where(Delivery.broadcast_id.in_(query))))

    def _schedules(self) -> list[Schedule]:
        with self.database.transaction(read_only=True) as session:
            return list(session.scalars(select(Schedule).order_by(Schedule.id)))

    def _bulletins(self, state: BulletinState) -> list[int]:
        with self.database.transaction(read_only=True) as session:
            query = select(Bulletin.id).where(Bulletin.state == state)
            return list(session.scalars(query.order_by(Bulletin.id)))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_loudspeaker_is_told_what_the_calendar_shows_after_any_changes(stage: Any, tmp_path: Path) -> None:
    stage.loudspeakers(4)
    for seconds in SECONDS[:3]:
        stage.bulletin(seconds=seconds)
    stage.schedule("17:00", bulletin_ids=[1])
    with stage.database.transaction() as session:
        for person, role in (("lan", Role.EDITOR), ("binh", Role.APPROVER), ("admin", Role.ADMIN)):
            somebody = session.get_one(Person, getattr(stage.cast, person).id)  # villages move, people stay
            people.grant(session, somebody, role, stage.cast.district, now=stage.now)
    stage.database.dispose()
    stage.path = tmp_path / "truyen-thanh.db"
    run_state_machine_as_test(
        lambda: Changes(stage, tmp_path / "example.db"),
        settings=settings(
            max_examples=10,
            stateful_step_count=18,
            deadline=None,
            derandomize=True,
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
        ),
    )
