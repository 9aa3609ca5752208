"""Virtual time for the random histories, and where an order belongs."""

from __future__ import annotations

import abc
import heapq
import itertools

import msgspec

from benchmarks._core_model import DEVICE
from devices.messages import Alerts, Command, Cursor, Desired
from devices.topics import Kind, Place

NEVER = 1 << 60


class Timeline(abc.ABC):
    """True time, the wall clock beside it, and what is to happen: an heir has ``on_…`` for each kind."""

    def __init__(self, now: int) -> None:
        self.now, self.skew, self.origin = now, 0, now
        self.wake_at = NEVER
        self.queue: list[tuple[int, int, str, object]] = []
        self.order = itertools.count()

    @property
    def wall(self) -> int:
        return self.now + self.skew

    @property
    def steady(self) -> int:
        return self.now - self.origin

    def later(self, ms: int, kind: str, what: object = None) -> None:
        heapq.heappush(self.queue, (self.now + ms, next(self.order), kind, what))

    def forget(self, *kept: str) -> None:
        """Nothing of this happens any more, but for some kinds."""
        self.queue = [entry for entry in self.queue if entry[2] in kept]
        heapq.heapify(self.queue)
        self.wake_at = NEVER

    def run(self, until: int) -> None:
        """Let true time pass: what is due happens in order."""
        while True:
            at = min(self.queue[0][0] if self.queue else NEVER, self.wake_at)
            if at > until:
                break
            self.elapse(at)
            if self.queue and self.queue[0][0] <= self.now:
                _, _, kind, what = heapq.heappop(self.queue)
                getattr(self, f"on_{kind}")(what)
            else:
                self.wake()
        self.elapse(until)

    @abc.abstractmethod
    def elapse(self, to: int) -> None:
        """True time passes up to an instant in which nothing happens."""

    @abc.abstractmethod
    def wake(self) -> None:
        """What the heir wished to be woken for is due."""


def revision_of(body: bytes) -> tuple[int, int]:
    desired = msgspec.json.decode(body, type=Desired)
    return desired.epoch, desired.rev


def place_of(order: object) -> Place:
    match order:
        case Desired(device=name):
            return Place(Kind.DESIRED, name)
        case Cursor(device=name):
            return Place(Kind.CURSOR, name)
        case Alerts(group=name):
            return Place(Kind.ALERTS, name)
        case Command(target=name):
            return Place(Kind.CMD if name == DEVICE else Kind.GROUP_CMD, name)
    raise TypeError(order)
