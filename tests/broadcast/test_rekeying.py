"""Whose reports are believed while a key is replaced, and after it has ended."""

from __future__ import annotations

import base64
import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select

from broadcast.joining import rekeying
from broadcast.models import Alarm, JournalRow, Loudspeaker
from devices.envelope import SigningKey, key_proof, seal
from devices.messages import KeyRequest

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def renew(stage: Any, box: Any, new: SigningKey) -> None:
    proof = base64.b64encode(new.sign(key_proof(box.device, new.public))).decode()
    at = int(stage.now.timestamp() * 1000)
    request = KeyRequest(device=box.device, public_key=new.public, proof=proof, at=at)
    with stage.database.transaction() as session:
        rekeying.replace_key(session, box.device, seal(request, box.identity.key), stage.now)


def says(stage: Any, box: Any, key: SigningKey, at: dt.datetime | None = None) -> bool:
    """Whether a report under this key is believed."""
    when = at or stage.now
    found = stage.hear(box.journal(when, box.event(when, "armed"), key=key), now=when)
    return found.refused == 0


def test_the_old_key_is_believed_until_the_new_one_was_used(stage: Any) -> None:
    [box] = stage.loudspeakers(1)
    old, new = box.identity.key, SigningKey.generate()
    renew(stage, box, new)
    assert says(stage, box, old)
    assert says(stage, box, new)
    assert not says(stage, box, old)
    assert stage.loudspeaker(box).previous_key == ""
    assert not says(stage, box, SigningKey.generate())


def test_reports_under_a_key_that_has_ended_are_not_believed_and_somebody_is_told(stage: Any) -> None:
    [box] = stage.loudspeakers(1)
    ends = stage.now + dt.timedelta(days=1)
    with stage.database.transaction() as session:
        session.get_one(Loudspeaker, stage.loudspeaker(box).id).key_expires_at = ends
    assert says(stage, box, box.identity.key)
    assert not says(stage, box, box.identity.key, ends)
    with stage.database.transaction(read_only=True) as session:
        assert session.scalars(select(Alarm.kind)).all() == ["key_ended"]
        assert len(session.scalars(select(JournalRow)).all()) == 1
