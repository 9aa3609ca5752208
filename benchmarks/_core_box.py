"""A loudspeaker's box in virtual time: a medium that fails, an output that keeps books, a clock that jumps.

The real core runs in it. What really sounds, and when, is held against the rules at every instant.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks._core_model import DEVICE, Model, begin_of, is_emergency, row
from benchmarks._core_time import Timeline, place_of, revision_of
from devices.messages import ClockQuality, Item, JournalEvent, Plan
from devices.speaker import core as c

FADE = 40  # ms
PATIENCE = 150  # ms within which a sound must end
GLANCE = 1_000  # ms between two looks at the wall clock
BLIND = 300  # ms before a first sample in which nobody can see any more that the clock was set
ENDS = {"done", "partial", "failed", "cancelled", "skipped", "refused", "expired", "missed", "interrupted"}


class DiskFullError(Exception):
    """The medium takes nothing."""


@dataclass
class Stretch:
    """What sounds, or is about to: from sample ``offset`` on, at ``start`` of the true time."""

    item: Item
    start: int
    offset: int
    volume: int
    end: int
    began: bool = False
    halted: bool = False


class Box(Timeline):
    """One loudspeaker; ``violations`` names every rule that was broken."""

    def __init__(self, rng: random.Random, now: int, first_keys: tuple[str, ...]) -> None:
        super().__init__(now)
        self.rng = rng
        self.quality, self.always_synced = ClockQuality.SYNCED, True
        self.first_keys = first_keys
        self.model, self.safe_model = Model(), Model()
        self.facts: dict[tuple[str, str], bytes] = {}
        self.journal: list[JournalEvent] = []
        self.safe: tuple[dict[tuple[str, str], bytes], int] = ({}, 0)
        self.seen_journal: list[JournalEvent] = []  # what left the box
        self.disk_full = False
        self.lossy = True
        self.core: c.SpeakerCore | None = None
        self.boots = 0
        self.clips: set[str] = set()
        self.plans: dict[str, Plan] = {}
        self.totals: dict[str, int] = {}
        self.stretch: Stretch | None = None
        self.amplifier = self.button = False
        self.about_to_play = ("", 0)
        self.heads: Counter[str] = Counter()  # first samples of each item
        self.rendered: Counter[str] = Counter()  # samples of each item
        self.too_late: dict[str, Item] = {}  # a jump of the clock passed their start
        self.ordered = ""  # the command in hand
        self.obeyed: set[str] = set()
        self.stepped_at = now - 10**9
        self.quiet_since = now  # true time since which what sounds must have ended
        self.stats: Counter[str] = Counter()
        self.violations: list[str] = []

    # --- time ---

    def elapse(self, to: int) -> None:
        """Pass time; what sounds meanwhile must be allowed to."""
        self.now = max(self.now, to)
        stretch = self.stretch
        if stretch is None or not stretch.began or stretch.halted:
            self.quiet_since = self.now
            return
        wall = self.wall
        wrong = self.model.wrong_sound(stretch.item, wall - 1, stretch.volume)
        if not wrong:
            self.quiet_since = self.now
        # At once, or as soon as the clock can be seen to have been set.
        patience = PATIENCE + (GLANCE if self.now - self.stepped_at < 2 * GLANCE else 0)
        if wrong and self.now - self.quiet_since > patience:
            self.wrong(wrong, stretch.item.id)
            self.quiet_since = self.now

    def step_clock(self, skew: int) -> None:
        before, self.skew = self.wall, skew
        self.stepped_at = self.now
        self.stats["clock steps"] += 1
        # What begins before the jump can be seen may begin as if there were none.
        for item in self.model.plan.values():
            ahead = begin_of(item) > before + GLANCE
            if ahead and begin_of(item) + 5_000 < self.wall and item.id not in self.model.begun:
                self.too_late[item.id] = item
        self.too_late = {n: item for n, item in self.too_late.items() if begin_of(item) < self.wall}
        self.later(self.rng.randrange(1, GLANCE), "glance")

    # --- power and medium ---

    def on_boot(self, _: object) -> None:
        self.boots += 1
        self.stats["boots"] += 1
        last = self.journal[-1].seq if self.journal else 0
        self.core = c.SpeakerCore(
            DEVICE,
            f"b{self.boots}",
            c.recall(self.facts),
            clips=self.clips,
            last_seq=last,
            server_keys=self.first_keys,
            clock=self.quality,
        )
        self.perform(lambda core: core.boot(self.wall, self.steady))
        self.press(self.button)
        self.later(self.rng.randrange(50, 3_000), "connected")

    def cut_power(self, off_ms: int) -> None:
        """Nothing more is written or sounds; what was not synced is lost."""
        self.core = None
        if self.stretch is not None and self.stretch.began:
            self.close_stretch(self.now)
        self.stretch = None
        self.forget("message", "clip", "disk", "world")
        facts, length = self.safe
        self.facts, self.journal = dict(facts), self.journal[:length]
        self.model = self.safe_model.copy()
        self.later(off_ms, "boot")

    def sync(self) -> None:
        if self.disk_full:
            raise DiskFullError
        self.safe = (dict(self.facts), len(self.journal))
        self.safe_model = self.model.copy()
        for event in self.journal[len(self.seen_journal) :]:
            self.seen_journal.append(event)  # what is safe may be sent: from now on it is history
        if self.journal[: len(self.seen_journal)] != self.seen_journal[: len(self.journal)]:
            self.wrong("R9: a number of the journal was used twice")

    def on_commit(self, _: object) -> None:
        if self.core is not None:
            try:
                self.sync()
            except DiskFullError:
                self.crash()

    def on_disk(self, full: object) -> None:
        self.disk_full = bool(full)

    def crash(self) -> None:
        self.stats["store failures"] += 1
        self.cut_power(self.rng.randrange(500, 5_000))

    # --- the core ---

    def wake(self) -> None:
        self.event(c.Tick())

    def on_reboot(self, _: object) -> None:
        if self.core is not None:
            self.cut_power(3_000)

    def once(self, command: str) -> None:
        if command in self.obeyed:
            self.wrong("R2: obeyed twice", command)
        self.obeyed.add(command)

    def on_glance(self, _: object) -> None:
        if self.core is not None and self.core.is_stepped(self.wall, self.steady):
            self.event(c.Tick())

    def on_event(self, event: c.Event) -> None:
        self.event(event)

    def event(self, event: c.Event) -> None:
        if self.core is not None:
            self.perform(lambda core: core.handle(event, self.wall, self.steady))

    def perform(self, call: Callable[[c.SpeakerCore], list[c.Action]]) -> None:
        assert self.core is not None
        try:
            for action in call(self.core):
                self.do(action)
            # A timer that was set before the clock was is not set anew by that.
            self.wake_at = self.now + max(1, self.core.next_due(self.wall) - self.wall)
        except DiskFullError:
            self.crash()

    def receive(self, order: object, signers: tuple[str, ...]) -> None:
        """What the agent does with a message: verify, then hand it to the core."""
        if self.core is None:
            return
        trusted = self.core.trusted(self.wall)
        if self.always_synced and trusted != self.model.trusted(self.first_keys, self.wall, self.quality):
            self.wrong("keyset: other keys count than should")
        if not set(signers) & set(trusted):
            self.stats["forged"] += 1
            self.event(c.OrderRefused("bad_signature", "x"))
            return
        self.ordered = getattr(order, "id", "")
        self.model.take(order, self.wall, self.quality)
        self.event(c.OrderReceived(order, place_of(order)))  # type: ignore[arg-type]
        held = self.facts.get(("desired", ""))
        if held is not None and revision_of(held) != self.model.revs["desired"]:
            self.wrong("R1: another document is held than the newest")

    def press(self, on: bool) -> None:
        self.button = on
        if self.core is not None:
            self.model.button = on
            self.event(c.SilencePressed(on))

    # --- what the core wants ---

    def do(self, action: c.Action) -> None:
        match action:
            case c.Keep() | c.Drop() | c.Append():
                self.write(action)
            case c.Sync():
                self.sync()
            case c.FetchClip():
                self.later(self.rng.randrange(20, 3_000), "clip", action.clip.sha256)
            case c.FetchPlan():
                self.later(self.rng.randrange(20, 2_000), "plan", action.pointer.sha256)
            case c.RunSelfTest():
                self.once(action.command_id)
                self.later(500, "event", c.SelfTested(action.command_id, ()))
            case c.Reboot():
                self.once(f"{self.ordered} reboots")
                self.later(1, "reboot")
            case _:
                self.sound(action)

    def sound(self, action: c.Action) -> None:
        match action:
            case c.Decode():
                self.decode(action)
            case c.Play():
                self.play(action)
            case c.Halt():
                self.halt(action.item_id)
            case c.SetVolume() if self.stretch is not None:
                self.stretch.volume = action.volume
            case c.Amplifier():
                self.amplifier = action.on
            case c.Identify():
                if self.model.is_silenced(self.wall) or not row(self.model.policy, self.wall)[0]:
                    self.wrong("guard: a tone outside the hours or under a silence")

    def write(self, action: c.Keep | c.Drop | c.Append) -> None:
        if self.disk_full:
            raise DiskFullError
        match action:
            case c.Keep():
                self.facts[action.kind, action.key] = action.body
            case c.Drop():
                del self.facts[action.kind, action.key]
            case c.Append():
                self.append(action.event)
        if not any(entry[2] == "commit" for entry in self.queue):
            self.later(500, "commit")

    def append(self, event: JournalEvent) -> None:
        if event.seq != (self.journal[-1].seq if self.journal else 0) + 1:
            self.wrong("R9: a gap in the journal")
        if event.event in ENDS:
            self.stats[event.event] += 1
            if any(e.item == event.item and e.event in ENDS for e in self.journal):
                self.wrong("R10: an item ended twice", event.item)
        if event.event == "done" and self.rendered[event.item] != self.totals.get(event.item):
            self.wrong("R10: done, but not everything sounded", event.item)
        if event.event == "starting":
            self.begin(event.item)
        if event.event in ("starting", "resuming"):
            self.about_to_play = (event.item, event.seq)
        self.journal.append(event)

    def begin(self, name: str) -> None:
        item = self.model.find(name)
        if name in self.model.begun:
            self.wrong("R5: started twice", name)
        if item is None:
            self.wrong("R1/R7: what no document in force names", name)
            return
        self.model.begun[name] = item

    def decode(self, action: c.Decode) -> None:
        if self.lossy and self.rng.random() < 0.05:
            lost = tuple(clip.sha256 for clip in action.item.clips)
            self.clips -= set(lost)
            self.later(50, "event", c.DecodeFailed(action.item, "clips_lost", lost))
            return
        total = sum(clip.duration_ms for clip in action.item.clips) * 48 * action.repeat
        self.totals[action.item.id] = total = total + action.gap_ms * 48 * (action.repeat - 1)
        self.later(self.rng.randrange(20, 400), "event", c.Decoded(action.item, total))

    def on_clip(self, sha256: object) -> None:
        good = not self.lossy or self.rng.random() < 0.8
        if good and not self.disk_full:
            self.clips.add(str(sha256))
            self.event(c.ClipFetched(str(sha256)))
        else:
            self.event(c.ClipFailed(str(sha256), "unreachable"))

    def on_plan(self, sha256: object) -> None:
        if self.core is None:
            return
        if self.lossy and self.rng.random() < 0.2:
            self.event(c.PlanFailed(str(sha256), "unreachable"))
            return
        plan = self.plans[str(sha256)]
        self.model.plan_came(str(sha256), plan)
        self.event(c.PlanFetched(str(sha256), plan))

    # --- the output ---

    def play(self, action: c.Play) -> None:
        name = action.item_id
        if self.stretch is not None:
            self.wrong("R6: two things at once", name)
            return
        if self.about_to_play != (name, self.journal[self.safe[1] - 1].seq):
            self.wrong("R5: a start that is not on the medium", name)
        if action.offset != self.rendered[name]:
            self.wrong("R5: a sample that was heard would sound again", name)
        if name not in self.model.begun:
            return  # told already; what follows would say nothing new
        start = max(self.now, action.at - self.skew)
        end = start + (self.totals[name] - action.offset) // 48
        item = self.model.begun[name]
        stretch = Stretch(item, start, action.offset, action.volume, end)
        if self.lossy and self.rng.random() < 0.02:
            self.later(0, "event", c.Finished(name, 0, failure="no_sound_card"))
            return
        self.stretch = stretch
        self.later(start - self.now, "start", stretch)

    def on_start(self, what: object) -> None:
        """The first sample leaves the output: the moment that the rules speak of."""
        stretch = self.stretch
        if stretch is None or stretch is not what or stretch.halted:
            return
        stretch.began = True
        name, wall, item = stretch.item.id, self.wall, stretch.item
        if not stretch.offset:
            self.stats["starts"] += 1
            self.heads[name] += 1
            if self.heads[name] > 1:
                self.wrong("R5: the first sample sounded twice", name)
        seen = self.now - self.stepped_at > BLIND
        if seen and not stretch.offset and (why := self.model.wrong_start(item, wall, 0)):
            self.wrong(why, name)
        if seen and not stretch.offset and self.too_late.get(name) is item:
            self.wrong("clock: begun late by a jump of the clock", name)
        if seen and (why := self.model.wrong_sound(item, wall, stretch.volume)):
            self.wrong(why, name)
        if seen and self.model.is_held(wall) and not is_emergency(item):
            self.wrong("hold: begun under it", name)
        if not self.amplifier:
            self.wrong("amplifier: off at a first sample", name)
        self.later(stretch.end - self.now, "end", stretch)
        self.event(c.Started(name, wall))

    def on_end(self, what: object) -> None:
        stretch = self.stretch
        if stretch is not None and stretch is what:
            samples = self.close_stretch(stretch.end)
            self.event(c.Finished(stretch.item.id, samples))

    def halt(self, name: str) -> None:
        """Fade out; a sound that has not begun never does."""
        stretch = self.stretch
        if stretch is None or stretch.item.id != name:
            return  # its Finished is on the way
        self.stats["halts"] += 1
        stretch.halted = True
        if stretch.began:
            stretch.end = min(stretch.end, self.now + self.rng.randrange(1, FADE))
            self.later(stretch.end - self.now, "end", stretch)
        else:
            self.stretch = None
            self.later(self.rng.randrange(1, 20), "event", c.Finished(name, 0))

    def close_stretch(self, end: int) -> int:
        stretch, self.stretch = self.stretch, None
        assert stretch is not None
        samples = (end - stretch.start) * 48
        self.rendered[stretch.item.id] = stretch.offset + samples
        self.stats["sounded_ms"] += end - stretch.start
        return samples

    def wrong(self, rule: str, name: str = "") -> None:
        self.violations.append(f"{rule} ({name})" if name else rule)
