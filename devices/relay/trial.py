"""Whether a stream can be carried, tried before anybody plans with it: a few seconds of it are received."""

from __future__ import annotations

import ssl
import time
from contextlib import closing
from dataclasses import dataclass

import miniaudio

from devices.errors import RelayCodec, RelayFile, RelayStalled

from .codecs import MP3
from .reach import Reach
from .reception import Reception, tune

_ENOUGH = 24 * 1024  # bytes: three seconds at 64 kbit/s
_WITHIN = 12.0  # seconds
_LEAST = 0.5  # seconds of sound
_NEAR = 0.1


@dataclass(frozen=True, slots=True)
class Findings:
    """A stream that loudspeakers can carry."""

    media_type: str
    codec: str
    bit_rate: int  # bits a second
    sample_rate: int
    channels: int
    title: str  # what the station calls itself

    @property
    def bytes_an_hour(self) -> int:
        return self.bit_rate // 8 * 3600


def examine(
    url: str, reach: Reach, *, tls: ssl.SSLContext | None = None, within_s: float = _WITHIN
) -> Findings:
    """Receive and decode a little of a stream. Raises kinds of RelayError."""
    with closing(tune(url, reach, tls=tls, within_s=within_s)) as stream:
        if not stream.is_live:
            raise RelayFile("a recording stands there")
        rate = _decoded(_some(stream, within_s))
        frame = stream.frame
        is_constant = abs(rate - frame.bit_rate) < _NEAR * frame.bit_rate
        return Findings(
            media_type=stream.media_type,
            codec=MP3,
            bit_rate=frame.bit_rate if is_constant else rate,
            sample_rate=frame.sample_rate,
            channels=frame.channels,
            title=str(stream.headers.get("icy-name", ""))[:200],
        )


def _some(stream: Reception, within_s: float) -> bytes:
    deadline = time.monotonic() + within_s
    body = b""
    for piece in stream.pieces():
        body += piece
        if len(body) >= _ENOUGH:
            return body
        if time.monotonic() > deadline:
            break
    if len(body) * 8 < stream.frame.bit_rate * _LEAST:
        raise RelayStalled(f"{len(body)} bytes in {within_s:.0f} s")
    return body


def _decoded(body: bytes) -> int:
    """Bits a second as they really are: the first frame of a variable rate says little. Raises RelayCodec."""
    try:
        info = miniaudio.mp3_get_info(body)
        sound = miniaudio.decode(body, miniaudio.SampleFormat.SIGNED16, 1, 8_000)
    except miniaudio.MiniaudioError as error:
        raise RelayCodec("unknown") from error
    if not info.duration or not len(sound.samples):
        raise RelayCodec("unknown")
    return round(len(body) * 8 / (len(sound.samples) / 8_000) / 1000) * 1000
