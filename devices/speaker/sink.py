"""Chooses the sound output of a loudspeaker: its sound card, a WAV file, or none at all."""

from __future__ import annotations

from pathlib import Path

from devices.speaker.ports import Sink
from devices.speaker.sink_device import DeviceSink, has_sound_card
from devices.speaker.sink_silent import SilentSink
from devices.speaker.sink_wav import WavSink

__all__ = ["DeviceSink", "SilentSink", "WavSink", "has_sound_card", "open_sink"]


def open_sink(kind: str, *, rate: float = 1.0) -> Sink:
    """``auto``, ``alsa``, ``silent`` or ``wav:FILE``; ``rate`` speeds up those without a card.

    ``auto`` waits for a card that is missing: silence must not pass for a broadcast that was heard.
    Raises NoSoundCard, and ValueError for any other kind.
    """
    name, _, path = kind.partition(":")
    if name == "wav" and path:
        return WavSink(Path(path), rate)
    if kind == "alsa":
        return DeviceSink()
    if kind == "silent":
        return SilentSink(rate)
    if kind == "auto":
        return DeviceSink(patient=True)
    raise ValueError(f"not a kind of sound output: {kind!r}")
