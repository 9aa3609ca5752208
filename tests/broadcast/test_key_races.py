"""Two who change whose key counts at the same moment do so one after the other, also on PostgreSQL."""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from broadcast.enrolment_errors import KeyRefused
from broadcast.errors import DomainError
from broadcast.joining import enrolment, placing, registry, rekeying
from broadcast.models import Loudspeaker
from broadcast.speakers import boxes, known
from devices.enrolment import Ask
from devices.envelope import SigningKey, key_proof, seal
from devices.messages import KeyRequest

PATIENCE_S = 0.6  # in which the other, were it not kept waiting, would long be done


def wants_key(stage: Any, box: Any, new: SigningKey, by: SigningKey | None = None) -> None:
    proof = base64.b64encode(new.sign(key_proof(box.device, new.public))).decode()
    at = int(stage.now.timestamp() * 1000)
    request = KeyRequest(device=box.device, public_key=new.public, proof=proof, at=at)
    with stage.database.transaction() as session:
        rekeying.replace_key(session, box.device, seal(request, by or box.identity.key), stage.now)


class Rival:
    """Somebody who does something else to the same loudspeaker in the middle of what is tested."""

    def __init__(self, act: Callable[[], object]) -> None:
        self._act = act
        self.errors: list[DomainError] = []
        self._thread = threading.Thread(target=self._run)

    def cut_in(self, *_: object) -> None:
        self._thread.start()
        self._thread.join(PATIENCE_S)

    def end(self) -> None:
        self._thread.join(30)
        assert not self._thread.is_alive()

    def _run(self) -> None:
        try:
            self._act()
        except DomainError as error:
            self.errors.append(error)


@pytest.fixture
def box(stage: Any) -> Any:
    [made] = stage.loudspeakers(1)
    return made


def cut_in_at_removal(monkeypatch: pytest.MonkeyPatch, rival: Rival) -> None:
    """Between the look at the loudspeaker and the change of it."""
    remove = boxes.remove

    def slowly(*arguments: Any) -> None:
        rival.cut_in()
        remove(*arguments)

    monkeypatch.setattr(boxes, "remove", slowly)


def keys_of(stage: Any) -> tuple[str, str]:
    with stage.database.transaction(read_only=True) as session:
        found = session.scalars(select(Loudspeaker)).one()
        return found.public_key, found.previous_key


def test_a_box_that_changes_its_key_while_it_is_replaced_keeps_no_way_back(
    stage: Any, box: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = SigningKey.generate()
    with stage.database.transaction() as session:
        asked = enrolment.ask(session, Ask(public_key=key.public), stage.now)
    place = stage.loudspeaker(box).id
    rival = Rival(lambda: wants_key(stage, box, SigningKey.generate()))
    cut_in_at_removal(monkeypatch, rival)
    with stage.database.transaction() as session:
        admin = session.merge(stage.cast.admin)
        enrolment.claim_replacement(session, admin, asked.code, place, now=stage.now)
    rival.end()
    assert [type(error) for error in rival.errors] == [KeyRefused]
    assert keys_of(stage) == (key.public, "")


def test_a_box_that_changes_its_key_while_its_identity_is_renewed_keeps_no_way_back(
    stage: Any, box: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = stage.loudspeaker(box).id
    rival = Rival(lambda: wants_key(stage, box, SigningKey.generate()))
    cut_in_at_removal(monkeypatch, rival)
    with stage.database.transaction() as session:
        made = registry.renew(session, None, wire=stage.wire, loudspeaker_id=place, now=stage.now)
    rival.end()
    assert [type(error) for error in rival.errors] == [KeyRefused]
    assert keys_of(stage) == (made.key.public, "")


def test_a_box_that_was_replaced_while_it_asked_gets_no_password_that_counts(
    stage: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ask() -> enrolment.Asked:
        with stage.database.transaction() as session:
            wanted = Ask(public_key=SigningKey.generate().public)
            return enrolment.ask(session, wanted, stage.now)

    first, second = ask(), ask()
    with stage.database.transaction() as session:
        admin, where = session.merge(stage.cast.admin), placing.Place(stage.cast.villages[0], "Cột điện")
        place = enrolment.claim_new(session, admin, first.code, where, stage.now).id

    def replace() -> None:
        with stage.database.transaction() as session:
            admin = session.merge(stage.cast.admin)
            enrolment.claim_replacement(session, admin, second.code, place, now=stage.now)

    rival, make = Rival(replace), enrolment.new_password
    monkeypatch.setattr(enrolment, "new_password", lambda it: (cut_in_once(rival), make(it))[1])
    with stage.database.transaction() as session:
        enrolment.collect(session, first.poll, wire=stage.wire, now=stage.now)
        mine = session.get_one(Loudspeaker, place).broker_hash
    rival.end()
    with stage.database.transaction(read_only=True) as session:
        assert session.get_one(Loudspeaker, place).broker_hash != mine


def test_two_officers_who_claim_at_the_same_moment_get_two_names(
    stage: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ask() -> str:
        with stage.database.transaction() as session:
            return enrolment.ask(session, Ask(public_key=SigningKey.generate().public), stage.now).code

    def claim(code: str) -> None:
        with stage.database.transaction() as session:
            admin, where = session.merge(stage.cast.admin), placing.Place(stage.cast.villages[0], "Cột điện")
            enrolment.claim_new(session, admin, code, where, stage.now)

    first, second = ask(), ask()
    rival, put = Rival(lambda: claim(second)), placing.put
    monkeypatch.setattr(placing, "put", lambda *given: (cut_in_once(rival), put(*given))[1])
    claim(first)
    rival.end()
    assert rival.errors == []
    with stage.database.transaction(read_only=True) as session:
        names = session.scalars(select(Loudspeaker.device).order_by(Loudspeaker.device)).all()
    assert names == ["loa-0001", "loa-0002"]


def cut_in_once(rival: Rival) -> None:
    if rival._thread.ident is None:
        rival.cut_in()


def test_the_first_use_of_a_key_does_not_forget_the_key_that_has_been_asked_for_since(
    stage: Any, box: Any
) -> None:
    """The box may have lost the answer, and then goes on with the key that it sealed the question with."""
    second, third = SigningKey.generate(), SigningKey.generate()
    wants_key(stage, box, second)
    with stage.database.transaction(read_only=True) as session:
        before = known.read(session, [box.device])[box.device]
    wants_key(stage, box, third, by=second)
    before.previous_key = ""  # what the intake does when it has believed the second
    with stage.database.transaction() as session:
        known.write(session, [before])
    assert keys_of(stage) == (third.public, second.public)
