"""``truyen-thanh-speaker`` as the person who installs a loudspeaker meets it."""

import json
import signal
import subprocess
import sys
import time
import wave

import msgspec
import pytest
from click.testing import CliRunner

from devices.messages import Desired, GuardPolicy
from devices.speaker.cli import main
from devices.speaker.store import SqliteStore


def call(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture
def start(tmp_path):
    made = []

    def run(*arguments):
        command = [sys.executable, "-c", "from devices.speaker.cli import main; main()", *map(str, arguments)]
        with (tmp_path / "program.log").open("w") as log:
            made.append(subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT))
        return made[-1]

    yield run
    for process in made:
        process.kill()
        process.wait()


def test_the_program_plays_into_a_wav_file_and_ends_gracefully(make_station, start, eventually, tmp_path):
    station = make_station("loa-1")
    identity, data, sound = tmp_path / "id.json", tmp_path / "data", tmp_path / "heard.wav"
    station.identities["loa-1"].save(identity)
    begin = time.time_ns() // 1_000_000 + 4000
    station.program("loa-1", station.item("s1.a", begin, station.clip(1.0)))
    process = start("run", "--identity", identity, "--data", data, "--sink", "wav", "--wav", sound)
    eventually(lambda: station.is_over("loa-1", "s1.a"))
    second = call("run", "--identity", identity, "--data", data, "--sink", "silent")
    assert second.exit_code != 0
    assert "Một chương trình loa khác đang dùng" in second.output
    shown = json.loads(call("status", "--data", data, "--json").output)
    assert (shown["loa"], shown["luot_phat_sap_toi"]) == ("loa-1", 0)
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
    eventually(lambda: not station.states["loa-1"].online)
    with wave.open(str(sound)) as file:
        assert 47_000 <= file.getnframes() <= 50_000
        assert any(file.readframes(48_000))


def test_an_identity_that_others_may_read_is_refused(make_station, tmp_path):
    path = tmp_path / "id.json"
    make_station("loa-1").identities["loa-1"].save(path)
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o644)
    result = call("run", "--identity", path, "--data", tmp_path / "data")
    assert result.exit_code != 0
    assert "Tệp danh tính của loa không dùng được" in result.output


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe not text",
        b"{}",
        b'{"device": "a/b", "tenant": "", "broker": "", "password": "", "private_key": "", "server_keys":[]}',
    ],
)
def test_an_identity_that_is_not_understood_is_refused(content, tmp_path):
    path = tmp_path / "id.json"
    path.write_bytes(content)
    path.chmod(0o600)
    result = call("run", "--identity", path, "--data", tmp_path / "data")
    assert result.exit_code != 0
    assert "Tệp danh tính" in result.output


def test_a_damaged_store_is_a_clear_sentence(make_station, tmp_path):
    path, data = tmp_path / "id.json", tmp_path / "data"
    make_station("loa-1").identities["loa-1"].save(path)
    data.mkdir()
    (data / "speaker.sqlite").write_bytes(b"no database" * 500)
    result = call("run", "--identity", path, "--data", data, "--sink", "silent")
    assert result.exit_code != 0
    assert "kho dữ liệu" in result.output


def test_options_that_do_not_belong_together_are_refused(tmp_path):
    common = ("run", "--identity", tmp_path / "x", "--data", tmp_path)
    assert "--wav" in call(*common, "--sink", "wav").output
    assert "--rate" in call(*common, "--sink", "auto", "--rate", "5").output


def test_status_without_a_store_is_a_clear_sentence(tmp_path):
    result = call("status", "--data", tmp_path)
    assert result.exit_code != 0
    assert "kho dữ liệu" in result.output


def test_status_of_a_new_loudspeaker_is_empty(tmp_path):
    SqliteStore(tmp_path / "speaker.sqlite").close()
    result = call("status", "--data", tmp_path)
    assert result.exit_code == 0
    assert "nhat_ky_chua_gui: 0" in result.output


def test_the_doctor_signs_in_and_names_what_is_wrong(make_station, tmp_path):
    station = make_station("loa-1")
    path = tmp_path / "id.json"
    station.identities["loa-1"].save(path)
    found = {
        f["id"]: f
        for f in json.loads(call("doctor", "--identity", path, "--data", tmp_path, "--json").output)
    }
    assert found["broker"]["ok"]
    assert set(found) == {"identity", "data", "sound", "clock", "broker"}
    station.broker.stop()
    result = call("doctor", "--identity", path, "--data", tmp_path)
    assert result.exit_code == 1
    assert "Không kết nối được máy chủ MQTT" in result.output


def test_the_doctor_looks_at_the_store_the_key_and_what_is_fitted(make_station, tmp_path):
    path, switch, sense, volts = (tmp_path / name for name in ("id.json", "value", "load", "volts"))
    make_station("loa-1").identities["loa-1"].save(path)
    store = SqliteStore(tmp_path / "speaker.sqlite")
    soon = time.time_ns() // 1_000_000 + 5 * 86_400_000 + 60_000
    desired = Desired(
        device="loa-1", epoch=1, rev=1, issued_at=0, groups=(), policy=GuardPolicy(), key_expires=soon
    )
    store.keep("desired", "", msgspec.json.encode(desired))
    store.keep("item", "s1.a", b"half a fac")
    store.close()
    switch.touch()
    sense.write_text("12.5")
    fitted = ("--amplifier", switch, "--amplifier-sense", sense, "--voltage-file", volts, "--microphone")
    shown = call("doctor", "--identity", path, "--data", tmp_path, "--json", *fitted)
    found = {finding["id"]: finding for finding in json.loads(shown.output)}
    assert (found["amplifier"]["ok"], found["amplifier_sense"]["text"]) == (True, "Công suất ra loa: 12.5 W")
    assert (found["key"]["ok"], found["key"]["text"]) == (False, "Khóa của loa còn 5 ngày")
    assert (found["store"]["ok"], found["store"]["text"]) == (False, "Kho dữ liệu có 1 mục hỏng")
    assert not found["voltage"]["ok"]
    assert "microphone" in found


def test_the_loudspeaker_needs_nothing_of_the_server():
    """What a box does not have is made impossible to import; miniaudio would take numpy where it is."""
    code = (
        "import sys; "
        "bad = {'flask', 'sqlalchemy', 'gtts', 'pydub', 'apscheduler', 'amqtt', 'numpy', 'requests'}; "
        "bad |= {'broadcast', 'web', 'tts', 'schedules'}; "
        "sys.modules.update(dict.fromkeys(bad)); "
        "import devices.speaker.cli; "
        "print(sorted(name for name in bad if sys.modules[name]))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
