"""What the loudspeakers of the ingest measurement say: mixes of messages, written to a file each round."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from broadcast.speakers.conditions import HEARTBEAT
from devices.envelope import encode_report, seal
from devices.messages import ClockQuality, Journal, JournalEvent, State, Telemetry
from devices.speaker.identity import Identity
from devices.topics import Topics

TOPICS = Topics("bench")
STATES = ("armed", "starting", "playing", "done")  # the events of one full journal message
EDGES = ("fetching", "ready", *STATES)  # of an item that is played, each told when it happens

# One loudspeaker's day: telemetry at every heartbeat; for each item of two broadcasts of six items, two
# changes of state (it plays, it is silent again) and, as they are mostly further apart than the tenth of a
# second for which events wait for one another, a journal message for every edge.
BEATS_A_DAY = 86_400 // int(HEARTBEAT.total_seconds())
ITEMS_A_DAY = 12


@dataclass(frozen=True, slots=True)
class Mix:
    """``kinds`` come again and again; the first message of everybody in a round is a birth."""

    kinds: Sequence[str]
    messages: int  # in a round

    @property
    def has_journals(self) -> bool:
        return bool({"journal", "edge"} & set(self.kinds))


def _day() -> tuple[str, ...]:
    kinds = (
        ["telemetry"] * BEATS_A_DAY + ["state"] * (2 * ITEMS_A_DAY) + ["edge"] * (len(EDGES) * ITEMS_A_DAY)
    )
    random.Random(1).shuffle(kinds)  # in a fleet everything comes between everything else
    return tuple(kinds)


# A round is many of the worker's ticks long: those decide how soon something is stored, not how much.
MIXES = {
    "heartbeats": Mix(("state",), 60_000),
    "day": Mix(_day(), 120_000),
    "mixed": Mix((*["state"] * 9, "journal"), 40_000),
    "journals": Mix(("journal",), 10_000),
}


class Fleet:
    """Remembers how far each loudspeaker's journal has come."""

    def __init__(self, identities: Sequence[Identity]) -> None:
        self._identities = identities
        self._seqs = dict.fromkeys((each.device for each in identities), 0)
        self._makers: dict[str, Callable[[Identity, int], tuple[str, bytes]]] = {
            "state": self._state,
            "telemetry": self._telemetry,
            "journal": self._journal,
            "edge": self._edge,
        }

    def write(self, path: Path, number: int, mix: Mix) -> int:
        """Write the messages of one round; returns how many journal events are in them."""
        before, count = sum(self._seqs.values()), len(self._identities)
        with path.open("wb") as file:
            for index in range(mix.messages):
                turn, who = divmod(index, count)
                # Everybody at another place of the mix, and further on in every round.
                place = who * 37 + turn - 1 + number * mix.messages // count
                kind = mix.kinds[place % len(mix.kinds)] if turn else "state"
                topic, payload = self._makers[kind](self._identities[who], number)
                file.write(topic.encode() + b"\t" + payload + b"\n")
        return sum(self._seqs.values()) - before

    def _state(self, who: Identity, number: int) -> tuple[str, bytes]:
        clock = ClockQuality.SYNCED
        said = State(device=who.device, online=True, boot="b", session=number, at=_now(), clock=clock)
        return TOPICS.state(who.device), encode_report(said)

    def _telemetry(self, who: Identity, number: int) -> tuple[str, bytes]:
        said = Telemetry(
            device=who.device,
            boot="b",
            at=_now(),
            uptime_s=1000 * number,
            clock_offset_ms=1.5,
            temperature_c=41.0,
            free_bytes=10**9,
            volume=80,
            signal_dbm=-87,
            voltage_v=12.1,
            total_bytes=4 * 10**9,
            data_bytes=_now() % 10**9,
            network="4g",
        )
        return TOPICS.tele(who.device), encode_report(said)

    def _journal(self, who: Identity, _: int) -> tuple[str, bytes]:
        first = self._seqs[who.device] + 1
        self._seqs[who.device] += len(STATES)
        return _sealed(who, events(first, STATES, f"s{first}"))

    def _edge(self, who: Identity, _: int) -> tuple[str, bytes]:
        self._seqs[who.device] += 1
        item, edge = divmod(self._seqs[who.device] - 1, len(EDGES))
        return _sealed(who, events(self._seqs[who.device], EDGES[edge : edge + 1], f"s{item}"))


def events(first: int, states: Sequence[str], item: str) -> tuple[JournalEvent, ...]:
    return tuple(
        JournalEvent(
            seq=first + place,
            at=_now(),
            event=state,
            item=item,
            planned=1,
            started=2,
            played_ms=1000,
            volume=80,
            samples=48_000,
        )
        for place, state in enumerate(states)
    )


def _sealed(who: Identity, told: tuple[JournalEvent, ...]) -> tuple[str, bytes]:
    return TOPICS.evt(who.device), seal(Journal(device=who.device, boot="b", events=told), who.key)


def _now() -> int:
    return time.time_ns() // 1_000_000
