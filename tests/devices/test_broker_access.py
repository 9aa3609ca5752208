"""Who may do what on the embedded brokers, judged by what is delivered and not by what the broker answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from devices.broker import Account, Broker, hash_password

BASE = "ttcs/1/xa"


@pytest.fixture(params=["mosquitto", "amqtt"])
def broker(
    request: pytest.FixtureRequest, start_broker: Callable[..., Broker], accounts: list[Any]
) -> Broker:
    return start_broker(accounts, request.param)


@pytest.fixture
def accounts(make_account: Callable[..., Any]) -> list[Any]:
    server = make_account("server", reads=[f"{BASE}/#"], writes=[f"{BASE}/#"])
    return [server, *(speaker(make_account, name) for name in ("loa-01", "loa-02"))]


def speaker(make_account: Callable[..., Any], name: str) -> Any:
    return make_account(
        name,
        reads=[f"{BASE}/d/{name}/desired", f"{BASE}/g/xa/alerts"],
        writes=[f"{BASE}/d/{name}/state", f"{BASE}/d/{name}/evt"],
    )


def test_a_loudspeaker_hears_its_own_orders_and_those_of_its_area(broker: Broker, plain_client: Any) -> None:
    server, box = plain_client(broker.url, "server"), plain_client(broker.url, "loa-01")
    box.subscribe(f"{BASE}/d/loa-01/desired", f"{BASE}/g/xa/alerts")
    server.publish(f"{BASE}/d/loa-01/desired", b"plan")
    server.publish(f"{BASE}/g/xa/alerts", b"alert")
    assert {box.next(), box.next()} == {
        (f"{BASE}/d/loa-01/desired", b"plan"),
        (f"{BASE}/g/xa/alerts", b"alert"),
    }


def test_a_loudspeaker_cannot_read_the_orders_of_another(broker: Broker, plain_client: Any) -> None:
    server, box = plain_client(broker.url, "server"), plain_client(broker.url, "loa-01")
    server.publish(f"{BASE}/d/loa-02/desired", b"retained, for another", retain=True)
    box.subscribe(
        "#", f"{BASE}/#", f"{BASE}/d/+/desired", f"{BASE}/d/loa-02/desired", f"{BASE}/d/loa-01/desired"
    )
    server.publish(f"{BASE}/d/loa-02/desired", b"for another")
    server.publish(f"{BASE}/d/loa-01/desired", b"the end")
    assert box.next()[1] == b"the end"
    assert set(box.heard()) <= {"the end"}  # several of its filters may match its own


def test_a_returning_loudspeaker_is_given_no_retained_message_of_another(
    broker: Broker, plain_client: Any
) -> None:
    server, other = plain_client(broker.url, "server"), plain_client(broker.url, "loa-02")
    other.subscribe(f"{BASE}/d/loa-02/desired")
    server.publish(f"{BASE}/d/loa-02/desired", b"for another", retain=True)
    assert other.next()[1] == b"for another"
    box = plain_client(broker.url, "loa-01")
    box.subscribe(f"{BASE}/d/loa-01/desired")
    server.publish(f"{BASE}/d/loa-01/desired", b"the end")
    assert box.next()[1] == b"the end"


def test_a_loudspeaker_can_order_nobody_and_speak_for_nobody(broker: Broker, plain_client: Any) -> None:
    server, box, victim = (plain_client(broker.url, name) for name in ("server", "loa-01", "loa-02"))
    server.subscribe(f"{BASE}/d/+/desired", f"{BASE}/d/+/state", f"{BASE}/g/xa/alerts")
    victim.subscribe(f"{BASE}/d/loa-02/desired", f"{BASE}/g/xa/alerts")
    box.publish(f"{BASE}/d/loa-02/desired", b"forged")
    box.publish(f"{BASE}/d/loa-01/desired", b"forged")
    box.publish(f"{BASE}/d/loa-02/state", b"forged")
    box.publish(f"{BASE}/g/xa/alerts", b"forged")
    box.publish(f"{BASE}/d/loa-01/state", b"true")
    assert server.next() == (f"{BASE}/d/loa-01/state", b"true")
    server.publish(f"{BASE}/g/xa/alerts", b"real")
    assert victim.next()[1] == b"real"


def test_strangers_are_refused(broker: Broker, plain_client: Any) -> None:
    assert plain_client(broker.url, None).refused.get(timeout=5)
    assert plain_client(broker.url, "loa-01", "a guess").refused.get(timeout=5)
    assert plain_client(broker.url, "loa-99", "key of loa-99").refused.get(timeout=5)
    assert not plain_client(broker.url, "loa-01").refused.get(timeout=5)


def test_an_account_can_be_added_and_removed_while_the_broker_runs(
    broker: Broker, accounts: list[Any], plain_client: Any, make_account: Any, eventually: Any
) -> None:
    def refused(name: str) -> bool:
        answer: bool = plain_client(broker.url, name).refused.get(timeout=5)
        return answer

    assert refused("loa-03")
    broker.set_accounts([*accounts, speaker(make_account, "loa-03")])
    eventually(lambda: not refused("loa-03"))
    removed = plain_client(broker.url, "loa-03")
    removed.subscribe(f"{BASE}/g/xa/alerts")
    broker.set_accounts(accounts)
    eventually(lambda: refused("loa-03"))
    server, witness = plain_client(broker.url, "server"), plain_client(broker.url, "loa-01")
    witness.subscribe(f"{BASE}/g/xa/alerts")
    server.publish(f"{BASE}/g/xa/alerts", b"after the removal")
    assert witness.next()[1] == b"after the removal"
    assert removed.heard() == []


def test_a_box_whose_password_was_replaced_is_heard_no_more_and_hears_nothing(
    broker: Broker, accounts: list[Any], plain_client: Any, make_account: Any, eventually: Any
) -> None:
    """The broken box that was exchanged, or stolen, may still be connected."""
    old, witness = plain_client(broker.url, "loa-01"), plain_client(broker.url, "loa-02")
    for client in (old, witness):
        client.subscribe(f"{BASE}/g/xa/alerts")
    server = plain_client(broker.url, "server")
    server.subscribe(f"{BASE}/d/+/state")
    others = [each for each in accounts if each.username != "loa-01"]
    mine = next(each for each in accounts if each.username == "loa-01")
    changed = Account("loa-01", hash_password("another", b"123456789012"), mine.reads, mine.writes)
    broker.set_accounts([*others, changed, speaker(make_account, "loa-03")])
    eventually(lambda: not plain_client(broker.url, "loa-03").refused.get(timeout=5))
    old.client.publish(f"{BASE}/d/loa-01/state", b"from yesterday", qos=1)
    server.publish(f"{BASE}/g/xa/alerts", b"after the exchange")
    assert witness.next()[1] == b"after the exchange"
    witness.publish(f"{BASE}/d/loa-02/state", b"from today")
    assert server.next()[1] == b"from today"
    assert old.heard() == []
