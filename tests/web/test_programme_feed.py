"""The coming week for readers of news: another parser reads it, and it stays until something changes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from broadcast.models import Person
from broadcast.scheduling import feeds, programme
from broadcast.scheduling.intents import Intent
from broadcast.storage.database import Database
from broadcast.storage.moments import day_start
from schedules.types import LOCAL, Frequency, Rule
from web import atom

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # services know both

NOW = dt.datetime(2026, 3, 2, 1, 0, tzinfo=dt.UTC)  # Monday 08:00 in Vietnam
DAY = dt.timedelta(days=1)
NAMES = {"a": atom.NAMESPACE}


def today() -> dt.date:
    """Asked in each test: midnight may pass while the others run."""
    return dt.datetime.now(LOCAL).date()


@pytest.fixture
def path(database: Database, cast: Any) -> str:
    with database.transaction() as session:
        lan = session.get_one(Person, cast.lan.id)
        _feed, token = feeds.create(session, lan, cast.commune, name="Trang của xã", now=NOW)
    return f"/calendar/{token}.atom"


@pytest.fixture
def add(database: Database, cast: Any, approved: int) -> Callable[[str], int]:
    """Every day from tomorrow at half past five."""

    def make(title: str) -> int:
        rule = Rule(Frequency.DAILY, today() + DAY, (dt.time(5, 30),))
        with database.transaction() as session:
            lan = session.get_one(Person, cast.lan.id)
            made = programme.create_schedule(
                session, lan, Intent(cast.commune, [approved], rule), title=title, now=NOW
            )
            return made.id

    return make


def entries(body: bytes) -> list[ET.Element]:
    return ET.fromstring(body).findall("a:entry", NAMES)


@SQLITE
def test_the_coming_days_are_a_feed_that_says_when_it_is_the_same(
    client: Any, lan: Any, path: str, add: Callable[[str], int]
) -> None:
    schedule_id = add("Bản tin <sáng> & chiều")
    first = client.get(path)
    assert (first.status_code, first.mimetype) == (200, "application/atom+xml")
    assert "Set-Cookie" not in first.headers
    root = ET.fromstring(first.data)
    assert [each.tag.partition("}")[2] for each in root][:4] == ["id", "title", "updated", "author"]
    found = entries(first.data)
    assert len(found) == 6  # of seven days all but today
    tomorrow = today() + DAY
    title = found[0].findtext("a:title", "", NAMES)
    assert title.startswith("05:30")
    assert title.endswith(f"{tomorrow:%d/%m/%Y}: Bản tin <sáng> & chiều")
    assert found[0].findtext("a:summary", "", NAMES) == "Xã An Hòa, 05:30 – 05:32"
    assert len({each.findtext("a:id", "", NAMES) for each in found}) == 6
    links = {each.get("rel"): each.get("href") for each in root.findall("a:link", NAMES)}
    assert urlsplit(str(links["self"])).path == path
    public = client.get(urlsplit(str(links["alternate"])).path)
    assert f'type="application/atom+xml" title="Lịch phát thanh" href="{path}"' in public.text

    tag, modified = first.headers["ETag"], first.headers["Last-Modified"]
    again = client.get(path, headers={"If-None-Match": tag})
    assert (again.status_code, again.data) == (304, b"")
    assert client.get(path, headers={"If-Modified-Since": modified}).status_code == 304
    assert client.get(path).data == first.data

    lan.send(f"/programme/schedules/{schedule_id}/withdraw")
    changed = client.get(path, headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert entries(changed.data) == []
    assert changed.headers["ETag"] != tag


@SQLITE
def test_it_has_changed_with_the_programme_and_with_every_new_day(
    database: Database, path: str, add: Callable[[str], int]
) -> None:
    token = path.split("/")[2].removesuffix(".atom")

    def changed_at(now: dt.datetime) -> dt.datetime:
        with database.transaction() as session:
            week = feeds.fetch_week(session, token, now)
            feeds.note(session, week.published, now)
            return week.changed_at

    morning = day_start(today() + 2 * DAY) + dt.timedelta(hours=8)
    hour = dt.timedelta(hours=1)
    midnight = day_start(today() + 3 * DAY)
    add("Bản tin sáng")
    assert changed_at(morning) == changed_at(morning + hour) == morning
    add("Bản tin chiều")
    assert changed_at(morning + 2 * hour) == changed_at(morning + 3 * hour) == morning + 2 * hour
    assert changed_at(morning + DAY) == changed_at(morning + DAY + hour) == midnight


@SQLITE
def test_without_a_link_that_works_there_is_nothing(client: Any, lan: Any, path: str) -> None:
    assert client.get("/calendar/nobody.atom").status_code == 404
    assert client.get(path).status_code == 200
    lan.send("/calendars/links/1/revoke")
    assert client.get(path).status_code == 404


@settings(max_examples=40)
@example("\0\r\n\ufffe\uffff]]>", "&", "")
@given(st.text(), st.text(), st.sampled_from(["", "priority"]))
def test_whatever_a_title_says_the_feed_is_xml_that_says_the_same(title: str, area: str, klass: str) -> None:
    at = dt.datetime(2026, 3, 2, 5, 30, tzinfo=LOCAL)
    feed = atom.Feed("urn:x", title, area, at, "https://x/a?b=1&c=2", "https://x/", "vi")
    body = atom.write(feed, [atom.Entry("urn:y", title, area, at, klass)])
    assert body == atom.write(feed, [atom.Entry("urn:y", title, area, at, klass)])
    [entry] = entries(body)
    assert entry.findtext("a:updated", "", NAMES) == "2026-03-01T22:30:00Z"
    said = entry.findtext("a:title", "", NAMES)
    assert len(said) == len(title)
    assert {one for one, other in zip(said, title, strict=True) if one != other} <= {" "}
