"""A stolen credential that floods through the real broker takes nothing from the other loudspeakers."""

from __future__ import annotations

import queue
from collections import Counter
from collections.abc import Callable
from typing import Any

from broadcast.evidence.flood import Bounds
from devices.broker import Broker
from devices.link import Inbound, ServerLink
from devices.topics import Topics

TOPICS = Topics("xa")
FLOOD, BOUND = 2_000, 50
LEAVES = (TOPICS.tele, TOPICS.evt, TOPICS.ack, TOPICS.time_req)


def test_a_flood_is_dropped_beyond_its_bound_and_the_others_are_heard(
    start_broker: Callable[..., Broker], make_account: Callable[..., Any], plain_client: Any
) -> None:
    server = make_account("server", reads=TOPICS.server_reads, writes=TOPICS.server_writes)
    names = ("thief", "honest")
    boxes = [make_account(name, reads=(), writes=TOPICS.device_writes(name)) for name in names]
    broker = start_broker([server, *boxes])
    inbox: queue.Queue[Inbound] = queue.Queue()
    bounds = Bounds(0.001, BOUND)
    link = ServerLink(broker.url, "server", "key of server", TOPICS, inbox, admits=bounds.admits)
    link.start()
    try:
        assert link.wait_connected(60)
        thief, honest = (plain_client(broker.url, name) for name in names)
        for number in range(FLOOD):
            thief.client.publish(LEAVES[number % len(LEAVES)]("thief"), b"x", qos=1)
        thief.publish(TOPICS.tele("thief"), b"last")
        honest.publish(TOPICS.evt("honest"), b"journal")
        heard: Counter[str] = Counter()
        while not heard["honest"]:
            heard[inbox.get(timeout=20).topic.split("/")[4]] += 1
    finally:
        link.stop()
    assert heard["honest"] == 1
    assert BOUND <= heard["thief"] <= BOUND + 1
    assert bounds.dropped == {"thief": FLOOD + 1 - heard["thief"]}
