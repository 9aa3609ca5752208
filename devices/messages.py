"""The documents of protocol ``ttcs/1`` as typed values: what travels between the server and a loudspeaker.

Every struct is frozen; times are UTC milliseconds since the epoch, durations are
milliseconds, sizes are bytes. Unknown fields are ignored so that an older
loudspeaker understands a newer server; missing or mistyped fields are refused.
"""

from __future__ import annotations

import enum
from typing import Annotated

import msgspec

PROTOCOL = "ttcs/1"

# What every JSON reader keeps exact; no sum of a few of them is out of any database's or clock's reach.
Int = Annotated[int, msgspec.Meta(ge=-(2**53), le=2**53)]


class BulletinClass(enum.StrEnum):
    """Class of what is played (Thông tư 39/2020/TT-BTTTT)."""

    EMERGENCY = "emergency"
    PRIORITY = "priority"
    ROUTINE = "routine"


class AlertStatus(enum.StrEnum):
    """Whether an announcement is real; chosen first and never changed afterwards."""

    ACTUAL = "actual"
    EXERCISE = "exercise"
    TEST = "test"


class ItemState(enum.StrEnum):
    """Where one occurrence stands on one loudspeaker."""

    PLANNED = "planned"
    FETCHING = "fetching"
    READY = "ready"
    ARMED = "armed"
    STARTING = "starting"
    PLAYING = "playing"
    PREEMPTED = "preempted"
    RESUMING = "resuming"
    DONE = "done"
    PARTIAL = "partial"
    FAILED = "failed"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"
    REFUSED = "refused"
    EXPIRED = "expired"
    MISSED = "missed"
    INTERRUPTED = "interrupted"


class Evidence(enum.IntEnum):
    """How strongly it is proved that an item sounded; reports show the highest level reached."""

    SENT = 0
    ACKNOWLEDGED = 1
    ARMED = 2
    RENDERED = 3
    ELECTRICAL = 4
    ACOUSTIC = 5
    HUMAN = 6


class ClockQuality(enum.StrEnum):
    SYNCED = "synced"
    HOLDOVER = "holdover"
    UNKNOWN = "unknown"


# --- server to loudspeaker -------------------------------------------------


class ClipRef(msgspec.Struct, frozen=True, kw_only=True):
    """One audio file, named by its content."""

    sha256: str
    size: Int
    duration_ms: Int
    url: str
    media_type: str = "audio/mpeg"


class Relay(msgspec.Struct, frozen=True, kw_only=True):
    """The live stream of another station, carried for as long as it is ordered and not a sample longer."""

    url: str  # http or https
    duration_ms: Int
    media_type: str = "audio/mpeg"  # or application/vnd.apple.mpegurl: segments named by a list (HLS)
    after: Int = 0  # how many clips of the item are played before it


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One occurrence to be played: the unit of journal, evidence and cancellation.

    ``id`` is the schedule item and its nominal local start, so that the same
    occurrence has the same id in every revision of the plan.
    """

    id: str
    title: str
    start: Int
    not_before: Int
    expires: Int
    clips: tuple[ClipRef, ...]
    klass: BulletinClass = msgspec.field(name="class", default=BulletinClass.ROUTINE)
    status: AlertStatus = AlertStatus.ACTUAL
    level: Int = 9  # level of the issuing unit in the tree, 0 is the nation
    issued_at: Int = 0
    volume: Int = 100  # percent, before the loudspeaker's own cap
    relays: tuple[Relay, ...] = ()  # streams between the clips, in order; such an item is never repeated

    @property
    def duration_ms(self) -> int:
        carried = sum(max(0, relay.duration_ms) for relay in self.relays)
        return sum(clip.duration_ms for clip in self.clips) + carried


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What a loudspeaker plays in the coming days: fetched over HTTP, named by its sha256 in ``Desired``."""

    start: Int
    end: Int
    items: tuple[Item, ...]


class PlanPointer(msgspec.Struct, frozen=True, kw_only=True):
    epoch: Int
    rev: Int
    sha256: str
    size: Int
    url: str


class AllowedWindow(msgspec.Struct, frozen=True, kw_only=True):
    """A daily window of local time, ``HH:MM`` both; over midnight when ``end`` is not after ``start``."""

    start: str
    end: str


class VolumeCap(msgspec.Struct, frozen=True, kw_only=True):
    """The loudest that is allowed in a daily window of local time; where several hold, the lowest counts."""

    start: str
    end: str
    percent: Int


class GuardPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """What the loudspeaker itself enforces; an actual emergency alone passes outside the windows."""

    windows: tuple[AllowedWindow, ...] = (AllowedWindow(start="05:00", end="21:30"),)
    quiet: tuple[AllowedWindow, ...] = ()  # closed again inside the windows, such as the midday rest
    max_volume: Int = 100  # percent
    night_volume: Int = 70  # percent, 21:00 to 06:00
    volumes: tuple[VolumeCap, ...] = ()
    minutes_a_day: Int = 240
    utc_offset_minutes: Int = 420
    # Addresses beside the public ones from which a stream may be carried, such as 10.20.0.0/16.
    relay_networks: tuple[str, ...] = ()
    weekdays: tuple[Int, ...] = (1, 2, 3, 4, 5, 6, 7)  # 1 is Monday: on which days something may begin
    sessions_a_day: Int | None = None  # what begins soon after the last sound is of its session; null: any
    minutes_a_session: Int | None = None  # null: any


class TrustedKey(msgspec.Struct, frozen=True, kw_only=True):
    """A public key of the server, Ed25519 in base64, and when it ends."""

    key: str
    not_after: Int


class Keyset(msgspec.Struct, frozen=True, kw_only=True):
    """The keys whose signature counts; two are valid while one replaces the other. Its version only grows."""

    version: Int
    keys: tuple[TrustedKey, ...]


class Action(enum.StrEnum):
    STOP = "stop"  # stop now; ``items`` empty means everything that plays
    SILENCE = "silence"  # stop now, and nothing sounds, emergencies included, until ``hold_until`` or RELEASE
    RELEASE = "release"  # end what STOP or SILENCE holds
    VOLUME = "volume"
    IDENTIFY = "identify"  # a short tone
    REPORT = "report"  # send state and telemetry now
    SELF_TEST = "self_test"
    FETCH = "fetch"  # bring everything that is missing now
    REBOOT = "reboot"


class Command(msgspec.Struct, frozen=True, kw_only=True, tag="cmd", tag_field="type"):
    """An order with a short life, keyed by ``id`` in the loudspeaker's ledger (R2)."""

    id: str
    target: str  # device id or group code; must match the topic it came on
    issued_at: Int
    expires_at: Int
    action: Action
    items: tuple[str, ...] = ()
    hold_until: Int = 0  # STOP: nothing but an actual emergency starts before; SILENCE: nothing; 0: no end
    volume: Int = 0


class Desired(msgspec.Struct, frozen=True, kw_only=True, tag="desired", tag_field="type"):
    """The whole desired state of one loudspeaker: retained, revisioned (R1)."""

    device: str
    epoch: Int
    rev: Int
    issued_at: Int
    groups: tuple[str, ...]  # own area first, then its ancestors up to the root
    policy: GuardPolicy
    plan: PlanPointer | None = None
    volume: Int = 80  # percent
    heartbeat_s: Int = 60
    keyset: Keyset | None = None
    key_expires: Int = 0  # when the loudspeaker's own key ends; 0: it does not
    wake_ms: Int = 5000  # the amplifier is on so long before the first sample
    orders: tuple[Command, ...] = ()  # SILENCE, RELEASE, STOP with a hold: not yet answered by this box


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """One active urgent announcement of a group."""

    item: Item
    repeat: Int = 1
    gap_ms: Int = 2000


class Tombstone(msgspec.Struct, frozen=True, kw_only=True):
    """A cancelled announcement; kept until ``until`` so that a late copy of it is refused (R3)."""

    id: str
    at: Int
    until: Int


class Alerts(msgspec.Struct, frozen=True, kw_only=True, tag="alerts", tag_field="type"):
    """All active urgent announcements of a group and the tombstones: retained, revisioned (R1)."""

    group: str
    epoch: Int
    rev: Int
    issued_at: Int
    alerts: tuple[Alert, ...] = ()
    cancelled: tuple[Tombstone, ...] = ()


class Cursor(msgspec.Struct, frozen=True, kw_only=True, tag="cursor", tag_field="type"):
    """The server has stored the journal up to ``seq`` of ``boot``, with all boots before it: retained."""

    device: str
    boot: str
    seq: Int
    issued_at: Int


class TimeResponse(msgspec.Struct, frozen=True, kw_only=True, tag="time", tag_field="type"):
    """The server's clock when a question came and when the answer left, in microseconds of UTC."""

    device: str
    nonce: str
    received_us: Int
    sent_us: Int


Order = Desired | Alerts | Command | Cursor | TimeResponse


# --- loudspeaker to server -------------------------------------------------


class Have(msgspec.Struct, frozen=True, kw_only=True):
    epoch: Int = 0
    rev: Int = 0


class State(msgspec.Struct, frozen=True, kw_only=True, tag="state", tag_field="type"):
    """Birth, heartbeat of state, and (with ``online`` false) the last will."""

    device: str
    online: bool
    boot: str
    session: Int  # counts connections; a last will older than the birth is ignored
    at: Int = 0
    firmware: str = ""
    playing: str = ""  # item id, empty when silent
    clock: ClockQuality = ClockQuality.UNKNOWN
    have: Have = Have()
    held_until: Int = 0
    ready: Int = 0  # planned items whose audio is verified on disk
    planned: Int = 0
    silenced: str = ""  # "local" (the button on the box), "central", or empty
    # no_sound_card store_failed disk_full amplifier dead_horn clock clock_doubtful
    faults: tuple[str, ...] = ()
    clock_error_ms: Int | None = None  # how far the clock may be off
    capabilities: tuple[str, ...] | None = None  # what not every box can: relay (streams); null: not told


class Telemetry(msgspec.Struct, frozen=True, kw_only=True, tag="tele", tag_field="type"):
    device: str
    boot: str
    at: Int
    uptime_s: Int
    clock_offset_ms: float | None = None
    temperature_c: float | None = None
    free_bytes: Int | None = None
    volume: Int = 0
    signal_dbm: Int | None = None
    voltage_v: float | None = None
    total_bytes: Int | None = None
    data_bytes: Int | None = None  # sent and received in this local month
    network: str = ""  # "4g", "ethernet" …


class JournalEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One edge of the state machine, or a refusal, in the loudspeaker's own journal."""

    seq: Int  # grows by one over the whole life of the loudspeaker's store, over its boots too
    at: Int
    # An ItemState; an alarm: bad_signature malformed replayed stale wrong_target clock_unknown
    # clock_stepped clock_doubtful store_damaged unordered_sound keyset_refused swapped; or what was
    # noticed: heard electrical silenced unsilenced self_test swap_over
    event: str
    item: str = ""
    reason: str = ""
    planned: Int = 0  # nominal start
    started: Int = 0  # instant of the first sample
    ended: Int = 0
    played_ms: Int = 0
    volume: Int = 0
    underruns: Int = 0
    samples: Int = 0
    evidence: Int = 0
    offset_ms: Int = 0  # heard: where in the item it begins
    energies: str = ""  # heard: base64 of the band energies of ten seconds, never a recording


class Journal(msgspec.Struct, frozen=True, kw_only=True, tag="evt", tag_field="type"):
    """Journal events in order; at least once, upserted by (device, boot, seq) (R9)."""

    device: str
    boot: str
    events: tuple[JournalEvent, ...]


class Ack(msgspec.Struct, frozen=True, kw_only=True, tag="ack", tag_field="type"):
    """What became of a command; a duplicate command repeats the old ack (R2)."""

    device: str
    command: str
    stage: str  # "received", "done", "refused", "failed"
    code: str = ""
    at: Int = 0


class TimeRequest(msgspec.Struct, frozen=True, kw_only=True, tag="time_req", tag_field="type"):
    """Asks for the time; the answer names the same ``nonce``."""

    device: str
    nonce: str


class KeyRequest(msgspec.Struct, frozen=True, kw_only=True, tag="key", tag_field="type"):
    """Asks over HTTP to replace the loudspeaker's own key; sealed with the key it has so far.

    ``proof`` is the new key's signature, base64, over ``key_proof`` of the envelope: it shows
    that the asker has the new private key.
    """

    device: str
    public_key: str  # Ed25519 in base64
    proof: str
    at: Int


Report = State | Telemetry | Journal | Ack | TimeRequest
