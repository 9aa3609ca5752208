"""A loudspeaker in virtual time: the real core, a medium that can lose writes, an output that keeps books."""

import dataclasses
import hashlib
import heapq
import itertools

import pytest

from devices.messages import (
    Action,
    Alert,
    Alerts,
    AllowedWindow,
    BulletinClass,
    ClipRef,
    Command,
    Cursor,
    Desired,
    GuardPolicy,
    Item,
    Plan,
    PlanPointer,
    Tombstone,
)
from devices.speaker import core as c
from devices.topics import Kind, Place

NOON = 1_800_000_000_000 // 86_400_000 * 86_400_000 + 5 * 3600_000  # 12:00 in Vietnam, UTC ms
SECOND = 1000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DEVICE = "loa-1"
GROUP = "xa"
ALL_DAY = GuardPolicy(windows=(AllowedWindow(start="00:00", end="24:00"),))


@dataclasses.dataclass
class Stretch:
    """A stretch of sound: from when to when, from which sample, how loud, and whether it was cut."""

    item: str
    start: int
    offset: int
    volume: int
    end: int
    cut: bool = False
    stopped_at: int = 0


class Medium:
    """Facts and journal; what was not synced is lost by a power cut."""

    def __init__(self):
        self.facts, self.journal, self.boots = {}, [], []
        self._safe = ({}, [])

    def sync(self):
        self._safe = (dict(self.facts), list(self.journal))

    def is_safe(self):
        return (self.facts, self.journal) == self._safe

    def cut(self):
        facts, journal = self._safe
        self.facts, self.journal = dict(facts), list(journal)


class Rig:
    """``send`` orders, ``run`` the time, ``cut_power``, ``power_on``; read what was heard and journaled."""

    def __init__(self, now=NOON, policy=ALL_DAY):
        self.now, self.policy = now, policy
        self.medium = Medium()
        self.heard, self.acks, self.clips, self.plans = [], [], set(), {}
        self.actions, self.plays = [], []
        self.revs = itertools.count(1)
        self.fetch_ms = 200
        self.outages = {}  # item -> ms of its stream that do not come, and why
        self.can_fetch = True
        self.skew = 0  # ms that the loudspeaker's wall clock is off
        self.boot_count = 0
        self.core = None
        self.switched = []  # when the amplifier was switched, and which way
        self.server_keys = ()
        self.power_on()

    # --- power ---

    def power_on(self):
        self.boot_count += 1
        self._queue, self._order = [], itertools.count()
        self._playing = {}
        memory = c.recall(self.medium.facts)
        seq = self.medium.journal[-1].seq if self.medium.journal else 0
        name = f"boot-{self.boot_count}"
        keys = self.server_keys
        self.core = c.SpeakerCore(DEVICE, name, memory, clips=self.clips, last_seq=seq, server_keys=keys)
        self._perform(self.core.boot(self.clock, self.now - NOON))

    def cut_power(self):
        for stretch in self._playing.values():
            stretch.end, stretch.cut = max(stretch.start, min(stretch.end, self.now)), True
            if stretch.start > self.now:
                self.heard.remove(stretch)
        self.core = None
        self.medium.cut()

    @property
    def clock(self):
        return self.now + self.skew

    # --- orders ---

    def item(self, name, start, seconds=60, *, late_s=60, **fields):
        sha256 = fields.pop("sha256", hashlib.sha256(name.encode()).hexdigest())
        clip = ClipRef(sha256=sha256, size=1000, duration_ms=seconds * SECOND, url=f"http://s/{sha256}")
        basics = {"not_before": start, "expires": start + late_s * SECOND, "issued_at": start - HOUR}
        return Item(id=name, title=name, start=start, clips=(clip,), **(basics | fields))

    def emergency(self, name, start, seconds=20, **fields):
        fields = {"klass": BulletinClass.EMERGENCY, "late_s": 300} | fields
        return self.item(name, start, seconds, **fields)

    def desired(self, *items, rev=None, epoch=1, **fields):
        """The desired state with a plan of these items, which can be fetched from now on."""
        plan = Plan(start=self.now - HOUR, end=self.now + 7 * 24 * HOUR, items=items)
        sha256 = hashlib.sha256(repr(plan).encode()).hexdigest()
        self.plans[sha256] = plan
        rev = rev or next(self.revs)
        pointer = PlanPointer(epoch=epoch, rev=rev, sha256=sha256, size=1, url="http://s/plan")
        defaults = {"groups": (GROUP,), "policy": self.policy, "plan": pointer, "issued_at": self.now}
        return Desired(device=DEVICE, epoch=epoch, rev=rev, **(defaults | fields))

    def alerts(self, *items, cancelled=(), rev=None, repeat=1):
        rev = rev or next(self.revs)
        stones = tuple(Tombstone(id=name, at=self.now, until=self.now + 24 * HOUR) for name in cancelled)
        wanted = tuple(Alert(item=item, repeat=repeat) for item in items)
        return Alerts(group=GROUP, epoch=1, rev=rev, issued_at=self.now, alerts=wanted, cancelled=stones)

    def command(self, action, *items, target=GROUP, valid_s=30, **fields):
        name = fields.pop("id", f"c{next(self.revs)}")
        fields = {"issued_at": self.now, "expires_at": self.now + valid_s * SECOND} | fields
        return Command(id=name, target=target, action=action, items=items, **fields)

    def stop(self, *items, **fields):
        return self.command(Action.STOP, *items, **fields)

    def cursor(self, boot, seq):
        return Cursor(device=DEVICE, boot=boot, seq=seq, issued_at=self.now)

    def send(self, order, place=None):
        self.event(c.OrderReceived(order, place or self.place_of(order)))

    def place_of(self, order):
        match order:
            case Desired():
                return Place(Kind.DESIRED, order.device)
            case Cursor():
                return Place(Kind.CURSOR, order.device)
            case Alerts():
                return Place(Kind.ALERTS, order.group)
            case Command(target=target) if target == DEVICE:
                return Place(Kind.CMD, target)
        return Place(Kind.GROUP_CMD, order.target)

    def event(self, event):
        self._perform(self.core.handle(event, self.clock, self.now - NOON))

    # --- time ---

    def run(self, until):
        """Let time pass up to ``until`` (true UTC ms): what is due happens in order."""
        while self.core is not None:
            due = self.core.next_due(self.clock) - self.skew
            at = min(self._queue[0][0] if self._queue else until, max(due, self.now + 1))
            if at > until:
                break
            self.now = max(self.now, at)
            if self._queue and self._queue[0][0] <= self.now:
                self._arrive(heapq.heappop(self._queue)[2])
            else:
                self.event(c.Tick())
            if self.now >= until:
                break
        self.now = until

    def after(self, ms):
        self.run(self.now + ms)

    # --- books ---

    def states(self, name):
        return [e.event for e in self.medium.journal if e.item == name]

    def last(self, name):
        return next(e for e in reversed(self.medium.journal) if e.item == name)

    def codes(self):
        return [(ack.stage, ack.code) for ack in self.acks]

    def done(self, kind):
        """The actions of one kind, in order."""
        return [action for action in self.actions if isinstance(action, kind)]

    def alarms(self):
        return [e.event for e in self.medium.journal if not e.item]

    def sound_of(self, name):
        return [s for s in self.heard if s.item == name]

    # --- the world's side of the actions ---

    def _later(self, ms, event):
        heapq.heappush(self._queue, (self.now + ms, next(self._order), event))

    def _arrive(self, event):
        if isinstance(event, c.Started):
            event = c.Started(event.item_id, self.clock)
        if isinstance(event, c.ClipFetched):
            self.clips.add(event.sha256)
        if isinstance(event, c.Finished):
            stretch = self._playing.get(event.item_id)
            if stretch is None:
                return
            del self._playing[event.item_id]
        self.event(event)

    def _perform(self, actions):
        for action in actions:
            self.actions.append(action)
            self._do(action)

    def _do(self, action):
        match action:
            case c.Keep():
                self.medium.facts[action.kind, action.key] = action.body
            case c.Drop():
                del self.medium.facts[action.kind, action.key]
            case c.Append():
                self.medium.journal.append(action.event)
                self.medium.boots.append(self.core.boot_id if self.core else f"boot-{self.boot_count}")
            case c.Sync():
                self.medium.sync()
            case c.FetchPlan():
                self._fetch_plan(action.pointer)
            case c.FetchClip():
                sha256 = action.clip.sha256
                good = c.ClipFetched(sha256) if self.can_fetch else c.ClipFailed(sha256, "unreachable")
                self._later(self.fetch_ms, good)
            case c.Reply():
                self.acks.append(action.ack)
            case _:
                self._do_sound(action)

    def _do_sound(self, action):
        match action:
            case c.Decode():
                self._decode(action)
            case c.Play():
                self._play(action)
            case c.Halt():
                self._halt(action.item_id)
            case c.Amplifier():
                self.switched.append((self.now, action.on))

    def _fetch_plan(self, pointer):
        if self.can_fetch:
            self._later(self.fetch_ms, c.PlanFetched(pointer.sha256, self.plans[pointer.sha256]))
        else:
            self._later(self.fetch_ms, c.PlanFailed(pointer.sha256, "unreachable"))

    def _decode(self, action):
        once = action.item.duration_ms * 48
        total = once * action.repeat + action.gap_ms * 48 * (action.repeat - 1)
        self.totals = getattr(self, "totals", {}) | {action.item.id: total}
        live = tuple(_spans(action.item))
        self._later(100, c.Decoded(action.item, total, live))

    def _play(self, action):
        assert not self._playing, "two items would sound at once"
        self.plays.append((action, self.core._memory.item[action.item_id].item, self.medium.journal[-1]))
        assert self.medium.journal[-1].event in ("starting", "resuming")
        assert self.medium.is_safe(), "a sample would sound before its start is on the medium"
        start = max(self.now, action.at - self.skew)
        rest = self.totals[action.item_id] - action.offset
        stretch = Stretch(action.item_id, start, action.offset, action.volume, start + rest // 48)
        self._playing[action.item_id] = stretch
        self.heard.append(stretch)
        self._later(start - self.now, c.Started(action.item_id, 0))
        lost, trouble = self.outages.get(action.item_id, (0, ""))
        gone = min(rest, lost * 48)
        finished = c.Finished(
            action.item_id, rest - gone, lost=gone, gaps=int(gone > 0), trouble=trouble if gone else ""
        )
        self._later(stretch.end - self.now, finished)

    def _halt(self, name):
        stretch = self._playing[name]
        stretch.cut, stretch.stopped_at = True, self.now
        end = min(stretch.end, self.now + 40)
        if stretch.start >= self.now:
            end = stretch.start
            self.heard.remove(stretch)
        samples = max(0, end - stretch.start) * 48
        stretch.end = end
        self._queue = [entry for entry in self._queue if not self._is_of_stretch(entry, name)]
        heapq.heapify(self._queue)
        self._later(max(0, end - self.now) if samples else 1, c.Finished(name, samples))

    def _is_of_stretch(self, entry, name):
        at, _, event = entry
        over = isinstance(event, c.Finished) or (isinstance(event, c.Started) and at > self.now)
        return over and event.item_id == name


def _spans(item):
    at = 0
    for count in range(len(item.clips) + 1):
        for relay in item.relays:
            if relay.after == count:
                yield (at, at + relay.duration_ms * 48)
                at += relay.duration_ms * 48
        at += sum(clip.duration_ms * 48 for clip in item.clips[count : count + 1])


@pytest.fixture(scope="session")
def rig():
    """The class, so that property tests can build many."""
    return Rig
