"""Attention signals made of sine tones, one melody per class so that ears tell them apart."""

from __future__ import annotations

import functools
from typing import Final

from pydub.generators import Sine

from tts.audio import Segment, join, silence
from tts.types import Chime

# (frequency in Hz, length in ms) one after another; 0 Hz is a rest. All lie between 400 and 1100 Hz:
# horns carry that well, and the band limits of the mastering leave it alone.
_MELODIES: Final[dict[Chime, tuple[tuple[int, int], ...]]] = {
    Chime.NONE: (),
    Chime.ROUTINE: ((523, 350), (659, 350), (784, 600)),
    Chime.PRIORITY: ((784, 300), (1047, 300), (0, 120), (784, 300), (1047, 500)),
    Chime.EMERGENCY: ((960, 250), (640, 250)) * 5,
    Chime.DRILL: ((440, 700), (0, 250), (440, 700), (0, 250), (440, 700)),
}
_FADE_IN_MS: Final = 15
_RELEASE: Final = 0.6  # share of a note over which it dies away


@functools.lru_cache(maxsize=32)
def chime(kind: Chime, rate: int) -> Segment:
    """The signal at ``rate`` samples a second; empty for NONE."""
    notes = [_note(frequency, length, rate) for frequency, length in _MELODIES[kind]]
    return join(notes) if notes else silence(0, rate)


def _note(frequency: int, length: int, rate: int) -> Segment:
    if frequency == 0:
        return silence(length / 1000, rate)
    tone = Sine(frequency, sample_rate=rate).to_audio_segment(duration=length, volume=-12.0)
    overtone = Sine(2 * frequency, sample_rate=rate).to_audio_segment(duration=length, volume=-24.0)
    return tone.overlay(overtone).fade_in(_FADE_IN_MS).fade_out(round(length * _RELEASE))
