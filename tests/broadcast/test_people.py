"""Signing in, one-time links, grants."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from broadcast.errors import (
    AlreadyExists,
    BadCredentials,
    DomainError,
    EmptyTitle,
    InvalidUsername,
    LastAdministrator,
    LinkExpired,
    LinkInvalid,
    LinkUsed,
    NotFound,
    TooManyAttempts,
    UnknownArea,
    ValueTooLong,
    WeakPassword,
)
from broadcast.models import AuditRow, Grant, LinkPurpose, OneTimeLink, Person, Role
from broadcast.units import people

HOUR = dt.timedelta(hours=1)


def sign_in(database, username, password, now):
    with database.transaction() as session:
        return people.authenticate(session, username, password, now)


def test_the_right_password_signs_in_whatever_the_case_of_the_name(database, cast, now):
    assert sign_in(database, " Lan ", cast.password, now).id == cast.lan.id


@pytest.mark.parametrize(
    ("username", "password"), [("lan", "wrong"), ("lan", ""), ("nobody", "wrong"), ("", "")]
)
def test_a_wrong_password_and_an_unknown_name_are_refused_alike(database, cast, now, username, password):
    with pytest.raises(BadCredentials) as caught:
        sign_in(database, username, password, now)
    assert caught.value.params == {}


def test_nobody_has_a_default_password(database, cast, now):
    with database.transaction() as session:
        made = people.create_person(session, username="moi", name="Người mới", now=now)
        assert made.password_hash is None
    for guess in ("", "moi", "admin", "123456"):
        with pytest.raises(BadCredentials):
            sign_in(database, "moi", guess, now)


def test_the_password_itself_is_kept_nowhere(database, cast, now):
    with database.transaction() as session:
        people.set_password(session, people.get_person(session, cast.lan.id), "một mật khẩu rất dài", now)
    with database.transaction(read_only=True) as session:
        person = people.get_person(session, cast.lan.id)
        assert person.password_hash.startswith("$argon2id$")
        logged = [row.detail for row in session.scalars(select(AuditRow))]
    assert "một mật khẩu" not in repr(logged)


def test_guessing_is_slowed_down_and_the_right_password_waits_too(database, cast, clock):
    for _ in range(people.FREE_TRIES):
        with pytest.raises(BadCredentials):
            sign_in(database, "lan", "wrong", clock())
    with pytest.raises(TooManyAttempts) as caught:
        sign_in(database, "lan", cast.password, clock())
    clock.forward(seconds=caught.value.params["wait_s"])
    assert sign_in(database, "lan", cast.password, clock()).id == cast.lan.id


def test_the_wait_doubles_but_never_locks_out_for_long(database, cast, clock):
    waits = []
    for _ in range(14):
        try:
            sign_in(database, "lan", "wrong", clock())
        except BadCredentials:
            continue
        except TooManyAttempts as error:
            waits.append(error.params["wait_s"])
            clock.forward(seconds=error.params["wait_s"])
            with pytest.raises(BadCredentials):
                sign_in(database, "lan", "wrong", clock())
    assert waits[:4] == [1, 2, 4, 8]
    assert max(waits) == people.LONGEST_WAIT_S


def test_a_name_that_does_not_exist_is_slowed_down_alike(database, cast, now):
    for _ in range(people.FREE_TRIES):
        with pytest.raises(BadCredentials):
            sign_in(database, "nobody", "wrong", now)
    with pytest.raises(TooManyAttempts):
        sign_in(database, "nobody", "wrong", now)


def test_failures_are_forgotten_after_an_hour_and_after_success(database, cast, clock):
    for _ in range(people.FREE_TRIES - 1):
        with pytest.raises(BadCredentials):
            sign_in(database, "lan", "wrong", clock())
    sign_in(database, "lan", cast.password, clock())
    for _ in range(people.FREE_TRIES):
        with pytest.raises(BadCredentials):
            sign_in(database, "lan", "wrong", clock())
    clock.forward(hours=1, seconds=1)
    with pytest.raises(BadCredentials):
        sign_in(database, "lan", "wrong", clock())


def test_guesses_at_the_same_time_are_all_counted(database, cast, now):
    def guess(_):
        try:
            sign_in(database, "lan", "wrong", now)
        except DomainError as error:
            return type(error)

    with ThreadPoolExecutor(6) as pool:
        outcomes = list(pool.map(guess, range(12)))
    assert outcomes.count(BadCredentials) <= people.FREE_TRIES + 1
    assert outcomes.count(TooManyAttempts) >= 12 - people.FREE_TRIES - 1


def test_someone_deactivated_cannot_sign_in_and_is_signed_out(database, cast, now):
    with database.transaction() as session:
        people.set_active(session, people.get_person(session, cast.lan.id), False, now)
    with pytest.raises(BadCredentials):
        sign_in(database, "lan", cast.password, now)
    with database.transaction(read_only=True) as session:
        assert people.get_person(session, cast.lan.id).session_epoch == 1


def test_a_new_password_ends_every_session(database, cast, now):
    with database.transaction() as session:
        person = people.get_person(session, cast.lan.id)
        people.set_password(session, person, "một mật khẩu rất dài", now)
        people.end_sessions(session, person, now)
        assert person.session_epoch == 2
    assert sign_in(database, "lan", "một mật khẩu rất dài", now)


@pytest.mark.parametrize(
    "password", ["", "ngan", "1234567890", "aaaaaaaaaaaa", "lananhlan", "lan-lan-lan", "x" * 257]
)
def test_a_weak_password_is_refused(database, cast, now, password):
    with pytest.raises(WeakPassword), database.transaction() as session:
        people.set_password(session, people.get_person(session, cast.lan.id), password, now)


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"username": "a b"}, InvalidUsername),
        ({"username": "Lê"}, InvalidUsername),
        ({"username": "lan"}, AlreadyExists),
        ({"username": " LAN "}, AlreadyExists),
        ({"name": " "}, EmptyTitle),
        ({"name": "x" * 121}, ValueTooLong),
    ],
)
def test_a_person_with_a_wrong_value_is_refused(database, cast, now, wrong, error):
    with pytest.raises(error), database.transaction() as session:
        people.create_person(session, now=now, **{"username": "moi", "name": "Người mới", **wrong})


def issue(database, now, person_id=None, purpose=LinkPurpose.SIGN_IN):
    with database.transaction() as session:
        return people.issue_link(session, purpose=purpose, person_id=person_id, now=now, valid=HOUR)


def redeem(database, token, now, **more):
    with database.transaction() as session:
        return people.redeem_link(session, token, now, **more)


def test_a_link_works_once(database, cast, now):
    token = issue(database, now, cast.lan.id)
    assert redeem(database, token, now).person_id == cast.lan.id
    with pytest.raises(LinkUsed):
        redeem(database, token, now)


def test_a_link_expires(database, cast, now):
    token = issue(database, now, cast.lan.id)
    with pytest.raises(LinkExpired):
        redeem(database, token, now + HOUR)


def test_a_link_for_another_purpose_or_a_made_up_one_is_refused_and_not_used_up(database, cast, now):
    token = issue(database, now, cast.lan.id)
    with pytest.raises(LinkInvalid):
        redeem(database, token, now, purpose=LinkPurpose.INVITE)
    with pytest.raises(LinkInvalid):
        redeem(database, "made-up", now)
    assert redeem(database, token, now, purpose=LinkPurpose.SIGN_IN)


def test_only_the_hash_of_a_token_is_kept(database, cast, now):
    token = issue(database, now, cast.lan.id)
    with database.transaction(read_only=True) as session:
        link = session.scalars(select(OneTimeLink)).one()
        kept = [value for value in vars(link).values() if isinstance(value, str)]
        assert token not in repr(kept)
        assert token not in repr([row.detail for row in session.scalars(select(AuditRow))])


def test_a_link_redeemed_by_many_at_once_works_for_one(database, cast, now):
    token = issue(database, now, cast.lan.id)

    def attempt(_):
        try:
            return redeem(database, token, now).id
        except LinkUsed:
            return None

    with ThreadPoolExecutor(8) as pool:
        assert sum(result is not None for result in pool.map(attempt, range(8))) == 1


def test_a_grant_given_twice_is_one_grant(database, cast, now):
    with database.transaction() as session:
        person = people.get_person(session, cast.lan.id)
        people.grant(session, person, Role.EDITOR, cast.commune, now=now)
        assert len(session.scalars(select(Grant).where(Grant.person_id == person.id)).all()) == 1
        with pytest.raises(UnknownArea):
            people.grant(session, person, Role.EDITOR, 999, now=now)


def test_a_grant_can_be_taken_away(database, cast, now):
    with database.transaction() as session:
        person = people.get_person(session, cast.lan.id)
        people.revoke(session, person, Role.EDITOR, cast.commune, now=now)
        people.revoke(session, person, Role.EDITOR, cast.commune, now=now)
        assert person.grants == []


def test_the_last_administrator_stays(database, cast, now):
    with database.transaction() as session:
        admin = people.get_person(session, cast.admin.id)
        with pytest.raises(LastAdministrator):
            people.revoke(session, admin, Role.ADMIN, cast.commune, now=now)
        with pytest.raises(LastAdministrator):
            people.set_active(session, admin, False, now)
        people.grant(session, people.get_person(session, cast.binh.id), Role.ADMIN, cast.commune, now=now)
        people.revoke(session, admin, Role.ADMIN, cast.commune, now=now)


def test_each_sees_the_people_of_their_own_areas(database, cast):
    with database.transaction(read_only=True) as session:
        assert {person.username for person in people.list_people(session, cast.lan)} == {
            "lan",
            "binh",
            "quantri",
        }
        assert {person.username for person in people.list_people(session, cast.mai)} == {"mai"}
        with pytest.raises(NotFound):
            people.get_person(session, 999)
        assert session.get(Person, cast.mai.id).grants[0].area_id == cast.other_commune
