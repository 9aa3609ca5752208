"""What a microphone on the pole would hear: a horn, echoes, wind and traffic, and the horns of neighbours."""

from __future__ import annotations

import array
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

from devices.speaker.ports import RATE, Samples

_SOUND = 343.0  # metres a second at 20 °C
_FOLD = 6  # the room is computed at 8 kHz
_RATE = RATE // _FOLD
_ECHOES = 12
_DECAY = math.log(1000)  # 60 dB


@dataclass(frozen=True, slots=True)
class Room:
    """A place as far as it can be heard; levels in dB, the horn at 0 as loud as it plays."""

    horn_db: float = -6.0  # of the own horn at the microphone; -inf is a dead one
    noise_db: float = -40.0  # of wind, traffic and people, below full scale
    echo_s: float = 0.6  # until the reverberation is 60 dB down
    echo_db: float = -9.0  # the reverberation beside the direct sound
    neighbour_m: float | None = None  # a horn that plays the same
    late_s: float = 0.0  # of the recording itself

    def hear(self, samples: Samples, rng: random.Random) -> Samples:
        """What is recorded while ``samples`` play, as long as they are."""
        dry = _horn(_narrowed(samples))
        heard = [0.0] * len(dry)
        for delay_s, gain in self._paths(rng):
            _add(heard, dry, round((delay_s + self.late_s) * _RATE), gain)
        level = _gain(self.noise_db)
        wind = 0.0
        for index in range(len(heard)):
            wind = 0.95 * wind + 0.31 * rng.gauss(0.0, 1.0)  # as loud as white noise, but deep
            heard[index] += level * (0.7 * wind + 0.7 * rng.gauss(0.0, 1.0))
        return _widened(heard)

    def _paths(self, rng: random.Random) -> list[tuple[float, float]]:
        """Delay in seconds and gain of every way from a horn to the microphone."""
        horn = _gain(self.horn_db)
        paths = _reverberant(horn, self.echo_s, self.echo_db, rng)
        if self.neighbour_m is not None:
            far = _gain(self.horn_db if math.isfinite(self.horn_db) else 0.0) / max(1.0, self.neighbour_m / 3)
            travel = self.neighbour_m / _SOUND
            paths += [
                (travel + delay, gain) for delay, gain in _reverberant(far, self.echo_s, self.echo_db, rng)
            ]
        return paths


def _reverberant(gain: float, echo_s: float, echo_db: float, rng: random.Random) -> list[tuple[float, float]]:
    """The direct sound and a dozen echoes that die away."""
    if not gain:
        return []
    times = sorted(rng.uniform(0.005, max(0.006, echo_s)) for _ in range(_ECHOES))
    tail = [math.exp(-_DECAY * time / max(echo_s, 1e-3)) for time in times]
    scale = gain * _gain(echo_db) / math.sqrt(sum(value * value for value in tail) or 1.0)
    return [(0.0, gain)] + [
        (time, rng.choice((-1, 1)) * scale * value) for time, value in zip(times, tail, strict=True)
    ]


def _horn(narrow: Sequence[float]) -> list[float]:
    """Little below 300 Hz comes out of a horn: a high pass of the second order, as two of the first."""
    keep = math.exp(-2 * math.pi * 300 / _RATE)
    out = list(narrow)
    for _ in range(2):
        last_in = last_out = 0.0
        for index, value in enumerate(out):
            last_out = keep * (last_out + value - last_in)
            last_in = value
            out[index] = last_out
    return out


def _add(heard: list[float], dry: Sequence[float], delay: int, gain: float) -> None:
    late = heard[delay:]
    heard[delay:] = [value + gain * more for value, more in zip(late, dry, strict=False)]


def _narrowed(samples: Samples) -> list[float]:
    usable = len(samples) // _FOLD * _FOLD
    strands = (samples[start:usable:_FOLD] for start in range(_FOLD))
    return [sum(group) / (_FOLD * 32_768) for group in zip(*strands, strict=True)]


def _widened(narrow: Sequence[float]) -> Samples:
    out = array.array("h")
    for value in narrow:
        out.extend([max(-32_768, min(32_767, round(value * 32_768)))] * _FOLD)
    return memoryview(out)


def _gain(decibels: float) -> float:
    return float(10 ** (decibels / 20)) if math.isfinite(decibels) else 0.0
