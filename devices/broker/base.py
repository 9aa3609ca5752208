"""What an embedded broker offers to the server, and what a kind of broker must tell its supervisor."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from devices.broker.accounts import Account


class Broker(Protocol):
    """An MQTT broker that belongs to this process."""

    @property
    def name(self) -> str:
        """Product and version for people, such as ``mosquitto 2.0.11``."""

    @property
    def url(self) -> str: ...

    def start(self) -> None:
        """Return when clients can connect. Raises PortBusy, BrokerFailed."""

    def stop(self) -> None: ...

    def set_accounts(self, accounts: Sequence[Account]) -> None:
        """Replace all accounts without a restart."""

    def alive(self) -> bool: ...


class Kind(Protocol):
    """A broker program: how it is configured, started and told of new accounts."""

    @property
    def name(self) -> str: ...

    reload_by_signal: bool

    def command(self, directory: Path) -> list[str]:
        """Absolute path of the program and its arguments."""

    def configure(self, directory: Path, port: int) -> None: ...

    def write_accounts(self, directory: Path, accounts: Sequence[Account]) -> None: ...
