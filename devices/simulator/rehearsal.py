"""Coming days played ahead in virtual time: plans and audio come over the real network, then time leaps.

In virtual time no socket can be waited for. Clocks, storage, faults and networks are those of the profile; at
the far end of each network is a server in memory that confirms journals and tells the time.
"""

from __future__ import annotations

import asyncio
import functools
import os
import random
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from devices.speaker.core import recall
from devices.speaker.fetch import Fetcher
from devices.speaker.identity import Identity

from .box import SimulatedSpeaker, Surroundings
from .clock import Truth
from .faults import Fault
from .fleet import Fleet
from .memory import MemoryFiles
from .office import Office
from .profile import IDEAL, Traits
from .sharing import SharedFiles
from .store import Medium
from .tally import BoxDay, of_box
from .virtual_time import VirtualLoop, run_virtual

_DAY = 86_400.0
_LOOK = 0.2
_SETTLED = 3.0  # seconds in which a newer plan would have come
_BATCH_PATIENCE = 10.0  # seconds; who comes later is waited for at the end
_AT_ONCE = 100  # loudspeakers that are switched on together: the server answers every greeting
_GLANCE = 600.0  # seconds; what a core waits for wakes it in time, this is only for surprises
_STEPS = 100  # in which the days pass, for those who watch

GATHERING, PASSING = "gathering", "passing"
Watch = Callable[[str, float], None]
"""Told the stage and how far it is, of 1."""


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """Which loudspeakers, in which world, for how long; ``traits`` by device."""

    identities: Sequence[Identity]
    traits: Mapping[str, Traits]
    directory: Path
    days: float
    seed: int | str | None
    patience_s: float  # how long nothing may come before the rest is given up

    def play(self, watch: Watch = lambda *_: None) -> Result:
        """Gather, then let the days pass; blocks."""
        media: dict[str, Medium] = {}
        ready = asyncio.run(self.gather(media, functools.partial(watch, GATHERING)))
        return Result(ready, self.pass_by(media, functools.partial(watch, PASSING)))

    async def gather(self, media: dict[str, Medium], watch: Callable[[float], None]) -> int:
        """Fetch plans and audio over the real network; returns how many loudspeakers have all they need."""
        around = Surroundings(
            self.directory,
            random.Random(),  # noqa: S311 - spreads load
            durable=False,
            fetcher=SharedFiles(Fetcher(fsync=False)),
            media=media,
        )
        fleet = Fleet(self.identities, self.directory, surroundings=around)
        boxes = list(fleet.speakers.values())
        try:
            for first in range(0, len(boxes), _AT_ONCE):
                for box in boxes[first : first + _AT_ONCE]:
                    await box.begin()
                await _ready(boxes[: first + _AT_ONCE], min(_BATCH_PATIENCE, self.patience_s), 0.0)
                watch(min(first + _AT_ONCE, len(boxes)) / len(boxes))
            return await _ready(boxes, self.patience_s, _SETTLED)
        finally:
            await fleet.stop()

    def pass_by(self, media: Mapping[str, Medium], watch: Callable[[float], None]) -> list[BoxDay]:
        """Let the days pass in virtual time; of the files that were gathered nothing is changed."""
        with tempfile.TemporaryDirectory(prefix="rehearsal-", dir=self.directory) as name:
            folder = Path(name)
            for each in self.identities:
                if (gathered := self.directory / each.device).exists():
                    shutil.copytree(gathered, folder / each.device, copy_function=os.link)
            return run_virtual(lambda loop: self._pass_by(loop, folder, media, watch), time.time())

    async def _pass_by(
        self, loop: VirtualLoop, folder: Path, media: Mapping[str, Medium], watch: Callable[[float], None]
    ) -> list[BoxDay]:
        office = Office(self.identities, loop.wall)
        rng = random.Random(self.seed)  # noqa: S311 - a drawing of lots
        around = Surroundings(
            folder,
            rng,
            glance_s=_GLANCE,
            durable=False,
            truth=Truth(loop.wall, loop.time),
            make_link=lambda _: office.broker.link(),
            fetcher=MemoryFiles(),
            reading=office,
            media=dict(media),
        )
        seconds = self.days * _DAY
        due = {device: _due(medium, loop.wall(), seconds) for device, medium in media.items()}
        fleet = Fleet(self.identities, folder, traits=self.traits, surroundings=around)
        async with fleet:
            for step in range(_STEPS):
                await asyncio.sleep(seconds / _STEPS)
                watch((step + 1) / _STEPS)
        return [
            of_box(device, self._faults(device), due[device], box.journal, office.journals.get(device, ()))
            for device, box in fleet.speakers.items()
        ]

    def _faults(self, device: str) -> frozenset[Fault]:
        return self.traits.get(device, IDEAL).faults


@dataclass(frozen=True, slots=True)
class Result:
    """``ready``: how many loudspeakers had all that they needed when time began to leap."""

    ready: int
    days: list[BoxDay]


async def _ready(boxes: Sequence[SimulatedSpeaker], patience_s: float, settled_s: float) -> int:
    """Wait until all have been ready for so long, or nothing has come for so long; says how many are."""
    most, since = -1, 0.0
    while True:
        ready = sum(map(_has_all, boxes))
        now = time.monotonic()
        if ready != most:
            most, since = ready, now
        if now - since >= (settled_s if ready == len(boxes) else patience_s):
            return ready
        await asyncio.sleep(_LOOK)


def _has_all(speaker: SimulatedSpeaker) -> bool:
    if speaker.agent is None or not speaker.is_connected:
        return False
    state = speaker.agent.session.state()
    return state.have.rev > 0 and state.planned == state.ready


def _due(medium: Medium, begin: float, seconds: float) -> frozenset[str]:
    """The items of the plan in force that start within these seconds."""
    body = medium.facts.get(("plan", ""))
    items = _starts(body) if body else ()
    first, last = begin * 1000, (begin + seconds) * 1000
    return frozenset(name for name, start in items if first <= start < last)


@functools.lru_cache(64)
def _starts(body: bytes) -> tuple[tuple[str, int], ...]:
    """Of one stored plan, which a village has in common; an unreadable one has nothing."""
    plans = recall({("plan", ""): body}).plan
    return tuple((item.id, item.start) for held in plans.values() for item in held.plan.items)
