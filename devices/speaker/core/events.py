"""What reaches the loudspeaker's core and what the core wants done: values only."""

from __future__ import annotations

from dataclasses import dataclass

from devices.messages import Ack, ClipRef, ClockQuality, Item, JournalEvent, Order, Plan, PlanPointer
from devices.topics import Place

# --- events ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OrderReceived:
    """An order whose signature is good, and the topic it came on."""

    order: Order
    place: Place


@dataclass(frozen=True, slots=True)
class OrderRefused:
    """A message that is no order: ``alarm`` is what is wrong with it."""

    alarm: str
    detail: str


@dataclass(frozen=True, slots=True)
class PlanFetched:
    sha256: str
    plan: Plan


@dataclass(frozen=True, slots=True)
class PlanFailed:
    sha256: str
    reason: str


@dataclass(frozen=True, slots=True)
class ClipFetched:
    sha256: str


@dataclass(frozen=True, slots=True)
class ClipFailed:
    sha256: str
    reason: str


@dataclass(frozen=True, slots=True)
class ContentSwapped:
    """Under the address of a clip or a plan there was something else, more than once."""

    sha256: str


@dataclass(frozen=True, slots=True)
class ClipEvicted:
    """A clip that nothing wanted was deleted."""

    sha256: str


@dataclass(frozen=True, slots=True)
class Decoded:
    """The audio of an item is in memory, all its repetitions and gaps: ``samples`` in all.

    ``live`` are the streams among them, which come when they are due: the first sample, and the first after.
    """

    item: Item
    samples: int
    live: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class DecodeFailed:
    """The audio of an item cannot be played; ``lost`` are the clips to be fetched anew."""

    item: Item
    reason: str
    lost: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Started:
    """The first sample of a stretch was rendered at ``at`` (UTC ms, measured)."""

    item_id: str
    at: int


@dataclass(frozen=True, slots=True)
class Finished:
    """A stretch is over, by itself or because it was halted; ``failure`` when the output died.

    ``lost`` samples passed in silence, in ``gaps``, because a stream did not bring them: ``trouble`` is why.
    """

    item_id: str
    samples: int
    underruns: int = 0
    failure: str = ""
    lost: int = 0
    gaps: int = 0
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class ClockJudged:
    """How far to trust the wall clock; ``error_ms`` bounds how far it may be off, where that is known.

    ``doubt_ms`` is how far a time service is ahead of it that contradicts what the server has signed.
    """

    quality: ClockQuality
    error_ms: int | None = None
    doubt_ms: int = 0


@dataclass(frozen=True, slots=True)
class SilencePressed:
    """The button on the box: while it is on nothing sounds, whatever is ordered."""

    on: bool


@dataclass(frozen=True, slots=True)
class SelfTested:
    """A self-test is over; ``codes`` name what is wrong. ``command_id`` is empty when nobody ordered it."""

    command_id: str
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Electrical:
    """Whether current flows into the horn while an item sounds."""

    item_id: str
    ok: bool


@dataclass(frozen=True, slots=True)
class Heard:
    """Band energies (base64) of ten seconds that a microphone heard, from ``offset_ms`` of the item on."""

    item_id: str
    offset_ms: int
    energies: str


@dataclass(frozen=True, slots=True)
class UnorderedSound:
    """A sound of ``level_db`` was noticed; the core knows whether it was ordered."""

    level_db: float


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed."""


FileEvent = (
    PlanFetched
    | PlanFailed
    | ClipFetched
    | ClipFailed
    | ContentSwapped
    | ClipEvicted
    | Decoded
    | DecodeFailed
)
SensorEvent = Electrical | Heard | UnorderedSound
Event = (
    OrderReceived
    | OrderRefused
    | FileEvent
    | Started
    | Finished
    | ClockJudged
    | SilencePressed
    | SelfTested
    | SensorEvent
    | Tick
)

# --- actions, to be carried out in order ---------------------------------------


@dataclass(frozen=True, slots=True)
class Keep:
    """Store a fact."""

    kind: str
    key: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Drop:
    kind: str
    key: str


@dataclass(frozen=True, slots=True)
class Append:
    """Add to the journal."""

    event: JournalEvent


@dataclass(frozen=True, slots=True)
class Sync:
    """Nothing after this may happen before everything above is on the medium."""


@dataclass(frozen=True, slots=True)
class FetchPlan:
    pointer: PlanPointer


@dataclass(frozen=True, slots=True)
class FetchClip:
    """Bring a clip; ``needed_at`` (UTC ms) decides how long the agent may spread the load."""

    clip: ClipRef
    needed_at: int


@dataclass(frozen=True, slots=True)
class Decode:
    """Have the audio of an item at hand; its streams may be called in ``networks`` too."""

    item: Item
    repeat: int
    gap_ms: int
    networks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Play:
    """Let an item sound from sample ``offset`` at ``at`` (UTC ms), or now if that is over.

    A stream has no past: its samples from ``offset`` on are those that are live then.
    """

    item_id: str
    at: int
    offset: int
    volume: int


@dataclass(frozen=True, slots=True)
class Halt:
    """Fade out what an item plays, or keep it from starting; its Finished must follow."""

    item_id: str


@dataclass(frozen=True, slots=True)
class SetVolume:
    item_id: str
    volume: int


@dataclass(frozen=True, slots=True)
class Release:
    """The decoded audio of an item is no longer needed."""

    item_id: str


@dataclass(frozen=True, slots=True)
class Identify:
    volume: int


@dataclass(frozen=True, slots=True)
class Amplifier:
    """Switch the amplifier: on early enough for the first sample, off when nothing follows soon."""

    on: bool


@dataclass(frozen=True, slots=True)
class RunSelfTest:
    """Examine the box and answer with SelfTested; a tone may sound only when ``volume`` is above 0."""

    command_id: str
    volume: int


@dataclass(frozen=True, slots=True)
class FetchNow:
    """Bring what was asked for, and still waits for its turn, at once."""


@dataclass(frozen=True, slots=True)
class Reboot:
    """Start the box anew; the answer to the command is given after that."""


@dataclass(frozen=True, slots=True)
class Reply:
    """Send an ack, spread over ``spread_s`` seconds so that a whole group does not answer at once."""

    ack: Ack
    spread_s: float


@dataclass(frozen=True, slots=True)
class Subscribe:
    """The groups of this loudspeaker have changed."""

    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Confirm:
    """The server has the journal up to ``seq``."""

    boot: str
    seq: int


@dataclass(frozen=True, slots=True)
class Report:
    """Send telemetry now."""


Action = (
    Keep
    | Drop
    | Append
    | Sync
    | FetchPlan
    | FetchClip
    | Decode
    | Play
    | Halt
    | SetVolume
    | Release
    | Identify
    | Amplifier
    | RunSelfTest
    | FetchNow
    | Reboot
    | Reply
    | Subscribe
    | Confirm
    | Report
)
