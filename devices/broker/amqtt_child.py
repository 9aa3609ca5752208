"""The program that runs amqtt as a child of the server; its argument is the broker's directory."""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import sys
from pathlib import Path

from devices.broker.amqtt_plugins import PrivateBroker

_PLUGINS = "devices.broker.amqtt_plugins"


async def serve(directory: Path) -> None:
    """Serve until SIGTERM."""
    port = json.loads((directory / "amqtt.json").read_bytes())["port"]
    accounts = {"path": str(directory / "accounts.json")}
    broker = PrivateBroker(
        {
            "listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{port}"}},
            "plugins": {f"{_PLUGINS}.AccountsAuth": accounts, f"{_PLUGINS}.AccountsAccess": accounts},
        }
    )
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    await broker.start()
    await ended.wait()
    await broker.shutdown()


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    asyncio.run(serve(Path(sys.argv[1])))
