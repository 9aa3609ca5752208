"""The sections of a clip as clips of their own, made of the very frames of the whole."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace

from tts.composition import Layout
from tts.joining import Stretch
from tts.types import AudioClip, Cut
from tts.workshop import digest


def keys(layout: Layout, key: str) -> dict[int, str]:
    """By section, the key of its cut from the clip with this key."""
    sections = [step.section for step in layout.steps]
    return {each: digest(clip=key, sections=sections, section=each) for each in layout.sections}


def cuts(clip: AudioClip, layout: Layout, stretches: Iterable[Stretch]) -> tuple[Cut, ...]:
    known = keys(layout, clip.key)
    return tuple(Cut(each.section, _alone(clip, each, known[each.section])) for each in stretches)


def _alone(clip: AudioClip, stretch: Stretch, key: str) -> AudioClip:
    return replace(
        clip,
        data=stretch.mp3,
        sha256=hashlib.sha256(stretch.mp3).hexdigest(),
        duration=stretch.duration,
        key=key,
        loudness=stretch.loudness,
        true_peak=stretch.true_peak,
        peaks=stretch.peaks,
        marks=(),
        failures=(),
        opus=b"",
        quiet=(),
    )
