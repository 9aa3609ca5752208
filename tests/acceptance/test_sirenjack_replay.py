"""SirenJack: recorded siren commands, sent once more, make the sirens of a city howl.

San Francisco, 2018: the radio commands were not encrypted, and equal each time. Here a thief holds even the
server's password at the broker and a stolen loudspeaker's, but not the signing key: what he makes up, what
he alters and what he has recorded makes no sound and an alarm.
"""

from __future__ import annotations

import base64
import json
import threading
import time

import paho.mqtt.client as mqtt
from sqlalchemy import select

from broadcast import bootstrap
from broadcast.demo_texts import CODE
from broadcast.models import Alarm, AlertsDocument
from broadcast.signing import keys
from devices.envelope import SigningKey, seal
from devices.messages import Alert, Alerts, BulletinClass, ClipRef, Item

SILENCE_S = 1.5  # an obeyed alert would be at work within one


class Thief:
    """An MQTT client with a stolen account."""

    def __init__(self, station, username: str, password: str) -> None:
        self.heard: dict[str, list[bytes]] = {}
        self._connected = threading.Event()
        self._client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=username)
        self._client.username_pw_set(username, password)
        self._client.on_connect = lambda *_: self._connected.set()
        self._client.on_message = lambda _c, _u, m: self.heard.setdefault(m.topic, []).append(m.payload)
        self._client.connect("127.0.0.1", station.mqtt_port)
        self._client.loop_start()
        assert self._connected.wait(5)

    def listen(self, topic: str) -> None:
        self._client.subscribe(topic, qos=1)

    def publish(self, topic: str, payload: bytes, *, retain: bool = True) -> None:
        self._client.publish(topic, payload, qos=1, retain=retain).wait_for_publish(5)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


def as_the_server(station) -> Thief:
    stolen = keys.load(station.settings.keys_dir, station.settings.secret_file)
    return Thief(station, "server", bootstrap.broker_password(station.settings, stolen))


def alarms(station) -> set[str]:
    with station.database.transaction(read_only=True) as session:
        return set(session.scalars(select(Alarm.kind).where(Alarm.closed_at.is_(None))))


def sounded(station) -> int:
    return sum(
        event.event in ("starting", "playing")
        for speaker in station.fleet.fleet.speakers.values()
        for event in speaker.journal
    )


def assert_silence_and_alarm(station, before: int, kinds: set[str]) -> None:
    station.wait_for(lambda: bool(alarms(station) & kinds), f"an alarm out of {sorted(kinds)}")
    time.sleep(SILENCE_S)
    assert sounded(station) == before
    assert "bị chặn" in station.sign_in(station.cast.binh_id).get("/")


def forged_alert(station, group: str, key: SigningKey) -> bytes:
    now = int(time.time() * 1000)
    with station.database.transaction(read_only=True) as session:
        document = session.get(AlertsDocument, station.cast.commune_id)
        rev = document.rev if document else 0
    clip = ClipRef(sha256="0" * 64, size=1000, duration_ms=3000, url="http://127.0.0.1:9/radio.mp3")
    item = Item(
        id="u666",
        title="Tin giả",
        start=now,
        not_before=now,
        expires=now + 600_000,
        clips=(clip,),
        klass=BulletinClass.EMERGENCY,
    )
    return seal(Alerts(group=group, epoch=1, rev=rev + 5, issued_at=now, alerts=(Alert(item=item),)), key)


def test_a_forged_alert_makes_no_sound_but_an_alarm(station):
    thief = as_the_server(station)
    topic = station.wire.topics.alerts(CODE)
    thief.publish(topic, forged_alert(station, CODE, SigningKey.generate()))
    thief.close()
    assert_silence_and_alarm(station, 0, {"bad_signature"})


def test_an_altered_alert_makes_no_sound_but_an_alarm(station):
    topic = station.wire.topics.alerts(CODE)
    box = station.identities[-1]
    station.fleet.power_off(box.device)
    ear = Thief(station, box.device, box.password)
    ear.listen(topic)
    broadcast = station.send_urgent(station.prepared_urgent("Lũ về. Bà con di chuyển lên cao."))
    station.wait_for(lambda: topic in ear.heard, "the alert overheard")
    before = wait_played(station, broadcast)
    envelope = json.loads(ear.heard[topic][-1])
    payload = json.loads(base64.b64decode(envelope["payload"]))
    payload["rev"] += 7
    payload["alerts"][0]["item"]["id"] += "x"
    payload["alerts"][0]["item"]["start"] = int(time.time() * 1000)
    envelope["payload"] = base64.b64encode(json.dumps(payload).encode()).decode()
    ear.close()

    thief = as_the_server(station)
    thief.publish(topic, json.dumps(envelope).encode())
    thief.close()
    assert_silence_and_alarm(station, before, {"bad_signature"})


def test_sirenjack_replay_of_a_recorded_alert_makes_no_sound_but_an_alarm(station):
    topic = station.wire.topics.alerts(CODE)
    box = station.identities[-1]
    station.fleet.power_off(box.device)
    ear = Thief(station, box.device, box.password)
    ear.listen(topic)
    broadcast = station.send_urgent(station.prepared_urgent("Lũ về. Bà con di chuyển lên cao."))
    before = wait_played(station, broadcast)
    station.stop_all()
    station.wait_for(lambda: len(ear.heard.get(topic, [])) >= 2, "the alert and its cancellation overheard")
    ear.close()

    thief = as_the_server(station)
    thief.publish(topic, ear.heard[topic][0])
    thief.close()
    assert_silence_and_alarm(station, before, {"replayed", "stale"})


def wait_played(station, broadcast_id: int) -> int:
    """Wait until the loudspeakers that have power have played it; returns how many events sounded."""
    powered = len(station.identities) - 1
    station.wait_for(
        lambda: sum(each.state.value == "done" for each in station.deliveries(broadcast_id)) == powered,
        "the true alert played",
    )
    return sounded(station)
