"""Pages about a large area show what is its own, and of the areas below it how much there is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import insert

from broadcast.models import (
    Area,
    AreaClosure,
    AreaKind,
    Broadcast,
    BroadcastState,
    Delivery,
    Loudspeaker,
    Person,
)
from broadcast.scheduling import left_out, programme
from broadcast.scheduling.intents import Intent
from broadcast.storage.database import Database
from devices.messages import BulletinClass, ItemState
from schedules.types import LOCAL, Frequency, Rule
from web.views import matrix

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # services know both

NOW = dt.datetime(2026, 3, 2, 1, 0, tzinfo=dt.UTC)  # Monday 08:00 in Vietnam
TODAY = NOW.astimezone(LOCAL).date()
FIRST = 10_000  # ids of what makes it large
PAGES = ("/programme/", "/programme/month", "/programme/day")
ClientOf = Callable[[Person], Any]


@pytest.fixture
def programmes(database: Database, cast: Any, approved: int) -> None:
    """One of the commune and one of the district above it; the commune's is on the air."""
    with database.transaction() as session:
        lan = session.get_one(Person, cast.lan.id)
        rule = Rule(Frequency.DAILY, TODAY, (dt.time(18),))
        own = Intent(cast.commune, [approved], rule)
        made = programme.create_schedule(session, lan, own, title="Bản tin của xã", now=NOW)
        times = {"start": NOW, "expires": NOW + dt.timedelta(hours=1), "created_at": NOW}
        row = {"area_id": cast.commune, "schedule_id": made.id, "duration_ms": 60_000, **times}
        row |= {"klass": BulletinClass.ROUTINE, "state": BroadcastState.DISPATCHED}
        session.add(Broadcast(occurrence="s1.20260302T080000", title="Bản tin của xã", **row))


def enlarge(database: Database, above: int, count: int) -> None:
    """So many villages more below an area."""
    ids = range(FIRST, FIRST + count)
    kept = {"kind": AreaKind.VILLAGE, "parent_id": above, "level": 2}
    rows = [{"id": id_, "code": f"H40.10.{id_}", "name": f"Thôn {id_}", **kept} for id_ in ids]
    paths = [(id_, id_, 0) for id_ in ids] + [(above, id_, 1) for id_ in ids]
    with database.transaction() as session:
        session.execute(insert(Area), rows)
        names = ("ancestor_id", "descendant_id", "depth")
        session.execute(insert(AreaClosure), [dict(zip(names, path, strict=True)) for path in paths])


@pytest.mark.usefixtures("programmes")
def test_the_programme_of_a_large_area_tells_how_much_is_below_it(
    database: Database, cast: Any, client_of: ClientOf
) -> None:
    dung = client_of(cast.dung)
    for page in PAGES:
        assert "Bản tin của xã" in dung.read(page)
    enlarge(database, cast.district, left_out.LARGE)
    for page in PAGES:
        text = dung.read(page)
        assert "Bản tin của xã" not in text
        assert "1 lịch phát riêng, 1 buổi đang phát" in text
        assert "Bản tin của xã" in dung.read(f"{page}?area={cast.commune}")
    assert "Bản tin của xã" not in dung.read("/programme/print")


def test_an_as_run_day_of_many_loudspeakers_is_told_by_the_areas_right_below(
    database: Database, cast: Any, client_of: ClientOf
) -> None:
    broadcast = Broadcast(
        occurrence="s1.20260302T053000",
        area_id=cast.commune,
        title="Bản tin sáng",
        klass=BulletinClass.ROUTINE,
        start=NOW - dt.timedelta(hours=2),
        duration_ms=90_000,
        expires=NOW,
        state=BroadcastState.DISPATCHED,
        created_at=NOW - dt.timedelta(days=1),
    )
    enlarge(database, cast.other_commune, 2)
    where = [cast.villages[0]] * 2 + [cast.other_commune] * (matrix.MOST_ROWS - 2)
    rows = [
        {"id": number, "device": f"loa-{number}", "name": f"Loa {number}", "area_id": area_id}
        for number, area_id in enumerate(where, FIRST)
    ]
    key = {"created_at": NOW, "public_key": "", "broker_hash": ""}
    told = [(FIRST, ItemState.DONE, 3), (FIRST + 1, ItemState.MISSED, 0)]
    with database.transaction() as session:
        session.execute(insert(Loudspeaker), [row | key for row in rows])
        session.add(broadcast)
        session.flush()
        session.add_all(
            Delivery(
                broadcast_id=broadcast.id, loudspeaker_id=id_, state=state, evidence=level, updated_at=NOW
            )
            for id_, state, level in told
        )
    dung = client_of(cast.dung)
    assert "Loa 10000" in dung.read("/as-run/")
    with database.transaction() as session:
        session.execute(
            insert(Loudspeaker),
            [rows[-1] | {"id": 1, "device": "loa-more", **key}],
        )
    page = dung.read("/as-run/")
    assert "Loa 10000" not in page
    assert f"/as-run/?day={TODAY}&amp;area={cast.commune}" in page
    assert f'area={cast.villages[0]}"' not in page.split("airing__title")[1]
    assert "Loa 10000" in dung.read(f"/as-run/?area={cast.commune}")
