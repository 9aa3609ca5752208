"""The demonstration goes the whole way and says what it found."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from broadcast.demo import Outcome
from web.demo_report import Report

WORDS = "bulletins broadcasts speakers proved evidence skew_ms audio_seconds seconds voice broker speed_up"


def demo(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TRUYEN_THANH_")}
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [sys.executable, "-P", "-m", "web.cli", "--data-dir", str(home), "demo", "--once", "--json"]
    return subprocess.run(
        [*command, "--port", str(port), *arguments],
        env=environment,
        cwd=home.parent,
        capture_output=True,
        text=True,
        check=False,
        timeout=110,
    )


def test_every_loudspeaker_proves_every_bulletin(tmp_path: Path) -> None:
    done = demo(tmp_path / "demo")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert " ".join(found) == WORDS
    assert (found["bulletins"], found["broadcasts"], found["speakers"]) == (3, 3, 24)
    assert (found["proved"], found["evidence"]) == (24, "E4")  # each box measures the current in its horn
    assert 60 <= found["audio_seconds"] <= 120
    assert 0 <= found["skew_ms"]["p95"] <= found["skew_ms"]["max"] < 500
    assert "24/24" in done.stderr


@pytest.mark.parametrize(
    ("data", "words"),
    [(bytes(range(256)) * 9, "UTF-8"), (b"", "chưa có nội dung"), ("loa " * 25_000, "tối đa 50000")],
)
def test_a_file_that_is_no_bulletin_stops_before_anything_is_made(
    tmp_path: Path, data: bytes | str, words: str
) -> None:
    file = tmp_path / "tin.txt"
    file.write_bytes(data if isinstance(data, bytes) else data.encode())
    done = demo(tmp_path / "demo", "--bulletin", str(file))
    assert done.returncode == 1
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "demo").exists()


def report(*outcomes: Outcome, speakers: int = 2) -> Report:
    return Report(outcomes, len(outcomes), speakers, "espeak 1", "mosquitto 2", 1.0, 1.0, 1.0, 3.0)


def outcome(evidence: tuple[int, ...], offsets_ms: tuple[float, ...] = (0.0, 4.0)) -> Outcome:
    return Outcome("Tin", 30.0, len(evidence), evidence, offsets_ms, len(evidence))


def test_one_loudspeaker_without_proof_is_no_success() -> None:
    assert report(outcome((3, 3))).complete
    assert not report(outcome((3, 3)), outcome((3, 2))).complete
    assert not report(outcome((3,))).complete
    assert not report().complete


def test_the_report_names_the_lowest_grade_and_the_largest_spread() -> None:
    found = report(outcome((3, 3), (0.0, 12.5)), outcome((3, 1), (0.0, 2.0))).as_dict()
    assert (found["proved"], found["evidence"]) == (1, "E1")
    assert found["skew_ms"] == {"p95": 12.5, "max": 12.5}


def test_the_table_says_how_fast_the_loudspeakers_ran() -> None:
    assert "đúng tốc độ thật" in "\n".join(report(outcome((3, 3))).lines())
