"""What a loudspeaker repeats of itself: neither strangers nor an absent server make it talk for ever."""

import asyncio
import itertools

import pytest

from devices.messages import JournalEvent, State
from devices.speaker import session as session_module
from devices.speaker.clock import SystemClock
from devices.speaker.faults import Faults
from devices.speaker.ports import JournalEntry, Message, World
from devices.speaker.session import Session, Told
from devices.speaker.traffic import Meter
from devices.topics import Topics

TOPICS = Topics("thu")


class WireTap:
    """A link that takes everything, brings ``incoming`` and then nothing more."""

    def __init__(self, incoming=()):
        self.incoming = list(incoming)
        self.published = []

    async def connect(self, will, topics):
        pass

    async def publish(self, message, *, qos=1):
        self.published.append(message.topic)

    async def receive(self):
        if not self.incoming:
            await asyncio.Event().wait()
        return self.incoming.pop()

    def abort(self):
        pass


class OneEntry:
    """A store whose one journal entry is never confirmed."""

    def __init__(self, seq):
        self.seq = seq

    def pending(self, limit, after=0):
        return [JournalEntry("b1", JournalEvent(seq=1, at=1, event="stale"))] if after < self.seq else []

    def sync(self):
        pass


class Quiet:
    """The core of a loudspeaker with nothing to do."""

    groups = ()
    heartbeat_s = 3600
    boot_id = "b1"

    def state(self, now, session, firmware, faults=()):
        return State(device="loa-1", online=True, boot="b1", session=session, at=now)


class Staircase:
    """Each pause drawn by lot is a little longer than the last one."""

    def __init__(self):
        self._steps = itertools.count(1)

    def uniform(self, low, high):
        return 0.12 * next(self._steps)


@pytest.fixture
def listen(make_station, tmp_path):
    """Let a session talk for some seconds; gives the topics on which it published."""
    identity = make_station("loa-1").identities["loa-1"]

    def run(link, store, seconds):
        async def talk():
            world = World(link, None, None, None, store, SystemClock())
            told = Told(tmp_path, Faults(), Meter(store, world.clock, {}))
            session = Session(
                identity, world, Quiet(), told=told, receive=print, rng=Staircase(), firmware=""
            )
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(seconds):
                    await session.run()

        asyncio.run(talk())
        return link.published

    return run


def test_a_flood_of_unsigned_births_of_the_server_is_answered_once(listen):
    births = [Message(TOPICS.server_state, b'{"online": true}')] * 8
    told = listen(WireTap(births), OneEntry(0), 1.5)
    assert told.count(TOPICS.state("loa-1")) == 2  # when it connected, and for the births


def test_a_journal_that_nobody_confirms_is_repeated_ever_more_seldom(listen, monkeypatch):
    monkeypatch.setattr(session_module, "_UNCONFIRMED", 0.1)
    told = listen(WireTap(), OneEntry(1), 2.5)
    assert 2 <= told.count(TOPICS.evt("loa-1")) <= 6
