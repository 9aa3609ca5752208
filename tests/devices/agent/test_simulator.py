"""Simulated loudspeakers are the real program, many in one loop, and can be told to misbehave."""

import asyncio
import time

import msgspec
import pytest

from devices.errors import AudioUnreadable, RehearsalFailed
from devices.messages import ClipRef
from devices.simulator import Fleet, FleetThread, Profile, SharedAudio, crew, simulate, tally
from devices.simulator.memory import MemoryFiles
from devices.simulator.sharing import SharedFiles
from devices.speaker.audio import Audio, ClipsLost


def now_ms():
    return time.time_ns() // 1_000_000


DEVICES = tuple(f"loa-{n:02}" for n in range(12))


def test_a_village_plays_together_and_every_box_downloads_for_itself(make_station, eventually, tmp_path):
    station = make_station(*DEVICES)
    clip = station.clip(6.0)
    start = now_ms() + 5000
    for device in DEVICES:
        station.program(device, station.item("s1.a", start, clip))
    with FleetThread(station.identities.values(), tmp_path / "fleet", rate=4.0) as boxes:
        eventually(lambda: all(station.is_over(d, "s1.a") for d in DEVICES))
        heard = boxes.fleet.heard("s1.a")
    assert station.downloads.count(clip.sha256) == len(DEVICES)
    starts = [event.started for event in heard.values()]
    assert max(starts) - min(starts) <= 1000  # the machine of the tests is busy
    assert all(event.samples == 6 * 48_000 for event in heard.values())
    took = [event.ended - event.started for event in heard.values()]
    assert all(1400 <= ms <= 4500 for ms in took)  # six seconds at four times the speed


def test_a_simulation_may_live_in_memory_and_ends_when_it_is_cancelled(make_station, eventually, tmp_path):
    station = make_station("loa-1")

    async def some_seconds():
        async with asyncio.timeout(2):
            await simulate(station.identities.values(), tmp_path / "fleet", durable=False)

    with pytest.raises(TimeoutError):
        asyncio.run(some_seconds())
    eventually(lambda: "loa-1" in station.states and not station.states["loa-1"].online)
    assert not list((tmp_path / "fleet").rglob("*.sqlite"))


def test_a_box_whose_program_fails_is_started_again(make_station, eventually, tmp_path):
    station = make_station("loa-1")
    with FleetThread(station.identities.values(), tmp_path / "fleet") as boxes:
        box = boxes.fleet.speakers["loa-1"]
        eventually(lambda: "loa-1" in station.states and station.states["loa-1"].online)
        first = box.agent
        boxes._loop.call_soon_threadsafe(first._world.store.abandon)
        station.program("loa-1")
        eventually(lambda: station.states["loa-1"].online and station.states["loa-1"].boot != first.boot_id)
        eventually(lambda: station.states["loa-1"].have.rev == 1)


def test_a_box_whose_store_fails_while_it_only_talks_is_started_again_too(make_station, eventually, tmp_path):
    station = make_station("loa-1")
    with FleetThread(station.identities.values(), tmp_path / "fleet") as boxes:
        eventually(lambda: "loa-1" in station.states and station.states["loa-1"].online)
        first = boxes.fleet.speakers["loa-1"].agent

        def break_store():
            first._world.store.abandon()
            first.session.flush_soon()

        boxes._loop.call_soon_threadsafe(break_store)
        eventually(lambda: station.states["loa-1"].online and station.states["loa-1"].boot != first.boot_id)


def test_power_can_be_switched_while_it_is_already_so(make_station, tmp_path):
    station = make_station("loa-1")

    async def switch():
        fleet = Fleet(station.identities.values(), tmp_path / "fleet")
        box = fleet.speakers["loa-1"]
        await box.power_off()
        await box.power_on()
        await box.power_on()
        await asyncio.sleep(0.1)
        await box.power_off()
        await box.power_off()
        assert box.agent is None

    asyncio.run(switch())


def test_the_coming_days_can_be_rehearsed_on_a_copy_of_what_is_stored(make_station, tmp_path):
    station = make_station("loa-1", "loa-2")
    start = now_ms() + 50_000
    for device in ("loa-1", "loa-2"):
        station.program(device, station.item("s1.a", start, station.clip(2.0)))
    boxes, folder = list(station.identities.values()), tmp_path / "boxes"
    told = []
    options = {"patience_s": 30.0, "seed": 1, "watch": lambda *said: told.append(said)}

    def rehearsed(profile=None, processes=1):
        return crew.rehearse(boxes, folder, 0.01, profile=profile, processes=processes, **options)

    both = rehearsed(processes=2)
    assert both.ready == 2
    assert [(day.device, day.due, day.ends, day.reported) for day in both.days] == [
        (device, 1, {"done": 1}, 1) for device in ("loa-1", "loa-2")
    ]
    assert {stage for stage, _ in told} == {"gathering", "passing"}
    assert told[-1] == ("passing", 1.0)
    assert not any(station.is_over(device, "s1.a") for device in ("loa-1", "loa-2"))
    half = Profile.parse("[[share]]\npercent = 50\nfaults = ['no_power']")
    groups = tally.by_fault(rehearsed(half).days)
    assert groups["none"]["fates"] == {"played": 1}
    assert groups["no_power"] == {
        "loudspeakers": 1, "due": 1, "fates": {"unknown": 1}, "without_current": 0, "reported": 0
    }  # fmt: skip
    assert len([path for path in folder.rglob("*") if path.is_file()]) == 2  # the audio; all else was a copy


def test_a_process_of_a_rehearsal_that_dies_is_told_and_not_waited_for(make_station, tmp_path):
    station = make_station("loa-1")
    broken = [msgspec.structs.replace(each, private_key="!") for each in station.identities.values()]
    with pytest.raises(RehearsalFailed):
        crew.rehearse(
            broken, tmp_path / "boxes", 0.01,
            profile=None, seed=1, patience_s=0.1, watch=lambda *_: None,
        )  # fmt: skip


def test_equal_files_of_many_take_their_room_once_and_one_that_goes_takes_no_other_with_it(tmp_path):
    files, folders = MemoryFiles(), [tmp_path / name for name in "abcd"]
    names = [files.add(body) for body in (b"one", b"two")]
    shared = SharedFiles(files)

    async def fetch(folder, name):
        folder.mkdir(exist_ok=True)
        return await shared.fetch("u", name, 3, folder)

    async def all_of_them():
        a, b = [await fetch(folder, names[0]) for folder in folders[:2]]
        assert a.samefile(b)
        assert not (await fetch(folders[0], names[1])).samefile(a)
        a.unlink()
        c, d = [await fetch(folder, names[0]) for folder in folders[2:]]
        assert c.samefile(d)
        assert {b.read_bytes(), c.read_bytes(), d.read_bytes()} == {b"one"}
        assert sorted(path.name for path in folders[3].iterdir()) == [names[0]]

    asyncio.run(all_of_them())


def test_shared_audio_decodes_once_and_still_notices_an_altered_file(tmp_path, make_clip):
    here, there = tmp_path / "here", tmp_path / "there"
    clip = make_clip(here, there)
    shared = SharedAudio()
    one = shared.load(here, [clip], 1, 0)
    assert shared.load(there, [clip], 1, 0) is one
    (there / clip.sha256).write_bytes(b"swapped")
    with pytest.raises(ClipsLost) as lost:
        shared.load(there, [clip], 1, 0)
    assert lost.value.lost == (clip.sha256,)
    assert not (there / clip.sha256).exists()


def test_an_announcement_is_repeated_with_pauses_between(tmp_path, make_clip):
    from devices.speaker.decode import decode

    clip = make_clip(tmp_path)
    once = Audio(decode).load(tmp_path, [clip], 1, 0)
    thrice = Audio(decode).load(tmp_path, [clip], 3, 500)
    assert len(thrice) == 3 * len(once) + 2 * 24_000
    assert thrice[: len(once)].tobytes() == once.tobytes()
    assert not any(thrice[len(once) : len(once) + 24_000])
    assert thrice[-len(once) :].tobytes() == once.tobytes()


def test_repetitions_that_would_fill_the_memory_are_refused(tmp_path, make_clip):
    from devices.speaker.decode import decode

    clip = make_clip(tmp_path)
    for repeat, gap_ms in ((20_000, 0), (2, 3 * 3600_000)):
        with pytest.raises(AudioUnreadable):
            Audio(decode).load(tmp_path, [clip], repeat, gap_ms)
    assert len(Audio(decode).load(tmp_path, [clip], 1, 10**12)) == 24_000


def test_a_file_that_is_no_audio_is_unreadable(tmp_path):
    import hashlib

    from devices.speaker.decode import decode

    body = b"not audio" * 100
    sha256 = hashlib.sha256(body).hexdigest()
    (tmp_path / sha256).write_bytes(body)
    clip = ClipRef(sha256=sha256, size=len(body), duration_ms=1, url="http://s/x")
    with pytest.raises(AudioUnreadable):
        Audio(decode).load(tmp_path, [clip], 1, 0)
