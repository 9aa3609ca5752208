"""amqtt as the embedded broker where mosquitto cannot be had: for a trial of some hundred loudspeakers."""

from __future__ import annotations

import importlib.metadata
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from devices.broker.accounts import Account
from devices.broker.files import write_private
from devices.errors import BrokerMissing


class Amqtt:
    """The kind of broker for a small trial.

    It keeps retained messages only while it runs, and lets anyone who reaches the port cut a loudspeaker
    off by naming its client id, even with a wrong password.
    """

    reload_by_signal = False  # it looks at the accounts file itself

    def __init__(self) -> None:
        try:
            version = importlib.metadata.version("amqtt")
        except importlib.metadata.PackageNotFoundError as error:
            raise BrokerMissing("amqtt is not installed") from error
        self._name = f"amqtt {version} (small trial)"

    @property
    def name(self) -> str:
        return self._name

    def command(self, directory: Path) -> list[str]:
        return [sys.executable, "-P", "-m", "devices.broker.amqtt_child", str(directory)]

    def configure(self, directory: Path, port: int) -> None:
        write_private(directory / "amqtt.json", json.dumps({"port": port}))

    def write_accounts(self, directory: Path, accounts: Sequence[Account]) -> None:
        write_private(directory / "accounts.json", json.dumps([asdict(account) for account in accounts]))
