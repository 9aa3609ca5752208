"""Barix: attackers change the stream URL of exposed boxes, and stations broadcast what they like.

2016, and again in 2025. The boxes had an open port and a known password, and played whatever their URL led
to. Here a URL counts only in a signed order, what it brings only by the hash that the order names, nobody is
followed to another host, and a box listens on no port at all.
"""

from __future__ import annotations

import base64
import datetime as dt
import http.server
import json
import signal
import subprocess
import sys
import threading
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import paho.mqtt.client as mqtt
import pytest
from sqlalchemy import select

from broadcast.demo_texts import CODE
from broadcast.models import Alarm, AlertsDocument, Broadcast, Bulletin
from broadcast.plans import documents
from broadcast.storage.moments import to_ms
from devices.envelope import seal
from devices.messages import Alert, Alerts, ItemState
from devices.speaker.ports import Message

PROGRAM = "from devices.speaker.cli import main; main()"
TABLES = {"tcp": "0A", "tcp6": "0A", "udp": "07", "udp6": "07"}  # listening, and open to all
BOXES = 2


class Host(http.server.ThreadingHTTPServer):
    """A machine on the way that answers for another: honestly, with another sound, or with a redirection."""

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Answer)
        self.behind = ""  # the true server
        self.mood = "honest"
        self.elsewhere = ""
        self.other_sound = b""
        self.asked: Counter[str] = Counter()


class _Answer(http.server.BaseHTTPRequestHandler):
    server: Host

    def do_GET(self) -> None:
        if self.path.startswith("/media/"):
            self.server.asked[self.server.mood] += 1
        if self.server.mood == "redirect" and self.path.startswith("/media/"):
            self.send_response(302)
            self.send_header("Location", f"{self.server.elsewhere}{self.path}")
            self.end_headers()
            return
        with urllib.request.urlopen(self.server.behind + self.path, timeout=10) as answer:
            body = answer.read()
        if self.server.mood == "swap" and self.path.startswith("/media/"):
            sound = self.server.other_sound
            body = (sound * (len(body) // len(sound) + 1))[: len(body)]
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None: ...


@contextmanager
def hosting(port: int) -> Iterator[Host]:
    with Host(port) as host:
        thread = threading.Thread(target=host.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield host
        finally:
            host.shutdown()
            thread.join()


@pytest.fixture
def attacker(free_ports) -> Iterator[Host]:
    with hosting(free_ports()) as host:
        yield host


@pytest.fixture
def station(make_station, sqlite_url, free_ports) -> Iterator:
    """Its boxes reach the server through somebody's machine."""
    port = free_ports()
    made = make_station(sqlite_url, loudspeakers=BOXES, TRUYEN_THANH_PUBLIC_URL=f"http://127.0.0.1:{port}")
    with hosting(port) as between:
        made.between = between
        between.behind = f"http://127.0.0.1:{made.http_port}"
        made.serve_here()
        made.start_fleet()
        yield made
        made.close()


def test_a_swapped_url_without_a_good_signature_is_never_asked_and_raises_the_alarm(station, attacker):
    flood = station.send_urgent(station.prepared_urgent("Lũ về. Bà con di chuyển lên cao."))
    station.wait_over(flood)
    assert {each.state for each in station.deliveries(flood)} == {ItemState.DONE}
    before = station.samples_heard

    attacker.behind = station.between.behind
    order = swapped(station, flood, f"http://127.0.0.1:{attacker.server_port}")
    true = json.loads(seal(order, *station.wire.keys.current.signers))
    unsigned = {**true, "signatures": []}
    payload = json.loads(base64.b64decode(true["payload"]))
    payload["rev"] += 1
    altered = {**true, "payload": base64.b64encode(json.dumps(payload).encode()).decode()}
    topic = station.wire.topics.alerts(CODE)
    for count, forged in enumerate((unsigned, altered), start=1):
        # The thief has the password of the server at the broker. A box tells of such once a minute.
        station.system.link.publish_many([Message(topic, json.dumps(forged).encode(), retain=True)])
        answered = count * BOXES
        station.wait_for(lambda n=answered: refusals(station) == n or bool(attacker.asked), "all refuse")
        assert not attacker.asked
        station.leap(station.now() + dt.timedelta(minutes=2))
    assert station.samples_heard == before
    station.wait_for(lambda: "bad_signature" in station.alarms(), "the alarm")


def test_another_sound_behind_the_right_url_is_never_played_nor_is_anybody_followed_elsewhere(
    station, attacker
):
    other = station.prepared_urgent("Đây là đài của kẻ gian.")
    prepared = station.prepared_urgent("Lũ về. Bà con di chuyển lên cao.")
    attacker.behind = station.between.behind
    station.between.elsewhere = f"http://127.0.0.1:{attacker.server_port}"
    station.between.other_sound = sound(station, other)

    station.between.mood = "redirect"
    flood = station.send_urgent(prepared)
    station.wait_for(lambda: station.between.asked["redirect"] >= BOXES, "every box was redirected")
    station.between.mood = "swap"
    station.wait_for(
        lambda: station.between.asked["swap"] >= 2 * BOXES or station.samples_heard,
        "another sound was offered, thrown away, and asked for again",
    )
    assert station.samples_heard == 0
    station.wait_for(
        lambda: lasting(station) == (BOXES, {sha256(station, prepared)}), "one alarm for each box"
    )
    station.between.mood = "honest"
    station.wait_over(flood)
    station.wait_for(lambda: lasting(station) == (0, set()), "the alarms are over")

    assert not attacker.asked
    assert {each.state for each in station.deliveries(flood)} == {ItemState.DONE}


def test_a_box_has_no_inbound_port_and_the_broker_no_password_that_anybody_knows(station):
    station.stop_fleet()
    station.wait_online(0)
    identity = station.identities[0]
    file = station.home / "identity.json"
    identity.save(file)
    files = ("--identity", str(file), "--data", str(station.home / "box"))
    box = subprocess.Popen([sys.executable, "-c", PROGRAM, "run", *files, "--sink", "silent"])
    try:
        station.wait_online(1)
        assert inbound(box.pid) == []
    finally:
        box.send_signal(signal.SIGTERM)
        assert box.wait(20) == 0
    assert len({each.password for each in station.identities}) == BOXES
    assert min(len(each.password) for each in station.identities) >= 32
    guesses = ((None, None), ("admin", "admin"), (identity.device, ""), (identity.device, identity.device))
    assert [let_in(station, *guess) for guess in guesses] == [False] * len(guesses)
    assert let_in(station, identity.device, identity.password)


def swapped(station, broadcast_id: int, url: str) -> Alerts:
    """A new announcement whose audio is somebody else's."""
    now = to_ms(station.now())
    with station.database.transaction(read_only=True) as session:
        item = documents.item(session.get_one(Broadcast, broadcast_id), station.wire)
        rev = session.get_one(AlertsDocument, station.cast.commune_id).rev
    clips = tuple(
        msgspec.structs.replace(clip, url=f"{url}/media/{clip.sha256}.mp3", sha256="0" * 64)
        for clip in item.clips
    )
    times = {"start": now, "not_before": now, "expires": now + 600_000}
    item = msgspec.structs.replace(item, id="u666", clips=clips, **times)
    return Alerts(group=CODE, epoch=1, rev=rev + 5, issued_at=now, alerts=(Alert(item=item),))


def refusals(station) -> int:
    return sum(
        event.event == "bad_signature"
        for speaker in station.fleet.fleet.speakers.values()
        for event in speaker.journal
    )


def lasting(station) -> tuple[int, set[str]]:
    """How many alarms of swapped content are not over, and which clips they name."""
    with station.database.transaction(read_only=True) as session:
        query = select(Alarm).where(Alarm.kind == "swapped", Alarm.well_at.is_(None))
        found = [alarm for alarm in session.scalars(query) if alarm.loudspeaker_id is not None]
        return len(found), {alarm.detail["why"] for alarm in found}


def sha256(station, bulletin_id: int) -> str:
    with station.database.transaction(read_only=True) as session:
        return session.get_one(Bulletin, bulletin_id).current.clip.sha256


def sound(station, bulletin_id: int) -> bytes:
    with station.database.transaction(read_only=True) as session:
        sha256 = session.get_one(Bulletin, bulletin_id).current.clip.sha256
    return station.system.library.path(sha256).read_bytes()


def inbound(pid: int) -> list[str]:
    """The local addresses on which a process takes what comes, from the tables of the kernel."""
    mine = {str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir() if link.is_symlink()}
    found = []
    for table, state in TABLES.items():
        rows = Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]
        fields = (row.split() for row in rows)
        found += [each[1] for each in fields if each[3] == state and f"socket:[{each[9]}]" in mine]
    return found


def let_in(station, username: str | None, password: str | None) -> bool:
    answered = threading.Event()
    verdicts: list[bool] = []

    def note(_client, _data, _flags, reason, _properties) -> None:
        verdicts.append(not reason.is_failure)
        answered.set()

    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=username or "anybody")
    client.on_connect = note
    if username is not None:
        client.username_pw_set(username, password)
    client.connect("127.0.0.1", station.mqtt_port)
    client.loop_start()
    assert answered.wait(10)
    client.disconnect()
    client.loop_stop()
    return verdicts[0]
