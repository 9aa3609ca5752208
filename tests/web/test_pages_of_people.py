"""Signing in, the first set-up, one's account, and who may do what."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from broadcast import setup
from broadcast.models import LinkPurpose, Person
from broadcast.storage.database import Database
from broadcast.units import people

NOW = dt.datetime.now(dt.UTC)
Judge = Callable[[Page, str], None]
Open = Callable[[Person | None, str], Page]

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # what is drawn is the same


def test_pictures_sign_in(cast: Any, open_as: Open, judge: Judge) -> None:
    judge(open_as(None, "/sign-in"), "sign-in")


def test_pictures_setup(database: Database, open_as: Open, judge: Judge) -> None:
    with database.transaction() as session:
        token = setup.ensure_setup_link(session, NOW)
    judge(open_as(None, f"/setup/{token}"), "setup")


def test_pictures_people(cast: Any, open_as: Open, judge: Judge) -> None:
    judge(open_as(cast.admin, "/people/"), "people")
    page = open_as(cast.admin, f"/people/{cast.lan.id}")
    judge(page, "person")
    judge(open_as(cast.admin, "/people/invite"), "invite")


def test_pictures_account(cast: Any, open_as: Open, judge: Judge) -> None:
    judge(open_as(cast.lan, "/account"), "account")


def test_pictures_link(cast: Any, database: Database, open_as: Open, judge: Judge) -> None:
    with database.transaction() as session:
        token = people.issue_link(
            session, purpose=LinkPurpose.INVITE, person_id=cast.lan.id, now=NOW, valid=dt.timedelta(days=1)
        )
    judge(open_as(None, f"/link/{token}"), "link")
    judge(open_as(None, "/nowhere"), "missing")
