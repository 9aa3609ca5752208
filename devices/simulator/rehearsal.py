"""The coming days played ahead in virtual time, from what the loudspeakers have stored."""

from __future__ import annotations

import asyncio
import random
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from devices.messages import JournalEvent
from devices.speaker.core import FINAL
from devices.speaker.identity import Identity

from .box import SimulatedSpeaker, Surroundings
from .clock import Truth
from .faults import Fault
from .fleet import Fleet
from .memory import MemoryBroker, MemoryFiles
from .profile import Profile
from .virtual_time import VirtualLoop, run_virtual

_DAY = 86_400.0
_LOOK = 0.2
_SETTLED = 3.0  # seconds in which a newer plan would have come


async def gather(identities: Iterable[Identity], directory: Path, patience_s: float) -> int:
    """Fetch plans and audio over the real network; returns how many loudspeakers have all they need."""
    fleet = Fleet(identities, directory)
    ready = 0
    async with fleet:
        began = complete_since = time.monotonic()
        while (now := time.monotonic()) - began < patience_s and now - complete_since < _SETTLED:
            await asyncio.sleep(_LOOK)
            ready = sum(map(_has_all, fleet.speakers.values()))
            if ready < len(fleet.speakers):
                complete_since = time.monotonic()
        return ready


def rehearse(
    identities: Sequence[Identity], directory: Path, days: float, profile: Profile | None, seed: int | None
) -> Mapping[str, Counter[str]]:
    """By device, how the items of the coming days end; on a copy of the stores, without any network.

    The clocks, the storage and the faults are those of the profile.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "boxes"
        shutil.copytree(directory, folder)

        async def pass_by(loop: VirtualLoop) -> Mapping[str, Counter[str]]:
            around = Surroundings(
                folder,
                random.Random(seed),  # noqa: S311 - a drawing of lots
                truth=Truth(loop.wall, loop.time),
                make_link=lambda _: MemoryBroker().link(),
                fetcher=MemoryFiles(),
            )
            fleet = Fleet(identities, folder, profile=profile, seed=seed, surroundings=around)
            for device in fleet.speakers:
                await fleet.break_(device, Fault.NO_NETWORK)
            async with fleet:
                await asyncio.sleep(days * _DAY)
            return {device: ends(speaker.journal) for device, speaker in fleet.speakers.items()}

        return run_virtual(pass_by, time.time())


def ends(journal: Iterable[JournalEvent]) -> Counter[str]:
    """The last words on items, counted."""
    last = {event.item: event.event for event in journal if event.item and event.event in FINAL}
    return Counter(last.values())


def _has_all(speaker: SimulatedSpeaker) -> bool:
    if speaker.agent is None or not speaker.is_connected:
        return False
    state = speaker.agent.session.state()
    return state.have.rev > 0 and state.planned == state.ready
