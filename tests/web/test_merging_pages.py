"""Two communes become one on a page: what they bring is shown, the name is typed, history tells."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select, update

from broadcast.models import Approval, Approvers, Area, Bulletin, BulletinState, Grant, Person, Role
from broadcast.scheduling import programme
from broadcast.scheduling.intents import Intent
from broadcast.storage.database import Database
from broadcast.units import areas as tree
from broadcast.units import people, policies
from schedules.types import LOCAL, Frequency, Rule

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # services know both

NOW = dt.datetime(2026, 3, 2, 1, 0, tzinfo=dt.UTC)  # Monday 08:00 in Vietnam
TOMORROW = NOW.astimezone(LOCAL).date() + dt.timedelta(days=1)


@pytest.fixture
def both(database: Database, cast: Any, approved: int, speakers: list[int]) -> dict[str, Any]:
    """What the administrator of two communes would send."""
    with database.transaction() as session:
        admin = session.get_one(Person, cast.admin.id)
        people.grant(session, admin, Role.ADMIN, cast.other_commune, now=NOW)
        programme.create_schedule(
            session,
            session.get_one(Person, cast.lan.id),
            Intent(cast.commune, [approved], Rule(Frequency.DAILY, TOMORROW, (dt.time(5, 30),))),
            title="Bản tin sáng",
            now=NOW,
        )
    return {"unit": [cast.commune, cast.other_commune], "name": "Xã An Tiến", "code": "h40.10.9"}


def areas(database: Database) -> dict[str, bool]:
    with database.transaction(read_only=True) as session:
        return {each.code: each.merged_at is not None for each in session.scalars(select(Area))}


def test_what_both_bring_is_shown_and_nothing_happens_before_the_name_is_typed(
    admin: Any, both: dict[str, Any], database: Database
) -> None:
    assert "Xã Tân Tiến" in admin.read("/areas/merge")
    answer = admin.send("/areas/merge", **both)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert "Sẽ thành Xã An Tiến" in page
    assert "giữ mã H40.10.1 · 3 địa bàn dưới" in page
    assert 'data-label="Cụm loa">5<' in page
    assert 'data-label="Lịch đang chạy">1<' in page
    assert "4 người có quyền" in page
    wrong = admin.send("/areas/merge", **both, typed="Xã An")
    assert wrong.status_code == 422
    assert "Tên gõ lại chưa giống" in wrong.get_data(as_text=True)
    assert "H40.10.9" not in areas(database)


def test_what_must_be_approved_anew_is_told_before_the_name_is_typed_and_after(
    admin: Any, both: dict[str, Any], database: Database, cast: Any, approved: int
) -> None:
    with database.transaction() as session:
        mai = session.get_one(Person, cast.mai.id)
        for commune in (cast.commune, cast.other_commune):
            values = {"approvers": Approvers.ANOTHER}
            tree.move(session, commune, parent_id=None, now=NOW)
            policies.save(session, session.get_one(Person, cast.admin.id), commune, values=values, now=NOW)
        session.execute(update(Approval).values(person_id=mai.id, approvers=Approvers.ANOTHER))
    told = "1 bản tin đã duyệt theo quy định cũ cần duyệt lại trước lần phát tới."
    assert told in admin.send("/areas/merge", **both).get_data(as_text=True)
    with database.transaction(read_only=True) as session:
        assert session.get_one(Bulletin, approved).state is BulletinState.APPROVED
    admin.send("/areas/merge", **both, typed="Xã An Tiến")
    assert told in admin.read("/areas/merge")
    with database.transaction(read_only=True) as session:
        assert session.get_one(Bulletin, approved).state is BulletinState.SUBMITTED


def test_after_the_merging_history_names_the_old_communes_as_merged_and_people_reach_the_whole(
    admin: Any, lan: Any, both: dict[str, Any], database: Database, cast: Any
) -> None:
    answer = admin.send("/areas/merge", **both, typed="xã  an tiến")
    assert answer.status_code == 302
    page = admin.read("/areas/merge")
    assert "Xã An Hòa → Xã An Tiến" in page
    assert areas(database) == {
        "H40.10": False,
        "H40.10.1": True,
        "H40.10.2": True,
        "H40.10.9": False,
        **{f"H40.10.1.{number}": False for number in (1, 2, 3)},
    }
    with database.transaction(read_only=True) as session:
        merged_at = session.scalars(select(Area.merged_at).where(Area.id == cast.commune)).one()
    assert merged_at is not None
    since = f"Xã An Hòa (sáp nhập {merged_at.astimezone(LOCAL):%d/%m/%Y})"
    for path in ("/as-run/", "/programme/schedules", f"/programme/day?day={TOMORROW}", "/programme/"):
        assert since in lan.read(path), path
    with database.transaction(read_only=True) as session:
        whole = select(Grant.role).join(Area).where(Area.code == "H40.10.9", Grant.person_id == cast.lan.id)
        assert list(session.scalars(whole)) == [Role.EDITOR]


@pytest.mark.parametrize(
    ("changed", "status", "said"),
    [
        ({"code": "H40.10.1"}, 409, "đã có rồi"),
        ({"code": "xã"}, 422, "không hợp lệ"),
        ({"name": " "}, 422, "Chưa có tên"),
        ({"unit": []}, 422, "ít nhất hai đơn vị"),
    ],
)
def test_what_cannot_be_merged_says_why(
    admin: Any, both: dict[str, Any], changed: dict[str, Any], status: int, said: str
) -> None:
    answer = admin.send("/areas/merge", **{**both, **changed})
    assert (answer.status_code, said in answer.get_data(as_text=True)) == (status, True)


def test_only_who_administers_both_merges_them(lan: Any, admin: Any, cast: Any, database: Database) -> None:
    lan.read("/areas/merge", 403)
    wish = {"unit": [cast.commune, cast.other_commune], "name": "Xã An Tiến", "code": "H40.10.9"}
    assert lan.send("/areas/merge", **wish).status_code == 403
    assert admin.send("/areas/merge", **wish, typed="Xã An Tiến").status_code == 403
    assert "H40.10.9" not in areas(database)
