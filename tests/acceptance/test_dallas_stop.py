"""Dallas: 156 sirens howl for 90 minutes in the night, and the only stop is to cut the power.

7 April 2017. One tap reaches every loudspeaker while the server is flooded with signs of life and journals;
it is counted when the sound really ended, and the programme stays held until the hold is over.
"""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import paho.mqtt.client as mqtt
import pytest
from sqlalchemy import func, select

from broadcast.evidence.proof import FINAL
from broadcast.models import JournalRow
from broadcast.units import areas
from devices.envelope import encode_report, seal
from devices.messages import ItemState, Journal, JournalEvent, Telemetry
from devices.speaker.identity import Identity

SIRENS = 60
WITHIN_S = 2.0
FLOOD_PER_S = 300  # messages; a province of 18,000 loudspeakers at one a minute
FLOOD = "u-flood"
SIREN = "Nước sông lên nhanh. Bà con di chuyển lên cao. " * 12


@pytest.fixture
def city(make_station, sqlite_url):
    station = make_station(sqlite_url, loudspeakers=1, rate=1.0)
    with station.database.transaction() as session:
        villages = sorted(areas.descendants(session, station.cast.commune_id) - {station.cast.commune_id})
        station.identities += [
            station.register(session, f"coi-{number}", f"Còi {number}", villages[number % len(villages)])
            for number in range(SIRENS)
        ]
    station.serve_here()
    flooder = station.identities.pop(0)
    station.start_fleet(durable=False)
    station.flooder = flooder
    return station


def test_stop_reaches_every_siren_within_two_seconds_under_load_and_the_programme_stays_held(city):
    siren = city.broadcast(city.send_urgent(city.prepared_urgent(SIREN)))
    bulletin = city.approved_bulletin("Bản tin", "Bà con chú ý.")
    city.wait_for(lambda: sounding(city) == SIRENS, "all sirens howl")

    with flooded(city):
        city.wait_for(lambda: journaled(city) >= FLOOD_PER_S // 10, "a second of the flood is stored")
        asked = city.now()
        city.stop_all(hold_s=120)
        city.wait_for(lambda: sounding(city) == 0, "all sirens silent")
        ended = [event.ended for event in city.fleet.fleet.heard(siren.occurrence).values() if event.ended]
        assert len(ended) == SIRENS
    waits = sorted(at / 1000 - asked.timestamp() for at in ended)
    assert waits[round(0.95 * SIRENS) - 1] < WITHIN_S

    soon = city.now() + dt.timedelta(seconds=5)
    [held] = city.planned(city.schedule(bulletin, [soon]), 1)
    city.wait_for(lambda: len(last_words(city, held)) == SIRENS, "what became of the programme")
    assert set(last_words(city, held)) == {(ItemState.SKIPPED, "held")}
    assert set(city.starts_heard(held.occurrence).values()) == {0}


def journaled(city) -> int:
    """Journal events of the flood that are in the database."""
    query = select(func.count(JournalRow.id)).where(JournalRow.occurrence == FLOOD)
    with city.database.transaction(read_only=True) as session:
        return session.scalar(query) or 0


def last_words(city, broadcast) -> list[tuple[ItemState, str]]:
    """Of the loudspeakers that have said one, in the log of the server."""
    over = [each for each in city.deliveries(broadcast.id) if each.state in FINAL]
    return [(each.state, each.reason) for each in over]


def sounding(city) -> int:
    """How many horns really give sound."""
    return sum(
        bool(speaker.chain and speaker.chain.audible()) for speaker in city.fleet.fleet.speakers.values()
    )


@contextmanager
def flooded(city) -> Iterator[None]:
    """Heartbeats and journals of a whole province come in through one account."""
    identity: Identity = city.flooder
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=identity.device)
    client.username_pw_set(identity.device, identity.password)
    client.connect("127.0.0.1", city.mqtt_port)
    client.loop_start()
    over = threading.Event()
    thread = threading.Thread(target=_flood, args=(city, client, over))
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        client.disconnect()
        client.loop_stop()


def _flood(city, client: mqtt.Client, over: threading.Event) -> None:
    device, topics = city.flooder.device, city.wire.topics
    seq = 0
    while not over.wait(10 / FLOOD_PER_S):
        now = round(time.time() * 1000)
        for _ in range(9):
            client.publish(
                topics.tele(device), encode_report(Telemetry(device=device, boot="flood", at=now, uptime_s=1))
            )
        seq += 1
        event = JournalEvent(seq=seq, at=now, event="electrical", item=FLOOD, reason="load")
        journal = Journal(device=device, boot="flood", events=(event,))
        client.publish(topics.evt(device), seal(journal, city.flooder.key), qos=1)
