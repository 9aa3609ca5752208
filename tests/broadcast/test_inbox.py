"""Between the link and the database: what may wait there, and what a batch leaves behind."""

from __future__ import annotations

import datetime as dt
import gc
import queue
from typing import Any

import pytest
from sqlalchemy import select

from broadcast.errors import DatabaseBusy
from broadcast.evidence import inbox
from broadcast.models import Lease, Loudspeaker
from broadcast.storage.lease import Leadership
from devices.link import Inbound

LEADER = Leadership("air", "me", 1)


@pytest.fixture
def box(stage: Any) -> inbox.Inbox:
    with stage.database.transaction() as session:
        until = stage.now + dt.timedelta(minutes=1)
        session.add(Lease(name="air", holder="me", token=1, expires_at=until))
    return inbox.Inbox(stage.database, stage.wire, lambda: stage.now)


def test_large_messages_fill_the_inbox_before_their_number_does(
    box: inbox.Inbox, stage: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "CAPACITY_BYTES", 1_000_000)
    large = Inbound("t", b"x" * 250_000, stage.now)
    for _ in range(4):
        box.queue.put_nowait(large)
    with pytest.raises(queue.Full):
        box.queue.put_nowait(Inbound("t", b"", stage.now))
    assert box.queue.get_nowait() is large
    box.queue.put_nowait(large)
    box.forget()
    assert box.queue.empty()
    for _ in range(4):
        box.queue.put_nowait(large)


def test_more_than_may_wait_makes_the_sender_wait(box: inbox.Inbox, stage: Any) -> None:
    small = inbox.Waiting(2)
    small.put_nowait(Inbound("t", b"", stage.now))
    small.put_nowait(Inbound("t", b"", stage.now))
    with pytest.raises(queue.Full):
        small.put_nowait(Inbound("t", b"", stage.now))


@pytest.mark.parametrize("collecting", [True, False])
def test_a_batch_leaves_the_collector_of_garbage_as_it_was(
    box: inbox.Inbox, stage: Any, monkeypatch: pytest.MonkeyPatch, *, collecting: bool
) -> None:
    (one,) = stage.loudspeakers(1)
    box.queue.put_nowait(one.state(stage.now))
    seen: list[bool] = []
    real = inbox.ingest

    def fail_once(*given: Any) -> Any:
        seen.append(gc.isenabled())
        if len(seen) == 1:
            raise DatabaseBusy(cause="test")
        return real(*given)

    monkeypatch.setattr(inbox, "ingest", fail_once)
    (gc.enable if collecting else gc.disable)()
    try:
        with pytest.raises(DatabaseBusy):
            box.store(LEADER)
        assert gc.isenabled() is collecting
        assert not box.store(LEADER)
        assert gc.isenabled() is collecting
    finally:
        gc.enable()
    assert seen == [False, False]
    with stage.database.transaction() as session:
        assert session.scalar(select(Loudspeaker.online).where(Loudspeaker.device == one.device))
