"""The core waits for the end of everything it started: the agent's voice never leaves it waiting."""

import array
import asyncio
import random

from devices.errors import FetchMissing, NoSoundCard
from devices.messages import ClipRef, PlanPointer
from devices.speaker.clock import SystemClock
from devices.speaker.core import FetchClip, Finished, Play, Started
from devices.speaker.ports import RATE, Rendered, World
from devices.speaker.supplies import Supplies
from devices.speaker.voice import Voice

SECOND = memoryview(array.array("h", bytes(2 * RATE)))


class BrokenPlayback:
    """Begins as told and then fails."""

    def __init__(self, error, begins=True):
        self.error, self.begins = error, begins

    async def started(self):
        if not self.begins:
            raise self.error
        return SystemClock().monotonic()

    async def finished(self):
        raise self.error

    def stop(self):
        pass

    def set_gain(self, gain):
        pass


class OneSink:
    """Hands out one prepared playback, or refuses."""

    def __init__(self, playback):
        self.playback = playback
        self.played = []

    def play(self, samples, at, gain):
        self.played.append(len(samples))
        if isinstance(self.playback, Exception):
            raise self.playback
        return self.playback

    def close(self):
        pass


def events_of(playback, offset=0):
    async def play():
        events = []
        voice = Voice(sink := OneSink(playback), SystemClock(), events.append)
        voice.load("a", SECOND)
        voice.play(Play("a", SystemClock().utc_ms(), offset, 50))
        await asyncio.sleep(0.05)
        await voice.close()
        return events, sink.played

    return asyncio.run(play())


def test_an_output_that_takes_nothing_ends_the_item():
    events, _ = events_of(NoSoundCard("gone"))
    assert events == [Finished("a", 0, failure="no_sound_card")]


def test_an_output_that_dies_before_or_after_the_start_ends_the_item():
    events, _ = events_of(BrokenPlayback(NoSoundCard("gone"), begins=False))
    assert events == [Finished("a", 0, failure="no_sound_card")]
    (started, finished), _ = events_of(BrokenPlayback(NoSoundCard("gone")))
    assert isinstance(started, Started)
    assert finished == Finished("a", 0, failure="no_sound_card")


def test_an_error_nobody_thought_of_ends_the_item_too(caplog):
    events, _ = events_of(BrokenPlayback(RuntimeError("a bug"), begins=False))
    assert events == [Finished("a", 0, failure="sink_broke")]
    assert "The sound output broke" in caplog.text


def test_what_goes_on_begins_at_the_sample_where_it_stopped():
    class Fine(BrokenPlayback):
        async def finished(self):
            return Rendered(RATE - 1000)

    (_, finished), played = events_of(Fine(None), offset=1000)
    assert played == [RATE - 1000]
    assert finished.samples == RATE - 1000


def test_a_tone_identifies_the_loudspeaker():
    async def identify():
        voice = Voice(sink := OneSink(BrokenPlayback(None)), SystemClock(), print)
        voice.identify(50)
        return sink.played

    assert asyncio.run(identify()) == [RATE]


def test_what_cannot_be_fetched_is_told_to_the_core(tmp_path):
    class Nothing:
        async def fetch(self, url, sha256, size, directory):
            raise FetchMissing("404")

    async def fetch():
        events = []
        world = World(None, Nothing(), None, None, None, SystemClock())
        supplies = Supplies(world, tmp_path, None, events.append, random.Random(1))
        await supplies.fetch_plan(PlanPointer(epoch=1, rev=1, sha256="p", size=1, url="http://s/p"))
        await supplies.fetch_clip(FetchClip(ClipRef(sha256="c", size=1, duration_ms=1, url="http://s/c"), 0))
        return [(type(event).__name__, event.sha256, event.reason) for event in events]

    assert asyncio.run(fetch()) == [("PlanFailed", "p", "404"), ("ClipFailed", "c", "404")]
