"""The downloaded audio of one loudspeaker: files named by their sha256, kept while a plan wants them."""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet
from pathlib import Path

_NAME = re.compile(r"[0-9a-f]{64}")
_KEPT_MS = 24 * 3600 * 1000  # what was wanted yesterday is often wanted again


class Cache:
    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.directory = directory

    def clips(self) -> set[str]:
        return {path.name for path in self.directory.iterdir() if _NAME.fullmatch(path.name)}

    def evict(self, wanted: AbstractSet[str], now: int) -> list[str]:
        """Delete what nothing wants and is older than a day; ``now`` in UTC ms. Says which clips went."""
        gone = []
        for path in list(self.directory.iterdir()):
            name = path.name.removesuffix(".part")
            unwanted = _NAME.fullmatch(name) and name not in wanted
            if unwanted and _is_older(path, now - _KEPT_MS):
                path.unlink(missing_ok=True)
                if name == path.name:
                    gone.append(name)
        return gone


def _is_older(path: Path, instant: int) -> bool:
    try:
        return path.stat().st_mtime * 1000 < instant
    except FileNotFoundError:  # a download has ended in this moment
        return False
