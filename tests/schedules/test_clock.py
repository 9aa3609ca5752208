"""The real clock: ticks, kicks, failures and a graceful stop."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator

import pytest

from schedules.clock import Clock
from tests.waiting import until


@pytest.fixture
def clock() -> Iterator[Clock]:
    clock = Clock()
    yield clock
    clock.stop()


def test_a_job_runs_at_once_and_again(clock: Clock) -> None:
    runs: list[float] = []
    clock.every(0.05, lambda: runs.append(time.monotonic()), "tick")
    clock.start()
    until(lambda: len(runs) >= 3)
    assert runs[2] - runs[0] < 5


def test_a_job_with_more_to_do_goes_on_without_waiting(clock: Clock) -> None:
    left = [50]

    def job() -> bool:
        left[0] -= 1
        return left[0] > 0

    clock.every(3600, job, "work")
    clock.start()
    until(lambda: left[0] == 0)


def test_a_job_never_runs_beside_itself(clock: Clock) -> None:
    inside, worst, runs = [0], [0], [0]

    def job() -> None:
        inside[0] += 1
        worst[0] = max(worst[0], inside[0])
        time.sleep(0.03)
        inside[0] -= 1
        runs[0] += 1

    clock.every(0.01, job, "slow")
    clock.start()
    for _ in range(20):
        clock.kick("slow")
        time.sleep(0.005)
    until(lambda: runs[0] >= 5)
    assert worst[0] == 1


def test_a_kick_runs_a_distant_job_now(clock: Clock) -> None:
    runs: list[int] = []
    clock.every(3600, lambda: runs.append(1), "plan")
    clock.start()
    until(lambda: len(runs) == 1)
    clock.kick("plan")
    until(lambda: len(runs) == 2)


def test_a_kick_during_a_run_is_kept(clock: Clock) -> None:
    entered, release, runs = threading.Event(), threading.Event(), [0]

    def job() -> None:
        runs[0] += 1
        entered.set()
        release.wait(60)

    clock.every(3600, job, "plan")
    clock.start()
    assert entered.wait(60)
    clock.kick("plan")
    release.set()
    until(lambda: runs[0] == 2)


def test_a_failing_tick_is_logged_once_and_goes_on(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    runs = [0]

    def job() -> None:
        runs[0] += 1
        if runs[0] <= 4:
            raise ValueError("the same trouble")

    with caplog.at_level(logging.INFO, logger="schedules.clock"):
        clock.every(0.02, job, "fragile")
        clock.start()
        until(lambda: runs[0] >= 6)
    actions = [getattr(record, "action", "") for record in caplog.records if record.name == "schedules.clock"]
    assert actions == ["tick_failed", "tick_recovered"]


def test_another_trouble_is_logged_again(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    runs = [0]

    def job() -> None:
        runs[0] += 1
        raise ValueError("first" if runs[0] < 3 else "second")

    clock.every(0.02, job, "fragile")
    clock.start()
    until(lambda: runs[0] >= 6)
    clock.stop()
    assert len([r for r in caplog.records if getattr(r, "action", "") == "tick_failed"]) == 2


def test_stopping_lets_a_running_job_finish_and_starts_no_other() -> None:
    clock = Clock()
    entered, finished = threading.Event(), []

    def job() -> bool:
        entered.set()
        time.sleep(0.1)
        finished.append(1)
        return True

    clock.every(0.01, job, "work")
    clock.start()
    assert entered.wait(60)
    clock.stop()
    done = len(finished)
    time.sleep(0.15)
    assert done >= 1
    assert len(finished) == done


def test_a_clock_that_never_started_can_be_stopped() -> None:
    clock = Clock()
    clock.every(1, lambda: None, "tick")
    clock.stop()
