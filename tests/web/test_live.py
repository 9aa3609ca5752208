"""Pages that follow what happens: the stream, who may see what on it, and what the browser does with it."""

from __future__ import annotations

import datetime as dt
import http.client
import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask, render_template_string
from playwright.sync_api import Page, expect

from broadcast.errors import Unavailable
from broadcast.models import Person
from broadcast.storage import events
from broadcast.storage.database import Database
from broadcast.units import people
from web.auth import signed_in
from web.sse import Change, Feed, Stream, _send

Open = Callable[[Person | None, str], Page]
SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # streams tell the same on both


def emit(database: Database, kind: str, area_id: int | None, subject: int = 1) -> None:
    with database.transaction() as session:
        events.emit(session, now=dt.datetime.now(dt.UTC), kind=kind, area_id=area_id, subject=subject)


def next_change(stream: Stream, within_s: float = 60) -> Change | None:
    return stream.waiting.get(timeout=within_s)


@pytest.fixture
def feed(app: Flask) -> Feed:
    made: Feed = app.extensions["live_feed"]
    return made


def test_a_stream_tells_what_its_person_may_see(feed: Feed, database: Database, cast: Any) -> None:
    mine = Stream(cast.lan.id, frozenset({cast.commune, *cast.villages}))
    feed.open(mine)
    emit(database, "delivery", cast.other_commune)
    emit(database, "delivery", cast.villages[1], subject=7)
    change = next_change(mine)
    assert change is not None
    assert (change.kind, change.area_id, change.subject) == ("delivery", cast.villages[1], 7)


def test_what_happened_while_away_is_told_on_return(feed: Feed, database: Database, cast: Any) -> None:
    for number in range(3):
        emit(database, "bulletin", cast.commune, subject=number)
    mine = Stream(cast.lan.id, frozenset({cast.commune}))
    assert [change.subject for change in feed.missed(mine, 1)] == [1, 2]


def test_what_happens_while_a_stream_opens_is_told_once(feed: Feed, database: Database, cast: Any) -> None:
    for number in range(2):
        emit(database, "bulletin", cast.commune, subject=number)
    mine = Stream(cast.lan.id, frozenset({cast.commune}))
    for each in (*feed.missed(mine, 0)[1:], Change(3, "alarm", None, 4), None):
        mine.waiting.put(each)
    told = [line.split("\n")[0] for line in _send(feed, mine, 0)]
    assert told == ["retry: 3000", "id: 1", "id: 2", "id: 3"]


def test_the_number_of_streams_is_capped_and_the_oldest_tab_gives_way(database: Database) -> None:
    small = Feed(database, capacity=5)
    own = [Stream(1, frozenset()) for _ in range(5)]
    for stream in own:
        small.open(stream)
    assert own[0].waiting.get(timeout=1) is None, "the first of five tabs ends"
    small.open(Stream(2, frozenset()))
    with pytest.raises(Unavailable):
        small.open(Stream(3, frozenset()))
    small.shut()


def test_the_reader_rests_when_nobody_watches(feed: Feed, database: Database) -> None:
    mine = Stream(1, frozenset())
    feed.open(mine)
    feed.close(mine)
    limit = time.monotonic() + 60
    while any(thread.name == "live-feed" for thread in threading.enumerate()):
        assert time.monotonic() < limit
        time.sleep(0.05)


def cookie_of(app: Flask, person: Person) -> str:
    client = app.test_client()
    with client.session_transaction() as session:
        session["person_id"], session["epoch"] = person.id, person.session_epoch
    cookie = client.get_cookie("truyen_thanh")
    assert cookie is not None
    return f"truyen_thanh={cookie.value}"


def test_the_stream_over_http_resumes_after_an_id(
    app: Flask, live_server: str, database: Database, cast: Any
) -> None:
    emit(database, "bulletin", cast.commune, subject=1)
    emit(database, "bulletin", cast.commune, subject=2)
    connection = http.client.HTTPConnection(urlsplit(live_server).netloc, timeout=60)
    headers = {"Cookie": cookie_of(app, cast.lan), "Last-Event-ID": "1"}
    connection.request("GET", "/live", headers=headers)
    answer = connection.getresponse()
    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith("text/event-stream")
    lines = [answer.readline().decode().strip() for _ in range(4)]
    assert lines[2:] == ["id: 2", 'data: {"kind": "bulletin", "subject": 2}']
    connection.close()


def test_a_stranger_gets_no_stream(live_server: str) -> None:
    connection = http.client.HTTPConnection(urlsplit(live_server).netloc, timeout=60)
    connection.request("GET", "/live", headers={"Accept": "text/event-stream"})
    assert connection.getresponse().status == 401
    connection.close()


PAGE = """{% extends "base.html" %}{% import "macros/ui.html" as ui with context %}{% block content %}
<p {{ ui.live('bulletin', 'count') }}>{{ count }}</p>
<p {{ ui.live('alarm', 'other') }}>{{ count }}</p>
<details class="menu" open><summary>x</summary></details>{% endblock %}"""


def counting_page(app: Flask) -> list[int]:
    visits = [0]

    @signed_in
    def show() -> str:
        visits[0] += 1
        return render_template_string(PAGE, count=visits[0])

    app.add_url_rule("/test/count", view_func=show)
    return visits


@SQLITE
def test_a_change_updates_its_fragments_in_place(
    app: Flask, open_as: Open, database: Database, cast: Any
) -> None:
    visits = counting_page(app)
    page = open_as(cast.lan, "/test/count")
    page.evaluate("document.getElementById('count').mark = 'same element'")
    expect(page.locator("#count")).to_have_text("1")
    emit(database, "bulletin", cast.commune)
    expect(page.locator("#count")).to_have_text("2")
    expect(page.locator("#other")).to_have_text("1")
    assert page.evaluate("document.getElementById('count').mark") == "same element"
    emit(database, "bulletin", cast.other_commune)
    page.wait_for_timeout(1200)
    assert visits == [2], "what one may not see asks nothing"


@SQLITE
def test_a_burst_of_changes_is_one_request(app: Flask, open_as: Open, database: Database, cast: Any) -> None:
    visits = counting_page(app)
    page = open_as(cast.lan, "/test/count")
    expect(page.locator("#count")).to_have_text("1")
    with database.transaction() as session:
        for number in range(50):
            events.emit(
                session, now=dt.datetime.now(dt.UTC), kind="bulletin", area_id=cast.commune, subject=number
            )
    expect(page.locator("#count")).to_have_text("2")
    page.wait_for_timeout(800)
    assert visits == [2]


@SQLITE
def test_the_page_says_that_the_connection_is_gone_and_recovers(
    app: Flask, open_as: Open, database: Database, cast: Any
) -> None:
    counting_page(app)
    page = open_as(cast.lan, "/test/count")
    emit(database, "bulletin", cast.commune)
    expect(page.locator("#count")).not_to_have_text("1")  # the stream is open, not only asked for
    counted = page.locator("#count").inner_text()
    expect(page.locator("#offline")).to_be_hidden()
    page.context.set_offline(True)
    expect(page.locator("#offline")).to_be_visible()
    emit(database, "bulletin", cast.commune)
    page.context.set_offline(False)
    expect(page.locator("#offline")).to_be_hidden()
    expect(page.locator("#count")).not_to_have_text(counted)


@SQLITE
def test_an_open_page_notices_that_its_session_ended(
    app: Flask, open_as: Open, database: Database, cast: Any
) -> None:
    counting_page(app)
    page = open_as(cast.lan, "/test/count")
    with database.transaction() as session:
        people.end_sessions(session, people.get_person(session, cast.lan.id), dt.datetime.now(dt.UTC))
    emit(database, "bulletin", cast.commune)
    page.wait_for_url("**/sign-in?next=/test/count")
