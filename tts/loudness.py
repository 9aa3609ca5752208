"""Loudness after ITU-R BS.1770 from frames that are measured once and may be joined in any order."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import accumulate
from typing import Final

_OFFSET: Final = -0.691
_ABSOLUTE_GATE: Final = -70.0  # LUFS
_RELATIVE_GATE: Final = -10.0  # LU
_BLOCK_S: Final = 0.4
_STEP_S: Final = 0.1
SILENCE: Final = -math.inf


def weighting(rate: int) -> str:
    """The K-weighting as ffmpeg filters: a shelf for the head, a high-pass for the ear."""
    shelf, k = 3.999843853973347, math.tan(math.pi * 1681.974450955533 / rate)
    q, high = 0.7071752369554196, 10 ** (shelf / 20)
    band = high**0.4996667741545416
    first = _biquad(
        (high + band * k / q + k * k, 2 * (k * k - high), high - band * k / q + k * k),
        (1 + k / q + k * k, 2 * (k * k - 1), 1 - k / q + k * k),
    )
    q, k = 0.5003270373238773, math.tan(math.pi * 38.13547087602444 / rate)
    second = _biquad(
        (1, -2, 1), (1, 2 * (k * k - 1) / (1 + k / q + k * k), (1 - k / q + k * k) / (1 + k / q + k * k))
    )
    return f"aformat=sample_fmts=flt,{first},{second}"


def integrated(energies: Sequence[float], frame_s: float) -> float:
    """LUFS of weighted mean squares, one for each frame of ``frame_s``; SILENCE where there is none."""
    width, step = round(_BLOCK_S / frame_s), max(1, round(_STEP_S / frame_s))
    sums = list(accumulate(energies, initial=0.0))
    last = max(1, len(energies) - width + 1)
    blocks = [(sums[min(i + width, len(energies))] - sums[i]) / width for i in range(0, last, step)]
    heard = [block for block in blocks if block > _energy(_ABSOLUTE_GATE)]
    if not heard:
        return SILENCE
    gate = _energy(_lufs(sum(heard) / len(heard)) + _RELATIVE_GATE)
    loud = [block for block in heard if block > gate]
    return _lufs(sum(loud) / len(loud))


def _biquad(b: Sequence[float], a: Sequence[float]) -> str:
    names = [
        *(f"b{i}={value!r}" for i, value in enumerate(b)),
        *(f"a{i}={value!r}" for i, value in enumerate(a)),
    ]
    return "biquad=" + ":".join(names)


def _lufs(energy: float) -> float:
    return _OFFSET + 10 * math.log10(energy)


def _energy(lufs: float) -> float:
    return float(10 ** ((lufs - _OFFSET) / 10))
