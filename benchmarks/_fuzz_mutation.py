"""Makes of good bytes and good messages others that nobody would send."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from typing import Any

_NUMBERS = (0, -1, 1, 59, 100, 255, 2**31, 2**53, 2**53 + 1, 2**63, -(2**53), 10**30, 0.5, -0.0, 1e300)
_TEXTS = (
    "",
    "\0",
    "a/b",
    "+",
    "#",
    "24:00",
    "25:61",
    "é" * 50,
    "\U0001f4e2",
    "x" * 3000,
    "2026-03-02",
    "../..",
)
_BYTES = (b"", b"\0", b"\xff", b'"', b"{", b"}", b"[", b"null", b"NaN", b"1e999", b"\\ud800", b"\xc3")


class Mutator:
    """Changes values by lot; the same lot gives the same change."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng

    def bytes(self, data: bytes) -> bytes:
        """Flip, cut, repeat and insert, a few times."""
        for _ in range(self._rng.randint(1, 4)):
            data = self._one_of(self._flip, self._cut, self._insert, self._repeat)(data)
        return data

    def message(self, value: Any) -> Any:
        """A message with a few fields changed, dropped, doubled or added, on any level."""
        value = copy.deepcopy(value)
        for _ in range(self._rng.choice((0, 1, 1, 1, 2, 3, 6))):
            value = self._somewhere(value, 0)
        return value

    def _somewhere(self, value: Any, depth: int) -> Any:
        inside = isinstance(value, dict | list) and value and (depth == 0 or self._rng.random() < 0.75)
        if not inside:
            return self._other(value)
        if isinstance(value, list):
            return self._in_list(value, depth)
        name = self._rng.choice(sorted(value))
        match self._rng.randrange(8):
            case 0:
                del value[name]
            case 1:
                value[self._rng.choice(_TEXTS)] = self._other(None)
            case _:
                value[name] = self._somewhere(value[name], depth + 1)
        return value

    def _in_list(self, value: list[Any], depth: int) -> list[Any]:
        at = self._rng.randrange(len(value))
        match self._rng.randrange(6):
            case 0:
                del value[at]
            case 1:
                value += [copy.deepcopy(value[at])] * self._rng.choice((1, 1, 30))
            case 2:
                self._rng.shuffle(value)
            case _:
                value[at] = self._somewhere(value[at], depth + 1)
        return value

    def _other(self, value: Any) -> Any:
        if isinstance(value, int) and not isinstance(value, bool) and self._rng.random() < 0.6:
            return value + self._rng.choice((-1, 1, -1000, 1000, 86_400_000, -86_400_000, 3_600_000, -value))
        if isinstance(value, str) and value and self._rng.random() < 0.3:
            at = self._rng.randrange(len(value))
            return value[:at] + self._rng.choice(_TEXTS)[:20] + value[at + 1 :]
        kinds: tuple[Callable[[], Any], ...] = (
            lambda: self._rng.choice(_NUMBERS),
            lambda: self._rng.choice(_TEXTS),
            lambda: self._rng.choice((None, True, False)),
            list,
            dict,
            lambda: [value] * 3,
            lambda: {"type": "cmd", "id": value},
            self._deep,
        )
        return self._rng.choice(kinds)()

    def _deep(self) -> Any:
        value: Any = 1
        for _ in range(self._rng.choice((3, 40, 400))):
            value = [value]
        return value

    def _one_of(self, *ways: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
        return self._rng.choice(ways)

    def _flip(self, data: bytes) -> bytes:
        if not data:
            return data
        at = self._rng.randrange(len(data))
        return data[:at] + bytes([data[at] ^ 1 << self._rng.randrange(8)]) + data[at + 1 :]

    def _cut(self, data: bytes) -> bytes:
        start, end = sorted(self._rng.randrange(len(data) + 1) for _ in range(2))
        return data[start:end] if self._rng.random() < 0.3 else data[:start] + data[end:]

    def _insert(self, data: bytes) -> bytes:
        at = self._rng.randrange(len(data) + 1)
        return data[:at] + self._rng.choice((*_BYTES, self._rng.randbytes(4))) + data[at:]

    def _repeat(self, data: bytes) -> bytes:
        start, end = sorted(self._rng.randrange(len(data) + 1) for _ in range(2))
        return data[:end] + data[start:end] * self._rng.randint(1, 3) + data[end:]
