"""A loudspeaker carries the stream of another station: on time, as long as ordered, and honest about gaps."""

from __future__ import annotations

import array
import asyncio
import base64
import hashlib
import io
import random
import time
import wave
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from devices.envelope import SigningKey, encode_plan
from devices.messages import (
    Action,
    Alert,
    Alerts,
    AllowedWindow,
    BulletinClass,
    ClipRef,
    Command,
    Desired,
    Evidence,
    GuardPolicy,
    Item,
    JournalEvent,
    Plan,
    PlanPointer,
    Relay,
)
from devices.simulator.store import Medium, MemoryStore, Shelf
from devices.speaker import core as c
from devices.speaker.agent import Agent
from devices.speaker.audio import Audio
from devices.speaker.clock import SystemClock
from devices.speaker.decode import decode
from devices.speaker.identity import Identity
from devices.speaker.ports import RATE, World
from devices.speaker.radio import WebRadio
from devices.speaker.sink import WavSink
from devices.topics import Kind, Place
from tests.devices.radio_station import QUICK, Radio, place_of

PATIENT = 1.5  # seconds before the start: on a busy machine too the stream is there in time
KEY = base64.b64encode(SigningKey.generate().private_bytes()).decode()
HERE = GuardPolicy(
    windows=(AllowedWindow(start="00:00", end="24:00"),), night_volume=100, relay_networks=("127.0.0.0/8",)
)


class NoLink:
    """A line that never comes up: orders are handed over by the test."""

    async def connect(self, *_: object) -> None:
        await asyncio.Event().wait()

    async def close(self) -> None:
        pass

    def abort(self) -> None:
        pass


class Shelves:
    """Brings what the test has laid there."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    def lay(self, body: bytes) -> str:
        sha256 = hashlib.sha256(body).hexdigest()
        self.files[sha256] = body
        return sha256

    async def fetch(self, url: str, sha256: str, size: int, directory: Path) -> Path:
        path = directory / sha256
        path.write_bytes(self.files[sha256])
        return path


class Steady(SystemClock):
    """A clock that nobody doubts."""

    @property
    def disciplined(self) -> bool:
        return True


class Box:
    """One loudspeaker with its sound in a file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.events: list[JournalEvent] = []
        self.revs = 0
        self.shelves = Shelves()
        identity = Identity(
            device="loa", tenant="t", broker="mqtt://x", password="", private_key=KEY, server_keys=()
        )
        world = World(
            link=NoLink(),
            fetcher=self.shelves,
            loader=Audio(decode),
            sink=WavSink(folder / "heard.wav"),
            store=MemoryStore(Medium(), Shelf()),
            clock=Steady(),
            radio=WebRadio(pace=QUICK),
        )
        self.agent = Agent(identity, folder / "audio", world, rng=random.Random(1), on_event=self._note)

    def plan(self, *items: Item, policy: GuardPolicy = HERE) -> None:
        now, self.revs = now_ms(), self.revs + 1
        body = encode_plan(Plan(start=now - 1000, end=now + 10**8, items=items))
        sha256 = self.shelves.lay(body)
        pointer = PlanPointer(epoch=1, rev=self.revs, sha256=sha256, size=len(body), url="http://s/plan")
        basics = {"groups": ("xa",), "policy": policy, "volume": 100, "plan": pointer}
        desired = Desired(device="loa", epoch=1, rev=self.revs, issued_at=now, **basics)
        self.agent.post(c.OrderReceived(desired, Place(Kind.DESIRED, "loa")))

    def clip(self, seconds: float) -> ClipRef:
        """Written sound of one value."""
        file = io.BytesIO()
        with wave.open(file, "wb") as out:
            out.setnchannels(1)
            out.setsampwidth(2)
            out.setframerate(RATE)
            out.writeframes(array.array("h", [5000]).tobytes() * round(seconds * RATE))
        sha256 = self.shelves.lay(file.getvalue())
        size, length = len(file.getvalue()), round(seconds * 1000)
        return ClipRef(sha256=sha256, size=size, duration_ms=length, url="http://s/clip")

    def alert(self, item: Item) -> None:
        order = Alerts(group="xa", epoch=1, rev=1, issued_at=now_ms(), alerts=(Alert(item=item),))
        self.agent.post(c.OrderReceived(order, Place(Kind.ALERTS, "xa")))

    def stop(self) -> None:
        now = now_ms()
        order = Command(id="c", target="loa", issued_at=now, expires_at=now + 9000, action=Action.STOP)
        self.agent.post(c.OrderReceived(order, Place(Kind.CMD, "loa")))

    def last(self, name: str) -> JournalEvent | None:
        return next((event for event in reversed(self.events) if event.item == name), None)

    def states(self, name: str) -> list[str]:
        return [event.event for event in self.events if event.item == name]

    async def until(self, name: str, *states: str) -> JournalEvent:
        async with asyncio.timeout(30):
            while (event := self.last(name)) is None or event.event not in states:
                await asyncio.sleep(0.02)
        return event

    def heard(self) -> bytes:
        """From the first sample to the last; the blocks of the file are silent before and after."""
        with wave.open(str(self.folder / "heard.wav")) as file:
            samples = array.array("h", file.readframes(file.getnframes()))
        loud = [n for n, sample in enumerate(samples) if sample]
        return samples[loud[0] : loud[-1] + 1].tobytes() if loud else b""

    def _note(self, event: object) -> None:
        if isinstance(event, c.Append):
            self.events.append(event.event)


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def relay_item(url: str, seconds: float, *, begins_in: float = 0.5, **fields: Any) -> Item:
    start = now_ms() + round(begins_in * 1000)
    carried = (Relay(url=url, duration_ms=round(seconds * 1000)),)
    basics = {"not_before": start, "expires": start + 60_000, "clips": (), "relays": carried}
    return Item(id="r", title="Tiếp âm", start=start, **(basics | fields))


@pytest.fixture
def radio() -> Iterator[Radio]:
    station = Radio()
    yield station
    station.close()


@pytest.fixture
def story(tmp_path: Path) -> Callable[[Callable[[Box], Any]], Box]:
    """Run a loudspeaker while a story is told."""

    def run(tell: Callable[[Box], Any]) -> Box:
        async def live() -> Box:
            box = Box(tmp_path)
            running = asyncio.create_task(box.agent.run())
            await asyncio.sleep(0)
            try:
                await asyncio.wait_for(tell(box), 40)
            finally:
                await box.agent.stop()
                await asyncio.gather(running, return_exceptions=True)
            return box

        return asyncio.run(live())

    return run


OVER = ("done", "partial", "failed", "cancelled", "refused")


def test_a_relay_sounds_on_time_for_its_planned_length_with_the_samples_of_the_stream(
    radio: Radio, story: Any
) -> None:
    item = relay_item(radio.live(every=1000), 1.5, begins_in=PATIENT)

    async def tell(box: Box) -> None:
        box.plan(item)
        await box.until("r", *OVER)

    box = story(tell)
    done = box.last("r")
    assert box.states("r") == ["armed", "starting", "playing", "done"]
    assert (done.samples, done.underruns, done.evidence) == (1.5 * RATE, 0, Evidence.RENDERED)
    assert -50 <= done.started - item.start < 1500
    heard = box.heard()
    assert len(heard) > 1.49 * 2 * RATE
    assert place_of(heard) is not None  # every sample, and nothing else between them


def test_segments_of_a_list_are_joined_without_a_seam(radio: Radio, story: Any) -> None:
    async def tell(box: Box) -> None:
        url = radio.segments(seconds=0.5, listed=12)  # none leaves the list before it is fetched
        box.plan(relay_item(url, 1.5, begins_in=2 * PATIENT))
        await box.until("r", *OVER)

    box = story(tell)
    assert box.last("r").event == "done"
    assert len(box.heard()) > 1.49 * 2 * RATE
    assert place_of(box.heard()[RATE // 5 :]) is not None  # its first frame leans on one before it


def test_a_stream_that_stands_still_leaves_silence_is_called_again_and_is_never_called_done(
    radio: Radio, story: Any
) -> None:
    url = radio.live(ahead=1.0, stall_at=1.3)

    async def tell(box: Box) -> None:
        box.plan(relay_item(url, 2.5))
        await box.until("r", "playing")
        async with asyncio.timeout(20):
            while len(radio.calls) < 2:  # it waited long enough and calls anew
                await asyncio.sleep(0.02)
        await box.until("r", *OVER)

    over = story(tell).last("r")
    assert (over.event, over.reason) == ("partial", "relay_stalled")
    assert 0 < over.samples < 2.5 * RATE
    assert over.underruns >= 1
    assert over.played_ms == over.samples * 1000 // RATE


def test_a_connection_that_is_cut_is_made_again_before_anybody_hears_it(radio: Radio, story: Any) -> None:
    url = radio.live(ahead=1.0, cut_at=1.5)

    async def tell(box: Box) -> None:
        box.plan(relay_item(url, 1.5, begins_in=PATIENT))
        await box.until("r", *OVER)

    over = story(tell).last("r")
    assert len(radio.calls) >= 2
    assert (over.event, over.samples) == ("done", 1.5 * RATE)


@pytest.mark.parametrize(
    ("path", "reason"), [("/page", "relay_page"), ("/nowhere", "relay_missing"), ("/round", "relay_loop")]
)
def test_what_is_no_stream_is_never_called_played(radio: Radio, story: Any, path: str, reason: str) -> None:
    radio.body("/page", b"<html>" + bytes(9000), "text/html")
    radio.forward("/round", "/round")

    async def tell(box: Box) -> None:
        box.plan(relay_item(radio.base + path, 0.3))
        await box.until("r", *OVER)

    box = story(tell)
    assert box.states("r") == ["armed", "starting", "failed"]  # it was never said to play
    assert (box.last("r").reason, box.last("r").samples, box.last("r").evidence) == (reason, 0, 0)
    assert box.heard() == b""


def test_no_signed_order_makes_a_loudspeaker_look_into_its_own_network(radio: Radio, story: Any) -> None:
    closed = msgspec.structs.replace(HERE, relay_networks=())

    async def tell(box: Box) -> None:
        box.plan(relay_item(radio.live(), 0.3), policy=closed)
        await box.until("r", *OVER)

    over = story(tell).last("r")
    assert (over.event, over.reason) == ("failed", "relay_private")
    assert radio.calls == []


def test_a_stop_silences_a_relay_at_once(radio: Radio, story: Any) -> None:
    stopped: list[float] = []

    async def tell(box: Box) -> None:
        box.plan(relay_item(radio.live(), 8.0))
        await box.until("r", "playing")
        stopped.append(time.monotonic())
        box.stop()
        await box.until("r", *OVER)
        stopped.append(time.monotonic())

    box = story(tell)
    over = box.last("r")
    assert (over.event, over.reason) == ("partial", "stopped")
    assert stopped[1] - stopped[0] < 2.0
    assert len(box.heard()) // 2 <= over.samples < 7 * RATE


def test_an_emergency_cuts_in_and_the_relay_goes_on_with_what_is_live_then(radio: Radio, story: Any) -> None:
    async def tell(box: Box) -> None:
        box.plan(relay_item(radio.live(ahead=1.0), 30.0))
        await box.until("r", "playing")
        start = now_ms()
        basics = {"start": start, "not_before": start, "expires": start + 60_000}
        box.alert(Item(id="e", title="e", clips=(box.clip(1.5),), klass=BulletinClass.EMERGENCY, **basics))
        await box.until("e", "done")
        await box.until("r", "playing")
        box.stop()
        await box.until("r", *OVER)

    box = story(tell)
    way = ["armed", "starting", "playing", "preempted", "resuming", "playing", "partial"]
    assert box.states("r") == way
    before, _, after = box.heard().partition(array.array("h", [5000]).tobytes() * (RATE * 3 // 2))
    heard_before = place_of(before[: -RATE // 5])  # the end fades out
    heard_after = place_of(after[RATE // 5 : -RATE // 5].lstrip(b"\0"))
    assert None not in (heard_before, heard_after)
    gone = heard_after - heard_before - len(before) // 2
    assert gone > 0.4 * RATE  # what was said meanwhile is not made good


def test_clips_and_streams_of_one_item_follow_each_other_at_the_sample(radio: Radio, story: Any) -> None:
    async def tell(box: Box) -> None:
        item = relay_item(radio.live(), 0.8, begins_in=PATIENT)
        between = (msgspec.structs.replace(item.relays[0], after=1),)
        clips = (box.clip(0.25), box.clip(0.25))
        box.plan(msgspec.structs.replace(item, clips=clips, relays=between))
        await box.until("r", *OVER)

    box = story(tell)
    assert (box.last("r").event, box.last("r").samples) == ("done", round(1.3 * RATE))
    clip = array.array("h", [5000]).tobytes()
    heard = box.heard()
    before = after = clip * (RATE // 4)
    assert heard.startswith(before)
    assert heard.endswith(after)
    carried = heard[len(before) : -len(after)]
    assert len(carried) == 1.6 * RATE
    assert place_of(carried) is not None
