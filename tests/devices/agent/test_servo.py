"""A card whose crystal runs fast or slow: the sound stays beside the clock, and nobody hears how."""

from __future__ import annotations

import array
import asyncio
import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.speaker.ports import RATE
from devices.speaker.servo import LIMIT, Servo, spread, squeezed
from devices.speaker.sink_mixer import Mixer, Sound

BLOCK = RATE // 50
behinds = st.lists(
    st.tuples(st.integers(1, 4_800), st.floats(-1e6, 1e6, allow_nan=False)), min_size=1, max_size=300
)


@given(behinds)
def test_never_more_than_500_ppm_are_put_in_or_left_out(blocks):
    servo, taken, passed = Servo(), 0, 0
    for frames, behind in blocks:
        step = servo.step(frames, behind)
        assert step * behind >= 0, "it corrects to the other side"
        taken += abs(step)
        passed += frames
        assert taken <= passed * LIMIT


@given(st.lists(st.floats(-95, 95), min_size=1, max_size=200))
def test_below_two_milliseconds_nothing_is_touched(behinds):
    servo = Servo()
    assert all(servo.step(BLOCK, behind) == 0 for behind in behinds)


@given(st.integers(-3_000, 3_000))
@settings(max_examples=20)
def test_an_error_shrinks_until_it_is_small_and_then_rests(behind):
    servo = Servo()
    for _ in range(3 * abs(behind)):
        behind -= servo.step(BLOCK, behind)
    assert abs(behind) <= 96
    assert servo.step(BLOCK, behind) == 0


@given(st.lists(st.integers(-32_768, 32_767), min_size=3, max_size=200))
def test_a_corrected_block_stays_between_its_samples_and_begins_with_the_first(samples):
    piece = memoryview(array.array("h", samples))
    for block, frames in ((squeezed(piece), len(samples) - 2), (spread(piece), len(samples))):
        assert len(block) == frames
        assert block[0] == samples[0]
        assert min(samples) <= min(block) <= max(block) <= max(samples)


@given(st.integers(-100, 100), st.integers(-50, 50), st.integers(50, 600))
def test_a_straight_line_stays_straight_over_the_seam(start, slope, frames):
    line = memoryview(array.array("h", (start + slope * n // 4 for n in range(frames + 3))))
    for block, taken in ((squeezed(line[: frames + 2]), frames + 1), (spread(line[:frames]), frames - 1)):
        whole = [*block, line[taken]]
        pace = slope / 4 * taken / frames
        assert all(abs(b - a - pace) <= 2 for a, b in itertools.pairwise(whole))


@pytest.mark.parametrize("ppm", [100, -100])
def test_after_a_quarter_of_an_hour_a_drifting_card_is_within_10_ms(ppm):
    error = asyncio.run(drift(ppm))
    assert abs(error) <= 0.010


def test_without_the_servo_the_same_card_is_24_ms_off_after_four_minutes():
    assert asyncio.run(drift(100, seconds=240, drifts=False)) == pytest.approx(-0.024, abs=0.003)


async def drift(ppm, *, seconds=15 * 60, drifts=True):
    """How late, in seconds, the last sample sounds in virtual time on a card that is ``ppm`` fast."""
    chance = random.Random(ppm)
    clip = memoryview(bytes(2 * seconds * RATE)).cast("h")
    mixer = Mixer(latency=0.08, reserve=0.08, drifts=drifts)
    block_s = 2 * BLOCK / RATE / (1 + ppm * 1e-6)
    for number in range(50):  # the stream runs before the sound comes
        mixer.render(2 * BLOCK, number * block_s + chance.uniform(0, 0.02))
    sound = Sound(clip, 3.0, 1.0)
    mixer.add(sound)
    while mixer.busy:
        number += 1
        before = sound.rendered.samples
        mixer.render(2 * BLOCK, number * block_s + chance.uniform(0, 0.02))
        if before < len(clip) == sound.rendered.samples:
            ended = number * block_s + (len(clip) - before) / RATE + 0.08
    return ended - (3.0 + seconds)


def test_a_card_without_drift_plays_the_samples_of_the_clip():
    async def tell():
        clip = array.array("h", random.Random(1).randbytes(2 * 3 * RATE))
        mixer = Mixer(latency=0.08, reserve=0.08)
        mixer.add(Sound(memoryview(clip), 1.0, 1.0))
        chance, heard = random.Random(2), array.array("h")
        for number in range(5 * 50):
            heard += mixer.render(BLOCK, number * BLOCK / RATE + chance.uniform(0, 0.01))
        begin = next(n for n, sample in enumerate(heard) if sample)
        assert heard[begin : begin + len(clip)] == clip

    asyncio.run(tell())
