"""A stricter rule of approval on its page: how many bulletins it concerns, and how each of them tells so."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import update

from broadcast.models import Approval, Approvers, Grant, Person, Role
from broadcast.storage.database import Database
from broadcast.units import people, policies

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@SQLITE
def test_a_bulletin_that_the_former_rule_let_pass_waits_again_and_says_why(
    admin: Any, lan: Any, cast: Any, approved: int, database: Database
) -> None:
    now = dt.datetime.now(dt.UTC)
    with database.transaction() as session:
        person = session.get_one(Person, cast.admin.id)
        people.grant(session, person, Role.ADMIN, cast.district, now=now)
        policies.save(session, person, cast.district, values={"approvers": Approvers.ANOTHER}, now=now)
        session.execute(update(Approval).values(approvers=Approvers.ANOTHER))
        session.execute(update(Grant).where(Grant.role == Role.APPROVER).values(role=Role.EDITOR))
    admin.send(f"/policies/{cast.commune}", approvers="leader")
    assert "1 bản tin đã duyệt theo quy định cũ cần duyệt lại" in admin.read(f"/policies/{cast.commune}")
    page = lan.read(f"/bulletins/{approved}")
    assert "Cần duyệt lại" in page
    assert "Đơn vị đã quy định chặt hơn về người duyệt" in page
    assert "Cần duyệt lại" in lan.read("/")
