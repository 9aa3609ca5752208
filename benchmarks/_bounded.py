"""Measurements that end: one limit for all waits of a stage, and child processes that answer within it."""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

_GLANCE_S = 0.1
_GOOD_BYE_S = 10.0


class Late(Exception):  # noqa: N818 - says what did not come in time
    """What was waited for in vain."""


@dataclass(frozen=True, slots=True)
class Limit:
    """An instant of the monotonic clock beyond which nothing is waited for."""

    at: float

    @classmethod
    def after(cls, seconds: float) -> Limit:
        return cls(time.monotonic() + seconds)

    def within(self, seconds: float) -> Limit:
        """So many seconds from now, but not later than this one."""
        return Limit(min(self.at, time.monotonic() + seconds))

    def later(self, seconds: float) -> Limit:
        """For the answer of somebody who was told this one."""
        return Limit(self.at + seconds)

    @property
    def left_s(self) -> float:
        return max(0.0, self.at - time.monotonic())

    def wait(self, holds: Callable[[], object], what: str) -> None:
        """Raises Late."""
        while not holds():
            if not self.left_s:
                raise Late(what)
            time.sleep(_GLANCE_S)


class Child:
    """A process of ours that answers every line of JSON with one."""

    def __init__(self, module: str, *arguments: str) -> None:
        command = [sys.executable, "-m", module, *arguments]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._told, self._says = self._process.stdin, self._process.stdout
        self._came = b""

    def tell(self, **question: Any) -> None:
        """Raises Late when the process has ended."""
        try:
            self._told.write(json.dumps(question).encode() + b"\n")
            self._told.flush()
        except BrokenPipeError as error:
            raise Late("a child process that has ended") from error

    def answer(self, limit: Limit) -> dict[str, Any]:
        """Raises Late, also when the process has ended."""
        while b"\n" not in self._came:
            if not select.select([self._says], [], [], limit.left_s)[0]:
                raise Late("the answer of a child process")
            piece = os.read(self._says.fileno(), 1 << 16)
            if not piece:
                raise Late("the answer of a child process that has ended")
            self._came += piece
        line, _, self._came = self._came.partition(b"\n")
        said: dict[str, Any] = json.loads(line)
        return said

    def end(self) -> None:
        self._process.kill()
        self._process.wait(_GOOD_BYE_S)
        with contextlib.suppress(BrokenPipeError):
            self._told.close()
        self._says.close()


@contextlib.contextmanager
def children(module: str, arguments: Sequence[Sequence[str]]) -> Iterator[list[Child]]:
    """As many processes of a module as there are lists of arguments."""
    started: list[Child] = []
    try:
        for each in arguments:
            started.append(Child(module, *each))  # noqa: PERF401 - one that fails must not hide the others
        yield started
    finally:
        for child in started:
            child.end()
