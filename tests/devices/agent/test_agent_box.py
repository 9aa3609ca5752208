"""What a box has beside its sound: amplifier, horn, microphone, button, self-test, meter and watchdog."""

import array
import asyncio
import random
import socket

import miniaudio
import pytest

from devices.errors import AmplifierFailed, FetchUnreachable, NoSoundCard, StoreFailed
from devices.messages import ClockQuality
from devices.simulator.clock import Crystal, Truth
from devices.simulator.faults import Fault as Damage
from devices.simulator.sound import SoundChain
from devices.speaker import horn as horn_module
from devices.speaker.amplifier import AlwaysOn, FileAmplifier
from devices.speaker.button import Button
from devices.speaker.cache import Cache
from devices.speaker.clock import SystemClock
from devices.speaker.core import Electrical, SilencePressed
from devices.speaker.faults import Fault, Faults
from devices.speaker.horn import Horn
from devices.speaker.microphone import CardMicrophone
from devices.speaker.ports import RATE, Message, Recording, World
from devices.speaker.self_test import SelfTest
from devices.speaker.service import Service
from devices.speaker.sink_silent import SilentSink
from devices.speaker.store import SqliteStore
from devices.speaker.supplies import Supplies
from devices.speaker.traffic import Meter, MeteredFetcher, MeteredLink
from devices.speaker.voice import Voice

SILENCE = memoryview(bytes(2 * RATE)).cast("h")
NOISE = memoryview(array.array("h", random.Random(1).randbytes(2 * RATE)))


class Sensed:
    """An amplifier that shows what it is told, one value after the other."""

    def __init__(self, *loads):
        self.loads = list(loads)
        self.levels = []

    def on(self):
        self.levels.append(1)

    def off(self):
        self.levels.append(0)

    def load(self):
        return self.loads.pop(0) if len(self.loads) > 1 else self.loads[0]


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(horn_module, "_LOOK", 0.001)
    monkeypatch.setattr(horn_module, "_PAUSE", 0.001)


# --- amplifier and horn ---


def test_the_amplifier_is_switched_by_a_file_and_shows_its_load_in_another(tmp_path):
    switch, sense = tmp_path / "value", tmp_path / "load"
    amplifier = FileAmplifier(switch, sense)
    amplifier.on()
    assert switch.read_text() == "1"
    amplifier.off()
    assert switch.read_text() == "0"
    sense.write_text("12.5\n")
    assert amplifier.load() == 12.5
    for wrong in ("", "much", "nan"):
        sense.write_text(wrong)
        with pytest.raises(AmplifierFailed):
            amplifier.load()
    with pytest.raises(AmplifierFailed):
        FileAmplifier(tmp_path / "nowhere" / "value").on()


def test_an_amplifier_that_cannot_be_switched_is_a_fault_and_stops_nothing(tmp_path):
    faults = Faults()
    folder = tmp_path / "gpio"
    horn = Horn(FileAmplifier(folder / "value"), faults, print)
    horn.order(on=True)
    assert faults.codes == ("amplifier",)
    folder.mkdir()
    horn.order(on=True)
    assert faults.codes == ()


def test_the_amplifier_stays_on_while_a_tone_needs_it():
    amplifier = Sensed(None)
    horn = Horn(amplifier, Faults(), print)
    with horn.held():
        horn.order(on=True)
        horn.order(on=False)
    assert amplifier.levels == [1, 1, 1, 0]


def watched(amplifier, enough):
    async def run():
        events = []
        watch = asyncio.create_task(Horn(amplifier, Faults(), events.append).watch("a"))
        async with asyncio.timeout(10):
            while len(events) < enough and not watch.done():
                await asyncio.sleep(0.002)
        watch.cancel()
        return events

    return asyncio.run(run())


def test_current_in_the_horn_is_told_when_it_flows_and_when_it_stops(quick):
    told = watched(Sensed(0.0, 0.1, 4.0, 5.0, *[0.0] * 40, 6.0), 3)
    assert told == [Electrical("a", True), Electrical("a", False), Electrical("a", True)]


def test_a_dead_horn_is_told_once(quick):
    assert watched(Sensed(0.02), 1) == [Electrical("a", False)]


def test_without_a_sensor_nothing_is_said_of_the_horn(quick):
    assert watched(AlwaysOn(), 1) == []


# --- self-test ---


class NoCard:
    def play(self, samples, at, gain):
        raise NoSoundCard("gone")

    def close(self):
        pass


class Unset(SystemClock):
    def quality(self):
        return ClockQuality.UNKNOWN


class FailingStore:
    def keep(self, kind, key, body):
        raise StoreFailed("the card is dead")

    def sync(self):
        pass


class Ear:
    def __init__(self, sound):
        self.sound = sound

    def record(self, seconds):
        return self.sound and Recording(self.sound, 0.0)


def examined(tmp_path, volume=80, **world):
    async def run():
        basics = {"sink": SilentSink(20), "store": SqliteStore(":memory:"), "clock": SystemClock()}
        all_of_it = World(link=None, fetcher=None, loader=None, **(basics | world))
        faults = Faults()
        horn = Horn(all_of_it.amplifier, faults, print)
        voice = Voice(all_of_it, horn, faults, print, rng=random.Random(1))
        cache = Cache(tmp_path, set, all_of_it.free)
        supplies = Supplies(all_of_it, cache, voice, print, rng=random.Random(1), faults=faults)
        return await SelfTest(all_of_it, voice, horn, supplies, faults).run(volume)

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("world", "codes"),
    [
        ({}, ()),
        ({"sink": NoCard()}, ("no_sound_card",)),
        ({"clock": Unset()}, ("clock",)),
        ({"store": FailingStore()}, ("store_failed",)),
        ({"free": lambda _: 1_000}, ("disk_full",)),
        ({"amplifier": Sensed(0.0)}, ("dead_horn",)),
        ({"amplifier": Sensed(3.0), "microphone": Ear(NOISE)}, ()),
        ({"microphone": Ear(SILENCE)}, ("microphone",)),
        ({"microphone": Ear(None)}, ("microphone",)),
        ({"sink": NoCard(), "clock": Unset()}, ("clock", "no_sound_card")),
    ],
)
def test_the_self_test_names_what_is_wrong(tmp_path, quick, world, codes):
    assert examined(tmp_path, **world) == codes


def test_an_amplifier_that_cannot_be_switched_fails_the_self_test(tmp_path, quick):
    broken = FileAmplifier(tmp_path / "nowhere" / "value")
    assert examined(tmp_path / "audio", amplifier=broken) == ("amplifier",)


def test_a_self_test_that_must_be_silent_sounds_nothing(tmp_path, quick):
    assert examined(tmp_path, volume=0, sink=None) == ()
    assert examined(tmp_path, volume=0, sink=None, has_card=lambda: False) == ("no_sound_card",)


@pytest.mark.parametrize(("broken", "codes"), [(set(), ()), ({Damage.DEAD_HORN}, ("dead_horn",))])
def test_a_simulated_horn_draws_current_for_the_tone_unless_it_is_dead(tmp_path, broken, codes):
    chain = SoundChain(SilentSink(4), Crystal(Truth(), 0.0), broken, has_sensor=True)
    assert examined(tmp_path, sink=chain, amplifier=chain) == codes


# --- microphone ---


def test_a_microphone_brings_as_much_as_was_asked_for():
    heard = CardMicrophone(miniaudio.Backend.NULL).record(0.1)
    assert len(heard.samples) == RATE // 10


def test_without_a_microphone_there_is_nothing_and_no_crash():
    assert CardMicrophone(miniaudio.Backend.JACK).record(0.1) is None


# --- button ---


def test_a_press_turns_silence_on_and_off():
    events = []
    state = {"on": False}
    button = Button(lambda: state["on"], events.append)
    button.toggle()
    state["on"] = True
    button.toggle()
    assert events == [SilencePressed(True), SilencePressed(False)]


def test_a_file_is_the_button_for_as_long_as_it_exists(tmp_path):
    async def run():
        events = []
        file = tmp_path / "silence"
        follow = asyncio.create_task(Button(lambda: False, events.append).follow(file))
        async with asyncio.timeout(10):
            while len(events) < 3:
                if len(events) == 1:
                    file.touch()
                elif len(events) == 2:
                    file.unlink(missing_ok=True)
                await asyncio.sleep(0.05)
        follow.cancel()
        return events

    assert asyncio.run(run()) == [SilencePressed(False), SilencePressed(True), SilencePressed(False)]


# --- traffic ---


class OnDate(SystemClock):
    """A clock that shows what it is told, in UTC."""

    def __init__(self, utc_ms):
        super().__init__()
        self.shown = utc_ms

    def utc_ms(self):
        return self.shown


LAST_HOUR = 1_796_058_000_000  # 30 November 2026, 17:00 UTC: midnight to December in Việt Nam


def test_traffic_is_counted_by_local_month_and_survives_a_restart():
    store, clock = SqliteStore(":memory:"), OnDate(LAST_HOUR - 1)
    meter = Meter(store, clock, store.facts())
    meter.add(1_000)
    meter.keep()
    assert store.facts() == {("traffic", "2026-11"): b"1000"}
    meter = Meter(store, clock, store.facts())
    meter.add(500)
    assert meter.this_month == 1_500
    clock.shown = LAST_HOUR
    assert meter.this_month == 0
    meter.add(7)
    meter.keep()
    assert store.facts() == {("traffic", "2026-12"): b"7"}


def test_a_count_that_was_damaged_begins_anew():
    store = SqliteStore(":memory:")
    assert Meter(store, OnDate(LAST_HOUR), {("traffic", "2026-12"): b"much"}).this_month == 0


class Wire:
    """A link that takes and brings what it is told."""

    def __init__(self):
        self.close = self.abort = None

    async def connect(self, will, topics):
        pass

    async def subscribe(self, topics):
        pass

    async def unsubscribe(self, topics):
        pass

    async def publish(self, message, *, qos=1):
        pass

    async def receive(self):
        return Message("t", b"x" * 1_000)


def test_what_passes_over_the_link_is_counted_in_both_directions():
    async def run():
        meter = Meter(SqliteStore(":memory:"), SystemClock(), {})
        link = MeteredLink(Wire(), meter)
        await link.connect(Message("will", b"w"), ("a", "b"))
        await link.subscribe(("c",))
        await link.unsubscribe(("c",))
        opened = meter.this_month
        await link.publish(Message("t", b"x" * 2_000), qos=0)
        assert meter.this_month - opened > 2_000
        await link.receive()
        return opened, meter.this_month - opened

    opened, carried = asyncio.run(run())
    assert opened > 1_000
    assert 3_000 < carried < 3_500


def test_a_download_is_counted_as_far_as_it_came(tmp_path):
    class Cut:
        def __init__(self):
            self.turns = [("a.part", 60_000, True), ("a", 100_000, False), ("a", 100_000, False)]

        async def fetch(self, url, sha256, size, directory):
            file, length, fails = self.turns.pop(0)
            for path in directory.iterdir():
                path.unlink()
            (directory / file).write_bytes(b"x" * length)
            if fails:
                raise FetchUnreachable("cut")
            return directory / file

    async def run():
        meter = Meter(SqliteStore(":memory:"), SystemClock(), {})
        fetcher = MeteredFetcher(Cut(), meter)
        with pytest.raises(FetchUnreachable):
            await fetcher.fetch("u", "a", 100_000, tmp_path)
        first = meter.this_month
        await fetcher.fetch("u", "a", 100_000, tmp_path)
        second = meter.this_month
        await fetcher.fetch("u", "a", 100_000, tmp_path)  # it is there
        return first, second, meter.this_month

    first, second, third = asyncio.run(run())
    assert 60_000 < first < 70_000
    assert 100_000 < second < 110_000
    assert second == third


# --- faults and the service manager ---


def test_a_fault_is_told_when_it_comes_and_when_it_goes():
    told = []
    faults = Faults(lambda: told.append(faults.codes))
    for present in (False, True, True, False):
        faults.note(Fault.DISK_FULL, present=present)
    assert told == [("disk_full",), ()]


def test_systemd_hears_that_the_loop_turns(tmp_path):
    async def run(service):
        task = asyncio.create_task(service.keep_alive())
        await asyncio.sleep(0.2)
        task.cancel()

    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(5)
        environment = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "60000"}
        asyncio.run(run(Service(environment)))
        assert [manager.recv(100) for _ in range(3)] == [b"READY=1", b"WATCHDOG=1", b"WATCHDOG=1"]
    asyncio.run(run(Service({"NOTIFY_SOCKET": str(tmp_path / "nowhere")})))
    asyncio.run(run(Service({})))
