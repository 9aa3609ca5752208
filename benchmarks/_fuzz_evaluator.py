"""Fuzzes the plan evaluator: whatever documents the decoder takes, the core goes on and keeps its rules."""

from __future__ import annotations

import copy
import heapq
import itertools
import json
import random
from collections import Counter
from typing import Any

from benchmarks._fuzz_decoder import KEYS, PUBLISHED, Violation, sealed
from benchmarks._fuzz_mutation import Mutator
from devices.envelope import decode_plan, open_order
from devices.errors import OrderRejected
from devices.messages import ClockQuality, Item, JournalEvent, Plan
from devices.speaker import core as c
from devices.speaker.ports import RATE
from devices.topics import Topics

_STORIES = json.loads((PUBLISHED / "vectors/stories.json").read_text("utf-8"))["stories"]
_TOPICS = Topics("xa")
_TICKS = 400  # of one input; a document that makes the core busy for longer is a fault


def one(rng: random.Random) -> str:
    """One story with changed documents. Raises Violation, and whatever should not escape from the core."""
    story = copy.deepcopy(rng.choice(_STORIES))
    stage = _Stage(rng, story["begin"])
    mutator = Mutator(rng)
    taken = 0
    for step in story["steps"]:
        stage.run_to(step["at"] + rng.choice((0, 0, 0, -5_000, 5_000)))
        if "message" in step:
            taken += stage.receive(step, mutator)
        else:
            stage.happen(step)
    stage.run_to(story["until"])
    stage.judge()
    return "taken" if taken else "refused"


class _Stage:
    """Sound and files that may fail at any time; keeps what the core has done."""

    def __init__(self, rng: random.Random, begin: int) -> None:
        self._rng = rng
        self._now = begin
        self._plans: dict[str, Plan] = {}
        self._facts: dict[tuple[str, str], bytes] = {}
        self._journal: list[JournalEvent] = []
        self._audio: dict[str, int] = {}
        self._items: dict[str, Item] = {}
        self._playing: dict[str, int] = {}
        self._later: list[tuple[int, int, c.Event]] = []
        self._order = itertools.count()
        self._core = self._boot()

    def receive(self, step: dict[str, Any], mutator: Mutator) -> bool:
        """Change a document, and give it to the core if the decoder takes it."""
        if "plan" in step:
            self._offer_plan(step, mutator)
        try:
            order = open_order(sealed(json.dumps(mutator.message(step["message"])).encode()), KEYS)
            place = _TOPICS.parse(f"ttcs/1/xa/{step['topic']}")
        except OrderRejected as error:
            self._give(c.OrderRefused(error.code, str(error)))
            return False
        self._give(c.OrderReceived(order, place))
        return True

    def happen(self, step: dict[str, Any]) -> None:
        if "button" in step:
            self._give(c.SilencePressed(step["button"]))
        elif "clock" in step:
            self._give(c.ClockJudged(ClockQuality(step["clock"])))
        elif step["power"]:
            self._later, self._playing = [], {}
            self._core = self._boot()

    def run_to(self, instant: int) -> None:
        for _ in range(_TICKS):
            due = self._core.next_due(self._now)
            if due <= self._now:
                raise Violation(f"next_due {due} is not after {self._now}")
            due = min(due, self._later[0][0]) if self._later else due
            if due > instant:
                break
            self._now = max(self._now, due)
            ripe = self._later and self._later[0][0] <= self._now
            self._give(heapq.heappop(self._later)[2] if ripe else c.Tick())
        self._now = max(self._now, instant)

    def judge(self) -> None:
        """What must hold after whatever has come."""
        if [event.seq for event in self._journal] != list(range(1, len(self._journal) + 1)):
            raise Violation("the journal has a gap")
        starts = Counter(event.item for event in self._journal if event.event == "starting")
        if twice := [item for item, count in starts.items() if count > 1]:
            raise Violation(f"started twice: {twice}")
        memory = c.recall(self._facts)
        if memory.damaged:
            raise Violation(f"facts that cannot be read again: {memory.damaged}")

    def _boot(self) -> c.SpeakerCore:
        core = c.SpeakerCore("loa-1", "boot", c.recall(self._facts), last_seq=len(self._journal))
        self._act(core.boot(self._now))
        return core

    def _offer_plan(self, step: dict[str, Any], mutator: Mutator) -> None:
        try:
            plan = decode_plan(json.dumps(mutator.message(step["plan"])).encode())
        except OrderRejected:
            return
        self._plans[step["message"]["plan"]["sha256"]] = plan

    def _give(self, event: c.Event) -> None:
        if isinstance(event, c.Started) and event.item_id not in self._playing:
            return
        if isinstance(event, c.Finished) and self._playing.pop(event.item_id, None) is None:
            return
        self._act(self._core.handle(event, self._now))

    def _soon(self, event: c.Event, at: int = 0) -> None:
        heapq.heappush(self._later, (max(self._now, at), next(self._order), event))

    def _act(self, actions: list[c.Action]) -> None:
        for action in actions:
            match action:
                case c.Keep():
                    self._facts[action.kind, action.key] = action.body
                case c.Drop():
                    self._facts.pop((action.kind, action.key), None)
                case c.Append():
                    self._journal.append(action.event)
                case c.FetchPlan() | c.FetchClip() | c.Decode():
                    self._supply(action)
                case c.Play() | c.Halt():
                    self._sound(action)

    def _supply(self, action: c.FetchPlan | c.FetchClip | c.Decode) -> None:
        works = self._rng.random() < 0.9
        match action:
            case c.FetchPlan(pointer=pointer):
                plan = self._plans.get(pointer.sha256)
                failed = c.PlanFailed(pointer.sha256, "lost")
                self._soon(c.PlanFetched(pointer.sha256, plan) if plan and works else failed)
            case c.FetchClip(clip=clip):
                self._soon(c.ClipFetched(clip.sha256) if works else c.ClipFailed(clip.sha256, "lost"))
            case c.Decode():
                self._items[action.item.id] = action.item
                self._audio[action.item.id] = self._rng.choice((1, RATE, 30 * RATE))
                decoded = c.Decoded(action.item, self._audio[action.item.id])
                self._soon(decoded if works else c.DecodeFailed(action.item, "unreadable"))

    def _sound(self, action: c.Play | c.Halt) -> None:
        if isinstance(action, c.Halt):
            self._soon(c.Finished(action.item_id, self._rng.choice((0, RATE, 10 * RATE))))
            return
        if not 0 <= action.volume <= 100:
            raise Violation(f"volume {action.volume}")
        self._require_in_time(action)
        rest = self._audio[action.item_id] - action.offset
        began = max(self._now, action.at)
        self._playing[action.item_id] = began
        self._soon(c.Started(action.item_id, began), began)
        self._soon(c.Finished(action.item_id, max(0, rest)), began + max(0, rest) * 1000 // RATE)

    def _require_in_time(self, action: c.Play) -> None:
        """R4, as far as the item alone decides it; a turn among neighbours takes at most ten minutes."""
        item = self._items[action.item_id]
        latest = item.expires + 600_000
        if not action.offset and not item.not_before <= max(action.at, self._now) <= latest:
            raise Violation(f"{item.id} starts at {action.at}, allowed {item.not_before} to {item.expires}")
