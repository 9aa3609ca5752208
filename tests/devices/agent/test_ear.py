"""The ear of a box: the same ten seconds of an item on every loudspeaker, and sounds that nobody ordered."""

from __future__ import annotations

import array
import asyncio
import base64
import math
import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.acoustics.energies import BANDS, PER_SECOND, energies
from devices.acoustics.match import SECONDS
from devices.simulator.virtual_time import run_virtual
from devices.speaker.core import UnorderedSound
from devices.speaker.ear import LOOK, SHORTEST, Ear, stretch
from devices.speaker.ports import RATE, Recording, Samples


def noise(seconds: float, loud: int = 8000) -> Samples:
    lots = random.Random(2)
    return memoryview(
        array.array("h", (lots.randrange(-loud, loud + 1) for _ in range(round(seconds * RATE))))
    )


SOUND = noise(24)


class Clock:
    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()


class Beside:
    """A microphone beside a horn that began SOUND at ``began``; ``late`` seconds until it opens."""

    def __init__(self, began: float, late: float = 0.1) -> None:
        self.began = began
        self.late = late
        self.asked: list[float] = []
        self.now: Callable[[], float] = lambda: 0.0

    def record(self, seconds: float) -> Recording | None:
        at = self.now() + self.late
        self.asked.append(seconds)
        first = round((at - self.began) * RATE)
        heard = SOUND[max(0, first) : first + round(seconds * RATE)]
        return Recording(heard, at)


@given(st.integers(0, 40 * RATE))
def test_the_stretch_lies_in_the_middle_and_in_whole_milliseconds_and_tenths(total: int) -> None:
    found = stretch(total)
    if total < SHORTEST * RATE:
        assert found is None
        return
    assert found is not None
    start, length = found
    assert start % (RATE // 1000) == 0
    assert length % (RATE // PER_SECOND) == 0
    assert SHORTEST * RATE - RATE // PER_SECOND < length <= SECONDS * RATE
    assert 0 <= start <= start + length <= total
    assert abs(start - (total - length - start)) <= RATE // 500


def follow(microphone: Beside, offset: int = 0) -> list[Any]:
    events: list[Any] = []

    async def work() -> None:
        loop = asyncio.get_running_loop()
        microphone.began = loop.time() - offset / RATE
        microphone.now = loop.time
        await Ear(microphone, Clock(), events.append).follow("a", loop.time(), offset, len(SOUND))

    run_virtual(lambda _: work(), 0.0)
    return events


def test_what_is_told_is_the_picture_of_exactly_that_stretch() -> None:
    (event,) = follow(Beside(0.0))
    assert event.item_id == "a"
    assert event.offset_ms == 7_000
    start = 7 * RATE
    assert base64.b64decode(event.energies) == energies(SOUND[start : start + SECONDS * RATE])
    assert len(base64.b64decode(event.energies)) == SECONDS * PER_SECOND * BANDS


def test_what_goes_on_after_a_preemption_is_heard_if_its_stretch_is_still_to_come() -> None:
    assert len(follow(Beside(0.0), offset=3 * RATE)) == 1
    assert follow(Beside(0.0), offset=8 * RATE) == []


def test_a_microphone_that_opens_too_late_tells_nothing() -> None:
    assert follow(Beside(0.0, late=0.8)) == []


class Level:
    def __init__(self, *loud: bool) -> None:
        self.loud = list(loud)

    def record(self, seconds: float) -> Recording | None:
        loud = self.loud.pop(0) if self.loud else False
        return Recording(noise(seconds / 4, 12_000 if loud else 20), 0.0)


def watch(microphone: Level, *, silent: bool = True, minutes: float = 4) -> list[Any]:
    events: list[Any] = []

    async def work() -> None:
        watching = asyncio.create_task(Ear(microphone, Clock(), events.append).watch(lambda: silent))
        await asyncio.sleep(minutes * LOOK)
        watching.cancel()

    run_virtual(lambda _: work(), 0.0)
    return events


def test_thach_ha_foreign_a_programme_that_nobody_ordered_is_noticed() -> None:
    (event,) = watch(Level(False, True, True))
    assert isinstance(event, UnorderedSound)
    in_the_horns_band = 10 * math.log10((3600 - 250) / (RATE / 2))
    whole = 20 * math.log10(12_000 / 32_768 / math.sqrt(3))
    assert event.level_db == pytest.approx(whole + in_the_horns_band, abs=2)


def test_one_bang_is_no_programme() -> None:
    assert watch(Level(True, False, True, False)) == []


def test_while_something_is_played_nobody_wonders_about_sound() -> None:
    assert watch(Level(True, True, True), silent=False) == []
