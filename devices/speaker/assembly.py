"""Puts one loudspeaker together on a real machine: the order of its parts, its folders and its lock."""

from __future__ import annotations

import fcntl
import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from devices.errors import AlreadyRunning
from devices.link_async import SpeakerLink

from . import ownership
from .agent import Agent
from .amplifier import FileAmplifier
from .audio import Audio
from .clock import SystemClock
from .decode import decode
from .fetch import Fetcher
from .health import Sensors
from .identity import Identity
from .microphone import CardMicrophone
from .ports import Sink, World
from .radio import WebRadio
from .second_place import KeptTwice
from .sink import DeviceSink, has_sound_card
from .store import SqliteStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Fittings:
    """What a box has beside its sound card: where its lines and sensors are found."""

    amplifier: Path | None = None
    amplifier_sense: Path | None = None
    microphone: bool = False
    silence_file: Path | None = None
    voltage_file: Path | None = None
    signal_file: Path | None = None


def audio_directory(data: Path) -> Path:
    return data / "audio"


def store_path(data: Path) -> Path:
    return data / "speaker.sqlite"


def assemble(
    identity: Identity,
    data: Path,
    sink: Sink,
    *,
    firmware: str = "",
    fittings: Fittings | None = None,
    clock: SystemClock | None = None,
    second_place: Path | None = None,
) -> Agent:
    """A loudspeaker that is ready to run; must be called in its loop. Raises StoreFailed, LinkRefused.

    ``second_place`` is a file outside ``data`` for what must outlive it.
    ``clock`` is the one that the loudspeaker sets by the server's answers.
    """
    data.mkdir(parents=True, exist_ok=True)
    fitted = fittings or Fittings()
    ownership.settle(identity, store_path(data))
    store = SqliteStore(store_path(data))
    world = World(
        link=SpeakerLink(identity.broker, identity.device, identity.password),
        fetcher=Fetcher(),
        loader=Audio(decode),
        sink=sink,
        store=KeptTwice(store, second_place, identity) if second_place else store,
        clock=clock or SystemClock(),
        amplifier=FileAmplifier(fitted.amplifier, fitted.amplifier_sense),
        microphone=CardMicrophone() if fitted.microphone else None,
        silence_file=fitted.silence_file,
        sensors=Sensors(voltage=fitted.voltage_file, signal=fitted.signal_file),
        radio=WebRadio(),
        has_card=has_sound_card if isinstance(sink, DeviceSink) else lambda: True,
    )
    return Agent(identity, audio_directory(data), world, rng=random.SystemRandom(), firmware=firmware)


@contextmanager
def alone_in(data: Path) -> Iterator[None]:
    """Keep a second program out of the same data; raises AlreadyRunning when one is there."""
    data.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(data / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise AlreadyRunning(f"{data} is in use by another loudspeaker program") from error
        yield
    finally:
        os.close(descriptor)
