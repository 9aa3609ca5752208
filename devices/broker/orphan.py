"""Ends a broker that a killed server left behind in our directory."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import time
from pathlib import Path

log = logging.getLogger(__name__)

_PATIENCE = 8.0  # seconds to write its state down


def end_orphan(directory: Path) -> None:
    """End the process in ``broker.pid`` if it is a broker of this directory; the caller holds the lock."""
    pid_file = directory / "broker.pid"
    try:
        pid = int(pid_file.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return
    if not _is_ours(pid, directory):
        return
    log.warning("a broker left behind is ended", extra={"action": "broker_orphan", "pid": pid})
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + _PATIENCE
        while _is_ours(pid, directory):
            if time.monotonic() > deadline:
                os.kill(pid, signal.SIGKILL)
            time.sleep(0.02)


def _is_ours(pid: int, directory: Path) -> bool:
    """Whether the process still runs and was started on this directory; pids are used again by others."""
    try:
        arguments = Path(f"/proc/{pid}/cmdline").read_bytes()
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z" and os.fsencode(directory) in arguments
