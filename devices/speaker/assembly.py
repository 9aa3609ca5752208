"""Puts one loudspeaker together on a real machine: the order of its parts, its folders and its lock."""

from __future__ import annotations

import fcntl
import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from devices.errors import StoreFailed
from devices.link_async import SpeakerLink

from .agent import Agent
from .audio import Audio
from .clock import SystemClock
from .decode import decode
from .fetch import Fetcher
from .identity import Identity
from .ports import Sink, World
from .store import SqliteStore


def audio_directory(data: Path) -> Path:
    return data / "audio"


def store_path(data: Path) -> Path:
    return data / "speaker.sqlite"


def assemble(identity: Identity, data: Path, sink: Sink, *, firmware: str = "") -> Agent:
    """A loudspeaker that is ready to run; must be called in its loop. Raises StoreFailed, LinkRefused."""
    data.mkdir(parents=True, exist_ok=True)
    world = World(
        link=SpeakerLink(identity.broker, identity.device, identity.password),
        fetcher=Fetcher(),
        loader=Audio(decode),
        sink=sink,
        store=SqliteStore(store_path(data)),
        clock=SystemClock(),
    )
    return Agent(identity, audio_directory(data), world, rng=random.SystemRandom(), firmware=firmware)


@contextmanager
def alone_in(data: Path) -> Iterator[None]:
    """Keep a second program out of the same data; raises StoreFailed when one is there."""
    data.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(data / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise StoreFailed(f"{data} is in use by another loudspeaker program") from error
        yield
    finally:
        os.close(descriptor)
