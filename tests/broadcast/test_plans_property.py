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
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select, update

from broadcast.authoring import bulletins
from broadcast.authoring.repertoire import Repertoire, duration_ms
from broadcast.joining import registry
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
from broadcast.orders import items, stopping
from broadcast.plans import documents
from broadcast.plans.planner import NOTHING, STEPS, Planner
from broadcast.scheduling import programme, week
from broadcast.storage import events
from broadcast.storage.database import Database
from broadcast.storage.moments import to_ms
from broadcast.units import areas, people, policies
from devices.envelope import decode_plan
from devices.messages import Desired, ItemState
from schedules import recurrence
from schedules.types import Frequency, Rule

DAYS = 7
TIMES = ("05:30", "08:20", "08:30", "11:00", "17:00", "17:00:30")
SECONDS = (30, 45, 60, 75)
LONGEST = dt.timedelta(hours=1)
DEEDS = ("create", "toggle", "edit", "stop")

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
        which=any_of, when=st.sampled_from(TIMES), deed=st.sampled_from(["create", "toggle", "edit", "stop"])
    )
    def change_schedule(self, which: int, when: str, deed: str) -> None:
        found = self._schedules()
        schedule = found[which % len(found)]
        if deed == "create":
            self._create(which, when)
        elif deed == "stop":
            self._stop(which)
        else:
            with self.database.transaction() as session:
                if deed == "edit":
                    self._edit(session, schedule.id, which, when)
                else:
                    self._toggle(session, schedule)

    def _create(self, which: int, when: str) -> None:
        frequency = (Frequency.DAILY, Frequency.ONCE, Frequency.WEEKLY)[which % 3]
        places = (self.stage.cast.commune, *self.stage.cast.villages)
        ready = self._bulletins(BulletinState.APPROVED)
        if ready:
            self.stage.schedule(
                when,
                bulletin_ids=[ready[which % len(ready)]],
                area_id=places[which % len(places)],
                frequency=frequency,
                starts_on=self.stage.now.date() + dt.timedelta(days=1 + which % 3),
                weekdays=frozenset({which % 7}) if frequency is Frequency.WEEKLY else frozenset(),
            )

    def _toggle(self, session: Any, schedule: Schedule) -> None:
        lan, now = self.stage.cast.lan, self.stage.now
        if schedule.withdrawn_at is None:
            programme.withdraw_schedule(session, lan, schedule.id, now, wire=self.stage.wire)
        else:
            programme.restore_schedule(session, lan, schedule.id, now)

    def _edit(self, session: Any, schedule_id: int, which: int, when: str) -> None:
        edited = Rule(Frequency.DAILY, self.stage.now.date(), (dt.time.fromisoformat(when),))
        changed = update(Schedule).where(Schedule.id == schedule_id)
        session.execute(changed.values(rule=recurrence.to_dict(edited), title=f"Bản tin {which}"))
        events.emit(session, now=self.stage.now, kind="schedule", subject=schedule_id)

    def _stop(self, which: int) -> None:
        with self.database.transaction() as session:
            coming = (Broadcast.state != BroadcastState.CANCELLED, Broadcast.start > self.stage.now)
            found = session.scalars(select(Broadcast.id).where(*coming).order_by(Broadcast.start)).all()
            if found:
                target, now = found[which % len(found)], self.stage.now
                dung, wire = self.stage.cast.dung, self.stage.wire
                stopping.stop(session, dung, wire=wire, broadcast_id=target, now=now)

    @rule(which=any_of, withdraw=st.booleans())
    def change_bulletin(self, which: int, withdraw: bool) -> None:
        """A draft is approved with new audio; what is approved is edited or withdrawn, or comes back."""
        binh, lan, now = self.stage.cast.binh, self.stage.cast.lan, self.stage.now
        drafts = self._bulletins(BulletinState.DRAFT)
        if drafts:
            self.stage.approve(drafts[which % len(drafts)], seconds=SECONDS[which % len(SECONDS)])
            return
        with self.database.transaction() as session:
            found = session.scalars(select(Bulletin).order_by(Bulletin.id)).all()
            bulletin = found[which % len(found)]
            if bulletin.state is BulletinState.WITHDRAWN:
                bulletins.restore(session, binh, bulletin.id, now=now)
            elif withdraw:
                bulletins.withdraw(session, binh, bulletin.id, wire=self.stage.wire, now=now)
            else:
                version = bulletin.version_number
                words = {"expected_version": version, "text": f"Nội dung {version}."}
                bulletins.edit(session, lan, bulletin.id, now=now, **words)

    @rule(where=any_of, mode=st.sampled_from([None, *StartMode]), move=st.booleans())
    def change_area(self, where: int, mode: StartMode | None, move: bool) -> None:
        cast, now = self.stage.cast, self.stage.now
        with self.database.transaction() as session:
            if move:
                parent = (cast.commune, cast.other_commune)[where % 2]
                areas.move(session, cast.villages[where % 3], parent_id=parent, now=now)
            else:
                values = {"windows": [{"start": "05:00", "end": f"{18 + where % 3}:00"}], "start_mode": mode}
                place = (cast.commune, *cast.villages)[where % 4]
                policies.save(session, cast.admin, place, values=values, now=now)

    # --- what becomes of the poles --------------------------------------------

    @rule(which=any_of, where=any_of, deed=st.sampled_from(["add", "move", "retire", "volume", "turn"]))
    def change_loudspeaker(self, which: int, where: int, deed: str) -> None:
        now, village = self.stage.now, self.stage.cast.villages[where % 3]
        with self.database.transaction() as session:
            every = session.scalars(select(Loudspeaker).order_by(Loudspeaker.id)).all()
            found = [each for each in every if each.retired_at is None]
            box = found[which % len(found)]
            if deed == "add" and len(found) < 6:
                place = {"device": f"loa-{len(every) + 1:03}", "name": "Loa", "area_id": village}
                registry.add(session, None, wire=self.stage.wire, now=now, **place)
            elif deed == "move":
                registry.move(session, None, loudspeaker_id=box.id, area_id=village, now=now)
            elif deed == "volume":
                registry.set_volume(session, self.stage.cast.lan, box.id, where, now)
            elif deed == "turn":
                box.turn = where % 3
                events.emit(session, now=now, kind="area", subject=box.area_id)
            elif deed == "retire" and len(found) > 2:
                registry.retire(session, None, wire=self.stage.wire, loudspeaker_id=box.id, now=now)

    # --- time, the planner, and what it is held to ------------------------------

    @rule(hours=st.sampled_from([0.02, 1, 8, 24, 30, 71]))
    def time_passes(self, hours: float) -> None:
        self.stage.now += dt.timedelta(hours=hours)

    def crash(self) -> None:
        at = STEPS[self.steps // 4 % len(STEPS)]

        def checkpoint(name: str) -> None:
            if name == at:
                raise PowerCutError

        with pytest.raises(PowerCutError), self.database.transaction() as session:
            Planner(session, self.stage.wire, self.stage.now, DAYS, checkpoint).plan()

    @invariant()
    def plan_now_and_then(self) -> None:
        self.steps += 1
        if self.steps % 4 == 0:
            self.crash()
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
                assert self._heard(body) == self._scheduled(session, wish.row)
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
        plan, now = decode_plan(body), to_ms(self.stage.now)
        assert all(item.expires > item.start == item.not_before for item in plan.items)
        assert len({item.id for item in plan.items}) == len(plan.items)
        return Counter((item.start, item.title, item.duration_ms) for item in plan.items if item.start > now)

    def _shown(self, session: Any, row: Any) -> Counter[tuple[int, str, int]]:
        """What the calendar shows of the loudspeaker's area."""
        now, above = self.stage.now, self._above(session, row)
        slots = week.between(session, above, now - LONGEST, items.horizon(now, DAYS), now)
        alive = [slot for slot in slots if slot.state is not BroadcastState.CANCELLED]
        return self._as_played(session, row, [(slot.start, slot.title, slot.duration_ms) for slot in alive])

    def _scheduled(self, session: Any, row: Any) -> Counter[tuple[int, str, int]]:
        """What the schedules themselves want there, without what a person has stopped.

        What had begun stays as it was, also where it is another horn's turn: that is the calendar's to say.
        """
        now, repertoire, wanted = self.stage.now, Repertoire(session), []
        stopped = select(Broadcast.schedule_id, Broadcast.start).where(Broadcast.stopped_at.is_not(None))
        cut = {tuple(each) for each in session.execute(stopped)}
        active = Schedule.withdrawn_at.is_(None), Schedule.area_id.in_(self._above(session, row))
        for schedule in session.scalars(select(Schedule).where(*active)):
            length = duration_ms(repertoire.pieces(schedule))
            rule = recurrence.from_dict(schedule.rule)
            starts = (each.start for each in recurrence.occurrences(rule, now, items.horizon(now, DAYS)))
            coming = (start for start in starts if start > now and (schedule.id, start) not in cut)
            wanted += [(start, schedule.title, length) for start in coming if length]
        begun = select(Broadcast.start, Broadcast.title, Broadcast.duration_ms).where(
            Broadcast.start <= now,
            Broadcast.start > now - LONGEST,
            Broadcast.area_id.in_(self._above(session, row)),
            Broadcast.state != BroadcastState.CANCELLED,
        )
        return self._as_played(session, row, [*wanted, *(tuple(each) for each in session.execute(begun))])

    def _as_played(
        self, session: Any, row: Any, slots: list[tuple[dt.datetime, str, int]]
    ) -> Counter[tuple[int, str, int]]:
        """At the loudspeaker's own turn, as far as it is still to come."""
        staggered = policies.of(session, row.area_id).start_mode is StartMode.STAGGERED
        turn, now = row.turn if staggered else 0, to_ms(self.stage.now)
        played = (
            (to_ms(start) + turn * (length + items.TURN_GAP_MS), title, length)
            for start, title, length in slots
            if start > row.created_at
        )
        return Counter(each for each in played if each[0] > now)

    def _above(self, session: Any, row: Any) -> list[int]:
        return [area.id for area in areas.ancestors(session, row.area_id)]

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
    stage.schedule("17:00", "08:30", bulletin_ids=[1, 2])
    stage.schedule("11:00", bulletin_ids=[3], area_id=stage.cast.villages[0])
    stage.schedule("05:30", bulletin_ids=[2], frequency=Frequency.WEEKLY, weekdays=frozenset({1, 4}))
    with stage.database.transaction() as session:
        session.execute(update(Loudspeaker).values(turn=Loudspeaker.id % 2))
        for person, role in (("lan", Role.EDITOR), ("binh", Role.APPROVER), ("admin", Role.ADMIN)):
            somebody = session.get_one(Person, getattr(stage.cast, person).id)  # villages move, people stay
            people.grant(session, somebody, role, stage.cast.district, now=stage.now)
        values, place = {"start_mode": StartMode.STAGGERED}, stage.cast.villages[0]
        policies.save(session, stage.cast.admin, place, values=values, now=stage.now)
    stage.database.dispose()
    stage.path = tmp_path / "truyen-thanh.db"
    run_state_machine_as_test(
        lambda: Changes(stage, tmp_path / "example.db"),
        settings=settings(
            max_examples=8,
            stateful_step_count=20,
            deadline=None,
            derandomize=True,
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
        ),
    )
