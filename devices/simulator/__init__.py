"""Many loudspeakers in one process: the real program in a world that is slow, wrong or broken as told."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import AsyncExitStack
from pathlib import Path

from devices.speaker.identity import Identity

from .box import SimulatedSpeaker, Surroundings
from .clock import Truth
from .control import listening, tell
from .faults import Fault
from .fleet import Fleet, FleetThread
from .profile import Profile
from .sound import SharedAudio
from .virtual_time import VirtualLoop, run_virtual

__all__ = [
    "Fault",
    "Fleet",
    "FleetThread",
    "Profile",
    "SharedAudio",
    "SimulatedSpeaker",
    "Surroundings",
    "Truth",
    "VirtualLoop",
    "run_virtual",
    "simulate",
    "tell",
]


async def simulate(
    identities: Iterable[Identity],
    directory: Path,
    *,
    rate: float = 1.0,
    durable: bool = True,
    profile: Profile | None = None,
    seed: int | None = None,
    control: Path | None = None,
) -> None:
    """Run simulated loudspeakers until cancelled; ``control`` is a socket file for commands."""
    fleet = Fleet(identities, directory, rate=rate, durable=durable, profile=profile, seed=seed)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(fleet)
        if control is not None:
            await stack.enter_async_context(listening(fleet, control))
        await asyncio.Event().wait()
