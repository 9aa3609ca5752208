"""The core waits for the end of everything it started: the agent's voice never leaves it waiting."""

import array
import asyncio
import hashlib
import random
import threading

import pytest

from devices.envelope import encode_plan
from devices.errors import AudioUnreadable, FetchMissing, NoSoundCard
from devices.messages import ClipRef, Item, Plan, PlanPointer
from devices.speaker.amplifier import AlwaysOn
from devices.speaker.cache import Cache
from devices.speaker.clock import SystemClock
from devices.speaker.core import Decode, Decoded, DecodeFailed, FetchClip, Finished, Play, Started
from devices.speaker.faults import Faults
from devices.speaker.horn import Horn
from devices.speaker.ports import RATE, Rendered, World
from devices.speaker.supplies import Supplies
from devices.speaker.voice import Voice

SECOND = memoryview(array.array("h", bytes(2 * RATE)))
ITEM = Item(id="a", title="a", start=0, not_before=0, expires=1, clips=())
ORDER = Decode(ITEM, repeat=1, gap_ms=0)


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


class FinePlayback(BrokenPlayback):
    """Begins as told and sounds to its end."""

    def __init__(self, samples):
        super().__init__(None)
        self.samples = samples

    async def finished(self):
        return Rendered(self.samples)


class Prompt(random.Random):
    """A lot that never waits."""

    def uniform(self, low, high):
        return low


def make_voice(sink, post):
    faults = Faults()
    world = World(None, None, None, sink, None, SystemClock())
    return Voice(world, Horn(AlwaysOn(), faults, post), faults, post, rng=Prompt())


def make_supplies(tmp_path, post, fetcher=None, loader=None, voice=None):
    world = World(None, fetcher, loader, None, None, SystemClock())
    cache = Cache(tmp_path, set)
    return Supplies(world, cache, voice, post, rng=random.Random(1), faults=Faults())


def events_of(playback, offset=0):
    async def play():
        events = []
        voice = make_voice(sink := OneSink(playback), events.append)
        voice.await_audio(ORDER)
        voice.load(ORDER, SECOND)
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
    (_, finished), played = events_of(FinePlayback(RATE - 1000), offset=1000)
    assert played == [RATE - 1000]
    assert finished.samples == RATE - 1000


def test_a_tone_identifies_the_loudspeaker():
    async def identify():
        voice = make_voice(sink := OneSink(FinePlayback(RATE)), print)
        voice.identify(50)
        await asyncio.sleep(0)
        return sink.played

    assert asyncio.run(identify()) == [RATE]


def test_a_tone_that_no_card_takes_does_not_end_the_program(caplog):
    async def identify():
        make_voice(OneSink(NoSoundCard("gone")), print).identify(50)
        await asyncio.sleep(0)

    asyncio.run(identify())
    assert "took nothing" in caplog.text


def test_what_cannot_be_fetched_is_told_to_the_core(tmp_path):
    class Nothing:
        async def fetch(self, url, sha256, size, directory):
            raise FetchMissing("404")

    async def fetch():
        events = []
        supplies = make_supplies(tmp_path, events.append, Nothing())
        await supplies.fetch_plan(PlanPointer(epoch=1, rev=1, sha256="p", size=1, url="http://s/p"))
        await supplies.fetch_clip(FetchClip(ClipRef(sha256="c", size=1, duration_ms=1, url="http://s/c"), 0))
        return [(type(event).__name__, event.sha256, event.reason) for event in events]

    assert asyncio.run(fetch()) == [("PlanFailed", "p", "404"), ("ClipFailed", "c", "404")]


class SlowLoader:
    """Decodes when it is let go; then gives, or raises, what was prepared for that number of repetitions."""

    def __init__(self, **results):
        self.results = results
        self.go = {name: threading.Event() for name in results}

    def load(self, directory, clips, repeat, gap_ms):
        name = f"x{repeat}"
        assert self.go[name].wait(10)
        if isinstance(self.results[name], Exception):
            raise self.results[name]
        return self.results[name]


def decoding(tmp_path, loader, story):
    """Run ``story(voice, begin)``; ``begin`` starts a decode as the agent does."""

    async def run():
        events = []
        voice = make_voice(OneSink(BrokenPlayback(None)), events.append)
        supplies = make_supplies(tmp_path, events.append, loader=loader, voice=voice)

        def begin(repeat):
            voice.await_audio(order := Decode(ITEM, repeat, 0))
            return asyncio.create_task(supplies.decode(order))

        await story(voice, begin)
        return events, voice

    return asyncio.run(run())


def test_audio_that_was_ordered_anew_meanwhile_never_replaces_the_newer_one(tmp_path):
    loader = SlowLoader(x1=SECOND[:100], x2=SECOND)

    async def story(voice, begin):
        late, soon = begin(1), begin(2)
        loader.go["x2"].set()
        await soon
        loader.go["x1"].set()
        await late
        voice.play(Play("a", SystemClock().utc_ms(), 0, 50))
        assert voice._sink.played == [RATE]
        await voice.close()

    events, _ = decoding(tmp_path, loader, story)
    assert events[:1] == [Decoded(ITEM, RATE)]
    assert Decoded(ITEM, 100) not in events


@pytest.mark.parametrize("result", [SECOND, AudioUnreadable("no audio")])
def test_audio_that_was_released_while_it_was_decoded_is_not_kept(tmp_path, result):
    loader = SlowLoader(x1=result)

    async def story(voice, begin):
        task = begin(1)
        await asyncio.sleep(0)
        voice.release("a")
        loader.go["x1"].set()
        await task

    events, voice = decoding(tmp_path, loader, story)
    assert events == []
    assert voice._audio == {}


def test_audio_that_cannot_be_decoded_is_told_to_the_core(tmp_path):
    loader = SlowLoader(x1=AudioUnreadable("no audio"))
    loader.go["x1"].set()

    async def story(voice, begin):
        await begin(1)

    events, _ = decoding(tmp_path, loader, story)
    assert events == [DecodeFailed(ITEM, "audio_unreadable")]


def test_a_plan_that_was_damaged_on_the_disk_is_fetched_anew(tmp_path):
    body = encode_plan(Plan(start=0, end=1, items=()))
    pointer = PlanPointer(
        epoch=1, rev=1, sha256=hashlib.sha256(body).hexdigest(), size=len(body), url="http://s/p"
    )

    class Cached:
        async def fetch(self, url, sha256, size, directory):
            path = directory / sha256
            if not path.exists():
                path.write_bytes(body)
            return path

    async def fetch():
        events = []
        supplies = make_supplies(tmp_path, events.append, Cached())
        (tmp_path / pointer.sha256).write_bytes(body.replace(b":1", b":2"))
        await supplies.fetch_plan(pointer)
        await supplies.fetch_plan(pointer)
        return [type(event).__name__ for event in events]

    assert asyncio.run(fetch()) == ["PlanFailed", "PlanFetched"]
    assert list(tmp_path.iterdir()) == []
