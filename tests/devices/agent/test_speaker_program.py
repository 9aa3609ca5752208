"""The loudspeaker's program in its box: amplifier, button, meter, and orders to test and to restart it."""

import contextlib
import signal
import subprocess
import sys
import time

import pytest

from devices.messages import Action
from devices.speaker.store import SqliteStore

RESTART = 75


class Box:
    """A box whose lines and sensors are files."""

    def __init__(self, folder, station):
        self.folder, self.station = folder, station
        self.identity, self.data = folder / "id.json", folder / "data"
        station.identities["loa-1"].save(self.identity)
        self.switch, self.sense = folder / "value", folder / "load"
        self.silence, self.volts, self.signal = folder / "silence", folder / "volts", folder / "signal"
        self.switch.write_text("0")
        self.sense.write_text("8.5")
        self.volts.write_text("12.1")
        self.signal.write_text("-91")
        self.process = None

    def start(self, *more):
        options = {
            "--identity": self.identity,
            "--data": self.data,
            "--sink": "silent",
            "--amplifier": self.switch,
            "--amplifier-sense": self.sense,
            "--silence-file": self.silence,
            "--voltage-file": self.volts,
            "--signal-file": self.signal,
        }
        arguments = [str(part) for option in options.items() for part in option]
        command = [sys.executable, "-c", "from devices.speaker.cli import main; main()", "run"]
        with (self.folder / "program.log").open("a") as log:
            self.process = subprocess.Popen(
                [*command, *arguments, *map(str, more)], stdout=log, stderr=subprocess.STDOUT
            )

    def silenced(self):
        return self.station.states["loa-1"].silenced

    def noticed(self, event):
        journal = self.station.journal["loa-1"].values()
        return [(told.item, told.reason) for told in journal if told.event == event]


@pytest.fixture
def box(make_station, tmp_path):
    station = make_station("loa-1")
    station.program("loa-1", wake_ms=300)
    box = Box(tmp_path, station)
    yield box
    if box.process is not None:
        box.process.kill()
        box.process.wait()


def test_a_box_is_tested_silenced_and_restarted_from_afar_and_at_its_button(box, eventually, tmp_path):
    station = box.station
    box.start("--reboot-command", f"{sys.executable} -c \"open('{tmp_path}/rebooted', 'w')\"")
    eventually(lambda: "loa-1" in station.telemetry and station.states["loa-1"].have.rev)
    told = station.telemetry["loa-1"]
    assert (told.voltage_v, told.signal_dbm) == (12.1, -91)
    assert told.total_bytes >= told.free_bytes > 0
    assert told.data_bytes > 1_000

    station.command("c1", "loa-1", Action.SELF_TEST)
    eventually(lambda: box.noticed("self_test"))
    assert not {"amplifier", "dead_horn", "no_sound_card"} & set(box.noticed("self_test")[0][1].split(","))

    box.silence.touch()
    eventually(lambda: box.silenced() == "local")
    box.silence.unlink()
    eventually(lambda: box.silenced() == "")
    box.process.send_signal(signal.SIGUSR1)
    eventually(lambda: box.silenced() == "local")
    box.process.send_signal(signal.SIGUSR1)
    eventually(lambda: box.silenced() == "")

    station.command("c2", "loa-1", Action.REBOOT)
    assert box.process.wait(60) == RESTART
    assert (tmp_path / "rebooted").exists()
    assert not station.states["loa-1"].online
    with contextlib.closing(SqliteStore(box.data / "speaker.sqlite")) as store:
        counted = [int(body) for (kind, _), body in store.facts().items() if kind == "traffic"]
    assert counted[0] > 1_000


def test_the_amplifier_wakes_before_the_sound_and_its_current_is_told(box, eventually):
    station = box.station
    box.start()
    eventually(lambda: "loa-1" in station.states and station.states["loa-1"].have.rev)
    station.alert("xa", station.emergency("u1", time.time_ns() // 1_000_000, station.clip(4.0)))
    eventually(lambda: box.switch.read_text() == "1")
    eventually(lambda: station.is_over("loa-1", "u1"))
    eventually(lambda: ("u1", "load") in box.noticed("electrical"))
    eventually(lambda: box.switch.read_text() == "0")
