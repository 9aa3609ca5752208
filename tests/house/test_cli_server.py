"""The server as its operator starts and stops it: a line that says where it is, and an orderly end."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.waiting import free_port

Start = Callable[..., tuple[subprocess.Popen[str], dict[str, Any]]]


def get(url: str) -> tuple[int, str]:
    with urllib.request.urlopen(url, timeout=60) as answer:
        return answer.status, answer.read().decode()


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("TRUYEN_THANH_")}
    return clean | {
        "TRUYEN_THANH_DATA_DIR": str(tmp_path / "data"),
        "TRUYEN_THANH_ENGINES": "espeak",
        "TRUYEN_THANH_PORT": str(free_port()),
        "TRUYEN_THANH_MQTT_PORT": str(free_port()),
        "TRUYEN_THANH_LOG_LEVEL": "WARNING",
    }


@pytest.fixture
def start(environment: dict[str, str], tmp_path: Path) -> Iterator[Start]:
    """Start a command and wait for its first line."""
    running: list[subprocess.Popen[str]] = []

    def run(*arguments: str) -> tuple[subprocess.Popen[str], dict[str, Any]]:
        command = [sys.executable, "-P", "-m", "web.cli", *arguments, "--json"]
        log = (tmp_path / f"{arguments[0]}.err").open("w")
        with log:
            process = subprocess.Popen(
                command, env=environment, cwd=tmp_path, stdout=subprocess.PIPE, stderr=log, text=True
            )
        running.append(process)
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, (tmp_path / f"{arguments[0]}.err").read_text()
        return process, json.loads(line)

    yield run
    for process in running:
        process.kill()
        process.communicate()


def ended(process: subprocess.Popen[str], by: signal.Signals) -> int:
    process.send_signal(by)
    return process.wait(60)


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
def test_the_first_start_prints_a_link_and_stops_in_order(
    start: Start, tmp_path: Path, by: signal.Signals
) -> None:
    process, said = start("run")
    assert said["broker"].split()[0] in ("mosquitto", "amqtt")
    status, page = get(said["setup_link"])
    assert (status, "<form" in page) == (200, True)
    assert json.loads(get(said["url"] + "/healthz")[1])["checks"]["database"] == "ok"
    assert ended(process, by) == 0
    assert "Traceback" not in (tmp_path / "run.err").read_text()


def test_a_second_server_on_the_same_port_is_refused_and_the_first_goes_on(
    start: Start, environment: dict[str, str], tmp_path: Path
) -> None:
    first, said = start("run")
    second = subprocess.run(
        [sys.executable, "-P", "-m", "web.cli", "run"],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert second.returncode == 1
    assert environment["TRUYEN_THANH_PORT"] in second.stderr
    assert second.stderr.count("\n") == 1
    assert get(said["url"] + "/healthz")[0] == 200
    assert ended(first, signal.SIGTERM) == 0


def test_a_busy_broker_port_is_told_and_nothing_keeps_running(
    environment: dict[str, str], tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", int(environment["TRUYEN_THANH_MQTT_PORT"]))):
        refused = subprocess.run(
            [sys.executable, "-P", "-m", "web.cli", "run"],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
    assert refused.returncode == 1
    assert refused.stderr.startswith("Lỗi: ")
    assert environment["TRUYEN_THANH_MQTT_PORT"] in refused.stderr
    assert "Traceback" not in refused.stderr


def test_an_unreachable_broker_is_a_warning_and_the_pages_stay_up(
    start: Start, environment: dict[str, str], tmp_path: Path
) -> None:
    port = free_port()
    environment["TRUYEN_THANH_MQTT_URL"] = f"mqtt://127.0.0.1:{port}"
    environment["TRUYEN_THANH_MQTT_PASSWORD"] = "bí mật"
    process, said = start("run")
    assert f"Cảnh báo: không tới được 127.0.0.1:{port}" in (tmp_path / "run.err").read_text()
    until = time.monotonic() + 60  # the worker takes the lead first
    while (said_now := json.loads(get(said["url"] + "/healthz")[1]))["status"] == "ok":
        assert time.monotonic() < until
        time.sleep(0.2)
    assert said_now == {"status": "degraded", "checks": {"database": "ok", "broker": "down"}}
    assert ended(process, signal.SIGTERM) == 0


def test_broker_worker_and_pages_run_apart(start: Start) -> None:
    broker, _ = start("broker")
    worker, _ = start("worker")
    pages, said = start("web")
    assert get(said["url"] + "/healthz")[0] == 200
    assert [ended(each, signal.SIGTERM) for each in (pages, worker, broker)] == [0, 0, 0]
