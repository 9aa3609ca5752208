"""Sound as a coarse picture: the energy of twelve bands, ten times a second, in half decibels.

Enough to recognise a bulletin that is known, too little to understand one that is not: ten pictures a
second carry no modulation above 5 Hz. Nothing else of what a microphone hears leaves the loudspeaker.
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import pairwise

from devices.speaker.ports import RATE, Samples

BANDS = 12
PER_SECOND = 10
LOWEST, HIGHEST = 250.0, 3600.0  # Hz: what a horn radiates and speech lives in
QUIETEST = -110.0  # dB below full scale; the value 0
STEP = 0.5  # dB

_NARROW = 8_000  # samples a second that are enough for these bands
_FOLD = RATE // _NARROW
_HOP = _NARROW // PER_SECOND
_SIZE = 1024  # samples of a picture, 128 ms


def energies(samples: Samples) -> bytes:
    """BANDS bytes for every tenth of a second that is complete; 10 s are 1.2 kB."""
    narrow = _narrowed(samples)
    frames = list(_frames(narrow))
    if len(frames) % 2:
        frames.append([0.0] * _SIZE)
    picture = bytearray()
    for first, second in zip(frames[::2], frames[1::2], strict=True):
        for power in _two_spectra(first, second):
            picture.extend(_quantised(sum(power[low:high])) for low, high in _bins())
    return bytes(picture[: len(narrow) // _HOP * BANDS])


def level_db(samples: Samples) -> float:
    """The root mean square in the horn's band, in dB below full scale: what an unordered sound shows in."""
    picture = energies(samples)
    if not picture:
        return QUIETEST
    total = sum(10 ** ((QUIETEST + STEP * value) / 10) for value in picture)
    return 10 * math.log10(total / (len(picture) / BANDS))


def _narrowed(samples: Samples) -> list[float]:
    """Fewer samples, from -1 to 1; the mean of neighbours is all the low pass this needs."""
    usable = len(samples) // _FOLD * _FOLD
    strands = (samples[start:usable:_FOLD] for start in range(_FOLD))
    return [sum(group) / (_FOLD * 32_768) for group in zip(*strands, strict=True)]


def _frames(narrow: Sequence[float]) -> Iterator[list[float]]:
    window = _window()
    for start in range(0, len(narrow) // _HOP * _HOP, _HOP):
        piece = narrow[start : start + _SIZE]
        shaped = [value * weight for value, weight in zip(piece, window, strict=False)]
        yield shaped + [0.0] * (_SIZE - len(shaped))


def _two_spectra(first: Sequence[float], second: Sequence[float]) -> tuple[list[float], list[float]]:
    """The lower spectra of two real pieces with one transform: one is its even part, the other its odd."""
    both = _transform([complex(a, b) for a, b in zip(first, second, strict=True)])
    powers: tuple[list[float], list[float]] = ([], [])
    for index in range(_SIZE // 2):
        here, mirrored = both[index], both[-index].conjugate()
        powers[0].append(abs((here + mirrored) / 2) ** 2)
        powers[1].append(abs((here - mirrored) / 2) ** 2)
    return powers


def _transform(values: list[complex]) -> list[complex]:
    """The discrete Fourier transform of a power of two values (Cooley and Tukey, 1965)."""
    if len(values) == 1:
        return values
    even, odd = _transform(values[::2]), _transform(values[1::2])
    turned = [turn * value for turn, value in zip(_turns(len(values)), odd, strict=True)]
    head = [a + b for a, b in zip(even, turned, strict=True)]
    return head + [a - b for a, b in zip(even, turned, strict=True)]


@cache
def _turns(size: int) -> tuple[complex, ...]:
    return tuple(cmath.exp(-2j * cmath.pi * index / size) for index in range(size // 2))


@cache
def _window() -> tuple[float, ...]:
    """A raised cosine, scaled so that the sum of all bins is the mean square of a steady sound."""
    shape = [0.5 - 0.5 * math.cos(2 * math.pi * index / _SIZE) for index in range(_SIZE)]
    scale = math.sqrt(2 / (_SIZE * sum(value * value for value in shape)))
    return tuple(value * scale for value in shape)


@cache
def _bins() -> tuple[tuple[int, int], ...]:
    """Where each band begins and ends in the spectrum."""
    ratio = (HIGHEST / LOWEST) ** (1 / BANDS)
    edges = [round(LOWEST * ratio**index * _SIZE / _NARROW) for index in range(BANDS + 1)]
    return tuple(pairwise(edges))


def _quantised(power: float) -> int:
    decibels = 10 * math.log10(power) if power > 0 else QUIETEST
    return max(0, min(255, round((decibels - QUIETEST) / STEP)))
