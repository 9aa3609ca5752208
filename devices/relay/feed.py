"""A stream as samples that are at hand when they are wanted: received and decoded in a thread of its own.

What has come and was not yet played is the buffer against the unevenness of the line. Before the stream is
heard, and while it gives way to something else, only the newest of it is kept: what is heard is live.
"""

from __future__ import annotations

import array
import logging
import ssl
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

import miniaudio

from devices.errors import RelayError, RelayStalled, RelayUnreachable

from .calling import QUIET
from .reach import Reach
from .reception import Reception, tune

log = logging.getLogger(__name__)

RATE = 48_000  # samples a second, mono
_LONGEST_PAUSE = 10.0  # seconds
_NOISE = 512 * 1024  # bytes that hold no sound: it is another stream than it was
_BLOCK = 2_400  # samples decoded at once


@dataclass(frozen=True, slots=True)
class Pace:
    """How patient a feed is, in seconds."""

    kept_s: float = 6.0  # what waits before the stream is heard: so late may the line be
    most_s: float = 20.0  # a station that sends faster than it sounds must wait
    least_s: float = 1.0  # must have come before it goes on after a gap
    quiet_s: float = QUIET  # without a byte until what the decoder holds back is taken out of it
    stalled_s: float = 6.0  # without a byte until the station is called anew
    pause_s: float = 0.5  # until the next call; doubles while nothing comes


class RadioFeed:
    """Implements ``ports.Feed``. ``trouble`` is the code of why nothing comes, empty while something does."""

    def __init__(
        self, url: str, reach: Reach, *, tls: ssl.SSLContext | None = None, pace: Pace | None = None
    ) -> None:
        self.received = 0  # bytes
        self.trouble = ""
        self._url = url
        self._reach = reach
        self._tls = tls
        self._ready = threading.Condition()
        self._blocks: deque[array.array[int]] = deque()
        self._held = 0  # samples in the blocks
        self._pace = pace or Pace()
        self._kept_s = self._pace.kept_s
        self._filling = True
        self._heard = False
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None

    def open(self) -> None:
        """Begin to receive, if that has not begun."""
        if self._thread is None and not self._closed.is_set():
            self._thread = threading.Thread(target=self._run, name="relay", daemon=True)
            self._thread.start()

    def take(self, count: int) -> memoryview:
        """Up to ``count`` samples, at once; after a gap none until enough for a while has come."""
        taken = array.array("h")
        with self._ready:
            self._heard = True
            if self._filling and self._held < self._pace.least_s * RATE:
                return memoryview(taken)
            self._filling = False
            while self._blocks and len(taken) < count:
                block = self._blocks.popleft()
                wanted = count - len(taken)
                if len(block) > wanted:
                    self._blocks.appendleft(block[wanted:])
                    block = block[:wanted]
                taken.extend(block)
            self._held -= len(taken)
            self._filling = len(taken) < count
            self._ready.notify()
        return memoryview(taken)

    def pause(self) -> None:
        """Nobody listens for now: keep the newest only."""
        with self._ready:
            self._heard = False
            self._filling = True
            self._ready.notify()

    def close(self) -> None:
        """End; the thread follows within seconds."""
        self._closed.set()
        with self._ready:
            self._ready.notify()

    def _run(self) -> None:
        pause = self._pace.pause_s
        while not self._closed.is_set():
            before = self.received
            try:
                self._call()
            except RelayError as error:
                self.trouble = error.code
                if not self._closed.is_set():
                    told = {"action": "relay_lost", "code": error.code}
                    log.warning("A stream was lost and is called again: %s", error, extra=told)
            except Exception:
                self.trouble = RelayError.code
                log.exception("A stream cannot be received", extra={"action": "relay_broke"})
            pause = self._pace.pause_s if self.received > before else min(2 * pause, _LONGEST_PAUSE)
            self._closed.wait(pause)

    def _call(self) -> None:
        """Receive until the stream ends, which it never should. Raises RelayError."""
        wait, quiet_s = self._closed.wait, self._pace.quiet_s
        with closing(tune(self._url, self._reach, tls=self._tls, wait=wait, quiet_s=quiet_s)) as stream:
            self._kept_s = self._pace.kept_s + 1.5 * stream.burst_s
            self._receive(stream)
        if not self._closed.is_set():
            raise RelayUnreachable("the stream ended")

    def _receive(self, stream: Reception) -> None:
        """Decode until the stream ends. Raises RelayError."""
        source = _Source(self._counted(stream.pieces()))
        while not source.is_over and not self._closed.is_set():
            try:
                # A decoder that has eaten up everything ends; the next one goes on at the next frame.
                for block in miniaudio.stream_any(
                    source, miniaudio.FileFormat.MP3, miniaudio.SampleFormat.SIGNED16, 1, RATE, _BLOCK
                ):
                    source.noise = 0
                    self._put(block)
                    if self._closed.is_set():
                        return
            except miniaudio.MiniaudioError:
                if source.error is None and source.noise > _NOISE:
                    raise RelayUnreachable("what comes is no sound any more") from None
            if source.error is not None:
                raise source.error

    def _counted(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        quiet = 0.0
        for piece in pieces:
            self.received += len(piece)
            quiet = 0.0 if piece else quiet + self._pace.quiet_s
            if quiet >= self._pace.stalled_s:
                raise RelayStalled(f"nothing came for {quiet:.0f} s")
            if self._closed.is_set():
                return
            yield piece

    def _put(self, block: array.array[int]) -> None:
        with self._ready:
            self.trouble = ""
            while self._heard and self._held > self._pace.most_s * RATE and not self._closed.is_set():
                self._ready.wait(1.0)
            self._blocks.append(block)
            self._held += len(block)
            while not self._heard and self._held > self._kept_s * RATE:
                self._held -= len(self._blocks.popleft())


class _Source(miniaudio.StreamableSource):  # type: ignore[misc]
    """Hands the pieces to the decoder, which may be given nothing for now and asks again."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = b""
        self.is_over = False
        self.noise = 0  # bytes since the last sound
        self.error: RelayError | None = None

    def read(self, num_bytes: int) -> bytes:
        if not self._rest and not self.is_over:
            try:
                piece = next(self._pieces, None)
            except RelayError as error:
                self.error, piece = error, None
            self.is_over = piece is None
            self._rest = piece or b""
        piece, self._rest = self._rest[:num_bytes], self._rest[num_bytes:]
        self.noise += len(piece)
        return piece
