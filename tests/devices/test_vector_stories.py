"""Our core against the published stories: a loudspeaker with a watch, a power switch and perfect sound."""

import heapq
import itertools
import json
from pathlib import Path

import msgspec
import pytest

from devices.messages import Alerts, ClockQuality, Command, Desired, ItemState, Order, Plan
from devices.speaker import core as c
from devices.speaker.ports import RATE
from devices.topics import Topics

PUBLISHED = json.loads((Path(__file__).parents[2] / "docs/protocol/vectors/stories.json").read_text("utf-8"))
TOPICS = Topics("xa")
TOLERANCE = 400  # ms
STATES = {state.value for state in ItemState}


class Stage:
    """Carries out what the core wants, at once and without a fault, in a time of its own."""

    def __init__(self, story):
        self.now = story["begin"]
        self.missing = set(story["missing"])
        self.dead = {each["url"]: (each["from"], each["reason"]) for each in story.get("dead", ())}
        self.can_relay = "relay" in story.get("capabilities", ["relay"])
        self.plans = {}
        self.facts, self.clips = {}, set()
        self.journal, self.acks = [], []
        self.audio, self.playing = {}, {}  # item -> what it is made of; item -> when it began, and where
        self.later, self.order = [], itertools.count()
        self.boots = itertools.count()
        self.quality = ClockQuality.SYNCED
        self.switch(on=True)

    def switch(self, *, on):
        """Give or take the power: what was not kept is forgotten."""
        if not on:
            self.core = None
            self.later, self.playing, self.audio = [], {}, {}
            return
        seq = max((event.seq for event in self.journal), default=0)
        self.core = c.SpeakerCore(
            "loa-1", f"boot{next(self.boots)}", c.recall(self.facts), clips=self.clips, last_seq=seq
        )
        self.act(self.core.boot(self.now))

    def run_to(self, instant):
        """Let everything happen that is due until then."""
        while self.core is not None:
            due = min([self.core.next_due(self.now), *[at for at, *_ in self.later[:1]]])
            if due > instant:
                break
            self.now = max(self.now, due)
            if self.later and self.later[0][0] <= self.now:
                self.give(heapq.heappop(self.later)[2])
            else:
                self.give(c.Tick())
        self.now = instant

    def give(self, event):
        if isinstance(event, c.Started | c.Finished) and not self.is_current(event):
            return
        self.act(self.core.handle(event, self.now))

    def is_current(self, event):
        """A sound that was cut ends with what was heard of it, not later with the rest."""
        if isinstance(event, c.Started):
            return event.item_id in self.playing
        return self.playing.pop(event.item_id, None) is not None

    def soon(self, event, at=None):
        heapq.heappush(self.later, (max(self.now, at or 0), next(self.order), event))

    def act(self, actions):
        for action in actions:
            self.write(action)
            self.sound(action)

    def write(self, action):
        match action:
            case c.Keep():
                self.facts[action.kind, action.key] = action.body
            case c.Drop():
                self.facts.pop((action.kind, action.key), None)
            case c.Append():
                self.journal.append(action.event)
            case c.Reply():
                self.acks.append(action.ack)
            case c.FetchPlan():
                self.soon(c.PlanFetched(action.pointer.sha256, self.plans[action.pointer.sha256]))
            case c.FetchClip():
                sha256 = action.clip.sha256
                found = sha256 not in self.missing
                self.clips |= {sha256} if found else set()
                self.soon(c.ClipFetched(sha256) if found else c.ClipFailed(sha256, "fetch_missing"))

    def sound(self, action):
        match action:
            case c.Decode() if action.item.relays and not self.can_relay:
                self.soon(c.DecodeFailed(action.item, "relay_unsupported"))
            case c.Decode():
                self.audio[action.item.id] = audio = Audio(action, self.dead)
                self.soon(c.Decoded(action.item, audio.length, audio.live))
            case c.Play():
                began, audio = max(self.now, action.at), self.audio[action.item_id]
                self.playing[action.item_id] = (began, action.offset)
                finished, first = audio.play(action.item_id, began, action.offset, audio.length)
                if first is not None:
                    at = began + (first - action.offset) * 1000 // RATE
                    self.soon(c.Started(action.item_id, at), at)
                self.soon(finished, began + (audio.length - action.offset) * 1000 // RATE)
            case c.Halt():
                began, offset = self.playing[action.item_id]
                until = offset + max(0, self.now - began) * RATE // 1000
                self.later = [
                    entry for entry in self.later if getattr(entry[2], "item_id", "") != action.item_id
                ]
                heapq.heapify(self.later)
                self.soon(self.audio[action.item_id].play(action.item_id, began, offset, until)[0])


class Audio:
    """The samples of an item: clips, and streams of which some are dead from an instant on."""

    def __init__(self, order, dead):
        item = order.item
        self.live, self._dead = (), []
        at = 0
        for place in range(len(item.clips) + 1):
            for relay in (relay for relay in item.relays if relay.after == place):
                end = at + relay.duration_ms * RATE // 1000
                self.live += ((at, end),)
                if relay.url in dead:
                    self._dead.append((at, end, *dead[relay.url]))
                at = end
            at += sum(clip.duration_ms for clip in item.clips[place : place + 1]) * RATE // 1000
        self.length = at * order.repeat + order.gap_ms * RATE // 1000 * (order.repeat - 1)

    def play(self, name, began, offset, until):
        """How it ends when it sounds from one sample to another, and the first that is heard."""
        lost, first, trouble = 0, offset, ""
        for begin, end, since, reason in self._dead:
            silent = max(begin, offset, offset + (since - began) * RATE // 1000)
            if silent < min(end, until):
                lost, trouble = lost + min(end, until) - silent, reason
                first = min(end, until) if silent == offset else first
        heard = until - offset - lost
        finished = c.Finished(name, heard, lost=lost, gaps=int(lost > 0), trouble=trouble)
        return finished, first if first < until else None


def happen(stage, step):
    if "message" in step:
        if "plan" in step:
            pointer = step["message"]["plan"]["sha256"]
            stage.plans[pointer] = msgspec.convert(step["plan"], Plan)
        order = msgspec.convert(step["message"], Order)
        stage.give(c.OrderReceived(order, TOPICS.parse(f"ttcs/1/xa/{step['topic']}")))
    elif "button" in step:
        stage.give(c.SilencePressed(step["button"]))
    elif "power" in step:
        stage.switch(on=step["power"])
    elif "clock" in step:
        stage.give(c.ClockJudged(ClockQuality(step["clock"])))


def told(stage, story):
    for step in story["steps"]:
        stage.run_to(step["at"])
        happen(stage, step)
    stage.run_to(story["until"])
    return stage


@pytest.mark.parametrize("story", [pytest.param(s, id=s["name"]) for s in PUBLISHED["stories"]])
def test_the_core_lives_the_published_story(story):
    stage = told(Stage(story), story)
    expect = story["expect"]
    for name, wished in expect["items"].items():
        events = [event for event in stage.journal if event.item == name]
        assert [event.event for event in events] == [each["event"] for each in wished], name
        for event, each in zip(events, wished, strict=True):
            check(event, each)
    alarms = [event.event for event in stage.journal if event.event not in STATES]
    assert alarms == expect["alarms"]
    final = [ack for ack in stage.acks if ack.stage != "received"]
    assert [(ack.command, ack.stage, ack.code) for ack in final] == [
        (each["command"], each["stage"], each["code"]) for each in expect["acks"]
    ]
    assert [event.seq for event in stage.journal] == list(range(1, len(stage.journal) + 1))
    if "volume" in expect:
        assert stage.core.volume == expect["volume"]
    if "silenced" in expect:
        assert stage.core.state(stage.now, 1, "").silenced == expect["silenced"]


def check(event, wished):
    instant = event.started if event.event == "playing" and event.played_ms == 0 else event.at
    assert "at" not in wished or abs(instant - wished["at"]) <= TOLERANCE, event
    assert wished.get("reason", event.reason) == event.reason
    assert wished.get("evidence", event.evidence) == event.evidence
    assert "played_ms" not in wished or abs(event.played_ms - wished["played_ms"]) <= TOLERANCE, event


def test_every_rule_that_a_loudspeaker_keeps_has_a_story():
    told_of = {rule for story in PUBLISHED["stories"] for rule in story["rule"].split()}
    assert {"R1", "R2", "R3", "R4", "R5", "R6", "R7", "guard", "STOP", "SILENCE", "clock"} <= told_of
    assert {"relay", "capabilities", "orders"} <= told_of
    kinds = {
        type(msgspec.convert(step["message"], Order))
        for s in PUBLISHED["stories"]
        for step in s["steps"]
        if "message" in step
    }
    assert kinds == {Desired, Alerts, Command}
