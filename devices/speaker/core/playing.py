"""What sounds when: one at a time, by rank, inside the guard, preempted and resumed, stopped and held."""

from __future__ import annotations

from dataclasses import dataclass

from devices.messages import ClockQuality, ItemState
from devices.speaker.ports import RATE

from . import guard, live
from .clockwatch import ClockWatch
from .deck import NEAR, Deck
from .events import Decode, Finished, Halt, Play, SetVolume, Started, Sync
from .holds import Holds
from .memory import Occurrence
from .quota import Quota
from .ranking import order, rank
from .record import Record
from .states import SOUNDING, WAITING

START_LEAD = 2_000  # ms before the start: journal the start and hand it to the output
PREEMPT_LEAD = 300  # cut what plays; covers the fade and one write to the journal
LEAST_REST = 5 * RATE  # samples that are worth resuming
RESUME_LIMIT = 30 * 60_000  # nobody remembers what was cut off longer ago
LATE = 5_000  # a slot first seen later than this after its start is not begun beside neighbours who are on
_LOOK = 250  # between two looks at the wall clock while a start is at hand: it may be set
_MINUTE = 60_000  # hours and caps change at full minutes only
SOON = 30_000  # STOP also ends an urgent announcement that is about to start


@dataclass(slots=True)
class _Cut:
    """Why what sounds was halted; without a reason it is preempted and may come back."""

    reason: str = ""


class Playing:
    """Chooses, starts, halts and accounts for what sounds."""

    def __init__(self, record: Record, deck: Deck, holds: Holds, clock: ClockWatch) -> None:
        self._record = record
        self._deck = deck
        self._holds = holds
        self._clock = clock
        self._quota = Quota(record, deck)
        self._cuts: dict[str, _Cut] = {}
        self._starts: dict[str, int] = {}  # when the present stretch begins
        self._sounded_at: int | None = None
        self._missed = "off"  # why a slot was not seen in time

    @property
    def is_clock_known(self) -> bool:
        return self._clock.quality is not ClockQuality.UNKNOWN

    def advance(self, now: int) -> None:
        """Bring everything to where it should be at ``now``."""
        if self.is_clock_known:
            self._expire(now)
        else:
            self.lose_sight(now, "clock_unknown")
        self._deck.gather(now)
        self._hush(now)
        self._watch(now)
        if self.is_clock_known:
            self._arm(now)
            self._choose(now)

    def clock_stepped(self, by: int, now: int) -> None:
        """Put right what was timed by the clock before it was set."""
        was = now - by
        for occurrence in self._deck.alive():
            if occurrence.state is ItemState.PREEMPTED:
                occurrence.preempted_at += by
            elif occurrence.state in SOUNDING and self.first_sample(occurrence) > was:
                self.halt(occurrence, "clock_stepped" if now > self._latest(occurrence) else "")
            elif occurrence.state in SOUNDING:
                self._starts[occurrence.item.id] = min(now, self.first_sample(occurrence))
        self.lose_sight(was, "clock_stepped")

    def lose_sight(self, at: int, why: str) -> None:
        """From ``at`` on the time was not known: what began since then was not seen in time."""
        self._missed = why
        self._deck.seen -= {o.item.id for o in self._deck.waiting() if o.begin > at}

    def note_sound(self, until: int) -> None:
        """A tone sounds that is no item's."""
        self._sounded_at = until

    def sounded_since(self, since: int) -> bool:
        """Whether anything of ours sounds, or did since then."""
        if self._deck.sounding is not None:
            return True
        return self._sounded_at is not None and self._sounded_at >= since

    def first_sample(self, occurrence: Occurrence) -> int:
        """When it begins to sound, or may at the earliest."""
        return self._starts.get(occurrence.item.id, occurrence.begin)

    def is_prospect(self, occurrence: Occurrence) -> bool:
        """Whether it may soon sound; what is urgent may while its audio is still on the way."""
        if occurrence.state is ItemState.PREEMPTED:
            return self.is_clock_known
        ready = occurrence.state in (ItemState.READY, ItemState.ARMED)
        urgent = bool(occurrence.source) and occurrence.state in WAITING
        return self.is_clock_known and (ready or urgent)

    def halt(self, occurrence: Occurrence, reason: str) -> None:
        """End what sounds, for good when there is a reason."""
        known = self._cuts.get(occurrence.item.id)
        self._cuts[occurrence.item.id] = _Cut(reason or (known.reason if known else ""))
        if known is None:
            self._record.act(Halt(occurrence.item.id))

    def stop(self, occurrence: Occurrence, now: int, reason: str) -> None:
        """End an occurrence wherever it stands; a final one stays as it is."""
        if occurrence.state in SOUNDING:
            self.halt(occurrence, reason)
        elif occurrence.state in WAITING or occurrence.state is ItemState.PREEMPTED:
            self._deck.give_up(occurrence, ItemState.CANCELLED, now, reason)

    def on_air(self, now: int) -> list[Occurrence]:
        """What a STOP for everything means: what sounds, waits to go on, is due, or is urgent and near."""
        return [o for o in self._deck.alive() if self._is_on_air(o, now)]

    def started(self, event: Started, now: int) -> None:
        occurrence = self._deck.items.get(event.item_id)
        if occurrence is None or occurrence.state not in (ItemState.STARTING, ItemState.RESUMING):
            return
        occurrence.started = occurrence.started or event.at
        self._starts[event.item_id] = min(now, self._starts.get(event.item_id, now))
        self._deck.move(occurrence, ItemState.PLAYING, now)

    def finished(self, event: Finished, now: int) -> None:
        occurrence = self._deck.items.get(event.item_id)
        if occurrence is None or occurrence.state not in SOUNDING:
            return
        self._sounded_at = now
        cut = self._cuts.pop(event.item_id, None)
        self._starts.pop(event.item_id, None)
        occurrence.offset += event.samples
        occurrence.underruns += event.underruns
        occurrence.lost += event.lost
        occurrence.gaps += event.gaps
        self._quota.end(occurrence, event.samples, now)
        if event.samples and occurrence.state is not ItemState.PLAYING:
            self._deck.move(occurrence, ItemState.PLAYING, now)  # its Started was overtaken
        state, reason = self._outcome(occurrence, cut, event)
        if state is ItemState.PREEMPTED:
            occurrence.preempted_at = now
        self._deck.move(occurrence, state, now, reason)

    def due_times(self, now: int) -> list[int]:
        """The next instants at which something may change by itself."""
        times = self._holds.due_times()
        for occurrence in self._deck.alive():
            begin, expires = occurrence.begin, occurrence.item.expires
            if begin - NEAR > now and occurrence.state in WAITING:
                times.append(begin - NEAR)  # nothing is to be done for it before
            elif occurrence.state in WAITING:
                times += [begin - START_LEAD, begin - PREEMPT_LEAD, begin, expires + 1]
            elif occurrence.state in SOUNDING:
                at_hand = self._starts.get(occurrence.item.id, 0) > now
                times.append(now + _LOOK if at_hand else (now // _MINUTE + 1) * _MINUTE)
            elif occurrence.state is ItemState.PREEMPTED:
                times += [occurrence.preempted_at + RESUME_LIMIT + 1, begin - START_LEAD, expires + 1]
        return [*times, *self._deck.retry_times()]

    def _latest(self, occurrence: Occurrence) -> int:
        """Until when a start may be made good by a box that was off, or knew nothing of it, at its time."""
        expires = occurrence.item.expires
        return expires if occurrence.source else min(occurrence.begin + LATE, expires)

    def _is_on_air(self, occurrence: Occurrence, now: int) -> bool:
        if occurrence.state in SOUNDING or occurrence.state is ItemState.PREEMPTED:
            return True
        horizon = SOON if occurrence.source else START_LEAD
        return occurrence.state in WAITING and occurrence.begin <= now + horizon

    def _expire(self, now: int) -> None:
        for occurrence in self._deck.alive():
            item = occurrence.item
            if occurrence.state in WAITING:
                known = item.id in self._deck.seen
                if now <= (item.expires if known else self._latest(occurrence)):
                    self._deck.seen.add(item.id)
                elif not known:
                    self._deck.move(occurrence, ItemState.MISSED, now, self._missed)
                elif occurrence.state in (ItemState.PLANNED, ItemState.FETCHING):
                    self._deck.move(occurrence, ItemState.FAILED, now, "no_audio")
                else:
                    self._deck.move(occurrence, ItemState.EXPIRED, now, "waited")
            elif occurrence.state is ItemState.PREEMPTED and self._too_late_to_resume(occurrence, now):
                self._deck.give_up(occurrence, ItemState.PARTIAL, now, "preempted")
        self._missed = "off"

    def _too_late_to_resume(self, occurrence: Occurrence, now: int) -> bool:
        if not occurrence.position:  # nothing of it has begun: going on is a start (R4)
            return now > occurrence.item.expires
        if occurrence.live and live.rest(occurrence, now) < LEAST_REST:
            return True
        return now - occurrence.preempted_at > RESUME_LIMIT

    def _hush(self, now: int) -> None:
        """Under a silence end what sounds, what waits to go on, and what would begin now."""
        if not self._holds.is_silent(now):
            return
        for occurrence in self._deck.near(now):
            at = max(now, self.first_sample(occurrence))
            if not self._holds.is_silent(at):
                continue
            if occurrence.state not in WAITING:
                self.stop(occurrence, now, "silenced")
            elif at == now:
                self._deck.move(occurrence, ItemState.SKIPPED, now, "silenced")

    def _watch(self, now: int) -> None:
        """Keep what sounds inside the guard: a window may close and the night begin under it."""
        occurrence = self._deck.sounding
        if occurrence is None:
            return
        at = max(now, self._starts.get(occurrence.item.id, 0))
        if not guard.is_emergency(occurrence.item) and not self.is_open(at):
            self.halt(occurrence, "outside_hours")
            return
        volume = self._volume(occurrence, at)
        if volume != occurrence.volume:
            occurrence.volume = volume
            self._record.act(SetVolume(occurrence.item.id, volume))

    def _arm(self, now: int) -> None:
        for occurrence in self._deck.near(now):
            item = occurrence.item
            if occurrence.state is ItemState.READY and item.id not in self._deck.decoding:
                self._deck.decoding.add(item.id)
                networks = self._deck.policy.relay_networks if item.relays else ()
                self._record.act(Decode(item, occurrence.repeat, occurrence.gap_ms, networks))

    def _choose(self, now: int) -> None:
        """Start the first in rank, or make room for it; what may not sound gives way to the next."""
        while (best := self._first_in_rank(now)) is not None:
            at = max(best.begin, now)
            if self._gives_way(best, at, now):
                continue
            current = self._deck.sounding
            if current is None:
                self._start(best, at, now)
            elif rank(best.item) < rank(current.item) and at - PREEMPT_LEAD <= now:
                self.halt(current, "")
            return

    def _first_in_rank(self, now: int) -> Occurrence | None:
        due = [
            o
            for o in self._deck.near(now)
            if o.state in (ItemState.PREEMPTED, ItemState.ARMED)
            and (o.position or o.begin - START_LEAD <= now)
        ]
        return min(due, key=order, default=None)

    def _gives_way(self, occurrence: Occurrence, at: int, now: int) -> bool:
        if (obstacle := self.obstacle(occurrence, at)) is not None:
            self._deck.give_up(occurrence, obstacle[0], now, obstacle[1])
        return obstacle is not None

    def obstacle(self, occurrence: Occurrence, at: int) -> tuple[ItemState, str] | None:
        """What keeps an item from sounding at ``at``: the state that it ends in, and why."""
        item = occurrence.item
        if at > item.expires and not occurrence.position:
            return ItemState.EXPIRED, "waited"  # R4
        if why := self._holds.refusal(item, at):
            return ItemState.SKIPPED, why
        if refused := self._quota.refusal(occurrence, at):
            return ItemState.REFUSED, refused
        perhaps = occurrence.begin + self._clock.doubt_ms
        may_begin = self.is_open(at) and guard.is_day(self._deck.policy, perhaps)
        if not guard.is_emergency(item) and not may_begin:
            return ItemState.REFUSED, "clock_doubtful"
        return None

    def is_open(self, at: int) -> bool:
        """Whether it is an hour for ordinary announcements; of two clocks that disagree, by both of them."""
        policy = self._deck.policy
        return guard.is_open(policy, at) and guard.is_open(policy, at + self._clock.doubt_ms)

    def _start(self, occurrence: Occurrence, at: int, now: int) -> None:
        """Journal the start, on the medium, before the first sample (R5)."""
        occurrence.volume = self._volume(occurrence, at)
        again = occurrence.state is ItemState.PREEMPTED
        if again:
            occurrence.lost += live.passed(occurrence, at)
        self._starts[occurrence.item.id] = at
        self._deck.move(occurrence, ItemState.RESUMING if again else ItemState.STARTING, now)
        self._quota.begin(occurrence, at)
        self._record.act(Sync(), Play(occurrence.item.id, at, occurrence.position, occurrence.volume))

    def _outcome(self, occurrence: Occurrence, cut: _Cut | None, event: Finished) -> tuple[ItemState, str]:
        if event.failure:
            return ItemState.FAILED, event.failure
        rest = occurrence.total - occurrence.position
        if cut is None or (rest <= 0 and occurrence.offset):
            return _ended(occurrence, event.trouble)
        if not cut.reason and (rest >= LEAST_REST or not occurrence.position):
            return ItemState.PREEMPTED, ""
        reason = cut.reason or "preempted"
        heard = occurrence.offset or occurrence.state is ItemState.PLAYING
        return (ItemState.PARTIAL if heard else ItemState.CANCELLED), reason

    def _volume(self, occurrence: Occurrence, at: int) -> int:
        return guard.volume(self._deck.policy, occurrence.item, base=self._deck.base_volume, at=at)


def _ended(occurrence: Occurrence, trouble: str) -> tuple[ItemState, str]:
    """What became of an item that came to its end; a stream that was not there all the time is not done."""
    if not occurrence.offset:
        return ItemState.FAILED, trouble or "no_sound"
    if occurrence.position < occurrence.total:
        return ItemState.PARTIAL, trouble or "short"
    return (ItemState.PARTIAL, trouble or "preempted") if occurrence.lost else (ItemState.DONE, "")
