"""Simulated loudspeakers in virtual time: days pass at once, and everything that can break is broken."""

import array
import asyncio
import base64
import hashlib
import random
import threading
from pathlib import Path

import pytest

from devices.acoustics.energies import energies
from devices.acoustics.match import match
from devices.envelope import KeySet, SigningKey, encode_plan, open_report, seal
from devices.errors import BadSignature
from devices.messages import (
    AllowedWindow,
    ClipRef,
    Desired,
    GuardPolicy,
    Item,
    Plan,
    PlanPointer,
)
from devices.simulator import (
    Fault,
    Fleet,
    FleetThread,
    Profile,
    Surroundings,
    Truth,
    run_virtual,
    tell,
)
from devices.simulator.control import listening
from devices.simulator.memory import MemoryBroker, MemoryFiles
from devices.speaker.identity import Identity
from devices.speaker.ports import RATE, Message
from devices.topics import Kind, Topics

EPOCH = 1_790_000_000.0
TOPICS = Topics("thu")
MINUTE, HOUR, DAY = 60, 3600, 86_400
ALL_DAY = GuardPolicy(windows=(AllowedWindow(start="00:00", end="24:00"),), night_volume=100)


def wav(seconds, samples=b""):
    samples = samples or b"\1\1" * (8000 * seconds)
    size = len(samples)
    head = b"RIFF" + (36 + size).to_bytes(4, "little") + b"WAVEfmt " + (16).to_bytes(4, "little")
    form = b"\1\0\1\0" + (8000).to_bytes(4, "little") + (16000).to_bytes(4, "little") + b"\2\0\x10\0"
    return head + form + b"data" + size.to_bytes(4, "little") + samples


def babble(seconds, seed):
    """Noise that swells like speech, in its own way for every seed."""
    lots = random.Random(seed)
    loud = [lots.choice((200, 2000, 12_000)) for _ in range(seconds * 5)]
    spoken = (lots.randrange(-loud[n // 1600], loud[n // 1600] + 1) for n in range(seconds * 8000))
    return array.array("h", spoken).tobytes()


class Village:
    """A fleet with a server that is a few signed documents."""

    def __init__(self, loop, folder, count=1, profile=""):
        self.loop, self.key = loop, SigningKey.generate()
        self.files, self.said = MemoryFiles(), []
        self.broker = MemoryBroker(self.said.append)
        self.device_keys = [SigningKey.generate() for _ in range(count)]
        self.devices = [f"loa-{n}" for n in range(count)]
        around = Surroundings(
            folder,
            random.Random(5),
            durable=False,
            truth=Truth(loop.wall, loop.time),
            make_link=lambda _: self.broker.link(),
            fetcher=self.files,
        )
        identities = [
            Identity(
                device=device,
                tenant="thu",
                broker="mqtt://in-memory",
                password="geheim",
                private_key=base64.b64encode(key.private_bytes()).decode(),
                server_keys=(self.key.public,),
            )
            for device, key in zip(self.devices, self.device_keys, strict=True)
        ]
        self.fleet = Fleet(identities, folder, profile=Profile.parse(profile), surroundings=around)

    def program(self, *after_s, seconds=5, rev=1, samples=b""):
        body = wav(seconds, samples)
        clip = ClipRef(
            sha256=self.files.add(body), size=len(body), duration_ms=seconds * 1000, url="http://s/clip"
        )
        now = round(self.loop.wall() * 1000)
        items = tuple(self._item(now + round(after * 1000), n, clip) for n, after in enumerate(after_s))
        plan = encode_plan(Plan(start=now - 1, end=now + 8 * DAY * 1000, items=items))
        pointer = PlanPointer(epoch=1, rev=rev, sha256=self.files.add(plan), size=len(plan), url="http://s/p")
        for device in self.devices:
            order = Desired(
                device=device, epoch=1, rev=rev, issued_at=now, groups=("xa",), policy=ALL_DAY, plan=pointer
            )
            self.broker.publish(Message(TOPICS.desired(device), seal(order, self.key), retain=True))

    def _item(self, start, number, clip):
        return Item(
            id=f"s1.{number}",
            title="x",
            start=start,
            not_before=start,
            expires=start + 300_000,
            clips=(clip,),
        )

    def journal(self, device="loa-0"):
        return self.fleet.speakers[device].journal

    def events(self, device="loa-0"):
        return [event.event for event in self.journal(device)]

    def last_state(self, device="loa-0"):
        reports = [m for m in self.said if m.topic == TOPICS.state(device)]
        return open_report(reports[-1].payload, None)


@pytest.fixture
def in_village(tmp_path):
    def run(story, **options):
        async def main(loop):
            village = Village(loop, tmp_path, **options)
            async with village.fleet:
                await story(village)

        run_virtual(main, EPOCH)

    return run


# --- time ------------------------------------------------------------------------


def test_a_week_passes_at_once_in_the_order_of_its_timers():
    seen = []

    async def main(loop):
        loop.call_later(3 * DAY, seen.append, "third day")
        loop.call_later(DAY, seen.append, "first day")
        seen.append(await asyncio.to_thread(lambda: threading.current_thread() is threading.main_thread()))
        await asyncio.sleep(7 * DAY)
        return loop.wall()

    assert run_virtual(main, EPOCH) == pytest.approx(EPOCH + 7 * DAY, abs=0.01)
    assert seen == [True, "first day", "third day"]


def test_what_fails_in_a_thread_fails_for_who_waits_and_a_plain_wait_is_for_real():
    async def main(loop):
        with pytest.raises(ZeroDivisionError):
            await asyncio.to_thread(lambda: 1 / 0)
        done = asyncio.Event()
        threading.Timer(0.05, loop.call_soon_threadsafe, (done.set,)).start()
        await done.wait()
        return loop.time()

    assert run_virtual(main, EPOCH) == 0.0


def test_a_day_by_a_drifting_clock_is_played_early_or_late_by_just_the_drift(in_village):
    async def story(village):
        village.program(*(n * 6 * HOUR for n in range(1, 5)))
        began = village.loop.wall()
        starts = {device: [] for device in village.devices}
        for device, speaker in village.fleet.speakers.items():
            speaker.journal = Stamped(village.loop, starts[device])
        await asyncio.sleep(2 * MINUTE)
        for device in village.devices:
            await village.fleet.break_(device, Fault.NO_NETWORK)
        await asyncio.sleep(DAY + HOUR)
        for device, drift in zip(village.devices, drifts(village), strict=True):
            late = [at - began - n * 6 * HOUR for n, at in enumerate(starts[device], 1)]
            expected = [-drift * 1e-6 * n * 6 * HOUR for n in range(1, 5)]
            assert late == pytest.approx(expected, abs=0.05)

    in_village(story, count=2, profile="[clock]\ndrift_ppm = [-90, 90]")


class Stamped(list):
    def __init__(self, loop, starts):
        super().__init__()
        self._loop, self._starts = loop, starts

    def append(self, event):
        super().append(event)
        if event.event == "playing":
            self._starts.append(self._loop.wall() - (event.at - event.started) / 1000)


def drifts(village):
    return [speaker._traits.drift_ppm for speaker in village.fleet.speakers.values()]


# --- faults ----------------------------------------------------------------------


def test_without_power_an_item_is_missed_and_without_network_it_plays(in_village):
    async def story(village):
        village.program(10 * MINUTE)
        await asyncio.sleep(2 * MINUTE)
        await village.fleet.break_("loa-0", "no_power")
        await village.fleet.break_("loa-1", "no_network")
        await asyncio.sleep(1)
        assert not village.last_state("loa-0").online
        assert not village.last_state("loa-1").online
        await asyncio.sleep(20 * MINUTE)
        await village.fleet.mend("loa-0", "no_power")
        await village.fleet.mend("loa-1", "no_network")
        await asyncio.sleep(2 * MINUTE)
        assert village.events("loa-0")[-1] == "missed"
        assert "done" in village.events("loa-1")
        assert all(village.last_state(device).online for device in village.devices)

    in_village(story, count=2)


def test_a_wrong_clock_plays_at_the_wrong_time_and_a_mended_one_does_not(in_village):
    async def story(village):
        village.program(40 * MINUTE, 3 * HOUR)
        await asyncio.sleep(2 * MINUTE)
        await village.fleet.break_("loa-0", Fault.WRONG_CLOCK)
        await asyncio.sleep(25 * MINUTE)
        assert "done" in village.events()  # a quarter of an hour too early
        await village.fleet.mend("loa-0", Fault.WRONG_CLOCK)
        before = village.events().count("done")
        await asyncio.sleep(2 * HOUR)
        assert village.events().count("done") == before

    in_village(story)


def test_a_full_disk_takes_no_clip_and_says_so_until_it_is_mended(in_village):
    async def story(village):
        village.program(30 * MINUTE)
        await asyncio.sleep(5 * MINUTE)
        assert (village.last_state().ready, village.last_state().faults) == (0, ("disk_full",))
        await village.fleet.mend("loa-0", Fault.FULL_DISK)
        await asyncio.sleep(20 * MINUTE)
        assert (village.last_state().ready, village.last_state().faults) == (1, ())

    in_village(story, profile="faults = ['full_disk']")


def test_a_small_storage_takes_what_fits(in_village):
    async def story(village):
        village.program(30 * MINUTE, seconds=600)  # 9.6 MB
        await asyncio.sleep(10 * MINUTE)
        assert village.last_state("loa-0").ready == 0

    in_village(story, profile="[storage]\nmegabytes = 10")


def test_a_dead_horn_draws_nothing_and_a_muted_amplifier_deceives_the_sensor(in_village):
    async def story(village):
        await village.fleet.break_("loa-0", Fault.DEAD_HORN)
        await village.fleet.break_("loa-1", Fault.MUTED_AMPLIFIER)
        village.program(5 * MINUTE, seconds=15)
        await asyncio.sleep(5 * MINUTE + 8)
        audible = {device: bool(each.chain.audible()) for device, each in village.fleet.speakers.items()}
        assert audible == {"loa-0": False, "loa-1": False, "loa-2": True}
        await asyncio.sleep(MINUTE)
        told = {
            device: {event.reason for event in village.journal(device) if event.event == "electrical"}
            for device in village.devices
        }
        assert told == {"loa-0": {"no_load"}, "loa-1": {"load"}, "loa-2": {"load"}}

    in_village(story, count=3)


def heard_by(village, device):
    return [event for event in village.journal(device) if event.event == "heard"]


def test_jakarta_silent_tower_only_an_ear_tells_the_muted_amplifier_from_the_living_ones(in_village):
    sound = babble(20, seed=1)

    async def story(village):
        await village.fleet.break_("loa-1", Fault.MUTED_AMPLIFIER)
        village.program(5 * MINUTE, seconds=20, samples=sound)
        await asyncio.sleep(6 * MINUTE)
        (living,), (dead,) = heard_by(village, "loa-0"), heard_by(village, "loa-1")
        assert living.offset_ms == dead.offset_ms == 5_000
        wide = memoryview(b"".join(sound[n : n + 2] * 6 for n in range(0, len(sound), 2))).cast("h")
        played = energies(wide[4 * RATE : 16 * RATE])
        assert match(played, base64.b64decode(living.energies)).proves
        assert not match(played, base64.b64decode(dead.energies)).proves

    in_village(story, count=2, profile="[sensors]\nmicrophone = true")


def test_thach_ha_foreign_what_nobody_ordered_is_noticed_and_what_was_ordered_is_not(in_village):
    async def story(village):
        village.program(5 * MINUTE, seconds=20, samples=babble(20, seed=1))
        await asyncio.sleep(10 * MINUTE)
        assert "unordered_sound" not in village.events()
        await village.fleet.break_("loa-0", Fault.FOREIGN_SOUND)
        await asyncio.sleep(3 * MINUTE)
        assert "unordered_sound" in village.events()

    in_village(story, profile="[sensors]\nmicrophone = true")


def test_who_stole_a_credential_can_lie_about_a_state_but_proves_nothing(in_village):
    async def story(village):
        await asyncio.sleep(MINUTE)
        await village.fleet.break_("loa-0", Fault.STOLEN_CREDENTIAL)
        await asyncio.sleep(MINUTE)
        await village.fleet.mend("loa-0", Fault.STOLEN_CREDENTIAL)
        count = len(lies(village))
        assert count > 3
        await asyncio.sleep(MINUTE)
        assert len(lies(village)) == count
        keys = KeySet([village.device_keys[0].public])
        forged = [each for each in village.said if TOPICS.parse(each.topic).kind is Kind.EVT]
        for each in forged:
            with pytest.raises(BadSignature):
                open_report(each.payload, keys)

    in_village(story)


def lies(village):
    states = [m for m in village.said if m.topic == TOPICS.state("loa-0")]
    return [s for s in (open_report(m.payload, None) for m in states) if s.playing == "thief"]


def test_unknown_loudspeakers_and_faults_are_refused(in_village):
    async def story(village):
        with pytest.raises(ValueError, match="sleepy"):
            await village.fleet.break_("loa-0", "sleepy")
        with pytest.raises(KeyError):
            await village.fleet.break_("loa-77", "no_power")

    in_village(story)


# --- commands --------------------------------------------------------------------


def test_a_running_simulation_obeys_commands_at_its_socket(make_station, eventually, tmp_path):
    station = make_station("loa-1", "loa-2")
    path = Path("/tmp") / f"tt-{hashlib.sha256(str(tmp_path).encode()).hexdigest()[:12]}.sock"
    with FleetThread(station.identities.values(), tmp_path / "fleet", durable=False) as boxes:
        control = listening(boxes.fleet, path)
        boxes._call(control.__aenter__())
        eventually(lambda: len(station.states) == 2 and all(s.online for s in station.states.values()))
        assert (
            tell(path, "break all no_network")
            == '{"done": "break", "fault": "no_network", "loudspeakers": 2}'
        )
        eventually(lambda: not any(s.online for s in station.states.values()))
        boxes.mend("loa-1", Fault.NO_NETWORK)
        eventually(lambda: station.states["loa-1"].online)
        assert tell(path, "status") == (
            '{"loudspeakers": 2, "powered": 2, "connected": 1, "faults": {"no_network": 1}}'
        )
        for wrong in ("break loa-9 no_network", "break loa-1 sleepy", "explode"):
            assert tell(path, wrong).startswith('{"error"')
        boxes._call(control.__aexit__(None, None, None))
    assert not path.exists()
    with pytest.raises(OSError):
        tell(path, "status")
