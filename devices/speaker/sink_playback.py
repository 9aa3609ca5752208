"""What the agent holds of a sound that plays: the measured start, the end, and the way to stop it."""

from __future__ import annotations

import asyncio
from typing import TypeVar

from devices.errors import NoSoundCard, Silent
from devices.speaker.ports import Rendered

T = TypeVar("T")


class Notices:
    """The two futures of a playback, created in the agent's loop and settled from any thread."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._began: asyncio.Future[float] = self._loop.create_future()
        self._ended: asyncio.Future[Rendered] = self._loop.create_future()

    async def started(self) -> float:
        """The measured instant of the first sample. Raises NoSoundCard, Silent."""
        return await asyncio.shield(self._began)

    async def finished(self) -> Rendered:
        """What was rendered. Raises NoSoundCard when the output died."""
        return await asyncio.shield(self._ended)

    def tell_began(self, instant: float) -> None:
        self._post(_settle, self._began, instant)

    def tell_ended(self, rendered: Rendered, after: float = 0.0) -> None:
        """``after``: seconds until the last sample handed over has sounded."""
        self._post(self._loop.call_later, after, self._end, rendered)

    def tell_failed(self, why: str) -> None:
        self._post(self._fail, NoSoundCard(why))

    def _post(self, action: object, *arguments: object) -> None:
        if not self._loop.is_closed():  # the agent may be gone while a device thread still runs
            self._loop.call_soon_threadsafe(action, *arguments)  # type: ignore[arg-type]

    def _end(self, rendered: Rendered) -> None:
        _refuse(self._began, Silent("stopped before the first sample"))
        _settle(self._ended, rendered)

    def _fail(self, error: NoSoundCard) -> None:
        _refuse(self._began, error)
        _refuse(self._ended, error)


def _settle(future: asyncio.Future[T], value: T) -> None:
    if not future.done():
        future.set_result(value)


def _refuse(future: asyncio.Future[T], error: Exception) -> None:
    if not future.done():
        future.set_exception(error)
        future.exception()  # nobody may be waiting for it
