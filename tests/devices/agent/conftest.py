"""A station for the tests of the agent: real broker, real HTTP, signed orders, books of what came back."""

import array
import base64
import functools
import hashlib
import http.server
import io
import math
import queue
import threading
import time
import wave

import pytest

from devices.envelope import KeySet, SigningKey, encode_plan, open_report, seal
from devices.link import ServerLink
from devices.messages import (
    Ack,
    Alert,
    Alerts,
    AllowedWindow,
    BulletinClass,
    ClipRef,
    Command,
    Cursor,
    Desired,
    GuardPolicy,
    Item,
    Journal,
    Plan,
    PlanPointer,
    State,
    Telemetry,
    Tombstone,
)
from devices.speaker.identity import Identity
from devices.topics import Kind, Topics

ALL_DAY = GuardPolicy(windows=(AllowedWindow(start="00:00", end="24:00"),), night_volume=100)
TOPICS = Topics("thu")
SENSED = ("electrical", "heard")  # what sensors of the box tell beside the states of an item


def now_ms():
    return time.time_ns() // 1_000_000


def tone(seconds):
    """A WAV file of a quiet tone; its bytes differ by length only."""
    samples = array.array("h", (round(3000 * math.sin(n / 9)) for n in range(round(seconds * 16_000))))
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(16_000)
        out.writeframes(samples.tobytes())
    return file.getvalue()


class Files(http.server.BaseHTTPRequestHandler):
    """Serves bytes by hash, and counts."""

    def __init__(self, station, *arguments):
        self.station = station
        super().__init__(*arguments)

    def do_GET(self):
        body = self.station.files.get(self.path.strip("/"))
        if body is None or self.station.http_down:
            self.send_error(404)
            return
        self.station.downloads.append(self.path.strip("/"))
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Station:
    """The server's side of the wire, by hand."""

    def __init__(self, broker, devices, groups, device_keys):
        self.key = SigningKey.generate()
        self.broker, self.groups = broker, groups
        self.device_keys = device_keys
        self.identities = {
            device: Identity(
                device=device,
                tenant="thu",
                broker=broker.url,
                password=f"key of {device}",
                private_key=base64.b64encode(device_keys[device].private_bytes()).decode(),
                server_keys=(self.key.public,),
            )
            for device in devices
        }
        self.revs = dict.fromkeys([*devices, *groups], 0)
        self.files, self.downloads, self.http_down = {}, [], False
        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Files, self))
        threading.Thread(target=self.http.serve_forever, daemon=True).start()
        self.journal = {device: {} for device in devices}  # device -> (boot, seq) -> event
        self.states, self.telemetry, self.acks = {}, {}, []
        self.confirm = True
        self.inbox = queue.Queue()
        self.link = ServerLink(broker.url, "server", "key of server", TOPICS, self.inbox)
        self.link.start()
        assert self.link.wait_connected(60)
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def close(self):
        self.inbox.put(None)
        self._reader.join()
        self.link.stop()
        self.http.shutdown()
        self.http.server_close()

    # --- orders ---

    def clip(self, seconds=1.0):
        return self.file(tone(seconds), seconds)

    def file(self, body, seconds=1.0):
        sha256 = hashlib.sha256(body).hexdigest()
        self.files[sha256] = body
        return ClipRef(sha256=sha256, size=len(body), duration_ms=round(seconds * 1000), url=self.url(sha256))

    def url(self, sha256):
        return f"http://127.0.0.1:{self.http.server_port}/{sha256}"

    def item(self, name, start, clip, *, late_s=60, **fields):
        basics = {"not_before": start, "expires": start + late_s * 1000, "issued_at": now_ms()}
        return Item(id=name, title=name, start=start, clips=(clip,), **(basics | fields))

    def emergency(self, name, start, clip, **fields):
        return self.item(name, start, clip, klass=BulletinClass.EMERGENCY, **fields)

    def program(self, device, *items, **fields):
        """Publish the desired state of a loudspeaker with a plan of these items."""
        now = now_ms()
        body = encode_plan(Plan(start=now - 3600_000, end=now + 7 * 86_400_000, items=items))
        sha256 = hashlib.sha256(body).hexdigest()
        self.files[sha256] = body
        self.revs[device] += 1
        rev = self.revs[device]
        pointer = PlanPointer(epoch=1, rev=rev, sha256=sha256, size=len(body), url=self.url(sha256))
        basics = {"groups": tuple(self.groups), "policy": ALL_DAY, "plan": pointer, "heartbeat_s": 1}
        order = Desired(device=device, epoch=1, rev=rev, issued_at=now, **(basics | fields))
        self.publish(TOPICS.desired(device), order, retain=True)
        return order

    def alert(self, group, *items, cancelled=(), repeat=1):
        self.revs[group] += 1
        now = now_ms()
        stones = tuple(Tombstone(id=name, at=now, until=now + 86_400_000) for name in cancelled)
        alerts = tuple(Alert(item=item, repeat=repeat) for item in items)
        order = Alerts(
            group=group, epoch=1, rev=self.revs[group], issued_at=now, alerts=alerts, cancelled=stones
        )
        self.publish(TOPICS.alerts(group), order, retain=True)
        return order

    def command(self, name, target, action, *items, valid_s=30, **fields):
        now = now_ms()
        order = Command(
            id=name,
            target=target,
            issued_at=now,
            expires_at=now + valid_s * 1000,
            action=action,
            items=items,
            **fields,
        )
        topic = TOPICS.cmd(target) if target in self.identities else TOPICS.group_cmd(target)
        self.publish(topic, order)
        return order

    def publish(self, topic, order, retain=False):
        self.link.publish(topic, seal(order, self.key), retain=retain)

    # --- books ---

    def said(self, device, name=None):
        """The states of an item as a loudspeaker journaled them, in order; without a name its alarms."""
        events = sorted(self.journal[device].values(), key=lambda event: event.seq)
        return [event.event for event in events if event.item == (name or "") and event.event not in SENSED]

    def last(self, device, name):
        events = [
            event
            for event in self.journal[device].values()
            if event.item == name and event.event not in SENSED
        ]
        return max(events, key=lambda event: event.seq)

    def is_over(self, device, name, state="done"):
        return state in self.said(device, name)

    def _read(self):
        while (inbound := self.inbox.get()) is not None:
            kind, device = TOPICS.parse(inbound.topic)
            sealed = kind in (Kind.EVT, Kind.ACK)
            keys = KeySet([self.device_keys[device].public]) if sealed else None
            self._note(device, open_report(inbound.payload, keys))

    def _note(self, device, report):
        match report:
            case State():
                self.states[device] = report
            case Telemetry():
                self.telemetry[device] = report
            case Ack():
                self.acks.append(report)
            case Journal(boot=boot, events=events):
                self.journal[device] |= {(boot, event.seq): event for event in events}
                if self.confirm:
                    cursor = Cursor(device=device, boot=boot, seq=events[-1].seq, issued_at=now_ms())
                    self.publish(TOPICS.cursor(device), cursor, retain=True)


@pytest.fixture
def make_station(start_broker, make_account):
    made = []

    def make(*devices, groups=("xa",)):
        keys = {device: SigningKey.generate() for device in devices}
        accounts = [
            make_account(
                device, reads=TOPICS.device_reads(device, groups), writes=TOPICS.device_writes(device)
            )
            for device in devices
        ]
        server = make_account("server", reads=TOPICS.server_reads, writes=TOPICS.server_writes)
        thief = make_account("thief", writes=TOPICS.server_writes)
        broker = start_broker([*accounts, server, thief])
        made.append(Station(broker, devices, groups, keys))
        return made[-1]

    yield make
    for station in made:
        station.close()


@pytest.fixture
def make_clip():
    """Write a clip of half a second into caches."""

    def make(*directories):
        body = tone(0.5)
        sha256 = hashlib.sha256(body).hexdigest()
        for directory in directories:
            directory.mkdir(parents=True, exist_ok=True)
            (directory / sha256).write_bytes(body)
        return ClipRef(sha256=sha256, size=len(body), duration_ms=500, url=f"http://s/{sha256}")

    return make
