"""Many loudspeakers in one asyncio loop: the real agent, link and downloads; only the sound is not heard."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Coroutine, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from devices.messages import JournalEvent
from devices.speaker.identity import Identity

from .box import SimulatedSpeaker, Surroundings
from .clock import Truth
from .faults import Fault
from .profile import IDEAL, Profile, Traits

T = TypeVar("T")

_SPREAD = 0.02  # seconds between two loudspeakers that are switched on together


class Fleet:
    """Loudspeakers in the running loop, by device id."""

    def __init__(
        self,
        identities: Iterable[Identity],
        directory: Path,
        *,
        rate: float = 1.0,
        durable: bool = True,
        profile: Profile | None = None,
        seed: int | None = None,
        truth: Truth | None = None,
        traits: Mapping[str, Traits] | None = None,
        surroundings: Surroundings | None = None,
    ) -> None:
        """``rate`` makes the samples pass faster; without ``durable`` nothing is left when the process ends.

        ``seed`` is used in place of the profile's; with neither, every run is another. ``truth`` is the time
        that is right, where it is not this machine's. ``traits`` by device, where they are drawn already.
        """
        known = list(identities)
        seed = profile.seed if seed is None and profile is not None else seed
        rng = random.Random(seed)  # noqa: S311 - spreads load, keeps no secret
        self._around = surroundings or Surroundings(
            directory, rng, rate=rate, durable=durable, truth=truth or Truth()
        )
        if traits is None:
            traits = profile.draw([each.device for each in known], rng) if profile else {}
        self.speakers = {
            each.device: SimulatedSpeaker(each, self._around, traits.get(each.device, IDEAL))
            for each in known
        }

    async def start(self) -> None:
        for speaker in self.speakers.values():
            await speaker.begin()
            await asyncio.sleep(_SPREAD / max(1, len(self.speakers) / 50))

    async def stop(self) -> None:
        await asyncio.gather(*(speaker.shut_down() for speaker in self.speakers.values()))

    async def break_(self, device: str, fault: Fault | str) -> None:
        """Raises KeyError for an unknown loudspeaker, ValueError for an unknown fault."""
        await self.speakers[device].break_(Fault(fault))

    async def mend(self, device: str, fault: Fault | str) -> None:
        """Raises KeyError for an unknown loudspeaker, ValueError for an unknown fault."""
        await self.speakers[device].mend(Fault(fault))

    async def __aenter__(self) -> Fleet:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def heard(self, item_id: str) -> dict[str, JournalEvent]:
        """By device, the last word of each loudspeaker on an item."""
        last: dict[str, JournalEvent] = {}
        for device, speaker in self.speakers.items():
            for event in speaker.journal:
                if event.item == item_id:
                    last[device] = event
        return last


class FleetThread:
    """A fleet in a thread of its own, for programs that have no asyncio loop; a context manager."""

    def __init__(
        self,
        identities: Iterable[Identity],
        directory: Path,
        *,
        rate: float = 1.0,
        durable: bool = True,
        profile: Profile | None = None,
        seed: int | None = None,
        truth: Truth | None = None,
    ) -> None:
        self.fleet = Fleet(
            identities, directory, rate=rate, durable=durable, profile=profile, seed=seed, truth=truth
        )
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="simulator", daemon=True)

    def start(self) -> None:
        """Switch all on; returns when each program runs, not when it is connected."""
        self._thread.start()
        self._call(self.fleet.start())

    def stop(self) -> None:
        self._call(self.fleet.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def power_off(self, device: str) -> None:
        self._call(self.fleet.speakers[device].power_off())

    def power_on(self, device: str) -> None:
        self._call(self.fleet.speakers[device].power_on())

    def press_button(self, device: str) -> None:
        self._loop.call_soon_threadsafe(self.fleet.speakers[device].press_button)

    def break_(self, device: str, fault: Fault | str) -> None:
        """Raises KeyError for an unknown loudspeaker, ValueError for an unknown fault."""
        self._call(self.fleet.break_(device, fault))

    def mend(self, device: str, fault: Fault | str) -> None:
        """Raises KeyError for an unknown loudspeaker, ValueError for an unknown fault."""
        self._call(self.fleet.mend(device, fault))

    def __enter__(self) -> FleetThread:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _call(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()
