"""The button on the box that silences it: pressed by a signal, or down for as long as a file exists."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from .core import Event, SilencePressed

_LOOK = 0.5  # seconds


class Button:
    """The core keeps what was pressed; a file speaks for itself at every start."""

    def __init__(self, is_on: Callable[[], bool], post: Callable[[Event], None]) -> None:
        self._is_on = is_on
        self._post = post

    def toggle(self) -> None:
        self._post(SilencePressed(on=not self._is_on()))

    async def follow(self, file: Path) -> None:
        """Silent while the file exists; never ends."""
        down: bool | None = None
        while True:
            exists = file.exists()
            if exists is not down:
                down = exists
                self._post(SilencePressed(on=exists))
            await asyncio.sleep(_LOOK)
