"""The occurrences on this loudspeaker and their way from planned to done: every edge is taken here."""

from __future__ import annotations

from typing import Any

from devices.messages import ClipRef, Desired, Evidence, GuardPolicy, Item, ItemState
from devices.speaker.ports import RATE

from .events import FetchClip, Release
from .memory import Occurrence
from .record import Record
from .states import BEGUN, FINAL, JOURNALED, SOUNDING, WAITING, check_edge

NEAR = 30_000  # ms before the start: decode, wake the amplifier
_FIRST_RETRY = 1_000  # ms; doubles up to the longest
_LONGEST_RETRY = 300_000
_LONGEST_URGENT_RETRY = 5_000
_PROOF = frozenset({ItemState.DONE, ItemState.PARTIAL, ItemState.PREEMPTED, ItemState.INTERRUPTED})


class Deck:
    """Holds the occurrences by id; moves them along legal edges, journals and keeps what must survive."""

    def __init__(self, record: Record, clips: set[str]) -> None:
        self._record = record
        self.clips = clips  # verified on disk
        self.seen: set[str] = set()  # ids that were still in time at some moment of this boot
        self.decoding: set[str] = set()
        self._retries: dict[str, tuple[int, int]] = {}  # clip -> (next attempt at, attempts)
        self._requested: dict[str, int] = {}  # clip -> when it was said to be needed
        self.policy = GuardPolicy()
        self.wake_ms = 0
        if (desired := record.memory.desired.get("")) is not None:
            self.adopt(desired)
        self._alive = {name: o for name, o in self.items.items() if o.state not in FINAL}

    @property
    def items(self) -> dict[str, Occurrence]:
        return self._record.memory.item

    def alive(self) -> list[Occurrence]:
        """What is not over; all others are only remembered."""
        return list(self._alive.values())

    def adopt(self, desired: Desired) -> None:
        """Follow the settings of a desired state."""
        self.policy = desired.policy
        self.wake_ms = desired.wake_ms

    def near(self, now: int) -> list[Occurrence]:
        """What has begun, or is so near its start that something is to be done for it."""
        last = now + NEAR
        return [
            o
            for o in self._alive.values()
            if (o.item.start <= last and o.item.not_before <= last) or o.state in BEGUN
        ]

    @property
    def base_volume(self) -> int:
        return self._record.memory.number.get("volume", 0)

    @property
    def sounding(self) -> Occurrence | None:
        """What plays or is about to; there is never more than one."""
        return next((o for o in self._alive.values() if o.state in SOUNDING), None)

    def waiting(self) -> list[Occurrence]:
        found = [o for o in self._alive.values() if o.state in WAITING]
        return sorted(found, key=_by_time)

    def move(self, occurrence: Occurrence, state: ItemState, now: int, reason: str = "") -> None:
        """Take one edge of the state machine; raises IllegalEdge for any other."""
        check_edge(occurrence.state, state)
        occurrence.state = state
        if state in JOURNALED:
            self._record.journal(now, state.value, **_account(occurrence, now, reason))
        if state in BEGUN or state in FINAL:
            self._record.keep("item", occurrence.item.id, occurrence)
        if state in FINAL:
            del self._alive[occurrence.item.id]
        if state in FINAL or state is ItemState.PLANNED:
            self.decoding.discard(occurrence.item.id)
            self._record.act(Release(occurrence.item.id))

    def give_up(self, occurrence: Occurrence, state: ItemState, now: int, reason: str) -> None:
        """End what does not sound now; what was heard of it before makes it partial."""
        if occurrence.state is ItemState.PREEMPTED and occurrence.offset:
            state = ItemState.PARTIAL
        elif occurrence.state is ItemState.PREEMPTED:
            state = ItemState.CANCELLED
        self.move(occurrence, state, now, reason)

    def put(self, item: Item, source: str, now: int, *, repeat: int = 1, gap_ms: int = 0) -> None:
        """Add an occurrence, or change one that has not begun (R7); a final one stays final (R5)."""
        repeat = 1 if item.relays else max(1, repeat)  # what is live is not there twice
        new = Occurrence(item=item, source=source, repeat=repeat, gap_ms=max(0, gap_ms))
        old = self.items.get(item.id)
        if old is None:
            self.items[item.id] = self._alive[item.id] = new
            for clip in item.clips if source else ():
                self._retries.pop(clip.sha256, None)  # what is urgent does not wait for what failed before
            return
        if old.state not in WAITING:
            return
        changed = (old.item, old.repeat, old.gap_ms) != (new.item, new.repeat, new.gap_ms)
        old.source = source
        if changed:
            old.item, old.repeat, old.gap_ms = new.item, new.repeat, new.gap_ms
            if old.state is not ItemState.PLANNED:
                self.move(old, ItemState.PLANNED, now, "changed")

    def gather(self, now: int) -> None:
        """See which items have all their audio, and ask for what is missing."""
        for occurrence in self._lacking():
            missing = [clip for clip in occurrence.item.clips if clip.sha256 not in self.clips]
            if not missing:
                self.move(occurrence, ItemState.READY, now)
                continue
            if occurrence.state is ItemState.PLANNED:
                self.move(occurrence, ItemState.FETCHING, now)
            for clip in missing:
                self._ask(clip, occurrence.begin, now)

    def _ask(self, clip: ClipRef, needed_at: int, now: int) -> None:
        """Ask once, and again when something needs it sooner: what is needed late waits for its turn."""
        due, _ = self._retries.get(clip.sha256, (0, 0))
        asked = self._requested.get(clip.sha256)
        if due <= now and (asked is None or needed_at < asked):
            self._requested[clip.sha256] = needed_at
            self._record.act(FetchClip(clip, needed_at))

    def clip_came(self, sha256: str) -> None:
        self.clips.add(sha256)
        self._requested.pop(sha256, None)
        self._retries.pop(sha256, None)

    def clip_failed(self, sha256: str, now: int) -> None:
        """Try again later, the sooner the more urgent."""
        self._requested.pop(sha256, None)
        self.clips.discard(sha256)
        _, attempts = self._retries.get(sha256, (0, 0))
        longest = _LONGEST_URGENT_RETRY if self._is_urgent(sha256) else _LONGEST_RETRY
        pause = min(_FIRST_RETRY << min(attempts, 20), longest)
        self._retries[sha256] = (now + pause, attempts + 1)

    def retry_now(self) -> None:
        """Forget the pauses after failed attempts."""
        self._retries = {sha256: (0, tries) for sha256, (_, tries) in self._retries.items()}

    def missing(self) -> set[str]:
        """The audio that something still waits for."""
        return {c.sha256 for o in self._lacking() for c in o.item.clips} - self.clips

    def is_under_way(self, clips: set[str]) -> bool:
        return not clips.isdisjoint(self._requested)

    def retry_times(self) -> list[int]:
        return [due for sha256, (due, _) in self._retries.items() if sha256 not in self._requested]

    def wanted_clips(self) -> set[str]:
        """The audio that something not yet over still needs."""
        return {c.sha256 for o in self._alive.values() for c in o.item.clips}

    def _lacking(self) -> list[Occurrence]:
        found = [o for o in self._alive.values() if o.state in (ItemState.PLANNED, ItemState.FETCHING)]
        return sorted(found, key=_by_time)

    def _is_urgent(self, sha256: str) -> bool:
        return any(o.source and sha256 in {c.sha256 for c in o.item.clips} for o in self.waiting())


def _by_time(occurrence: Occurrence) -> tuple[int, str]:
    return (occurrence.item.start, occurrence.item.id)


def _account(occurrence: Occurrence, now: int, reason: str) -> dict[str, Any]:
    """The fields of the journal event for the state just entered."""
    state = occurrence.state
    over = state in FINAL or state is ItemState.PREEMPTED
    heard = occurrence.offset > 0 and occurrence.volume > 0 and occurrence.underruns == 0
    armed = state in BEGUN or state is ItemState.ARMED or occurrence.offset > 0
    evidence = Evidence.RENDERED if heard and state in _PROOF else Evidence.ARMED if armed else Evidence.SENT
    return {
        "item": occurrence.item.id,
        "reason": reason,
        "planned": occurrence.item.start,
        "started": occurrence.started,
        "ended": now if over and occurrence.started else 0,
        "played_ms": occurrence.offset * 1000 // RATE,
        "volume": occurrence.volume,
        "underruns": occurrence.underruns + occurrence.gaps,
        "samples": occurrence.offset,
        "evidence": int(evidence),
    }
