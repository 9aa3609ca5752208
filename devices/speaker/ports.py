"""What the loudspeaker's agent needs from the world around it: connection, downloads, sound, store and time.

Each port has at least two implementations: the real one and that of the
simulator or of a test. All instants named ``at`` or ``monotonic`` are seconds
of ``Clock.monotonic()``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from devices.envelope import KeySet, decode_plan, open_order
from devices.messages import ClipRef, ClockQuality, JournalEvent, Order, Plan, Relay

from .amplifier import AlwaysOn
from .health import Sensors, free_bytes
from .timekeeping import Timekeeper

RATE = 48_000  # samples a second of everything that is decoded and played, mono

LOOK = 60.0  # seconds between two looks for a sound that nobody ordered

Samples = memoryview  # signed 16 bit little endian, mono, at RATE; format "h", so len() counts samples


class Source(Protocol):
    """What a sink plays: samples at hand, or such as are there only when they are due."""

    def __len__(self) -> int: ...

    def __getitem__(self, part: slice, /) -> Samples: ...


Decoder = Callable[[Path], Samples]
"""Decode one audio file, blocking; raises AudioUnreadable."""


@dataclass(frozen=True, slots=True)
class Message:
    """One MQTT message; ``retain`` on arrival tells that it was kept for us and is not news."""

    topic: str
    payload: bytes
    retain: bool = False


class Link(Protocol):
    """The connection of one loudspeaker to the broker: clean session off, client id = device id.

    The link makes single attempts; the agent repeats them with jitter, since
    every attempt needs a new last will.
    """

    async def connect(self, will: Message, topics: Sequence[str]) -> None:
        """Connect and subscribe at QoS 1, both granted by the broker; raises LinkDown, LinkRefused."""

    async def subscribe(self, topics: Sequence[str]) -> None:
        """Raises LinkDown."""

    async def unsubscribe(self, topics: Sequence[str]) -> None:
        """Raises LinkDown."""

    async def publish(self, message: Message, *, qos: int = 1) -> None:
        """At QoS 1 returns when the broker has the message; raises LinkDown when it may not have it."""

    async def receive(self) -> Message:
        """The next message, in order of arrival; raises LinkDown once the connection is lost."""

    async def close(self) -> None:
        """Disconnect without the last will; nothing happens when there is no connection."""

    def abort(self) -> None:
        """Cut the connection as a power cut would: the broker sends the last will."""


class Fetcher(Protocol):
    """Brings files that a signed order names."""

    async def fetch(self, url: str, sha256: str, size: int, directory: Path) -> Path:
        """Bring a file to ``directory / sha256``, verified, whole or not at all; raises FetchError.

        Resumes what an earlier attempt left; returns at once when the file is there.
        """


@dataclass(frozen=True, slots=True)
class Rendered:
    """What really left through the output."""

    samples: int
    underruns: int = 0


class Playback(Protocol):
    """One stretch of sound that was handed to a sink."""

    async def started(self) -> float:
        """The measured instant of the first sample; raises NoSoundCard, or Silent if stopped before it."""

    async def finished(self) -> Rendered:
        """What was rendered, at the end or after ``stop``; raises NoSoundCard when the output died."""

    def stop(self) -> None:
        """Fade out within 50 ms, or never begin; ``finished`` returns then. Harmless when it is over."""

    def set_gain(self, gain: float) -> None:
        """Change the amplitude of what still comes; 1.0 is as recorded."""


class Sink(Protocol):
    """The sound output: an always-running stream into which sound is inserted at the sample."""

    def play(self, samples: Source, at: float, gain: float) -> Playback:
        """Begin at the monotonic instant ``at``, or now if that is over.

        Asks for every sample once and in order, when it is due; for a last one perhaps twice.
        """

    def close(self) -> None:
        """Release the output; what plays ends."""


class Feed(Protocol):
    """The stream of another station. Only ``take`` is called in another thread than the agent's."""

    @property
    def trouble(self) -> str:
        """The code of why nothing comes; empty while something does."""

    @property
    def received(self) -> int:
        """Bytes, over all calls."""

    def open(self) -> None:
        """Begin to receive, if that has not begun; never waits."""

    def take(self, count: int) -> Samples:
        """Up to ``count`` samples, never waiting for more."""

    def pause(self) -> None:
        """Nobody listens until the next ``take``: what comes meanwhile is old by then."""

    def close(self) -> None:
        """Receive no more; never waits."""


class Radio(Protocol):
    """What brings streams."""

    def feed(self, relay: Relay, networks: Sequence[str]) -> Feed:
        """A stream that is not open yet; ``networks`` are those of the policy beside the public ones."""


class Amplifier(Protocol):
    """The amplifier between the output and the horn; all methods raise AmplifierFailed."""

    def on(self) -> None: ...

    def off(self) -> None: ...

    def load(self) -> float | None:
        """Watts that flow into the horn now; None where nothing measures."""


@dataclass(frozen=True, slots=True)
class Recording:
    """What a microphone heard; ``at`` is the monotonic instant of the first sample."""

    samples: Samples
    at: float


class Microphone(Protocol):
    """Hears what the horn, or a neighbour's, really sounds."""

    def record(self, seconds: float) -> Recording | None:
        """The sound from now on, blocking; None when nothing can be heard."""


class Loader(Protocol):
    """Brings the sound of an item into memory."""

    def load(self, directory: Path, clips: Sequence[ClipRef], repeat: int, gap_ms: int) -> Samples:
        """Verify, decode and join, blocking; raises AudioUnreadable."""


class Clock(Protocol):
    """The loudspeaker's idea of time; ``keeper`` learns from the server's answers."""

    keeper: Timekeeper

    @property
    def disciplined(self) -> bool:
        """Whether a time service steers it: the server is asked rarely then, to see whether it lies."""

    def utc_ms(self) -> int: ...

    def monotonic(self) -> float: ...

    def quality(self) -> ClockQuality: ...

    def error_ms(self) -> int | None:
        """How far ``utc_ms`` may be from the truth; None when nobody knows."""

    def doubt_ms(self) -> int:
        """How far a time service is ahead of the signed time, where both cannot be right; else 0."""


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """A journal event and the boot in which it happened."""

    boot: str
    event: JournalEvent


class Store(Protocol):
    """What survives a power cut. Writes are buffered until ``sync``; all methods raise StoreFailed."""

    def facts(self) -> dict[tuple[str, str], bytes]:
        """Everything kept, by kind and key."""

    def keep(self, kind: str, key: str, body: bytes) -> None: ...

    def drop(self, kind: str, key: str) -> None: ...

    def append(self, entry: JournalEntry) -> None:
        """Add to the journal; ``seq`` must follow the last one ever used without a gap."""

    def last_seq(self) -> int:
        """The highest ``seq`` ever appended, confirmed and deleted ones included."""

    def pending(self, limit: int, after: int = 0) -> list[JournalEntry]:
        """The oldest unconfirmed entries with ``seq`` above ``after``, synced."""

    def confirm(self, boot: str, seq: int) -> int:
        """Forget what the server has; returns how many entries were forgotten."""

    def sync(self) -> None:
        """Return when everything written so far is on the medium."""

    def close(self) -> None:
        """Sync and close."""

    def abandon(self) -> None:
        """Close as a power cut would: what was not synced is lost."""


@dataclass(frozen=True, slots=True)
class World:
    """Everything around one loudspeaker."""

    link: Link
    fetcher: Fetcher
    loader: Loader
    sink: Sink
    store: Store
    clock: Clock
    # What many loudspeakers of one process may share or spare; a box on a pole has these as they are.
    open_order: Callable[[bytes, KeySet], Order] = open_order
    read_plan: Callable[[bytes], Plan] = decode_plan
    glance_s: float = 1.0  # between two looks at the wall clock: it may be set
    # What not every box has.
    amplifier: Amplifier = field(default_factory=AlwaysOn)
    microphone: Microphone | None = None
    listen_every_s: float = LOOK
    silence_file: Path | None = None  # while it exists nothing sounds
    sensors: Sensors = field(default_factory=Sensors)
    free: Callable[[Path], int | None] = free_bytes  # bytes on the disk of the cache
    has_card: Callable[[], bool] = lambda: True  # whether the output has its card now
    radio: Radio | None = None
