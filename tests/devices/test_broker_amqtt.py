"""The small broker in this process: the same program that is started as a child, and the same accounts."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from devices.broker.amqtt_child import serve
from devices.broker.amqtt_kind import Amqtt
from devices.errors import LinkDown, LinkRefused
from devices.link_async import SpeakerLink
from devices.speaker.ports import Message
from devices.topics import Topics

TOPICS = Topics("xa")
WILL = Message(TOPICS.state("loa-01"), b"gone")


@pytest.fixture
def run(tmp_path: Path, free_port: int, make_account: Any) -> Callable[..., None]:
    """Run a story against the broker in the same loop, and end the broker as its parent would."""
    kind = Amqtt()
    kind.configure(tmp_path, free_port)
    boxes = [
        make_account(name, reads=TOPICS.device_reads(name, ["g1"]), writes=TOPICS.device_writes(name))
        for name in ("loa-01", "loa-02")
    ]
    server = make_account("server", reads=TOPICS.server_reads, writes=TOPICS.server_writes)
    kind.write_accounts(tmp_path, [server, *boxes])

    async def served(story: Callable[[str, Path], Coroutine[Any, Any, None]]) -> None:
        broker = asyncio.create_task(serve(tmp_path))
        try:
            await story(f"mqtt://127.0.0.1:{free_port}", tmp_path)
        finally:
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.wait_for(broker, 10)

    return lambda story: asyncio.run(asyncio.wait_for(served(story), 30))


async def connect(url: str, name: str, topics: tuple[str, ...] = (), password: str = "") -> SpeakerLink:
    link = SpeakerLink(url, name, password or f"key of {name}")
    for _ in range(50):
        with contextlib.suppress(LinkDown):
            await link.connect(WILL, topics)
            return link
        await asyncio.sleep(0.1)
    raise AssertionError("the broker does not come up")


def test_orders_and_reports_pass_and_nothing_else(run: Callable[..., None]) -> None:
    async def story(url: str, directory: Path) -> None:
        server = await connect(url, "server", TOPICS.server_reads)
        box = await connect(url, "loa-01", TOPICS.device_reads("loa-01", ["g1"]))
        await server.publish(Message(TOPICS.alerts("g1"), b"alert"))
        assert (await box.receive()).payload == b"alert"
        await box.publish(Message(TOPICS.desired("loa-02"), b"forged"))
        await box.publish(Message(TOPICS.state("loa-02"), b"forged"))
        await box.publish(Message(TOPICS.evt("loa-01"), b"journal"))
        assert (await server.receive()).payload == b"journal"
        with pytest.raises(LinkRefused):
            await box.subscribe([TOPICS.desired("loa-02")])
        await asyncio.gather(server.close(), box.close())

    run(story)


def test_a_stranger_is_refused_and_a_removed_account_hears_nothing_more(
    run: Callable[..., None], make_account: Any
) -> None:
    async def story(url: str, directory: Path) -> None:
        server = await connect(url, "server", TOPICS.server_reads)
        for name, password in (("loa-09", ""), ("loa-01", "a guess")):
            with pytest.raises(LinkRefused):
                await connect(url, name, (), password)
        thief = SpeakerLink(url, "loa-02", "key of loa-02", client_id="loa-01")
        with pytest.raises(LinkRefused):
            await thief.connect(WILL, ())
        box = await connect(url, "loa-01", (TOPICS.alerts("g1"),))
        witness = await connect(url, "loa-02", (TOPICS.alerts("g1"),))
        server_account = make_account("server", reads=TOPICS.server_reads, writes=TOPICS.server_writes)
        witness_account = make_account("loa-02", reads=(TOPICS.alerts("g1"),))
        Amqtt().write_accounts(directory, [server_account, witness_account])
        await server.publish(Message(TOPICS.alerts("g1"), b"after the removal"))
        assert (await witness.receive()).payload == b"after the removal"
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(box.receive(), 0.5)
        await asyncio.gather(server.close(), witness.close(), box.close())

    run(story)
