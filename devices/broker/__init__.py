"""An MQTT broker of our own as a child process: mosquitto, or amqtt for a small trial where it is missing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from devices.broker.accounts import Account, hash_password
from devices.broker.amqtt_kind import Amqtt
from devices.broker.base import Broker, Kind
from devices.broker.child import Alarm, ChildBroker
from devices.broker.mosquitto import Mosquitto, find_mosquitto
from devices.errors import BrokerFailed, BrokerMissing, DirectoryBusy, PortBusy

__all__ = [
    "Account",
    "Broker",
    "BrokerFailed",
    "BrokerMissing",
    "DirectoryBusy",
    "PortBusy",
    "embedded_broker",
    "hash_password",
]


def embedded_broker(
    directory: Path,
    port: int,
    accounts: Sequence[Account],
    kind: Literal["auto", "mosquitto", "amqtt"] = "auto",
    *,
    alarm: Alarm | None = None,
) -> Broker:
    """A broker on 127.0.0.1:``port``, not started yet; ``alarm`` hears when it died and is started again.

    ``auto`` takes mosquitto where it is installed. Raises BrokerMissing.
    """
    return ChildBroker(_choose(kind), directory, port, accounts, alarm)


def _choose(kind: str) -> Kind:
    if kind == "amqtt":
        return Amqtt()
    try:
        return Mosquitto(find_mosquitto())
    except BrokerMissing:
        if kind == "mosquitto":
            raise
        return Amqtt()
