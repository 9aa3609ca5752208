"""The hands of the core on its box: sound, amplifier, downloads and self-test, and the faults they show."""

from __future__ import annotations

import random
from collections.abc import Callable, Coroutine

from . import core as c
from .cache import Cache
from .faults import Fault, Faults
from .horn import Horn
from .ports import World
from .self_test import SelfTest
from .supplies import Supplies
from .voice import Voice


class Hands:
    """Every action is begun at once; what becomes of it comes back as an event."""

    def __init__(
        self,
        world: World,
        cache: Cache,
        faults: Faults,
        *,
        post: Callable[[c.Event], None],
        spawn: Callable[[Coroutine[object, object, None]], None],
        rng: random.Random,
    ) -> None:
        self._world = world
        self._faults = faults
        self._post = post
        self._spawn = spawn
        self._had_card = True
        self._horn = Horn(world.amplifier, faults, post)
        self._voice = Voice(world, self._horn, faults, post, rng=rng)
        self._supplies = Supplies(world, cache, self._voice, post, rng=rng, faults=faults)
        self._self_test = SelfTest(world, self._voice, self._horn, self._supplies, faults)

    def act(self, action: c.Action) -> bool:
        """Carry out an action; False when it is not for these hands."""
        return self._sound(action) or self._supply(action)

    def look(self, now: int) -> None:
        """What must be looked at now and then: old audio, room on the disk, the card."""
        self._supplies.evict(now)
        card = self._world.has_card()
        if card is not self._had_card:
            self._had_card = card
            self._faults.note(Fault.NO_SOUND_CARD, present=not card)

    async def listen(self) -> None:
        """Tell of what sounds though nothing is played; never ends."""
        await self._voice.listen()

    async def close(self) -> None:
        """Fade out what plays and switch the amplifier off."""
        await self._voice.close()
        self._horn.order(on=False)

    def _sound(self, action: c.Action) -> bool:
        match action:
            case c.Play():
                self._voice.play(action)
            case c.Halt():
                self._voice.halt(action.item_id)
            case c.SetVolume():
                self._voice.set_volume(action.item_id, action.volume)
            case c.Release():
                self._voice.release(action.item_id)
            case c.Identify():
                self._voice.identify(action.volume)
            case c.Amplifier():
                self._horn.order(on=action.on)
            case _:
                return False
        return True

    def _supply(self, action: c.Action) -> bool:
        match action:
            case c.Decode():
                self._voice.await_audio(action)
                self._spawn(self._supplies.decode(action))
            case c.FetchPlan():
                self._spawn(self._supplies.fetch_plan(action.pointer))
            case c.FetchClip():
                self._spawn(self._supplies.fetch_clip(action))
            case c.FetchNow():
                self._supplies.hurry()
            case c.RunSelfTest():
                self._spawn(self._test(action))
            case _:
                return False
        return True

    async def _test(self, order: c.RunSelfTest) -> None:
        codes = await self._self_test.run(order.volume)
        self._post(c.SelfTested(order.command_id, codes))
