"""Runs a broker as a child: starts it, waits until it answers, restarts it when it dies, ends it with us."""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

from devices.broker import leash
from devices.broker.accounts import Account
from devices.broker.base import Kind
from devices.broker.orphan import end_orphan
from devices.errors import BrokerFailed, DeviceError, DirectoryBusy, PortBusy

log = logging.getLogger(__name__)

_LOG_LIMIT = 5_000_000  # bytes of the broker's own log kept, once more as a backup
_READY_WITHIN = 15.0  # seconds
_STOP_WITHIN = 8.0  # seconds for the broker to write its state down
_LONGEST_PAUSE = 30.0  # seconds between restarts
_HEALTHY_AFTER = 60.0  # seconds of life after which a death counts as the first again

Alarm = Callable[[str], None]


class ChildBroker:
    """A supervised broker in ``directory``; see :class:`devices.broker.base.Broker`."""

    def __init__(
        self, kind: Kind, directory: Path, port: int, accounts: Sequence[Account], alarm: Alarm | None = None
    ) -> None:
        self._kind = kind
        self._directory = directory.resolve()
        self._port = port
        self._accounts = tuple(accounts)
        self._alarm = alarm
        self._lock: IO[str] | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._supervisor: threading.Thread | None = None
        self._stopping = threading.Event()
        self._settled = threading.Event()  # the first start succeeded or failed
        self._failure: DeviceError | None = None
        self._ready = False
        self._accounts_lock = threading.Lock()
        self._accounts_version = 0

    @property
    def name(self) -> str:
        return self._kind.name

    @property
    def url(self) -> str:
        return f"mqtt://127.0.0.1:{self._port}"

    @property
    def log_file(self) -> Path:
        return self._directory / "broker.log"

    def alive(self) -> bool:
        process = self._process
        return self._ready and process is not None and process.poll() is None

    def start(self) -> None:
        """Start and return when clients can connect. Raises DirectoryBusy, PortBusy, BrokerFailed."""
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = _lock(self._directory)
        try:
            end_orphan(self._directory)
            _require_free(self._port)
            self._kind.configure(self._directory, self._port)
            self._kind.write_accounts(self._directory, self._accounts)
            self._launch_supervisor()
        except BaseException:
            self._lock.close()
            raise

    def _launch_supervisor(self) -> None:
        self._stopping.clear()
        self._settled.clear()
        self._failure = None
        self._supervisor = threading.Thread(target=self._supervise, name="broker-supervisor", daemon=True)
        self._supervisor.start()
        self._settled.wait()
        if self._failure is not None:
            self._supervisor.join()
            raise self._failure

    def stop(self) -> None:
        """End the broker; it writes its retained messages and sessions down first."""
        self._stopping.set()
        if self._supervisor is not None:
            self._supervisor.join()
        if self._lock is not None:
            self._lock.close()

    def set_accounts(self, accounts: Sequence[Account]) -> None:
        """Replace all accounts; a running broker takes them over within moments, without a restart."""
        with self._accounts_lock:
            self._accounts = tuple(accounts)
            if not self._holds_directory():
                return  # the start will write them
            self._kind.write_accounts(self._directory, self._accounts)
            self._accounts_version += 1
            if self.alive():
                self._reload()

    def _holds_directory(self) -> bool:
        return self._lock is not None and not self._lock.closed

    def _reload(self) -> None:
        if self._kind.reload_by_signal and self._process is not None:
            self._process.send_signal(signal.SIGHUP)

    def _supervise(self) -> None:
        """The life of the child, in one thread: the leash follows the thread that starts it."""
        pause = 0.25
        while not self._stopping.is_set():
            started = time.monotonic()
            try:
                self._run_once()
            except (DeviceError, OSError) as error:
                if not self._settled.is_set():
                    self._failure = error if isinstance(error, DeviceError) else BrokerFailed(str(error))
                    self._settled.set()
                    return
                if not self._stopping.is_set():
                    self._report_death(str(error))
            if time.monotonic() - started > _HEALTHY_AFTER:
                pause = 0.25
            self._stopping.wait(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    def _run_once(self) -> None:
        """Start the child, watch it until it dies or we stop. Raises BrokerFailed when it dies by itself."""
        version = self._accounts_version
        process = self._spawn()
        try:
            self._wait_ready(process)
            with self._accounts_lock:
                self._ready = True
                if self._accounts_version != version:
                    self._reload()
            log.info(
                "the broker is up", extra={"action": "broker_up", "broker": self.name, "pid": process.pid}
            )
            self._settled.set()
            while not self._stopping.wait(0.1):
                if process.poll() is not None:
                    raise BrokerFailed(f"{self.name} ended with status {process.returncode}", self._tail())
        finally:
            self._ready = False
            _end(process)

    def _spawn(self) -> subprocess.Popen[bytes]:
        if self.log_file.exists() and self.log_file.stat().st_size > _LOG_LIMIT:
            self.log_file.replace(self.log_file.with_suffix(".log.1"))
        command = [
            sys.executable,
            "-I",
            leash.__file__,
            str(os.getpid()),
            *self._kind.command(self._directory),
        ]
        descriptor = os.open(self.log_file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=descriptor, stderr=descriptor, cwd=self._directory
            )
        finally:
            os.close(descriptor)
        (self._directory / "broker.pid").write_text(str(self._process.pid), encoding="ascii")
        return self._process

    def _wait_ready(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + _READY_WITHIN
        while time.monotonic() < deadline and not self._stopping.is_set():
            if process.poll() is not None:
                raise BrokerFailed(f"{self.name} did not start", self._tail())
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self._port), timeout=1):
                return
            time.sleep(0.02)
        raise BrokerFailed(f"{self.name} does not answer on port {self._port}", self._tail())

    def _report_death(self, why: str) -> None:
        log.error(
            "the broker died and is started again: %s",
            why,
            extra={"action": "broker_died", "broker": self.name},
        )
        if self._alarm is None:
            return
        try:
            self._alarm(why)
        except Exception:
            log.exception("the alarm about the broker failed", extra={"action": "broker_alarm_failed"})

    def _tail(self) -> str:
        with contextlib.suppress(OSError):
            return self.log_file.read_text(encoding="utf-8", errors="replace")[-2000:]
        return ""


def _lock(directory: Path) -> IO[str]:
    """Hold the directory for this process; the kernel lets go of it when we die, however that happens."""
    lock = (directory / "broker.lock").open("w", encoding="ascii")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise DirectoryBusy(f"the broker of another server runs in {directory}") from error
    return lock


def _require_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise PortBusy(port) from error


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_WITHIN)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
