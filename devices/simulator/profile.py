"""What a simulated fleet is like, from a TOML file: clocks, networks, storage, faults, and who has which."""

from __future__ import annotations

import math
import random
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import msgspec

from devices.errors import ProfileInvalid

from .faults import Fault

# A number holds for all; of [lowest, highest] every loudspeaker draws its own. Bounds are checked below:
# msgspec 0.22 mixes up the memory of bounds that stand in a union with a tuple.
Spread = float | tuple[float, float]


class _Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the file; what is not said is None."""

    bounds: ClassVar[Mapping[str, tuple[float, float]]] = {}  # others: from 0 on

    def __post_init__(self) -> None:
        for name, value in msgspec.structs.asdict(self).items():
            numbers = value if isinstance(value, tuple) else (value,)
            if not all(self._fits(name, each) for each in numbers):
                raise ValueError(f"{name} = {value} is out of range")
            if isinstance(value, tuple) and value and isinstance(value[0], float) and value[0] > value[1]:
                raise ValueError(f"{name}: the lowest stands first")

    def _fits(self, name: str, value: object) -> bool:
        if not isinstance(value, float):
            return True
        least, most = self.bounds.get(name, (0.0, math.inf))
        return math.isfinite(value) and least <= value <= most


class Cut(_Section, frozen=True, kw_only=True):
    """The network is away: ``after_s`` seconds from the beginning, for ``lasts_s`` seconds."""

    after_s: float
    lasts_s: float


class Clock(_Section, frozen=True, kw_only=True):
    bounds: ClassVar[Mapping[str, tuple[float, float]]] = dict.fromkeys(
        ("offset_ms", "drift_ppm", "wrong_ms"), (-math.inf, math.inf)
    )

    offset_ms: Spread | None = None
    drift_ppm: Spread | None = None
    wrong_ms: Spread | None = None  # of a loudspeaker with the fault wrong_clock
    time_service: bool | None = None  # whether NTP steers it while the network is there


class Network(_Section, frozen=True, kw_only=True):
    bounds: ClassVar[Mapping[str, tuple[float, float]]] = {
        "loss": (0.0, 1.0),
        "bandwidth_kbps": (1.0, math.inf),
    }

    delay_ms: Spread | None = None
    jitter_ms: Spread | None = None
    loss: Spread | None = None  # of the packets; each costs the time to send it again
    bandwidth_kbps: Spread | None = None
    cuts_per_day: Spread | None = None
    cut_minutes: Spread | None = None
    cuts: tuple[Cut, ...] | None = None


class Storage(_Section, frozen=True, kw_only=True):
    megabytes: Spread | None = None


class Sensors(_Section, frozen=True, kw_only=True):
    bounds: ClassVar[Mapping[str, tuple[float, float]]] = {"noise_db": (-90.0, 0.0)}

    load: bool | None = None  # whether the amplifier measures what flows into the horn
    microphone: bool | None = None  # whether one hangs beside the horn
    listen_every_s: Spread | None = None  # between two looks for a sound that nobody ordered
    noise_db: Spread | None = None  # what it hears besides, below full scale


class _Part(_Section, frozen=True, kw_only=True):
    clock: Clock = Clock()
    network: Network = Network()
    storage: Storage = Storage()
    sensors: Sensors = Sensors()
    faults: tuple[Fault, ...] = ()


class _Portion(_Part, frozen=True, kw_only=True):
    """What some of the loudspeakers have instead, or besides."""

    bounds: ClassVar[Mapping[str, tuple[float, float]]] = {"percent": (0.0, 100.0)}

    percent: float
    name: str = ""


class _File(_Part, frozen=True, kw_only=True):
    seed: int = 0
    share: tuple[_Portion, ...] = ()


@dataclass(frozen=True, slots=True)
class Traits:
    """What one loudspeaker is like; seconds and bytes."""

    offset_ms: float = 0.0
    drift_ppm: float = 0.0
    wrong_ms: float = 900_000.0
    time_service: bool = True
    delay_s: float = 0.0
    jitter_s: float = 0.0
    loss: float = 0.0
    bytes_per_s: float | None = None
    cuts_per_day: float = 0.0
    cut_s: float = 300.0
    cuts: tuple[Cut, ...] = ()
    storage_bytes: int | None = None
    load_sensor: bool = True
    microphone: bool = False
    listen_every_s: float = 60.0
    noise_db: float = -40.0
    faults: frozenset[Fault] = frozenset()


IDEAL = Traits()
Section = TypeVar("Section", bound=_Section)


class Profile:
    """A file that was understood; ``draw`` gives every loudspeaker its traits."""

    def __init__(self, file: _File) -> None:
        self.seed = file.seed
        self._file = file

    @classmethod
    def parse(cls, text: str) -> Profile:
        """Raises ProfileInvalid, which names the key."""
        try:
            return cls(msgspec.convert(tomllib.loads(text), _File))
        except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
            raise ProfileInvalid(str(error)) from error

    @classmethod
    def load(cls, path: Path) -> Profile:
        """Raises ProfileInvalid."""
        try:
            return cls.parse(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, ProfileInvalid) as error:
            raise ProfileInvalid(f"{path}: {error}") from error

    def draw(self, devices: Iterable[str], rng: random.Random) -> dict[str, Traits]:
        """By device; shares are exact to the rounding, and who belongs to one is drawn by lot."""
        names = list(devices)
        parts: dict[str, list[_Part]] = {name: [self._file] for name in names}
        for share in self._file.share:
            for name in rng.sample(names, round(len(names) * share.percent / 100)):
                parts[name].append(share)
        return {name: _traits(parts[name], rng) for name in names}


def _traits(parts: list[_Part], rng: random.Random) -> Traits:
    clock, network, storage, sensors = Clock(), Network(), Storage(), Sensors()
    for part in parts:
        clock, network = _over(clock, part.clock), _over(network, part.network)
        storage, sensors = _over(storage, part.storage), _over(sensors, part.sensors)

    def drawn(value: Any, unit: float = 1.0) -> float | None:
        if value is None:
            return None
        return unit * (rng.uniform(*value) if isinstance(value, tuple) else value)

    megabytes = drawn(storage.megabytes, 1e6)
    said = {
        "offset_ms": drawn(clock.offset_ms),
        "drift_ppm": drawn(clock.drift_ppm),
        "wrong_ms": drawn(clock.wrong_ms),
        "time_service": clock.time_service,
        "delay_s": drawn(network.delay_ms, 0.001),
        "jitter_s": drawn(network.jitter_ms, 0.001),
        "loss": drawn(network.loss),
        "bytes_per_s": drawn(network.bandwidth_kbps, 125),
        "cuts_per_day": drawn(network.cuts_per_day),
        "cut_s": drawn(network.cut_minutes, 60),
        "cuts": network.cuts,
        "load_sensor": sensors.load,
        "microphone": sensors.microphone,
        "listen_every_s": drawn(sensors.listen_every_s),
        "noise_db": drawn(sensors.noise_db),
        "storage_bytes": None if megabytes is None else round(megabytes),
    }
    faults = frozenset(fault for part in parts for fault in part.faults)
    return Traits(faults=faults, **{name: value for name, value in said.items() if value is not None})  # type: ignore[arg-type]


def _over(old: Section, new: Section) -> Section:
    """What the later table says, else the earlier."""
    said = {name: value for name, value in msgspec.structs.asdict(new).items() if value is not None}
    return msgspec.structs.replace(old, **said)
