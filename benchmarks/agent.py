"""The loudspeaker's program in an environment of its own: its size, what it costs idle, and what it plays.

A new virtual environment gets the project with what a loudspeaker needs and nothing more. Programs from
it hang on a real broker with a plan for a week, one with the silent output and one with the WAV file; the
memory and processor they use are read from the kernel. A third plays a quarter of an hour into a WAV file,
sixty times as fast as it would sound: each sample of it is compared with those of the clip.
"""

from __future__ import annotations

import array
import contextlib
import hashlib
import os
import subprocess
import sys
import tempfile
import time
import wave
from pathlib import Path
from typing import Any

import imageio_ffmpeg

from devices.messages import ClipRef, Item
from devices.speaker.decode import decode
from devices.speaker.ports import RATE, Samples

from . import _station as st
from ._waiting import wait

PROJECT = Path(__file__).parents[1]
IDLE_S = 30.0
SETTLE_S = 8.0  # for the plan, its audio and the first minute's bustle
LONG_S = 15 * 60
FASTER = 60
ITEMS_A_DAY = 10
TARGETS = {"rss_mb": 60, "cpu_percent": 2}
UNWANTED = ("numpy", "flask", "sqlalchemy", "gtts", "requests")


def measure() -> dict[str, Any]:
    """About three minutes, most of them for the environment."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        python = environment(folder / "venv")
        return {
            "installation": installation(python),
            "idle": idle(folder / "idle", python),
            "a_quarter_of_an_hour": long_item(folder / "long", python),
            "targets": TARGETS,
        }


def environment(folder: Path) -> Path:
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    python = folder / "bin" / "python"
    command = [str(python), "-m", "pip", "install", "-qq", "--disable-pip-version-check", str(PROJECT)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return python


def installation(python: Path) -> dict[str, Any]:
    """What lies in the environment, without pip and setuptools, which only put it there."""
    packages = next((python.parents[1] / "lib").glob("python*/site-packages"))
    sizes = {
        path.name: size_of(path)
        for path in packages.iterdir()
        if not path.name.startswith(("pip", "setuptools", "_distutils", "distutils", "pkg_resources"))
    }
    largest = sorted(sizes.items(), key=lambda item: -item[1])[:6]
    code = f"import sys, devices.speaker.cli; print([n for n in {UNWANTED!r} if n in sys.modules])"
    shown = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
    return {
        "mb": megabytes(sum(sizes.values())),
        "largest_mb": {name: megabytes(size) for name, size in largest},
        "unwanted_modules": shown.stdout.strip(),
    }


def idle(folder: Path, python: Path) -> dict[str, Any]:
    """Two programs at once, each with a week of programme on disk."""
    folder.mkdir()
    devices = {
        "silent": ("--sink", "silent"),
        "wav": ("--sink", "wav", "--wav", str(folder / "idle.wav")),
    }
    with st.running(folder, list(devices)) as station, contextlib.ExitStack() as stack:
        clip = station.clip(tone(folder / "short.mp3", 20), 20.0)
        start = st.now_ms() + 3_600_000
        day = 24 * 3_600_000
        station.program(
            [
                item(f"s{number}.{index}", start + number * day + index * 900_000, clip)
                for number in range(7)
                for index in range(ITEMS_A_DAY)
            ]
        )
        running = {
            device: stack.enter_context(st.program(station, device, folder, python, *options))
            for device, options in devices.items()
        }
        planned = 7 * ITEMS_A_DAY
        wait(
            lambda: all(d in station.states and station.states[d].ready == planned for d in devices),
            "a week of programme",
        )
        time.sleep(SETTLE_S)
        began, before = time.monotonic(), {device: cpu_s(pid) for device, pid in running.items()}
        time.sleep(IDLE_S)
        passed = time.monotonic() - began
        return {
            device: {
                "rss_mb": megabytes(memory(pid, "VmRSS")),
                "peak_rss_mb": megabytes(memory(pid, "VmHWM")),
                "cpu_percent": round(100 * (cpu_s(pid) - before[device]) / passed, 2),
                "threads": memory(pid, "Threads", unit=1),
            }
            for device, pid in running.items()
        }


def long_item(folder: Path, python: Path) -> dict[str, Any]:
    folder.mkdir()
    sound = folder / "heard.wav"
    body = tone(folder / "long.mp3", LONG_S)
    options = ("--sink", "wav", "--wav", str(sound), "--rate", str(FASTER))
    with (
        st.running(folder, ["wav"]) as station,
        st.program(station, "wav", folder, python, *options) as pid,
    ):
        wait(lambda: "wav" in station.states, "the loudspeaker")
        clip = station.clip(body, LONG_S)
        start = st.now_ms() + 15_000
        station.program([item("s1.long", start, clip)])
        used = cpu_s(pid)
        wait(lambda: is_over(station, "s1.long"), "the end of the item")
        took = (st.now_ms() - start) / 1000
        told = station.last("wav", "s1.long")
        used, peak = cpu_s(pid) - used, memory(pid, "VmHWM")
    assert told is not None
    expected = decode(folder / "long.mp3")
    heard = samples_of(sound)
    begin = place(expected, heard)
    played = heard[begin : begin + len(expected)]
    return {
        "seconds_of_sound": LONG_S,
        "took_s": round(took, 1),
        "journal": f"{told.event}, {told.samples} samples, {told.underruns} under-runs",
        "samples_of_the_clip": len(expected),
        "different_samples": sum(a != b for a, b in zip(expected, played, strict=False)),
        "missing_samples": len(expected) - len(played),
        "sha256_of_both": [sha256(expected), sha256(played)],
        "silent_around_it": not any(heard[:begin]) and not any(heard[begin + len(expected) :]),
        "samples_before_and_after": [begin, len(heard) - begin - len(played)],
        "cpu_s_with_fetching_and_decoding": round(used, 1),
        "peak_rss_mb": megabytes(peak),
    }


def is_over(station: st.Station, name: str) -> bool:
    told = station.last("wav", name)
    return told is not None and told.ended > 0


def place(expected: Samples, heard: array.array[int]) -> int:
    """Where the clip begins: the file holds whole blocks, and the sound begins at its sample in the first."""
    head = array.array("h", expected[:RATE]).tobytes()
    at = heard.tobytes().find(head)
    return max(0, at // 2)


def sha256(samples: Samples | array.array[int]) -> str:
    return hashlib.sha256(samples).hexdigest()


def samples_of(path: Path) -> array.array[int]:
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, RATE)
        return array.array("h", file.readframes(file.getnframes()))


def tone(path: Path, seconds: int) -> bytes:
    """An MP3 file of pink noise: no two stretches of it are alike."""
    source = f"anoisesrc=d={seconds}:c=pink:r=24000:a=0.5:seed=1"
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-f", "lavfi", "-i", source]
    subprocess.run([*command, "-ac", "1", "-b:a", "48k", str(path)], check=True)
    return path.read_bytes()


def item(name: str, start: int, clip: ClipRef) -> Item:
    return Item(id=name, title=name, start=start, not_before=start, expires=start + 600_000, clips=(clip,))


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(pid: int, field: str, unit: int = 1024) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) * unit
    return 0


def size_of(path: Path) -> int:
    if path.is_file():
        return path.stat().st_size
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())


def megabytes(count: int) -> float:
    return round(count / 1024**2, 1)
