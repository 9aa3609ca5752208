"""Chooses the sound output of a loudspeaker: its sound card, a WAV file, or none."""

from __future__ import annotations

from pathlib import Path

from devices.errors import NoSoundCard
from devices.speaker.ports import Sink
from devices.speaker.sink_device import DeviceSink, has_sound_card
from devices.speaker.sink_silent import SilentSink
from devices.speaker.sink_wav import WavSink

__all__ = ["DeviceSink", "SilentSink", "WavSink", "has_sound_card", "open_sink"]


def open_sink(kind: str, *, rate: float = 1.0) -> Sink:
    """``auto`` (card, else silent), ``alsa``, ``silent`` or ``wav:FILE``; ``rate`` speeds up the silent one.

    Raises NoSoundCard, and ValueError for any other kind.
    """
    name, _, path = kind.partition(":")
    if name == "wav" and path:
        return WavSink(Path(path))
    if kind == "alsa":
        return DeviceSink()
    if kind == "silent":
        return SilentSink(rate)
    if kind == "auto":
        try:
            return DeviceSink() if has_sound_card() else SilentSink(rate)
        except NoSoundCard:
            return SilentSink(rate)
    raise ValueError(f"not a kind of sound output: {kind!r}")
