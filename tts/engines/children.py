"""Child processes that hold what must not live in ours: one JSON line in, one JSON line and raw bytes out."""

from __future__ import annotations

import contextlib
import json
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any, BinaryIO


class ChildDiedError(Exception):
    """The process ended, or was ended because it did not answer in time."""


def module(name: str) -> tuple[str, ...]:
    """The command that starts a module as a child; -P keeps the working folder out of its imports."""
    return (sys.executable, "-P", "-m", name)


class Children:
    """Up to ``count`` processes, started when first needed; each serves one thread at a time."""

    def __init__(self, command: tuple[str, ...], *, count: int, timeout: float) -> None:
        self._all = [_Child(command, timeout) for _ in range(count)]
        self._free: queue.LifoQueue[_Child] = queue.LifoQueue()
        self._closing = threading.Lock()
        self._closed = 0  # how often
        for child in self._all:
            self._free.put(child)

    def ask(self, order: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        """The answer's header and its bytes; a child that died is replaced and asked once more.

        Raises ChildDiedError after the second death.
        """
        line, closed = json.dumps(order).encode() + b"\n", self._closed
        with self._child() as child:
            try:
                return self._asked(child, line, closed)
            except ChildDiedError:
                return self._asked(child, line, closed)

    def _asked(self, child: _Child, line: bytes, closed: int) -> tuple[dict[str, Any], bytes]:
        """Whoever waited while the children were closed must not start a new one."""
        if self._closed != closed:
            raise ChildDiedError("closed")
        return child.ask(line)

    def close(self) -> None:
        """End the children, also those at work; new ones start if they are asked again later."""
        with self._closing, contextlib.ExitStack() as held:
            self._closed += 1
            for child in self._all:
                child.kill()
            for child in [held.enter_context(self._child()) for _ in self._all]:
                child.stop()

    @contextlib.contextmanager
    def _child(self) -> Iterator[_Child]:
        child = self._free.get()
        try:
            yield child
        finally:
            self._free.put(child)


class _Child:
    def __init__(self, command: tuple[str, ...], timeout: float) -> None:
        self._command = command
        self._timeout = timeout
        self._process: subprocess.Popen[bytes] | None = None

    def ask(self, line: bytes) -> tuple[dict[str, Any], bytes]:
        """Raises ChildDiedError; the next call then starts a new process."""
        process = self._running()
        overdue = threading.Timer(self._timeout, process.kill)
        overdue.start()
        try:
            return _exchange(process, line)
        except (OSError, ValueError) as error:
            self.stop()
            raise ChildDiedError(str(error) or type(error).__name__) from error
        finally:
            overdue.cancel()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self.stop()
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            )
        return self._process

    def kill(self) -> None:
        """Whoever waits for its answer gets an error; any thread may call it."""
        process = self._process
        if process is not None:
            process.kill()

    def stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        for pipe in (process.stdin, process.stdout):
            if pipe:
                with contextlib.suppress(OSError):  # what could not be written any more
                    pipe.close()
        process.wait()


def _exchange(process: subprocess.Popen[bytes], line: bytes) -> tuple[dict[str, Any], bytes]:
    if process.stdin is None or process.stdout is None:
        raise OSError("the child has no pipes")
    process.stdin.write(line)
    process.stdin.flush()
    header: dict[str, Any] = json.loads(process.stdout.readline())  # an empty line at the end: ValueError
    data = process.stdout.read(header["size"])
    if len(data) != header["size"]:
        raise OSError("the child ended in the middle of an answer")
    return header, data


def answer(out: BinaryIO, data: bytes = b"", **header: object) -> None:
    """What a child writes for one order."""
    out.write(json.dumps({"size": len(data), "error": "", **header}).encode() + b"\n" + data)
    out.flush()
