"""The embedded broker as a child process: start, trouble, death and return."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.broker import (
    Account,
    Broker,
    BrokerMissing,
    DirectoryBusy,
    PortBusy,
    embedded_broker,
    hash_password,
)
from devices.broker.accounts import check_password, topic_matches
from devices.broker.mosquitto import Mosquitto, find_mosquitto
from devices.errors import BrokerFailed

SERVER_WITH_A_BROKER = """
import sys, time
from pathlib import Path
from devices.broker import embedded_broker
broker = embedded_broker(Path(sys.argv[1]), int(sys.argv[2]), [], sys.argv[3])
broker.start()
print("up", flush=True)
time.sleep(600)
"""


def broker_pid(directory: Path) -> int:
    return int((directory / "broker" / "broker.pid").read_text())


def running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_the_broker_says_what_it_is(tmp_path: Path, free_port: int) -> None:
    assert embedded_broker(tmp_path, free_port, []).name.startswith("mosquitto 2.")
    assert "amqtt" in embedded_broker(tmp_path, free_port, [], "amqtt").name
    assert "small trial" in embedded_broker(tmp_path, free_port, [], "amqtt").name


def test_without_mosquitto_the_small_broker_is_chosen(
    tmp_path: Path, free_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.setattr("devices.broker.mosquitto._PLACES", ())
    assert embedded_broker(tmp_path, free_port, []).name.startswith("amqtt")
    with pytest.raises(BrokerMissing):
        embedded_broker(tmp_path, free_port, [], "mosquitto")


def test_the_files_are_private(
    start_broker: Callable[..., Broker], make_account: Any, tmp_path: Path
) -> None:
    start_broker([make_account("loa-01", reads=["a"])])
    for name in ("mosquitto.conf", "passwords", "access", "broker.log"):
        assert stat.S_IMODE((tmp_path / "broker" / name).stat().st_mode) == 0o600, name


def test_the_broker_listens_on_loopback_only(start_broker: Callable[..., Broker], free_port: int) -> None:
    start_broker([])
    listening = [
        line.split()[1]
        for name in ("tcp", "tcp6")
        for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]
        if line.split()[3] == "0A" and line.split()[1].endswith(f":{free_port:04X}")
    ]
    assert listening == [f"0100007F:{free_port:04X}"]


@pytest.mark.parametrize("kind", ["mosquitto", "amqtt"])
def test_a_busy_port_is_told(kind: str, tmp_path: Path, free_port: int) -> None:
    with socket.create_server(("127.0.0.1", free_port)), pytest.raises(PortBusy) as caught:
        embedded_broker(tmp_path, free_port, [], kind).start()  # type: ignore[arg-type]
    assert caught.value.port == free_port


def test_a_broker_that_cannot_start_says_why(
    tmp_path: Path, free_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("devices.broker.mosquitto._SETTINGS", "nonsense {port} {directory}\n")
    with pytest.raises(BrokerFailed) as caught:
        embedded_broker(tmp_path, free_port, []).start()
    assert "nonsense" in caught.value.log


def test_accounts_may_be_set_before_the_start_and_after_the_end(
    tmp_path: Path, free_port: int, make_account: Any, plain_client: Any
) -> None:
    broker = embedded_broker(tmp_path / "broker", free_port, [])
    broker.set_accounts([make_account("loa-01")])
    assert not (tmp_path / "broker").exists()
    broker.start()
    assert not plain_client(broker.url, "loa-01").refused.get(timeout=5)
    broker.stop()
    broker.set_accounts([])
    broker.start()
    assert plain_client(broker.url, "loa-01").refused.get(timeout=5)
    broker.stop()


def test_two_servers_cannot_share_a_directory(start_broker: Callable[..., Broker], tmp_path: Path) -> None:
    start_broker([])
    with pytest.raises(DirectoryBusy):
        embedded_broker(tmp_path / "broker", 1, []).start()


@pytest.mark.parametrize("kind", ["mosquitto", "amqtt"])
def test_a_broker_that_dies_is_started_again_and_the_alarm_heard(
    *,
    kind: str,
    start_broker: Callable[..., Broker],
    make_account: Any,
    plain_client: Any,
    tmp_path: Path,
    eventually: Any,
) -> None:
    alarms: list[str] = []
    broker = start_broker([make_account("loa-01")], kind, alarm=alarms.append)
    first = broker_pid(tmp_path)
    os.kill(first, signal.SIGKILL)
    eventually(lambda: not broker.alive())
    eventually(broker.alive)
    assert broker_pid(tmp_path) != first
    assert "ended with status -9" in alarms[0]
    assert not plain_client(broker.url, "loa-01").refused.get(timeout=5)


def test_ending_a_broker_that_is_just_starting_again_is_no_death(
    start_broker: Callable[..., Broker],
    tmp_path: Path,
    eventually: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    alarms: list[str] = []
    broker = start_broker([], alarm=alarms.append)
    first = broker_pid(tmp_path)
    monkeypatch.setattr(Mosquitto, "command", lambda *_: ["/bin/sleep", "60"])
    os.kill(first, signal.SIGKILL)
    eventually(lambda: broker._process.pid != first)  # type: ignore[attr-defined]
    broker.stop()
    assert len(alarms) == 1


def test_an_alarm_that_fails_does_not_end_the_supervision(
    start_broker: Callable[..., Broker], tmp_path: Path, eventually: Any
) -> None:
    def fail(why: str) -> None:
        raise RuntimeError("no room for alarms")

    broker = start_broker([], alarm=fail)
    os.kill(broker_pid(tmp_path), signal.SIGKILL)
    eventually(lambda: not broker.alive())
    eventually(broker.alive)


def test_retained_messages_survive_an_orderly_restart(
    start_broker: Callable[..., Broker], make_account: Any, plain_client: Any
) -> None:
    broker = start_broker([make_account("server", reads=["x/#"], writes=["x/#"])])
    plain_client(broker.url, "server").publish("x/desired", b"plan", retain=True)
    broker.stop()
    broker.start()
    reader = plain_client(broker.url, "server")
    reader.subscribe("x/desired")
    assert reader.next() == ("x/desired", b"plan")


@pytest.mark.parametrize("kind", ["mosquitto", "amqtt"])
def test_a_killed_server_leaves_no_broker_behind(
    kind: str, tmp_path: Path, free_port: int, eventually: Any
) -> None:
    directory = tmp_path / "broker"
    command = [sys.executable, "-c", SERVER_WITH_A_BROKER, str(directory), str(free_port), kind]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        assert server.stdout.readline() == b"up\n"
        pid = broker_pid(tmp_path)
        assert running(pid)
        server.kill()
    eventually(lambda: not running(pid))


def test_a_start_takes_over_from_a_broker_left_behind(
    start_broker: Callable[..., Broker], tmp_path: Path, free_port: int, eventually: Any
) -> None:
    first = start_broker([])
    first.stop()
    config = tmp_path / "broker" / "mosquitto.conf"
    with subprocess.Popen([find_mosquitto(), "-c", str(config)]) as orphan:
        eventually(lambda: not connection_refused(free_port))
        (tmp_path / "broker" / "broker.pid").write_text(str(orphan.pid))
        second = start_broker([])
        assert orphan.wait(60) == 0
    assert second.alive()
    assert broker_pid(tmp_path) != orphan.pid


def connection_refused(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def test_a_pid_that_now_belongs_to_another_program_is_left_alone(
    start_broker: Callable[..., Broker], tmp_path: Path
) -> None:
    (tmp_path / "broker").mkdir()
    with subprocess.Popen(["sleep", "60"]) as innocent:
        (tmp_path / "broker" / "broker.pid").write_text(str(innocent.pid))
        start_broker([])
        assert innocent.poll() is None
        innocent.kill()


@given(password=st.text(), salt=st.binary(min_size=12, max_size=12), other=st.text())
def test_a_password_matches_its_own_hash_only(password: str, salt: bytes, other: str) -> None:
    hashed = hash_password(password, salt)
    assert check_password(password, hashed)
    assert check_password(other, hashed) == (other == password)


@given(st.text())
def test_a_malformed_hash_matches_nothing(hashed: str) -> None:
    assert not check_password("", hashed)


@pytest.mark.parametrize(
    ("topic", "topic_filter", "expected"),
    [
        ("a/b", "a/b", True),
        ("a/b", "a/+", True),
        ("a/b/c", "a/#", True),
        ("a", "a/#", True),
        ("a/b/c", "a/+", False),
        ("a/#", "a/+", False),
        ("#", "a/#", False),
        ("+/b", "a/b", False),
        ("$SYS/x", "#", False),
        ("a/b", "a/b/c", False),
    ],
)
def test_what_lies_within_a_filter(topic: str, topic_filter: str, expected: bool) -> None:
    assert topic_matches(topic, topic_filter) is expected


@pytest.mark.parametrize("bad", ["", "a b", "x\ny", "x:y", "-x", "#"])
def test_an_account_name_cannot_forge_lines_of_the_broker_files(bad: str) -> None:
    with pytest.raises(ValueError):
        Account(bad, "$7$1$aa$aa", (), ())


@pytest.mark.parametrize("bad", ["", "a\nuser server", " a", "a\x00"])
def test_a_topic_cannot_forge_lines_of_the_broker_files(bad: str) -> None:
    with pytest.raises(ValueError):
        Account("loa-01", "$7$1$aa$aa", (bad,), ())
