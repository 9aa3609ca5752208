"""Random histories of one loudspeaker: network, server, attacker, mains, disk and clock do what they like.

``run(seed)`` lets one happen and returns what was broken, and what happened at all.
"""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import itertools
import random
from collections import Counter

from benchmarks._core_box import Box
from benchmarks._core_chance import SECOND, make, some_alert, some_item, some_policy
from benchmarks._core_model import DEVICE, GROUP
from devices.messages import (
    Action,
    Alert,
    Alerts,
    BulletinClass,
    ClockQuality,
    Command,
    Desired,
    Item,
    Keyset,
    Plan,
    PlanPointer,
    Tombstone,
    TrustedKey,
)
from devices.speaker import core as c

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
MIDNIGHT = 1_800_000_000_000 // DAY * DAY - 7 * HOUR  # in Vietnam
KEYS = tuple(base64.b64encode(hashlib.sha256(bytes([n])).digest()).decode() for n in range(8))
STOLEN = KEYS[-1]  # never trusted
NAMES = tuple(f"s{n}" for n in range(6))
URGENT = tuple(f"u{n}" for n in range(4))
STEPS = 18


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What one history came to."""

    seed: int
    violations: list[str]
    stats: Counter[str]


def run(seed: int) -> Outcome:
    """One history from boot to the end of everything that was planned."""
    try:
        world = World(random.Random(seed))
        for _ in range(STEPS):
            world.step()
        world.end()
    except Exception as error:
        error.add_note(f"in the history of seed {seed}")
        raise
    return Outcome(seed, world.box.violations, world.box.stats)


class World:
    """The server's side and chance."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        minute = rng.choice([5 * 60, 6 * 60, 12 * 60, 21 * 60, 21 * 60 + 30, 0]) - rng.randrange(8)
        self.box = Box(rng, MIDNIGHT + DAY + minute * MINUTE + rng.randrange(MINUTE), KEYS[:1])
        self.box.on_connected = self.connected  # type: ignore[attr-defined]
        self.box.on_message = self.message  # type: ignore[attr-defined]
        self.minute = minute % (24 * 60)
        self.revs = itertools.count(1)
        self.sent: list[tuple[object, tuple[str, ...]]] = []
        self.retained: dict[str, tuple[object, tuple[str, ...]]] = {}
        self.keyset: Keyset | None = None
        self.signers = KEYS[:1]
        self.policy = some_policy(self.rng, self.minute)
        self.wake = rng.choice([0, 500, 5_000])
        self.volume = 80
        self.items: dict[str, Item] = {}
        self.urgent: dict[str, Item] = {}
        self.cancelled: set[str] = set()
        self.box.on_boot(None)
        self.publish_plan()

    # --- one step ---

    def step(self) -> None:
        name = self.rng.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        getattr(self, f"do_{name}")()
        self.box.run(self.box.now + self.rng.choice(WAITS))

    def end(self) -> None:
        """All is well again: everything comes to an end, and a last announcement sounds at its instant."""
        box = self.box
        box.lossy, box.disk_full = False, False
        box.run(box.now + 3 * MINUTE)
        if box.skew:
            box.step_clock(0)
        box.quality = ClockQuality.SYNCED
        box.event(c.ClockJudged(ClockQuality.SYNCED, 5))
        box.press(False)
        box.run(box.now + 4 * SECOND)
        self.command(Action.RELEASE)
        self.connected()
        box.run(box.now + 75 * MINUTE)
        if box.core is None:
            box.wrong("end: the box is not on")
            return
        left = [n for n, o in box.core._memory.item.items() if o.state not in c.FINAL]  # noqa: SLF001
        if left or box.stretch is not None:
            box.wrong("end: something never ends", ",".join(left))
        last = make("last", box.now, 30 * SECOND, 4, klass=BulletinClass.EMERGENCY, late=60)
        self.urgent = {"last": last}
        self.publish_alerts()
        box.run(box.now + MINUTE)
        started = [e.started for e in box.journal if e.item == "last" and e.event == "done"]
        if started != [last.start]:
            box.wrong("end: an emergency does not sound at its instant")

    # --- the server ---

    def do_plan(self) -> None:
        names = self.rng.sample(NAMES, self.rng.randrange(4))
        kept = {n: i for n, i in self.items.items() if self.rng.random() < 0.6}
        made = {n: some_item(self.rng, n, self.box.now) for n in names}
        self.items = kept | made
        self.publish_plan()

    def do_settings(self) -> None:
        self.volume = self.rng.choice([0, 40, 80, 100])
        if self.rng.random() < 0.5:
            self.policy = some_policy(self.rng, self.minute)
        self.publish_plan()

    def do_alerts(self) -> None:
        for name in self.rng.sample(URGENT, self.rng.randrange(1, 3)):
            self.urgent[name] = some_alert(self.rng, name, self.box.now)
        self.publish_alerts()

    def do_cancel(self) -> None:
        name = self.rng.choice(URGENT)
        self.cancelled.add(name)
        self.urgent.pop(name, None)
        self.publish_alerts()

    def do_stop(self) -> None:
        hold = self.rng.choice([0, 20, 120]) * SECOND
        self.command(Action.STOP, hold_until=self.box.now + hold if hold else 0)

    def do_stop_item(self) -> None:
        self.command(Action.STOP, items=(self.rng.choice(NAMES + URGENT),))

    def do_silence(self) -> None:
        length = self.rng.choice([0, 10, 60, 300]) * SECOND
        self.command(Action.SILENCE, hold_until=self.box.now + length if length else 0)
        self.do_alerts()

    def do_release(self) -> None:
        self.command(Action.RELEASE)

    def do_upkeep(self) -> None:
        actions = [Action.IDENTIFY, Action.SELF_TEST, Action.FETCH, Action.REBOOT, Action.REPORT]
        self.command(self.rng.choice(actions))

    def do_volume(self) -> None:
        self.command(Action.VOLUME, volume=self.rng.choice([0, 30, 90, 300]))

    def do_keys(self) -> None:
        """A rotation as it should be, or a set that nobody may take."""
        version, now = (self.keyset.version if self.keyset else 0) + 1, self.box.now
        match self.rng.randrange(5):
            case 0 if self.keyset:
                living = TrustedKey(key=KEYS[0], not_after=now + 900 * DAY)
                self.publish_plan(Keyset(version=self.rng.randrange(version), keys=(living,)))
            case 0:
                self.publish_plan(Keyset(version=version, keys=()))
            case 1:
                self.publish_plan(
                    Keyset(version=version, keys=(TrustedKey(key=KEYS[1], not_after=now - DAY),))
                )
            case _ if version < len(KEYS) - 1:
                old = [TrustedKey(key=KEYS[n], not_after=now + MINUTE) for n in range(version)]
                new = TrustedKey(key=KEYS[version], not_after=now + 900 * DAY)
                self.keyset = Keyset(version=version, keys=(*old, new))
                self.signers = KEYS[: version + 1]
                self.publish_plan()

    # --- an attacker ---

    def do_replay(self) -> None:
        """Anything that was ever sent, once more; best just when the box has lost its memory."""
        if self.box.core is not None and self.rng.random() < 0.4:
            self.box.cut_power(50)
        for what in self.rng.choices(self.sent, k=3):
            self.box.later(self.rng.randrange(60, 400), "message", what)

    def do_forge(self) -> None:
        """An order with a seal that does not count: a stranger's, or that of a key which may have ended."""
        item = make("forged", self.box.now, SECOND, 8, klass=BulletinClass.EMERGENCY)
        now, signer = self.box.now, self.rng.choice([STOLEN, self.signers[0]])
        epoch = 9 if signer == STOLEN else 1
        alerts = (Alert(item=item), *(Alert(item=other) for other in self.urgent.values()))
        order = Alerts(group=GROUP, epoch=epoch, rev=next(self.revs), issued_at=now, alerts=alerts)
        self.box.later(self.rng.randrange(1, 500), "message", (order, (signer,)))

    # --- the box and its surroundings ---

    def do_button(self) -> None:
        self.box.press(not self.box.button)

    def do_power(self) -> None:
        if self.box.core is not None:
            self.box.cut_power(self.rng.choice([50, 5 * SECOND, 2 * MINUTE]))

    def do_disk(self) -> None:
        self.box.disk_full = True
        self.box.later(self.rng.choice([100, 3_000, 30_000]), "disk", False)

    def do_clock(self) -> None:
        by = self.rng.choice([-3 * HOUR, -90 * SECOND, -7_000, -500, 0, 400, 7_000, 90 * SECOND, 3 * HOUR])
        if self.rng.random() < 0.6:
            self.do_near()
        if self.box.now - self.box.stepped_at > 3 * SECOND:
            self.box.step_clock(by)

    def do_quality(self) -> None:
        self.box.always_synced = False
        self.box.quality = self.rng.choice(list(ClockQuality))
        self.box.event(c.ClockJudged(self.box.quality, self.rng.choice([None, 3, 900])))

    def do_reconnect(self) -> None:
        self.connected()

    def do_sensors(self) -> None:
        name = self.rng.choice(NAMES + URGENT)
        self.box.event(c.Electrical(name, self.rng.random() < 0.7))
        self.box.event(c.Heard(name, 0, "AAAA"))
        self.unordered()

    def do_near(self) -> None:
        """Time passes until shortly before or after something is to begin."""
        items = [*self.items.values(), *self.urgent.values()]
        ahead = [item.start for item in items if item.start > self.box.wall]
        if ahead:
            near = min(ahead) - self.box.skew + self.rng.choice([-20_000, -1_700, -700, -120, 60, 3_000])
            self.box.run(max(self.box.now, near))

    def do_nothing(self) -> None:
        """Time passes."""

    def unordered(self) -> None:
        box = self.box
        before = sum(e.event == "unordered_sound" for e in box.journal)
        silent = box.stretch is None
        box.event(c.UnorderedSound(70.0))
        if not silent and sum(e.event == "unordered_sound" for e in box.journal) > before:
            box.wrong("sensors: what was ordered is called unordered")

    # --- what travels ---

    def publish_plan(self, keyset: Keyset | None = None) -> None:
        box = self.box
        plan = Plan(start=box.now - HOUR, end=box.now + 7 * DAY, items=tuple(self.items.values()))
        rev = next(self.revs)
        sha256 = hashlib.sha256(repr((rev, plan)).encode()).hexdigest()
        box.plans[sha256] = plan
        self.publish(
            "desired",
            Desired(
                device=DEVICE,
                epoch=1,
                rev=rev,
                issued_at=box.now,
                groups=(GROUP,),
                policy=self.policy,
                plan=PlanPointer(epoch=1, rev=rev, sha256=sha256, size=1, url="http://s/plan"),
                volume=self.volume,
                keyset=keyset or self.keyset,
                wake_ms=self.wake,
            ),
        )

    def publish_alerts(self) -> None:
        now = self.box.now
        stones = tuple(Tombstone(id=n, at=now, until=now + DAY) for n in sorted(self.cancelled & set(URGENT)))
        wanted = tuple(Alert(item=item) for item in self.urgent.values())
        self.publish(
            "alerts",
            Alerts(group=GROUP, epoch=1, rev=next(self.revs), issued_at=now, alerts=wanted, cancelled=stones),
        )

    def command(self, action: Action, **fields: object) -> None:
        name = f"c{next(self.revs)}"
        self.cancelled |= set(fields.get("items", ()))  # type: ignore[call-overload]
        target = self.rng.choice([DEVICE, GROUP])
        until = self.box.now + self.rng.choice([10, 40]) * SECOND
        order = Command(
            id=name,
            target=target,
            action=action,
            issued_at=self.box.now,
            expires_at=until,
            **fields,  # type: ignore[arg-type]
        )
        self.send(order, self.signers)

    def publish(self, name: str, order: object) -> None:
        self.retained[name] = (order, self.signers)
        self.send(order, self.signers)

    def send(self, order: object, signers: tuple[str, ...]) -> None:
        """Through a network that loses, delays, doubles and overtakes."""
        self.sent.append((order, signers))
        copies = self.rng.choices([0, 1, 2], [2, 7, 1])[0] if self.box.lossy else 1
        for _ in range(copies):
            delay = self.rng.choice([5, 50, 500, 4_000, 15_000] if self.box.lossy else [5, 50, 500])
            self.box.later(delay, "message", (order, signers))

    def message(self, what: tuple[object, tuple[str, ...]]) -> None:
        self.box.receive(*what)

    def connected(self, _: object = None) -> None:
        """The broker gives what it kept."""
        for what in self.retained.values():
            self.box.later(self.rng.randrange(1, 300), "message", what)


WEIGHTS = {
    "plan": 8,
    "near": 10,
    "settings": 2,
    "alerts": 4,
    "cancel": 2,
    "stop": 2,
    "stop_item": 1,
    "silence": 2,
    "release": 2,
    "upkeep": 2,
    "volume": 1,
    "keys": 1,
    "replay": 2,
    "forge": 1,
    "button": 1,
    "power": 2,
    "disk": 1,
    "clock": 2,
    "quality": 1,
    "reconnect": 2,
    "sensors": 1,
    "nothing": 6,
}
WAITS = (20, 400, 1_500, 2_500, 10_000, 10_000, 30_000, MINUTE)
