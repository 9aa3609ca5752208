"""The stream of a loudspeaker, block by block: place, fade, loudness, sums and what is counted."""

from __future__ import annotations

import array
import asyncio
import itertools
import random
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.errors import NoSoundCard, Silent
from devices.speaker.ports import RATE, Rendered
from devices.speaker.sink_mixer import FADE, Mixer, Sound, StreamClock

BLOCK = 480  # 10 ms
Lateness = Callable[[], float]


def loud(count: int, value: int = 10_000) -> memoryview:
    return memoryview(array.array("h", [value]) * count)


class Stream:
    """A device that asks for a block every 10 ms, a little late, from the instant 0 on."""

    def __init__(self, *, latency: float = 0.0, lateness: Lateness = lambda: 0.0) -> None:
        self.mixer = Mixer(latency=latency, reserve=0.04)
        self.samples = array.array("h")
        self._lateness = lateness
        self._blocks = 0

    def run(self, blocks: int, pause: float = 0.0) -> None:
        self._blocks += round(pause * RATE / BLOCK)
        for _ in range(blocks):
            self.samples += self.mixer.render(BLOCK, self._blocks * BLOCK / RATE + self._lateness())
            self._blocks += 1

    def play(self, samples: memoryview, at: float, gain: float = 1.0) -> Sound:
        sound = Sound(samples, at, gain)
        self.mixer.add(sound)
        return sound


def story(tell: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(asyncio.wait_for(tell(), 10))


def test_a_sound_begins_at_its_sample_and_is_rendered_whole() -> None:
    async def tell() -> None:
        stream = Stream()
        sound = stream.play(loud(1000), at=0.0333)
        stream.run(10)
        expected = round(0.0333 * RATE)
        assert stream.samples.tolist() == [0] * expected + [10_000] * 1000 + [0] * (4800 - expected - 1000)
        assert await sound.started() == pytest.approx(0.0333, abs=1 / RATE)
        assert await sound.finished() == Rendered(1000, 0)

    story(tell)


def test_a_sound_whose_instant_is_over_begins_now_and_says_so() -> None:
    async def tell() -> None:
        stream = Stream()
        stream.run(10)
        sound = stream.play(loud(100), at=0.02)
        stream.run(2)
        assert stream.samples.index(10_000) == 4800
        assert await sound.started() == pytest.approx(0.1)

    story(tell)


@given(st.integers(0, 2**32))
@settings(max_examples=25, deadline=None)
def test_a_device_that_asks_irregularly_still_gets_the_sound_at_its_place(seed: int) -> None:
    async def tell() -> None:
        chance = random.Random(seed)
        stream = Stream(latency=0.04, lateness=lambda: chance.uniform(0, 0.02))
        stream.run(100)
        sound = stream.play(loud(4800), at=2.0)
        stream.run(200)
        assert stream.samples.index(10_000) / RATE + 0.04 == pytest.approx(2.0, abs=0.003)
        # the report is the measured instant of handing over, not the planned one
        assert 1.999 < await sound.started() < 2.021
        assert (await sound.finished()).underruns == 0

    story(tell)


def test_stop_fades_out_within_50_ms_and_counts_what_was_rendered() -> None:
    async def tell() -> None:
        stream = Stream()
        sound = stream.play(loud(RATE), at=0.0)
        stream.run(10)
        sound.stop()
        stream.run(10)
        tail = stream.samples[4800:].tolist()
        assert tail == sorted(tail, reverse=True)  # never louder again
        assert max(a - b for a, b in itertools.pairwise(tail)) < 20  # no click
        assert tail[round(0.05 * RATE) :] == [0] * (4800 - round(0.05 * RATE))
        assert await sound.finished() == Rendered(4800 + FADE, 0)

    story(tell)


def test_stop_before_the_start_means_silence() -> None:
    async def tell() -> None:
        stream = Stream()
        sound = stream.play(loud(100), at=0.05)
        stream.run(2)
        sound.stop()
        stream.run(10)
        assert not any(stream.samples)
        with pytest.raises(Silent):
            await sound.started()
        assert await sound.finished() == Rendered(0, 0)

    story(tell)


def test_loudness_follows_the_gain_without_a_jump() -> None:
    async def tell() -> None:
        stream = Stream()
        sound = stream.play(loud(RATE), at=0.0, gain=0.5)
        stream.run(2)
        sound.set_gain(0.25)
        stream.run(2)
        sound.set_gain(7.0)  # never louder than recorded
        stream.run(2)
        assert stream.samples[0] == pytest.approx(5_000, abs=1)
        assert stream.samples[BLOCK * 3] == pytest.approx(2_500, abs=1)
        assert stream.samples[-1] == pytest.approx(10_000, abs=20)
        steps = [abs(a - b) for a, b in itertools.pairwise(stream.samples)]
        assert max(steps) < 30

    story(tell)


def test_two_sounds_are_summed_and_never_wrap_around() -> None:
    async def tell() -> None:
        stream = Stream()
        stream.play(loud(1000, 30_000), at=0.0)
        stream.play(loud(1000, 20_000), at=500 / RATE)
        stream.play(loud(100, -30_000), at=500 / RATE)
        stream.run(5)
        assert stream.samples[499] == 30_000
        assert stream.samples[550] == 32_767 - 30_000
        assert stream.samples[999] == 32_767
        assert stream.samples[1001] == 20_000

    story(tell)


def test_a_device_that_ran_dry_is_counted_and_the_sound_goes_on() -> None:
    async def tell() -> None:
        stream = Stream()
        sound = stream.play(loud(4800), at=0.0)
        stream.run(5)
        stream.run(20, pause=0.2)
        assert await sound.finished() == Rendered(4800, 1)
        coming = stream.play(loud(480), at=1.0)
        stream.run(100, pause=0.2)
        assert await coming.finished() == Rendered(480, 0)

    story(tell)


def test_the_end_of_the_output_ends_or_fails_what_plays() -> None:
    async def tell() -> None:
        stream = Stream()
        ended = stream.play(loud(4800), at=0.0)
        stream.run(3)
        stream.mixer.end_all()
        assert await ended.finished() == Rendered(3 * BLOCK, 0)
        failed = stream.play(loud(4800), at=0.0)
        stream.mixer.end_all("the card is gone")
        for wait in (failed.started, failed.finished):
            with pytest.raises(NoSoundCard):
                await wait()

    story(tell)


def test_the_clock_follows_a_card_whose_crystal_is_slow() -> None:
    clock = StreamClock(latency=0.0, reserve=0.04)
    slow = 1 + 300e-6
    for number in range(60_000):  # ten minutes
        instant = number * BLOCK / RATE * slow
        at, starved = clock.next_block(BLOCK, instant)
        assert not starved
    assert at == pytest.approx(instant, abs=0.001)
