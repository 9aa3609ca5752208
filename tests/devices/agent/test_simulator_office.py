"""The server of a rehearsal confirms, tells the time, believes no stranger; and a day is added up."""

import base64

from devices.envelope import KeySet, SigningKey, encode_report, seal
from devices.messages import Cursor, Journal, JournalEvent, TimeRequest, TimeResponse
from devices.simulator import Fault, run_virtual, tally
from devices.simulator.office import Office
from devices.speaker.core import FINAL
from devices.speaker.identity import Identity
from devices.speaker.ports import Message
from devices.topics import Topics

TOPICS = Topics("thu")
KEY = SigningKey.generate()
BOX = Identity(
    device="loa-1",
    tenant="thu",
    broker="mqtt://in-memory",
    password="geheim",
    private_key=base64.b64encode(KEY.private_bytes()).decode(),
    server_keys=(SigningKey.generate().public,),
)


def journal(*seqs, boot="one"):
    events = tuple(JournalEvent(seq=seq, at=1, event="done", item=f"s1.{seq}") for seq in seqs)
    return Journal(device="loa-1", boot=boot, events=events)


def told(*said):
    """What the office answers to what a loudspeaker says."""

    async def main(loop):
        office = Office([BOX], lambda: 1_800_000_000.5)
        link = office.broker.link()
        await link.connect(Message(TOPICS.state("loa-1"), b""), TOPICS.device_reads("loa-1", ()))
        answers = []
        for message in said:
            before = sum(office.messages.values())
            await link.publish(message)
            assert sum(office.messages.values()) > before
            while not link._inbox.empty():
                answer = await link.receive()
                answers.append((answer.topic, office.open_order(answer.payload, KeySet([KEY.public]))))
        return office, answers

    return run_virtual(main, 0.0)


def test_a_journal_is_confirmed_and_kept_once_however_often_it_comes():
    evt = TOPICS.evt("loa-1")
    messages = [
        Message(evt, seal(each, KEY)) for each in (journal(1, 2), journal(1, 2, 3), journal(1, boot="two"))
    ]
    office, answers = told(*messages)
    assert [(topic, each.boot, each.seq) for topic, each in answers if isinstance(each, Cursor)] == [
        (TOPICS.cursor("loa-1"), "one", 2),
        (TOPICS.cursor("loa-1"), "one", 3),
        (TOPICS.cursor("loa-1"), "two", 1),
    ]
    assert [event.seq for event in office.journals["loa-1"]] == [1, 2, 3, 1]


def test_the_office_tells_its_time_to_who_asks():
    question = encode_report(TimeRequest(device="loa-1", nonce="n"))
    _, [(topic, answer)] = told(Message(TOPICS.time_req("loa-1"), question))
    assert (topic, answer.nonce, answer.received_us) == (TOPICS.time("loa-1"), "n", 1_800_000_000_500_000)
    assert isinstance(answer, TimeResponse)


def test_a_journal_that_somebody_else_has_sealed_is_counted_and_not_believed():
    forged = Message(TOPICS.evt("loa-1"), seal(journal(1), SigningKey.generate()))
    office, answers = told(forged)
    assert not answers
    assert not office.journals
    assert office.messages["bad_signature"] == 1


def event(item, state, reason=""):
    return JournalEvent(seq=1, at=1, event=state, item=item, reason=reason)


def test_a_day_is_added_up_by_what_became_of_every_item_and_by_fault():
    journal = [
        event("a", "playing"), event("a", "electrical", "no_load"), event("a", "done"),
        event("b", "interrupted"), event("c", "skipped", "held"), event("d", "missed"),
        event("x", "cancelled"),
    ]  # fmt: skip
    due = frozenset("abcdef")
    horn = frozenset({Fault.DEAD_HORN, Fault.NO_NETWORK})
    days = [
        tally.of_box("loa-1", horn, due, journal, journal[:4]),
        tally.of_box("loa-2", frozenset(), due, [], []),
    ]
    assert days[0].fates == {
        "played": 1, "partly": 1, "refused": 1, "missed": 1, "withdrawn": 1, "unknown": 2
    }  # fmt: skip
    groups = tally.by_fault(days)
    assert list(groups) == ["none", "dead_horn", "no_network"]
    assert groups["none"]["fates"] == {"unknown": 6}
    assert groups["dead_horn"] == groups["no_network"]
    assert (groups["dead_horn"]["without_current"], groups["dead_horn"]["reported"]) == (1, 2)
    assert tally.add_up(days)["due"] == 12


def test_every_last_word_of_an_item_has_its_place_in_the_summary():
    assert set(tally.FATES) == FINAL
