"""An asyncio loop whose time leaps to the next timer when nothing is ready: a week passes in seconds.

What would take real time in a thread is done at once, in the loop, so that a run with the same random
numbers takes the same course. Sockets cannot be waited for: time would leap over every answer.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class _Leaping(selectors.DefaultSelector):
    """Waits for nothing that it can skip; without any timer it waits as others do."""

    leap: Callable[[float], None]

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            return super().select(None)
        ready = super().select(0)
        if not ready and timeout > 0:
            self.leap(timeout)
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """``wall`` is the UTC that belongs to ``time``, both in seconds."""

    def __init__(self, epoch: float = 0.0) -> None:
        """``epoch``: UTC at the beginning, in seconds."""
        selector = _Leaping()
        selector.leap = self._leap
        self._now = 0.0
        self._epoch = epoch
        super().__init__(selector)

    def time(self) -> float:
        return self._now

    def wall(self) -> float:
        return self._epoch + self._now

    def run_in_executor(  # type: ignore[override]
        self, executor: object, func: Callable[..., T], *args: Any
    ) -> asyncio.Future[T]:
        done: asyncio.Future[T] = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as error:  # noqa: BLE001 - whoever waits for it is told
            done.set_exception(error)
        return done

    def _leap(self, seconds: float) -> None:
        self._now += seconds


def run_virtual(work: Callable[[VirtualLoop], Coroutine[Any, Any, T]], epoch: float) -> T:
    """Run in virtual time that begins at ``epoch`` (UTC seconds)."""
    loop = VirtualLoop(epoch)
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        return runner.run(work(loop))
