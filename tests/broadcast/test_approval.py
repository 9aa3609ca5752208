"""Approval: by another person, of the very text and the very audio; any edit voids it."""

from __future__ import annotations

import contextlib
import datetime as dt
import functools
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from broadcast.authoring import bulletins
from broadcast.errors import (
    ContentChanged,
    DomainError,
    Forbidden,
    NoAudio,
    SelfApproval,
    StaleVersion,
    WrongState,
)
from broadcast.models import Approval, BulletinState, BulletinVersion, Clip, RenderState, Role
from broadcast.orders.outbox import Wire
from broadcast.signing.keyring import Keyring
from broadcast.units import people
from devices.envelope import SigningKey
from devices.topics import Topics

NOW = dt.datetime(2026, 3, 2, 1, 0, tzinfo=dt.UTC)
OTHER = "f" * 64
WIRE = Wire(
    Topics("xa-thu"), Keyring.of(SigningKey.generate()), "http://127.0.0.1:8080", "mqtt://127.0.0.1:1883"
)
withdraw = functools.partial(bulletins.withdraw, wire=WIRE)
DEEDS = {
    "submit": bulletins.submit,
    "recall": bulletins.recall,
    "withdraw": withdraw,
    "restore": bulletins.restore,
}


def add_clip(session, version, sha256):
    """Audio as a worker leaves it."""
    clip = Clip(
        sha256=sha256, key=sha256, media_type="audio/mpeg", size=1, duration_ms=1000, engine="espeak",
        engine_version="1", loudness=-16, true_peak=-1, peaks=[], details={}, created_at=NOW,
    )  # fmt: skip
    session.add(clip)
    session.flush()
    version.clip_id, version.render_state = clip.id, RenderState.READY
    session.flush()
    session.expire(version, ["clip"])


@pytest.fixture
def bulletin(database, cast):
    """Submitted, with audio."""
    with database.transaction() as session:
        made = bulletins.create(
            session, cast.lan, area_id=cast.commune, title="Họp thôn", text="Mời bà con đi họp.", now=NOW
        )
        add_clip(session, made.current, "a" * 64)
        return bulletins.submit(session, cast.lan, made.id, now=NOW)


def approve(database, person, bulletin, **wrong):
    with database.transaction() as session:
        current = bulletins.get(session, person, bulletin.id).current
        what = {
            "version": current.number,
            "text_sha256": current.text_sha256,
            "audio_sha256": current.clip.sha256 if current.clip else "",
        }
        return bulletins.approve(session, person, bulletin.id, now=NOW, **{**what, **wrong})


def call(database, use_case, person, bulletin, **more):
    with database.transaction() as session:
        return use_case(session, person, bulletin.id, now=NOW, **more)


def on_air(database, bulletin):
    """The number of the version that may be played, None when none may."""
    with database.transaction() as session:
        row = session.get_one(type(bulletin), bulletin.id)
        version = bulletins.approved_version(session, row)
        return None if version is None else version.number


def state(database, cast, bulletin):
    with database.transaction(read_only=True) as session:
        return bulletins.get(session, cast.lan, bulletin.id).state


def test_the_leader_approves_what_the_officer_wrote(database, cast, bulletin):
    assert on_air(database, bulletin) is None
    approve(database, cast.binh, bulletin)
    assert on_air(database, bulletin) == 1
    with database.transaction(read_only=True) as session:
        decision = bulletins.decisions(session, bulletin)[0]
        assert (decision.approved, decision.person.username, decision.version.number) == (True, "binh", 1)


def grant(database, person, role, area_id):
    with database.transaction() as session:
        people.grant(session, people.get_person(session, person.id), role, area_id, now=NOW)


def test_nobody_approves_what_they_wrote(database, cast, bulletin):
    grant(database, cast.lan, Role.APPROVER, cast.commune)
    with pytest.raises(SelfApproval):
        approve(database, cast.lan, bulletin)
    assert on_air(database, bulletin) is None


def test_nobody_approves_a_version_they_changed(database, cast, bulletin):
    grant(database, cast.binh, Role.EDITOR, cast.commune)
    with database.transaction() as session:
        edited = bulletins.edit(session, cast.binh, bulletin.id, expected_version=1, now=NOW, text="Khác.")
        add_clip(session, edited.current, "b" * 64)
        bulletins.submit(session, cast.lan, bulletin.id, now=NOW)
    with pytest.raises(SelfApproval):
        approve(database, cast.binh, bulletin)


def test_nobody_approves_their_own_bulletin_after_another_polished_it(database, cast, bulletin):
    grant(database, cast.lan, Role.APPROVER, cast.commune)
    grant(database, cast.binh, Role.EDITOR, cast.commune)
    with database.transaction() as session:
        edited = bulletins.edit(session, cast.binh, bulletin.id, expected_version=1, now=NOW, text="Khác.")
        add_clip(session, edited.current, "b" * 64)
        bulletins.submit(session, cast.binh, bulletin.id, now=NOW)
    with pytest.raises(SelfApproval):
        approve(database, cast.lan, bulletin)


def test_only_an_approver_of_the_area_approves(database, cast, bulletin):
    for person in (cast.dung, cast.admin):
        with pytest.raises(Forbidden):
            approve(database, person, bulletin)
    grant(database, cast.mai, Role.APPROVER, cast.other_commune)
    with pytest.raises(Forbidden), database.transaction() as session:
        bulletins.approve(
            session, cast.mai, bulletin.id, version=1, text_sha256=OTHER, audio_sha256=OTHER, now=NOW
        )


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"version": 2}, StaleVersion),
        ({"text_sha256": OTHER}, ContentChanged),
        ({"audio_sha256": OTHER}, ContentChanged),
        ({"audio_sha256": ""}, ContentChanged),
    ],
)
def test_only_what_was_read_and_heard_is_approved(database, cast, bulletin, wrong, error):
    with pytest.raises(error):
        approve(database, cast.binh, bulletin, **wrong)
    assert on_air(database, bulletin) is None


def test_what_cannot_be_heard_cannot_be_approved(database, cast):
    with database.transaction() as session:
        silent = bulletins.create(session, cast.lan, area_id=cast.commune, title="A", text="B", now=NOW)
        bulletins.submit(session, cast.lan, silent.id, now=NOW)
    with pytest.raises(NoAudio):
        approve(database, cast.binh, silent)


def test_any_edit_voids_the_approval(database, cast, bulletin):
    for words in (
        {"text": "Khác."},
        {"title": "Khác"},
        {"speed": 0.9},
        {"source": "Khác"},
        {"chime": "none"},
    ):
        with database.transaction() as session:
            row = session.get_one(type(bulletin), bulletin.id)
            if row.state is BulletinState.DRAFT:
                add_clip(session, row.current, f"{row.version_number:064}")
                bulletins.submit(session, cast.lan, row.id, now=NOW)
        approve(database, cast.binh, bulletin)
        before = on_air(database, bulletin)
        assert before is not None
        with database.transaction() as session:
            bulletins.edit(session, cast.lan, bulletin.id, expected_version=before, now=NOW, **words)
        assert on_air(database, bulletin) is None
        assert state(database, cast, bulletin) is BulletinState.DRAFT
    with database.transaction(read_only=True) as session:
        assert all(decision.voided_at == NOW for decision in bulletins.decisions(session, bulletin))


def test_saving_without_a_change_keeps_the_approval(database, cast, bulletin):
    approve(database, cast.binh, bulletin)
    with database.transaction() as session:
        bulletins.edit(session, cast.lan, bulletin.id, expected_version=1, now=NOW, title="Họp thôn")
    assert on_air(database, bulletin) == 1


def test_a_text_changed_behind_our_back_is_not_played(database, cast, bulletin):
    approve(database, cast.binh, bulletin)
    with database.transaction() as session:
        session.execute(update(BulletinVersion).values(text="Lời lạ."))
    assert on_air(database, bulletin) is None


def test_audio_changed_behind_our_back_is_not_played(database, cast, bulletin):
    approve(database, cast.binh, bulletin)
    with database.transaction() as session:
        version = session.get_one(type(bulletin), bulletin.id).current
        add_clip(session, version, "c" * 64)
    assert on_air(database, bulletin) is None


def test_a_decision_forged_in_the_authors_name_does_not_count(database, cast, bulletin):
    approve(database, cast.binh, bulletin)
    with database.transaction() as session:
        session.execute(update(Approval).values(person_id=cast.lan.id))
    assert on_air(database, bulletin) is None


def test_a_refusal_is_no_approval(database, cast, bulletin):
    approve(database, cast.binh, bulletin)
    with database.transaction() as session:
        session.execute(update(Approval).values(approved=False))
    assert on_air(database, bulletin) is None


def test_a_voided_approval_does_not_count(database, cast, bulletin):
    approve(database, cast.binh, bulletin)
    with database.transaction() as session:
        session.execute(update(Approval).values(voided_at=NOW))
    assert on_air(database, bulletin) is None


def test_the_leader_sends_back_with_a_reason(database, cast, bulletin):
    call(database, bulletins.send_back, cast.binh, bulletin, note=" Ghi rõ giờ họp. ", version=1)
    with database.transaction() as session:
        found = bulletins.get(session, cast.lan, bulletin.id)
        assert (found.state, found.return_note) == (BulletinState.DRAFT, "Ghi rõ giờ họp.")
        assert not bulletins.decisions(session, found)[0].approved
        assert bulletins.submit(session, cast.lan, found.id, now=NOW).return_note == ""


def test_the_leader_sends_back_only_what_was_read(database, cast, bulletin):
    call(database, bulletins.recall, cast.lan, bulletin)
    call(database, bulletins.edit, cast.lan, bulletin, expected_version=1, text="Lời khác.")
    call(database, bulletins.submit, cast.lan, bulletin)
    with pytest.raises(StaleVersion):
        call(database, bulletins.send_back, cast.binh, bulletin, note="Sửa giờ.", version=1)
    assert state(database, cast, bulletin) is BulletinState.SUBMITTED


def test_the_author_recalls_what_was_submitted(database, cast, bulletin):
    call(database, bulletins.recall, cast.lan, bulletin)
    assert state(database, cast, bulletin) is BulletinState.DRAFT
    with pytest.raises(WrongState):
        call(database, bulletins.recall, cast.lan, bulletin)


def test_only_a_submitted_bulletin_is_decided_about(database, cast, bulletin):
    approve(database, cast.binh, bulletin)
    with pytest.raises(WrongState):
        approve(database, cast.binh, bulletin)
    with pytest.raises(WrongState):
        call(database, bulletins.send_back, cast.binh, bulletin, note="", version=1)
    with pytest.raises(WrongState):
        call(database, bulletins.submit, cast.lan, bulletin)


def test_a_stale_page_does_not_submit(database, cast, bulletin):
    call(database, bulletins.recall, cast.lan, bulletin)
    with pytest.raises(StaleVersion):
        call(database, bulletins.submit, cast.lan, bulletin, expected_version=2)


def test_a_withdrawn_bulletin_is_not_played_and_comes_back_as_it_was(database, cast, bulletin):
    approve(database, cast.binh, bulletin)
    call(database, withdraw, cast.lan, bulletin)
    assert on_air(database, bulletin) is None
    with pytest.raises(WrongState):
        call(database, withdraw, cast.lan, bulletin)
    call(database, bulletins.restore, cast.lan, bulletin)
    assert on_air(database, bulletin) == 1
    with pytest.raises(WrongState):
        call(database, bulletins.restore, cast.lan, bulletin)


def test_what_the_leader_withdrew_no_officer_puts_back_on_air(database, cast, bulletin):
    approve(database, cast.binh, bulletin)
    call(database, withdraw, cast.binh, bulletin)
    call(database, bulletins.restore, cast.lan, bulletin)
    assert state(database, cast, bulletin) is BulletinState.DRAFT
    assert on_air(database, bulletin) is None


def test_the_leader_undoes_anothers_withdrawal(database, cast, bulletin):
    approve(database, cast.binh, bulletin)
    call(database, withdraw, cast.lan, bulletin)
    call(database, bulletins.restore, cast.binh, bulletin)
    assert on_air(database, bulletin) == 1


@pytest.mark.parametrize("use_case", [bulletins.submit, bulletins.recall, withdraw, bulletins.restore])
def test_an_officer_of_another_commune_is_refused(database, cast, bulletin, use_case):
    with pytest.raises(Forbidden):
        call(database, use_case, cast.mai, bulletin)


def test_an_edit_and_an_approval_at_once_never_put_unapproved_words_on_air(database, cast, bulletin):
    def change(_):
        try:
            with database.transaction() as session:
                bulletins.edit(session, cast.lan, bulletin.id, expected_version=1, now=NOW, text="Lời khác.")
        except DomainError as error:
            return error.code
        return "edited"

    def decide(_):
        try:
            with database.transaction() as session:
                current = bulletins.get(session, cast.binh, bulletin.id).current
                bulletins.approve(
                    session, cast.binh, bulletin.id, version=1, text_sha256=current.text_sha256,
                    audio_sha256="a" * 64, now=NOW,
                )  # fmt: skip
        except DomainError as error:
            return error.code
        return "approved"

    with ThreadPoolExecutor(2) as pool:
        edited, decided = pool.submit(change, 0), pool.submit(decide, 0)
        assert edited.result() == "edited"
        assert decided.result() in ("approved", "stale_version", "wrong_state")
    assert on_air(database, bulletin) is None
    assert state(database, cast, bulletin) is BulletinState.DRAFT


ACTIONS = (
    "edit",
    "render",
    "submit",
    "recall",
    "approve",
    "self_approve",
    "send_back",
    "withdraw",
    "restore",
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.sampled_from(ACTIONS), max_size=14))
def test_whatever_happens_only_the_approved_words_and_sound_are_on_air(database, cast, steps):
    """The model: the last (text, audio) that the leader approved and nobody touched since."""
    with database.transaction() as session:
        row = bulletins.create(session, cast.lan, area_id=cast.commune, title="A", text="0", now=NOW)
        approved = None
        for number, step in enumerate(steps):
            with contextlib.suppress(DomainError):
                approved = act(session, cast, row, (step, number), approved)
            version = bulletins.approved_version(session, row)
            if version is not None:
                assert (version.text, version.clip.sha256) == approved
        session.rollback()


def act(session, cast, row, what, approved):
    (step, number), current = what, row.current
    if step == "edit":
        bulletins.edit(
            session, cast.lan, row.id, expected_version=row.version_number, now=NOW, text=f"{number + 1}"
        )
        return None
    if step == "render":
        add_clip(session, current, f"{number:064}")
    elif step in ("approve", "self_approve"):
        person = cast.binh if step == "approve" else cast.lan
        sound = current.clip.sha256 if current.clip else ""
        bulletins.approve(
            session, person, row.id, version=current.number, text_sha256=current.text_sha256,
            audio_sha256=sound, now=NOW,
        )  # fmt: skip
        return (current.text, sound)
    elif step == "send_back":
        bulletins.send_back(session, cast.binh, row.id, version=row.version_number, note="", now=NOW)
    else:
        DEEDS[step](session, cast.lan, row.id, now=NOW)
    return approved
