"""Our programs against the published vectors: single decisions."""

import base64
import json
from pathlib import Path

import msgspec
import pytest

from devices.envelope import KeySet, SigningKey, open_order, open_report, seal
from devices.errors import BadSignature, Malformed
from devices.messages import Alerts, ClockQuality, Command, Desired, GuardPolicy, Item, ItemState, Keyset
from devices.speaker import core as c
from devices.speaker.core import guard
from devices.speaker.core.states import EDGES, FINAL, SOUNDING, WAITING
from devices.speaker.timekeeping import RESOLUTION, Timekeeper, read
from devices.topics import Kind, Place

FOLDER = Path(__file__).parents[2] / "docs/protocol/vectors"
DEVICE, GROUP = "loa-1", "xa"


def load(name):
    return json.loads((FOLDER / f"{name}.json").read_text("utf-8"))


def cases(name, part="cases"):
    return [pytest.param(case, id=case["name"]) for case in load(name)[part]]


DOCUMENTS = load("documents")
NOW = DOCUMENTS["now"]


# --- envelopes ------------------------------------------------------------------


@pytest.mark.parametrize("case", cases("envelopes"))
def test_an_envelope_is_opened_or_refused_as_published(case):
    data = base64.b64decode(case["data_base64"]) if "data_base64" in case else case["data"].encode()
    data = data.ljust(case.get("pad_to", 0))
    keys = KeySet(case["trusted"])
    if case["result"] != "opened":
        with pytest.raises((BadSignature, Malformed)) as refusal:
            opened(case["as"], data, keys)
        assert refusal.value.code == case["result"]
        return
    message = opened(case["as"], data, keys)
    if "message" in case:
        assert message == msgspec.convert(case["message"], type(message))


def opened(way, data, keys):
    if way == "order":
        return open_order(data, keys)
    return open_report(data, keys if way == "sealed" else None)


def test_what_we_seal_is_opened_by_the_published_key():
    examples = FOLDER.parent / "examples"
    keys = json.loads((examples / "test-keys.json").read_text("utf-8"))["keys"]
    server = SigningKey.from_bytes(base64.b64decode(keys["server"]["private"]))
    assert (server.public, server.keyid) == (keys["server"]["public"], keys["server"]["keyid"])
    example = json.loads((examples / "cmd.json").read_text("utf-8"))
    command = open_order(json.dumps(example["envelope"]).encode(), KeySet([server.public]))
    ours = json.loads(seal(command, server))
    again = json.loads(base64.b64decode(ours["payload"]))
    assert again == example["message"]
    assert ours["signatures"][0]["keyid"] == example["envelope"]["signatures"][0]["keyid"]


# --- the guard ------------------------------------------------------------------


@pytest.mark.parametrize("case", cases("guard"))
def test_the_guard_decides_as_published(case):
    policy = msgspec.convert(case["policy"], GuardPolicy)
    fixed = {"id": "a", "title": "a", "start": case["at"], "not_before": case["at"], "clips": []}
    item = msgspec.convert(fixed | {"expires": case["at"] + 60_000} | case["item"], Item)
    refused = guard.refusal(
        policy,
        item,
        at=case["at"],
        duration_ms=case["duration_ms"],
        used_ms=case["used_ms"],
        sessions=guard.Sessions(**case.get("sessions", {})),
    )
    assert refused == case["refused"]
    if "volume" in case:
        assert guard.volume(policy, item, base=case["base_volume"], at=case["at"]) == case["volume"]


# --- states ---------------------------------------------------------------------


def test_the_edges_are_those_published():
    published = load("states")
    legal = {(edge["from"], edge["to"]) for edge in published["edges"] if edge["legal"]}
    assert {(old.value, new.value) for old, news in EDGES.items() for new in news} == legal
    assert len(published["edges"]) == len(ItemState) ** 2
    for name, states in (("waiting", WAITING), ("sounding", SOUNDING), ("final", FINAL)):
        assert set(published[name]) == {state.value for state in states}


def test_the_diagram_shows_every_edge_and_no_other():
    lines = (FOLDER.parent / "states.md").read_text("utf-8").splitlines()
    drawn = [line.split("-->") for line in lines if "-->" in line and "[*]" not in line]
    given_up = {"cancelled", "skipped", "refused", "expired", "missed", "failed"}
    shown = set()
    for old, new in drawn:
        names = given_up if (name := new.split(":")[0].strip()) == "given_up" else {name}
        shown |= {(old.strip(), each) for each in names}
    assert shown == {(old.value, new.value) for old, news in EDGES.items() for new in news}


# --- documents and commands -------------------------------------------------------


class Box:
    """A core with a memory of what it did; nothing is fetched or played."""

    def __init__(self, keys=(), clock=ClockQuality.SYNCED):
        self.core = c.SpeakerCore(DEVICE, "boot", c.Memory(), server_keys=tuple(keys), clock=clock)
        self.actions = list(self.core.boot(NOW))

    def receive(self, order, kind, name=DEVICE, now=NOW):
        self.actions += self.core.handle(c.OrderReceived(order, Place(kind, name)), now)

    def desired(self, epoch=1, rev=1, issued_at=NOW, **fields):
        order = Desired(
            device=DEVICE, epoch=epoch, rev=rev, issued_at=issued_at, groups=(GROUP,), policy=OPEN, **fields
        )
        self.receive(order, Kind.DESIRED)

    def journal(self):
        return [action.event for action in self.actions if isinstance(action, c.Append)]

    def answers(self):
        return [action.ack for action in self.actions if isinstance(action, c.Reply)]

    def revision(self):
        have = self.core.state(NOW, 1, "").have
        return [have.epoch, have.rev]


OPEN = msgspec.convert({"windows": [{"start": "00:00", "end": "24:00"}]}, GuardPolicy)


@pytest.mark.parametrize("case", DOCUMENTS["revisions"], ids=str)
def test_a_revision_is_taken_only_when_it_grows(case):
    box = Box()
    if case["held"]:
        box.desired(*case["held"])
    box.desired(*case["offered"])
    taken = case["result"] == "taken"
    assert box.revision() == (case["offered"] if taken else case["held"])
    alarms = [event.event for event in box.journal()]
    assert alarms == (["replayed"] if case["result"] == "replayed" else [])


@pytest.mark.parametrize("case", cases("documents", "keysets"))
def test_a_keyset_is_adopted_only_when_it_is_newer_and_alive(case):
    box = Box(case["held"])
    far = NOW + 10**10
    if case["held_version"] is not None:
        held = {"version": case["held_version"], "keys": [{"key": k, "not_after": far} for k in case["held"]]}
        box.desired(rev=1, keyset=msgspec.convert(held, Keyset))
    box.desired(rev=2, keyset=msgspec.convert(case["offered"], Keyset))
    assert list(box.core.trusted(NOW)) == case["trusted"]


@pytest.mark.parametrize("case", cases("documents", "commands"))
def test_a_command_is_obeyed_answered_or_refused(case):
    box = Box()
    order = Command(
        id="c1",
        target=DEVICE,
        issued_at=case["expires_at"] - 60_000,
        expires_at=case["expires_at"],
        action="report",
    )
    for _ in range(case["seen_before"]):
        box.receive(order, Kind.CMD)
    before, reports = len(box.answers()), sum(isinstance(a, c.Report) for a in box.actions)
    box.receive(order, Kind.CMD)
    answered = len(box.answers()) > before
    obeyed = sum(isinstance(a, c.Report) for a in box.actions) > reports
    alarms = [event.event for event in box.journal()]
    expected = {
        "obeyed": (True, True, []),
        "answered_again": (False, True, []),
        "stale": (False, False, ["stale"]),
        "replayed": (False, False, ["replayed"]),
    }
    assert (obeyed, answered, alarms) == expected[case["result"]]


@pytest.mark.parametrize("case", cases("documents", "tombstones"))
def test_a_tombstone_outlives_what_it_cancels(case):
    box = Box()
    box.desired()
    stone = {"id": "u", "at": NOW, "until": NOW + 86_400_000}
    item = {"id": "u", "title": "u", "start": NOW + 10_000, "not_before": NOW + 10_000, "clips": []}
    alert = {"item": item | {"expires": NOW + 70_000}}

    def alerts(rev, *, named=True, stones=()):
        fields = {"group": GROUP, "epoch": 1, "rev": rev, "issued_at": NOW, "cancelled": list(stones)}
        wish = fields | {"type": "alerts", "alerts": [alert] if named else []}
        box.receive(msgspec.convert(wish, Alerts), Kind.ALERTS, GROUP)

    match case["cancelled_by"]:
        case "same_alerts":
            alerts(1, stones=[stone])
        case "earlier_alerts" | "dropped_tombstone":
            alerts(1, named=False, stones=[stone])
            alerts(2, stones=[stone] if case["cancelled_by"] == "earlier_alerts" else [])
        case "stop_command":
            order = Command(
                id="c", target=DEVICE, issued_at=NOW, expires_at=NOW + 1, action="stop", items=("u",)
            )
            box.receive(order, Kind.CMD)
            alerts(1)
        case "nothing":
            alerts(1)
    decode = [action for action in box.actions if isinstance(action, c.Decode)]
    for action in decode:
        box.actions += box.core.handle(c.Decoded(action.item, 48_000), NOW)
    assert [event.event for event in box.journal() if event.item == "u"] == [case["ends"]]


# --- time -----------------------------------------------------------------------


def reading(case):
    return read(case["sent_us"] / 1e6, case["received_us"], case["answered_us"], case["arrived_us"] / 1e6)


@pytest.mark.parametrize("case", cases("clock", "exchanges"))
def test_an_exchange_tells_the_offset_and_its_doubt(case):
    found = reading(case)
    assert found.offset == pytest.approx(case["offset_us"] / 1e6, abs=1e-6)
    assert found.error == pytest.approx(case["error_us"] / 1e6 + RESOLUTION, abs=1e-6)
    assert abs(case["true_offset_us"] - case["offset_us"]) <= case["error_us"]


@pytest.mark.parametrize("case", cases("clock", "refused"))
def test_an_exchange_that_contradicts_itself_is_refused(case):
    assert reading(case) is None


def test_of_several_exchanges_the_quickest_counts():
    published = load("clock")["filter"]
    keeper = Timekeeper()
    for exchange in published["exchanges"]:
        keeper.take(reading(exchange))
    at = published["exchanges"][-1]["arrived_us"] / 1e6
    assert keeper.utc(at) - at == pytest.approx(published["offset_us"] / 1e6, abs=0.001)


@pytest.mark.parametrize("case", cases("clock", "judged"))
def test_by_a_wrong_clock_nothing_starts(case):
    box = Box(clock=ClockQuality(case["quality"]))
    box.core.handle(c.ClockJudged(ClockQuality(case["quality"])), case["now"])
    order = Desired(device=DEVICE, epoch=1, rev=1, issued_at=case["signed"], groups=(GROUP,), policy=OPEN)
    box.receive(order, Kind.DESIRED, now=case["now"])
    start = case["now"] + 1000
    item = {
        "id": "a",
        "title": "a",
        "start": start,
        "not_before": start,
        "expires": start + 60_000,
        "clips": [],
    }
    wish = {
        "type": "alerts", "group": GROUP, "epoch": 1, "rev": 1, "issued_at": case["signed"],
        "alerts": [{"item": item | {"class": "emergency"}}],
    }  # fmt: skip
    box.receive(msgspec.convert(wish, Alerts), Kind.ALERTS, GROUP, now=case["now"])
    for action in [a for a in box.actions if isinstance(a, c.Decode)]:
        box.actions += box.core.handle(c.Decoded(action.item, 48_000), case["now"])
    started = any(isinstance(action, c.Play) for action in box.actions)
    assert (box.core.state(case["now"], 1, "").clock.value, started) == (case["reported"], case["may_start"])
