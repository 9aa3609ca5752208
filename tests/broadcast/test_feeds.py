"""The programme as a calendar behind a link: what is in it, what never is, and how a link ends."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from broadcast.errors import DomainError, Forbidden, NotFound
from broadcast.models import Bulletin, BulletinState, CalendarFeed
from broadcast.scheduling import feeds, programme, public
from devices.messages import BulletinClass
from schedules import ical_reading
from schedules.types import Frequency


def link(stage: Any, person: Any = None, area_id: int = 0) -> tuple[int, str]:
    with stage.database.transaction() as session:
        feed, token = feeds.create(
            session,
            person or stage.cast.lan,
            area_id or stage.cast.commune,
            name="Điện thoại  của thôn",
            now=stage.now,
        )
        return feed.id, token


def fetched(stage: Any, token: str, now: dt.datetime | None = None) -> feeds.Published:
    with stage.database.transaction() as session:
        published = feeds.fetch(session, token, now or stage.now)
        feeds.note(session, published, now or stage.now)
        return published


def titles(stage: Any, token: str) -> list[str]:
    return [each.title for each in ical_reading.read(fetched(stage, token).body).proposals]


def test_the_link_shows_the_area_s_programme_and_those_above_but_none_below(stage: Any) -> None:
    stage.schedule("05:30", "17:00")
    village = stage.cast.villages[0]
    stage.schedule("18:00", area_id=village, frequency=Frequency.LUNAR_MONTHLY, month_days=(15,))
    _, of_commune = link(stage)
    _, of_village = link(stage, area_id=village)
    assert titles(stage, of_commune) == ["Bản tin sáng"]
    assert len(titles(stage, of_village)) == 2
    text = fetched(stage, of_village).body.decode().replace("\r\n ", "")
    assert "LOCATION:Thôn Đông" in text
    assert "CATEGORIES:Thông thường" in text
    assert "DURATION:PT1M" in text
    assert "Mời bà con" not in text  # the words of bulletins are not in it


def test_what_is_withdrawn_or_lost_its_approval_is_not_in_it(stage: Any) -> None:
    approved, later_draft = stage.bulletin(), stage.bulletin("Sắp sửa lại")
    kept = stage.schedule("05:30", bulletin_ids=[approved])
    stage.schedule("06:30", bulletin_ids=[later_draft])
    _, token = link(stage)
    assert len(titles(stage, token)) == 2
    with stage.database.transaction() as session:
        session.get_one(Bulletin, later_draft).state = BulletinState.WITHDRAWN
    assert len(titles(stage, token)) == 1
    with stage.database.transaction() as session:
        programme.withdraw_schedule(session, stage.cast.lan, kept.id, stage.now, wire=stage.wire)
    assert titles(stage, token) == []


def test_the_token_is_kept_by_nobody_and_a_revoked_link_is_as_one_that_never_was(stage: Any) -> None:
    feed_id, token = link(stage)
    assert len(token) >= 43  # 256 bits
    with stage.database.transaction() as session:
        kept = session.get_one(CalendarFeed, feed_id)
        assert token not in str(vars(kept))
        assert kept.name == "Điện thoại của thôn"
        with pytest.raises(Forbidden):
            feeds.create(session, stage.cast.binh, stage.cast.commune, name="x", now=stage.now)
        with pytest.raises(NotFound):
            feeds.revoke(session, stage.cast.mai, feed_id, now=stage.now)
    with stage.database.transaction() as session:
        feeds.revoke(session, stage.cast.lan, feed_id, now=stage.now)
        assert feeds.list_feeds(session, stage.cast.lan, stage.cast.commune) == []
    for unknown in (token, "guessed", ""):
        with stage.database.transaction() as session, pytest.raises(NotFound):
            feeds.fetch(session, unknown, stage.now)


def test_the_file_is_the_same_until_the_programme_changes(stage: Any) -> None:
    stage.schedule("05:30")
    feed_id, token = link(stage)
    first = fetched(stage, token)
    later = stage.now + dt.timedelta(hours=3)
    second = fetched(stage, token, later)
    assert (second.sha256, second.changed_at) == (first.sha256, first.changed_at)
    stage.schedule("11:00")
    third = fetched(stage, token, later)
    assert third.sha256 != first.sha256
    assert third.changed_at == later
    with stage.database.transaction() as session:
        assert feeds.is_noted(session, third, later + dt.timedelta(minutes=1))
        assert not feeds.is_noted(session, third, later + dt.timedelta(minutes=6))
        assert session.get_one(CalendarFeed, feed_id).fetched_at == later


def test_a_change_of_a_schedule_raises_its_sequence_and_keeps_its_uid(stage: Any) -> None:
    schedule = stage.schedule("05:30")
    _, token = link(stage)
    before = fetched(stage, token).body.decode()
    with stage.database.transaction() as session:
        programme.change_schedule(
            session, stage.cast.lan, schedule.id, title="Bản tin mới", now=stage.now, wire=stage.wire
        )
    after = fetched(stage, token).body.decode()
    uid = next(line for line in before.splitlines() if line.startswith("UID"))
    assert uid in after
    assert "SEQUENCE:0" in before
    assert "SEQUENCE:1" in after


def test_what_anybody_may_know_of_a_day_is_told_in_order(stage: Any) -> None:
    stage.schedule("17:00", "05:30", bulletin_ids=[stage.bulletin(klass=BulletinClass.PRIORITY)])
    with stage.database.transaction(read_only=True) as session:
        day = public.programme_of(
            session, stage.cast.villages[1], stage.now, stage.now + dt.timedelta(hours=24)
        )
    assert [(f"{each.start:%H:%M}", each.klass, each.area) for each in day] == [
        ("10:00", BulletinClass.PRIORITY, "Xã An Hòa"),
        ("22:30", BulletinClass.PRIORITY, "Xã An Hòa"),
    ]
    assert day[0].end - day[0].start == dt.timedelta(minutes=1)


def test_a_link_needs_a_name_and_there_is_an_end_to_links(stage: Any) -> None:
    with stage.database.transaction() as session:
        for name in ("", " ", "x" * 121):
            with pytest.raises(DomainError):
                feeds.create(session, stage.cast.lan, stage.cast.commune, name=name, now=stage.now)
        for number in range(feeds.MOST_LINKS):
            feeds.create(session, stage.cast.lan, stage.cast.commune, name=str(number), now=stage.now)
        with pytest.raises(DomainError):
            feeds.create(session, stage.cast.lan, stage.cast.commune, name="x", now=stage.now)
