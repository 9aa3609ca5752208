"""From a box without an identity to a loudspeaker: codes, claims, replacement, who may, what is noted."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from sqlalchemy import select

from broadcast.enrolment_errors import ClaimGone, ClaimUnknown, EnrolmentFull
from broadcast.errors import EmptyTitle, Forbidden, InvalidInput, InvalidPosition, NotFound, WrongState
from broadcast.joining import claim_codes, enrolment, placing, registry
from broadcast.joining.placing import Place
from broadcast.models import AuditRow, Box, Claim, Loudspeaker, Person
from broadcast.speakers import boxes
from broadcast.storage.database import Database
from broadcast.units.passwords import fingerprint
from devices.broker.accounts import check_password
from devices.enrolment import Ask, Granted
from devices.envelope import SigningKey, seal
from devices.link import Inbound
from devices.messages import Journal, JournalEvent

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def ask(stage: Any, key: SigningKey | None = None, now: dt.datetime | None = None, **more: str) -> Any:
    wanted = Ask(public_key=(key or SigningKey.generate()).public, **more)
    with stage.database.transaction() as session:
        return enrolment.ask(session, wanted, now or stage.now)


def place(stage: Any, **more: Any) -> Place:
    return Place(**{"area_id": stage.cast.villages[0], "name": "Cột điện đình làng", **more})


def claim(stage: Any, code: str, person: Person | None = None, **more: Any) -> Loudspeaker:
    with stage.database.transaction() as session:
        who = session.merge(person or stage.cast.admin)
        return enrolment.claim_new(session, who, code, place(stage, **more), stage.now)


def replace(stage: Any, code: str, loudspeaker_id: int, person: Person | None = None) -> Loudspeaker:
    with stage.database.transaction() as session:
        who = session.merge(person or stage.cast.admin)
        return enrolment.claim_replacement(session, who, code, loudspeaker_id, now=stage.now)


def collect(stage: Any, poll: str, now: dt.datetime | None = None) -> Granted | None:
    with stage.database.transaction() as session:
        return enrolment.collect(session, poll, wire=stage.wire, now=now or stage.now)


def password_holds(stage: Any, password: str) -> bool:
    with stage.database.transaction(read_only=True) as session:
        found = session.scalars(select(Loudspeaker).order_by(Loudspeaker.id)).one()
        return check_password(password, found.broker_hash)


def actions(database: Database) -> list[str]:
    with database.transaction(read_only=True) as session:
        return list(session.scalars(select(AuditRow.action).order_by(AuditRow.id)))


def test_a_box_that_is_claimed_gets_its_identity_and_may_connect(stage: Any) -> None:
    key = SigningKey.generate()
    asked = ask(stage, key, hardware="Pi 3B", serial="A-17")
    assert collect(stage, asked.poll) is None
    made = claim(stage, asked.code, latitude=21.7, longitude=104.8)
    granted = collect(stage, asked.poll)
    assert granted is not None
    assert (granted.device, granted.tenant) == (made.device, "xa-thu")
    assert granted.server_keys == stage.wire.keys.current.public
    assert password_holds(stage, granted.password)
    with stage.database.transaction(read_only=True) as session:
        found = session.get_one(Loudspeaker, made.id)
        assert found.public_key == key.public
        assert (found.hardware, found.serial) == ("Pi 3B", "A-17")
        assert found.key_expires_at == stage.now + dt.timedelta(days=730)
        [account] = registry.accounts(session, stage.wire)
        assert account.username == made.device
    wanted = ["loudspeaker.claim", "loudspeaker.collect"]
    assert [each for each in actions(stage.database) if each in wanted] == wanted


@on_sqlite
def test_the_broker_hears_of_every_step_that_changes_who_may_connect(stage: Any) -> None:
    def revision() -> int:
        with stage.database.transaction(read_only=True) as session:
            return registry.accounts_revision(session)

    asked = ask(stage)
    before = revision()
    made = claim(stage, asked.code)
    claimed = revision()
    collect(stage, asked.poll)
    collected = revision()
    with stage.database.transaction() as session:
        admin = session.merge(stage.cast.admin)
        placing.move(session, admin, made.id, place(stage, area_id=stage.cast.villages[1]), stage.now)
    assert before < claimed < collected < revision()


def test_codes_have_no_look_alikes_and_nothing_a_vietnamese_keyboard_would_join() -> None:
    codes = [claim_codes.new() for _ in range(200)]
    assert len(set(codes)) == 200
    for code in codes:
        assert re.fullmatch(r"[234579CFGHJKMNPQRTVX]{4}-[234579CFGHJKMNPQRTVX]{4}", code)
    assert not set("O0I1LS8BZAEUYDW6") & set(claim_codes.SIGNS)


@pytest.mark.parametrize("typed", ["hx4q7kmt", " HX4Q 7KMT ", "hx4q-7kmt", "ＨＸ４Ｑ—7kmt"])
def test_a_code_may_be_typed_in_many_ways(typed: str) -> None:
    assert claim_codes.written(typed) == "HX4Q-7KMT"


def test_a_code_is_good_for_fifteen_minutes_and_once(stage: Any) -> None:
    late, used = ask(stage, now=stage.now - dt.timedelta(minutes=15)), ask(stage)
    with pytest.raises(ClaimUnknown):
        claim(stage, late.code)
    claim(stage, used.code)
    with pytest.raises(ClaimUnknown):
        claim(stage, used.code)
    with pytest.raises(ClaimGone):
        collect(stage, late.poll)


@on_sqlite
def test_nobody_learns_anything_from_a_code_or_another_s_name(stage: Any) -> None:
    asked = ask(stage)
    claim(stage, asked.code)
    for guess in (asked.code, "x", fingerprint(asked.poll), ""):
        with pytest.raises(ClaimGone):
            collect(stage, guess)
    with stage.database.transaction(read_only=True) as session:
        assert asked.poll not in repr(vars(session.scalars(select(Claim)).one()))


@on_sqlite
def test_a_box_that_lost_power_may_ask_again_for_a_while_and_the_last_password_counts(stage: Any) -> None:
    asked = ask(stage)
    claim(stage, asked.code)
    first = collect(stage, asked.poll)
    second = collect(stage, asked.poll, stage.now + dt.timedelta(minutes=5))
    assert first is not None
    assert second is not None
    assert not password_holds(stage, first.password)
    assert password_holds(stage, second.password)
    with pytest.raises(ClaimGone):
        collect(stage, asked.poll, stage.now + dt.timedelta(minutes=11))


@on_sqlite
def test_a_claimed_box_that_was_off_the_net_gets_its_identity_within_a_day(stage: Any) -> None:
    asked, other = ask(stage), ask(stage)
    claim(stage, asked.code)
    claim(stage, other.code)
    assert collect(stage, asked.poll, stage.now + dt.timedelta(hours=23)) is not None
    with pytest.raises(ClaimGone):
        collect(stage, other.poll, stage.now + dt.timedelta(hours=25))


@on_sqlite
def test_only_who_administers_the_area_claims_there(stage: Any) -> None:
    asked, cast = ask(stage), stage.cast
    for person in (cast.lan, cast.binh, cast.mai):
        with pytest.raises(Forbidden):
            claim(stage, asked.code, person)
    with pytest.raises(Forbidden):
        claim(stage, asked.code, area_id=cast.other_commune)
    assert claim(stage, asked.code).device == "loa-0001"


@on_sqlite
@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"name": " "}, EmptyTitle),
        ({"latitude": 21.0}, InvalidPosition),
        ({"latitude": 91.0, "longitude": 3.0}, InvalidPosition),
    ],
)
def test_a_place_that_cannot_be_is_refused_and_the_code_stays_good(
    stage: Any, change: dict[str, Any], error: type[Exception]
) -> None:
    asked = ask(stage)
    with pytest.raises(error):
        claim(stage, asked.code, **change)
    assert claim(stage, asked.code).id


def test_a_replacement_keeps_place_name_and_history_and_the_old_key_and_password_are_dead(
    stage: Any,
) -> None:
    [old] = stage.loudspeakers(1)
    before = stage.loudspeaker(old)
    key = SigningKey.generate()
    asked = ask(stage, key, serial="B-2")
    made = replace(stage, asked.code, before.id)
    granted = collect(stage, asked.poll)
    assert granted is not None
    assert (made.id, made.device, made.name, made.area_id) == (
        before.id,
        before.device,
        before.name,
        before.area_id,
    )
    assert made.public_key == key.public
    assert not password_holds(stage, old.identity.password)
    assert password_holds(stage, granted.password)
    journal = Journal(device=made.device, boot="b", events=(JournalEvent(seq=1, at=1, event="armed"),))
    topic = stage.wire.topics.evt(made.device)
    heard = stage.hear(
        Inbound(topic, seal(journal, old.identity.key), stage.now),
        Inbound(topic, seal(journal, key), stage.now),
    )
    assert (heard.heard, heard.refused) == (1, 1)
    with stage.database.transaction(read_only=True) as session:
        rows = boxes.history(session, made.id)
        assert [(row.serial, row.reason, row.removed_at) for row in rows] == [
            ("B-2", "", None),
            ("", "replaced", stage.now),
        ]


@on_sqlite
def test_the_same_box_claimed_again_is_recognised_by_its_serial_number(stage: Any) -> None:
    made = claim(stage, ask(stage, serial="C-3").code)
    again = ask(stage, serial="C-3")
    with stage.database.transaction() as session:
        admin = session.merge(stage.cast.admin)
        found = enrolment.find(session, admin, again.code, stage.now)
        known = enrolment.known_before(session, admin, found)
        assert known is not None
        assert known.id == made.id
        mai = session.merge(stage.cast.mai)
        assert enrolment.known_before(session, mai, found) is None
    replace(stage, again.code, made.id)
    assert "loudspeaker.reclaim" in actions(stage.database)


@on_sqlite
def test_a_box_that_was_replaced_before_it_asked_gets_nothing(stage: Any) -> None:
    first = ask(stage)
    made = claim(stage, first.code)
    second = ask(stage)
    replace(stage, second.code, made.id)
    with pytest.raises(ClaimGone):
        collect(stage, first.poll)
    assert collect(stage, second.poll) is not None


@on_sqlite
def test_a_retired_loudspeaker_is_not_replaced_and_its_box_is_noted_as_gone(stage: Any) -> None:
    asked = ask(stage)
    made = claim(stage, asked.code)
    with stage.database.transaction() as session:
        admin = session.merge(stage.cast.admin)
        registry.retire(session, admin, wire=stage.wire, loudspeaker_id=made.id, now=stage.now)
    with pytest.raises(WrongState):
        replace(stage, ask(stage).code, made.id)
    with pytest.raises(ClaimGone):
        collect(stage, asked.poll)
    with stage.database.transaction(read_only=True) as session:
        assert session.scalars(select(Box.reason)).all() == ["retired"]


@on_sqlite
def test_nobody_replaces_a_loudspeaker_of_another_commune(stage: Any) -> None:
    [box] = stage.loudspeakers(1, area_id=stage.cast.other_commune)
    with pytest.raises(NotFound):
        replace(stage, ask(stage).code, stage.loudspeaker(box).id)


@on_sqlite
def test_a_loudspeaker_moves_to_another_area_and_keeps_its_key_and_picture(stage: Any) -> None:
    made = claim(stage, ask(stage).code, photo_sha256="a" * 64)
    with stage.database.transaction() as session:
        admin = session.merge(stage.cast.admin)
        target = place(stage, area_id=stage.cast.villages[2], name="Cổng chợ")
        moved = placing.move(session, admin, made.id, target, stage.now)
        assert (moved.area_id, moved.name, moved.photo_sha256) == (
            stage.cast.villages[2],
            "Cổng chợ",
            "a" * 64,
        )
        assert moved.public_key == made.public_key
        elsewhere = place(stage, area_id=stage.cast.other_commune)
        with pytest.raises(Forbidden):
            placing.move(session, admin, made.id, elsewhere, stage.now)


@on_sqlite
def test_what_is_no_key_is_refused_and_what_a_stranger_writes_plays_no_tricks(stage: Any) -> None:
    with stage.database.transaction() as session, pytest.raises(InvalidInput):
        enrolment.ask(session, Ask(public_key="AAAA"), stage.now)
    ask(stage, hardware="Pi\x1b[2J\u202e 4", serial=" x\n")
    with stage.database.transaction(read_only=True) as session:
        found = session.scalars(select(Claim)).one()
        assert (found.hardware, found.serial) == ("Pi[2J 4", "x")


@on_sqlite
def test_too_many_waiting_boxes_are_sent_away_until_codes_lapse(
    stage: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(enrolment, "MOST_WAITING", 2)
    ask(stage)
    ask(stage)
    with pytest.raises(EnrolmentFull):
        ask(stage)
    assert ask(stage, now=stage.now + dt.timedelta(minutes=16)).code
