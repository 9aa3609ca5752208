"""Log lines of the server: time, level, prose, then the action and the ids as ``name=value``."""

from __future__ import annotations

import logging
from typing import Final

ORDINARY: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class Lines(logging.Formatter):
    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the base class names it
        extra = {name: value for name, value in vars(record).items() if name not in ORDINARY}
        words = "".join(f" {name}={value}" for name, value in extra.items())
        return super().formatMessage(record) + words


def set_up(level: str) -> None:
    """Write to stderr; libraries speak only when something is wrong."""
    handler = logging.StreamHandler()
    handler.setFormatter(Lines())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    for name in ("broadcast", "tts", "devices", "schedules", "web"):
        logging.getLogger(name).setLevel(level)
