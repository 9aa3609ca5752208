"""A whole server in a process of its own that a test may have killed at a named step of dispatch.

Started with one argument, a JSON object: ``environ`` (the settings), ``roles``, ``pages`` (whether it serves
them), ``ahead_s`` (how far its clock is ahead of the machine's), ``flag`` (a file; while it exists the
process dies at the step ``die_at`` of the next flush that has something to send).
"""

from __future__ import annotations

import datetime as dt
import json
import os
import signal
import sys
import threading
from pathlib import Path

from sqlalchemy import func, select

from broadcast import settings
from broadcast.bootstrap import System, build
from broadcast.models import OutboxMessage
from broadcast.worker import ROLES, Worker
from web.app import create_app
from web.server import WebServer, take_port


class Killer:
    """The checkpoint of a dispatcher: ends the process as ``kill -9`` does."""

    def __init__(self, system: System, die_at: str, flag: Path) -> None:
        self._system = system
        self._die_at = die_at
        self._flag = flag
        self._armed = False

    def __call__(self, step: str) -> None:
        if step == "before_claim":
            self._armed = self._flag.exists() and self._waiting() > 0
        if self._armed and step == self._die_at:
            self._flag.unlink()
            os.kill(os.getpid(), signal.SIGKILL)

    def _waiting(self) -> int:
        with self._system.database.transaction(read_only=True) as session:
            return session.scalar(select(func.count(OutboxMessage.id))) or 0


def main() -> None:
    order = json.loads(sys.argv[1])
    loaded = settings.load(order["environ"])
    roles = set(order["roles"])
    listener = take_port(loaded.host, loaded.port) if order["pages"] else None
    ahead = dt.timedelta(seconds=order["ahead_s"])
    system = build(loaded, roles, clock=lambda: dt.datetime.now(dt.UTC) + ahead)
    loaded.broker_dir.mkdir(mode=0o700, exist_ok=True)
    if order["die_at"]:
        system.worker = Worker(
            system, roles & ROLES, checkpoint=Killer(system, order["die_at"], Path(order["flag"]))
        )
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    system.start()
    server = WebServer(create_app(system), listener, loaded.threads) if listener else None
    if server:
        threading.Thread(target=server.serve, daemon=True).start()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    stop.wait()
    if server:
        server.stop()
    system.stop()


if __name__ == "__main__":
    main()
