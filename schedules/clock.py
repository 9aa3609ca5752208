"""The ticks that drive a process: APScheduler in memory, every job guarded; nothing is stored here."""

from __future__ import annotations

import datetime as dt
import logging
import threading
from collections.abc import Callable
from typing import Protocol

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

log = logging.getLogger(__name__)

Job = Callable[[], bool | None]
"""A piece of work; True means that there is more to do at once."""

_MAX_JOBS = 16


class Ticks(Protocol):
    """What drives a worker: a ``Clock``, or one of a time that leaps."""

    def every(self, seconds: float, job: Job, name: str) -> None: ...

    @property
    def names(self) -> frozenset[str]: ...

    def kick(self, name: str) -> None: ...

    def start(self) -> None: ...

    def stop(self) -> None: ...


class Clock:
    """Runs each job every so many seconds in a thread of its own, never twice at the same time."""

    def __init__(self) -> None:
        # A line per tick, and a warning for every tick that finds its job still at work, would bury the log.
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        self._scheduler = BackgroundScheduler(
            timezone=dt.UTC,
            executors={"default": ThreadPoolExecutor(_MAX_JOBS)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        self._guards: dict[str, _Guard] = {}

    def every(self, seconds: float, job: Job, name: str) -> None:
        """Add a job under a unique ``name``; its first run is at once after ``start``."""
        guard = _Guard(job, name)
        self._guards[name] = guard
        now = dt.datetime.now(dt.UTC)
        self._scheduler.add_job(guard, "interval", seconds=seconds, id=name, name=name, next_run_time=now)

    @property
    def names(self) -> frozenset[str]:
        return frozenset(self._guards)

    def kick(self, name: str) -> None:
        """Run the job now; when it is at work already, once more after that. Unknown names are a KeyError."""
        if self._guards[name].ask_again() and self._scheduler.running:
            self._scheduler.modify_job(name, next_run_time=dt.datetime.now(dt.UTC))

    def start(self) -> None:
        self._scheduler.start()

    def stop(self) -> None:
        """Let running jobs finish and run no more."""
        for guard in self._guards.values():
            guard.stop()
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)


class _Guard:
    """One job: goes on while there is more, keeps a kick that comes during a run, survives its errors."""

    def __init__(self, job: Job, name: str) -> None:
        self._job = job
        self._name = name
        self._lock = threading.Lock()
        self._running = False
        self._again = False
        self._stopped = False
        self._failure = ""

    def ask_again(self) -> bool:
        """Whether the caller must start a run; a run in progress repeats itself instead."""
        with self._lock:
            self._again = self._running
            return not self._running

    def stop(self) -> None:
        self._stopped = True

    def __call__(self) -> None:
        with self._lock:
            self._running = True
        while not self._stopped:
            more = self._run_once()
            with self._lock:
                if not (more or self._again):
                    self._running = False
                    return
                self._again = False

    def _run_once(self) -> bool:
        try:
            more = bool(self._job())
        except Exception as error:  # noqa: BLE001  the edge of the loop: a failing tick must not end the clock
            self._report(error)
            return False
        if self._failure:
            log.info(
                "tick %s works again", self._name, extra={"action": "tick_recovered", "tick": self._name}
            )
            self._failure = ""
        return more

    def _report(self, error: Exception) -> None:
        failure = f"{type(error).__name__}: {error}"
        if failure == self._failure:
            return
        self._failure = failure
        details = {"action": "tick_failed", "tick": self._name}
        log.error("tick %s failed and goes on", self._name, exc_info=error, extra=details)
