"""Whatever officers do to slots: planning what has changed leaves nothing for a plan from scratch to find."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from broadcast.authoring import bulletins, sounds
from broadcast.errors import WrongState
from broadcast.models import (
    Broadcast,
    BroadcastState,
    Bulletin,
    BulletinState,
    Schedule,
    ScheduleChange,
    Sound,
)
from broadcast.orders import stopping
from broadcast.plans.planner import NOTHING
from broadcast.scheduling import programme, schedule_changes
from broadcast.storage.database import Database
from devices.messages import BulletinClass
from schedules.slots import Airings, Slot
from tests.broadcast.slot_stage import (
    FLOW,
    MINUTE,
    PRIORITY,
    hold,
    inspect,
    make_slot,
    make_sound,
    move_to,
    plans,
)

DEEDS = (
    ("write", 3),
    ("hold", 3),
    ("withdraw", 1),
    ("restore", 1),
    ("reorder", 2),
    ("lengthen", 1),
    ("toggle", 1),
    ("retire", 1),
    ("undo", 1),
    ("stop", 1),
    ("wait", 4),
)
steps = st.lists(
    st.tuples(st.sampled_from([name for name, weight in DEEDS for _ in range(weight)]), st.integers(0, 999)),
    min_size=5,
    max_size=9,
)


class Office:
    """Officers at work on a copy of the stage; every deed is followed by a planning."""

    def __init__(self, stage: Any, path: Path) -> None:
        path.unlink(missing_ok=True)
        shutil.copyfile(stage.path, path)
        self.stage = type(stage)(
            Database(f"sqlite:///{path}"), stage.cast, stage.wire, stage.now, list(stage.boxes)
        )
        self.stage._numbers = stage._numbers

    def act(self, deed: str, number: int) -> None:
        if deed in ("write", "hold", "wait"):
            getattr(self, deed)(number)
        else:
            with self.stage.database.transaction() as session:
                getattr(self, f"_{deed}")(session, number)
        self.stage.plan()

    def write(self, number: int) -> None:
        klass = PRIORITY if number % 4 == 0 else BulletinClass.ROUTINE
        made = self.stage.bulletin(f"Tin {number}", seconds=40 + number % 200, klass=klass)
        if number % 3 == 0:
            move_to(self.stage, made, self.stage.cast.villages[number % 2])
        self._hold_until(made, number)

    def hold(self, number: int) -> None:
        with self.stage.database.transaction(read_only=True) as session:
            found = self._bulletins(session, BulletinState.APPROVED)
        self._hold_until(found[number % len(found)], number)

    def _hold_until(self, bulletin_id: int, number: int) -> None:
        until = self.stage.now + dt.timedelta(hours=7 * (number % 40), minutes=3) if number % 5 else None
        wish = Airings(1 + number % 4, 1 + number % 9, dt.timedelta(hours=number % 6)) if number % 2 else None
        if wish and wish.gap * (wish.times - 1) >= dt.timedelta(days=wish.days):
            wish = None
        hold(self.stage, bulletin_id, until, wish, since=self.stage.now - dt.timedelta(seconds=1))

    def _withdraw(self, session: Any, number: int) -> None:
        found = self._bulletins(session, BulletinState.APPROVED)[1:]
        for bulletin_id in found[number % 7 : number % 7 + 1]:
            bulletins.withdraw(
                session, self.stage.cast.binh, bulletin_id, wire=self.stage.wire, now=self.stage.now
            )

    def _restore(self, session: Any, number: int) -> None:
        found = self._bulletins(session, BulletinState.WITHDRAWN)
        for bulletin_id in found[:1]:
            bulletins.restore(session, self.stage.cast.binh, bulletin_id, now=self.stage.now)

    def _reorder(self, session: Any, number: int) -> None:
        found = self._bulletins(session, BulletinState.APPROVED)
        order = [each for each in found if (each + number) % 3 == 0]
        self._change(session, number, order=order[:: 1 if number % 2 else -1])

    def _lengthen(self, session: Any, number: int) -> None:
        self._change(session, number, slot=Slot((2 + number % 9) * MINUTE, (FLOW,)))

    def _change(self, session: Any, number: int, **changes: Any) -> None:
        on_air = Schedule.withdrawn_at.is_(None), Schedule.slot.is_not(None)
        found = list(session.scalars(select(Schedule).where(*on_air)))
        for schedule in found[number % 3 : number % 3 + 1]:
            options = {"now": self.stage.now, "wire": self.stage.wire, **changes}
            programme.change_schedule(session, self.stage.cast.lan, schedule.id, **options)

    def _toggle(self, session: Any, number: int) -> None:
        schedule = session.get_one(Schedule, 1 + number % 3)
        lan, now = self.stage.cast.lan, self.stage.now
        if schedule.withdrawn_at is None:
            programme.withdraw_schedule(session, lan, schedule.id, now, wire=self.stage.wire)
        else:
            programme.restore_schedule(session, lan, schedule.id, now)

    def _retire(self, session: Any, number: int) -> None:
        sound = session.scalars(select(Sound)).one()
        change = sounds.retire if sound.retired_at is None else sounds.restore
        change(session, self.stage.cast.lan, sound.id, now=self.stage.now)

    def _undo(self, session: Any, number: int) -> None:
        last = session.scalars(select(ScheduleChange).order_by(ScheduleChange.id.desc()).limit(1)).one()
        if last.before is not None:
            schedule_changes.undo(session, self.stage.cast.lan, last.id, self.stage.now, wire=self.stage.wire)

    def _stop(self, session: Any, number: int) -> None:
        query = select(Broadcast.id).where(
            Broadcast.start > self.stage.now, Broadcast.state != BroadcastState.CANCELLED
        )
        coming = list(session.scalars(query.order_by(Broadcast.start)))
        for broadcast_id in coming[number % 3 : number % 3 + 1]:
            options = {"wire": self.stage.wire, "now": self.stage.now}
            try:
                stopping.stop(session, self.stage.cast.dung, broadcast_id=broadcast_id, **options)
            except WrongState:
                assert number >= 0

    def wait(self, number: int) -> None:
        self.stage.now += dt.timedelta(minutes=11 * (number % 200))

    def _bulletins(self, session: Any, state: BulletinState) -> list[int]:
        return list(session.scalars(select(Bulletin.id).where(Bulletin.state == state).order_by(Bulletin.id)))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_planning_what_has_changed_is_planning_everything(stage: Any, tmp_path: Path) -> None:
    stage.loudspeakers(4)
    first, second = stage.bulletin("Một"), stage.bulletin("Hai", klass=PRIORITY)
    make_slot(stage, make_sound(stage), FLOW, minutes=4, order=[first], times=("05:30", "17:00"))
    make_slot(stage, minutes=3, times=("11:00",))
    make_slot(stage, minutes=3, times=("19:00",), area_id=stage.cast.villages[0], order=[second])
    stage.schedule("12:00", bulletin_ids=[first, second])
    stage.plan()
    stage.database.dispose()
    stage.path = tmp_path / "truyen-thanh.db"

    @settings(
        max_examples=4,
        deadline=None,
        derandomize=True,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(steps=steps)
    def follow(steps: list[tuple[str, int]]) -> None:
        office = Office(stage, tmp_path / "example.db")
        for deed, number in steps:
            office.act(deed, number)
            assert inspect(office.stage) == NOTHING, (deed, number)
            for items in plans(office.stage).values():
                assert len({item.id for item in items}) == len(items)
                assert all(item.clips and item.expires > item.start for item in items)
        office.stage.database.dispose()

    follow()
