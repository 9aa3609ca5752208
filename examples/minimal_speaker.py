"""A whole loudspeaker of ttcs/1: minimal_speaker.py IDENTITY.json FOLDER [PLAYER]; PLAYER gets a second and files."""

# fmt: off
import base64, contextlib, hashlib, json, os, pathlib, random, re, subprocess, sys, threading, time, urllib.request
import paho.mqtt.client as mqtt; from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
class D(dict): __getattr__, __setattr__ = dict.get, dict.__setitem__  # a JSON object with dots; what is missing is None
TYPE, FOREVER, FACES = "application/vnd.ttcs.v1+json", 1 << 53, re.compile(r"((([01]\d|2[0-3]):[0-5]\d|24:00);){2}")
HEAD, WAITING, SOUNDING = {"epoch": int, "rev": int, "issued_at": int}, ("planned", "armed"), ("starting", "playing", "resuming")
NEEDS = {"desired": HEAD | {"device": str, "groups": list, "policy": D}, "alerts": HEAD | {"group": str},
         "cmd": {"id": str, "target": str, "issued_at": int, "expires_at": int, "action": str}, "cursor": {"device": str, "boot": str, "seq": int}}
def now(): return time.time_ns() // 1_000_000
def read(text): return json.loads(text, object_hook=D)
def covered(body): return b"DSSEv1 %d %b %d %b" % (len(TYPE), TYPE.encode(), len(body), body)
def minute(face): return int(face[:2]) * 60 + int(face[3:])
def is_real(o): return o.item["class"] == "emergency" and o.item.status in ("actual", None)
def rank(o): return {"emergency": 1 - is_real(o), "priority": 2}.get(o.item["class"], 3), o.item.get("level", 9)
def begin(o): return max(o.item.start, o.item.not_before)
def length(o): return sum(clip.duration_ms for clip in o.item.clips) * o.repeat + o.gap_ms * (o.repeat - 1)
def is_signed(key, signature, body):
    public, seal = Ed25519PublicKey.from_public_bytes(base64.b64decode(key)), base64.b64decode(signature, validate=True)
    with contextlib.suppress(InvalidSignature): return public.verify(seal, covered(body)) is None
class Speaker:
    asked, alarms, told, sent, resend, retry, tele, process, born, boot = {}, {}, 0, 0, 0, 0, 0, None, now(), os.urandom(8).hex()
    def __init__(self, identity, home, player):
        self.me, self.home, self.player, self.address = identity.device, home, player, re.split("[/:]+", identity.broker)
        self.key, kept = Ed25519PrivateKey.from_private_bytes(base64.b64decode(identity.private_key)), home / "memory"
        self.m = read(kept.read_bytes() if kept.exists() else b"null") or D(revs={}, have={}, cmd={}, buried={}, deck={}, used={},
            sessions={}, stop=[0, 0], silence=[0, 0], released=0, desired=D(groups=[], policy=D()), volume=80, seq=0, journal=[],
            session=0, keyset=D(version=-1, keys=[D(key=key, not_after=FOREVER) for key in identity.server_keys]))
        for o in self.having("preempted", *SOUNDING): self.move(o, "interrupted", "power")
        self.mq, self.root = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, self.me, False), f"ttcs/1/{identity.tenant}/"
        self.mq.username_pw_set(self.me, identity.password)
        self.mq.on_connect, self.mq.on_message = lambda *_: self.again(), lambda c, u, m: self.receive(m.topic, m.payload, m.retain)
    def run(self):
        while True:
            if self.mq.loop(0.02) and now() > self.retry:  # each connection has a number, in its birth and in its will
                self.m.session, self.retry = self.m.session + 1, now() + random.randrange(1000, 5000)
                self.mq.will_set(*self.report("state", online=False), 1, True)
                with contextlib.suppress(OSError): self.mq.connect(self.address[1], int(self.address[2]), 30)
            self.tick(now()); self.mq.is_connected() and self.talk(now())
    def having(self, *states): return [o for o in self.m.deck.values() if o.state in states]
    def save(self):  # on the medium before anything is done or told
        with (self.home / "part").open("wb", 0) as part: os.fsync(part.write(json.dumps(self.m).encode()) and part.fileno())
        (self.home / "part").replace(self.home / "memory")
    def log(self, event, **more):
        self.m.journal.append([self.boot, {"seq": self.m.seq + 1, "at": now(), "event": event, **more}]); self.m.seq += 1; self.save()
    def move(self, o, state, reason=""):
        over, ms, o.state = state not in ("armed", *SOUNDING), o.offset, state
        self.log(state, item=o.item.id, reason=reason, planned=o.item.start, started=o.started, played_ms=ms, samples=ms * 48,
                 volume=o.volume, ended=now() if over and o.started else 0, evidence=3 if ms and o.volume and over else 2 * bool(o.armed))
    def report(self, kind, sealed=False, **more):
        message = {"type": kind, "device": self.me, "boot": self.boot, "session": self.m.session, "at": now(), **more}
        body, keyid = json.dumps(message).encode(), hashlib.sha256(self.key.public_key().public_bytes_raw()).hexdigest()
        signature = {"keyid": keyid[:16], "sig": base64.b64encode(self.key.sign(covered(body))).decode()}
        seal = {"payloadType": TYPE, "payload": base64.b64encode(body).decode(), "signatures": [signature]}
        return f"{self.root}d/{self.me}/{kind}", json.dumps(seal) if sealed else body
    def talk(self, t):
        if t > self.resend and (self.m.journal or not self.resend): self.again()  # R9, and when the server was born
        essence = {"playing": "".join(o.item.id for o in self.having("playing")), "planned": len(self.having(*WAITING)),
                   "silenced": "central" if t < self.until("silence") else "", "clock": "synced", "have": self.m.have, "capabilities": []}
        if essence != self.told: self.mq.publish(*self.report("state", online=True, **essence), 1, True)
        if t > self.tele: self.mq.publish(*self.report("tele", uptime_s=(t - self.born) // 1000, volume=self.m.volume))
        self.told, self.tele = essence, self.tele if t <= self.tele else t + 1000 * (self.m.desired.heartbeat_s or 60)
        for boot, event in [entry for entry in self.m.journal if entry[1]["seq"] > self.sent]:
            self.sent = self.mq.publish(*self.report("evt", True, boot=boot, events=[event]), 1) and event["seq"]
    def again(self):  # after a connection, after the server's birth, and for new groups
        own, shared = [f"d/{self.me}/{leaf}" for leaf in ("desired", "cmd", "cursor")], self.m.desired.groups
        self.mq.subscribe([(self.root + topic, 1) for topic in (*own, *(f"g/{g}/{leaf}" for g in shared for leaf in ("alerts", "cmd")), "srv/state")])
        self.told, self.sent, self.resend = None, 0, now() + 60_000
    def unseal(self, data):
        envelope, living = read(data[:262_144]), [k.key for k in self.m.keyset["keys"] if now() < k.not_after]
        body = base64.b64decode(envelope.payload, validate=True)
        if not any(is_signed(key, each.sig, body) for key in living for each in envelope.signatures): raise PermissionError("bad_signature")
        order = read(body if envelope.payloadType == TYPE else "")
        return order if all(type(order[name]) is kind for name, kind in NEEDS[order.type].items()) else read("")
    def receive(self, topic, data, retain):
        if topic == self.root + "srv/state": return retain or threading.Timer(random.uniform(0, 5), setattr, (self, "resend", 0)).start()
        try:
            order = self.unseal(data); name = order.device or order.target or order.group
            where = self.root + f"{'d' if name == self.me else 'g'}/{name}/{order.type}"
            if topic != where or name not in (self.me, *self.m.desired.groups): raise PermissionError("wrong_target")
            getattr(self, order.type)(order, now()); self.save()
        except (PermissionError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            alarm = str(error) if isinstance(error, PermissionError) else "malformed"
            if now() - self.alarms.get(alarm, 0) > 60_000: self.alarms[alarm] = now(); self.log(alarm, reason=topic)
    def is_new(self, name, order):  # R1
        held, offered = self.m.revs.get(name, [0, 0]), [order.epoch, order.rev]
        if offered < held: raise PermissionError("replayed")
        self.m.revs[name] = offered; return offered > held
    def cursor(self, order, t): self.m.journal = [entry for entry in self.m.journal if entry[1]["seq"] > order.seq]
    def desired(self, order, t):
        if not self.is_new("desired", order): return
        new = order.keyset if order.keyset and any(t < k.not_after for k in order.keyset["keys"]) else self.m.keyset
        self.m.keyset = max(self.m.keyset, new, key=lambda keyset: keyset.version)
        self.m.desired, self.m.volume, self.tele, self.asked = order, order.get("volume", 80), 0, {}; self.again()
        for each in sorted(order.orders or (), key=lambda each: each.target != self.me):  # nobody has answered them; a copy is no alarm
            if each.target != self.me: raise PermissionError("wrong_target")
            if each.id in self.m.cmd or (t <= each.expires_at and each.action in ("stop", "silence", "release")): self.cmd(D(each, expires_at=FOREVER), t)
    def alerts(self, order, t):
        if not self.is_new("alerts " + order.group, order): return
        for stone in order.cancelled or (): self.bury(stone.id, stone.until, "cancelled")
        self.merge(order.group, order.alerts or (), lambda o: o.state in WAITING)
    def merge(self, source, wishes, may_go):  # R7: what has begun, or is over, stays as it is
        names = [wish["item"].id for wish in wishes]
        for o in self.m.deck.values():
            if o.source == source and o.item.id not in names and may_go(o): self.stop(o, "withdrawn")
        for wish in wishes:
            o = D({"state": "planned", "source": source, "repeat": 1, "gap_ms": 0, **wish}, offset=0, started=0, volume=0)
            if self.m.deck.setdefault(o.item.id, o).state in WAITING: self.m.deck[o.item.id] = o
            if o.item.id in self.m.buried: self.stop(self.m.deck[o.item.id], "cancelled")  # R3
    def bury(self, name, until, reason):
        self.m.buried[name] = max(until, self.m.buried.get(name, 0))
        if name in self.m.deck: self.stop(self.m.deck[name], reason)
    def stop(self, o, reason, state="cancelled"):  # ends what sounds or waits; without a reason it may go on later
        if o.state == "playing":
            played, day = min(now() - o.at, length(o) - o.offset), self.day(now())
            o.offset, self.m.used[day] = o.offset + played, self.m.used.get(day, 0) + (0 if is_real(o) else played)
            if not is_real(o): self.m.sessions[self.day(begin(o))] = [self.session(o)[0], now(), self.session(o)[2] + played]
        rest, sounds = length(o) - o.offset, o.state in SOUNDING
        if sounds and self.process: self.process.kill()
        if o.state not in WAITING: state = "partial" if o.offset else "cancelled"
        if sounds and not reason: state = "done" if not rest else "preempted" if rest >= 5000 or not o.offset else state
        if sounds or o.state in (*WAITING, "preempted"): self.move(o, state, reason)
    def cmd(self, order, t):
        if t > order.expires_at: raise PermissionError("replayed" if order.id in self.m.cmd else "stale")
        if order.id not in self.m.cmd: self.m.cmd[order.id] = self.obey(order, order.action, t); self.save()  # R2
        spread = 0 if order.target == self.me else 2 if order.action in ("stop", "silence") else 5
        threading.Timer(random.uniform(0, spread), self.mq.publish, (*self.report("ack", True, command=order.id, **self.m.cmd[order.id]), 1)).start()
    def obey(self, order, action, t):
        names, code = order["items"] or (), {"stop": "stopped", "silence": "silenced", "release": "released"}.get(action, "")
        if action == "silence" or (action == "stop" and order.hold_until): self.m[action] = [order.issued_at, order.hold_until or FOREVER]
        for name in names: self.bury(name, t + 14 * 86_400_000, code)
        for o in self.m.deck.values() if action in ("stop", "silence") and not names else ():
            if o.state not in WAITING or (action == "stop" and begin(o) < t + (30_000 if o.source else 2_000)): self.stop(o, code)
        if action == "volume" and not 0 <= order.volume <= 100: return {"stage": "refused", "code": "volume"}
        self.m.volume = order.volume if action == "volume" else self.m.volume
        if action == "release": self.m.released = max(self.m.released, order.issued_at)
        if action == "report": self.told, self.tele = None, 0
        return {"stage": "done", "code": code} if code or action in ("volume", "report") else {"stage": "refused", "code": "unsupported"}
    def has(self, ref):  # brought in a thread, by its hash, whole or not at all
        if (path := self.home / ref.sha256).exists() or now() < self.asked.get(path, 0): return path.exists()
        self.asked[path] = now() + 10_000; threading.Thread(target=self.fetch, args=(ref, path), daemon=True).start()
    def fetch(self, ref, path):
        with contextlib.suppress(OSError, ValueError), urllib.request.urlopen(ref.url, timeout=15) as answer:
            body, part = answer.read(ref.size + 1), path.with_suffix(".part")
            if hashlib.sha256(body).hexdigest() == ref.sha256: part.write_bytes(body) and part.replace(path)
    def within(self, many, at, unread):  # those hours that hold; hours that cannot be read never permit more
        local = at // 60_000 + (self.m.desired.policy.utc_offset_minutes or 0)
        def holds(start, end): return (local - minute(start)) % 1440 < ((minute(end) - minute(start)) % 1440 or 1440)
        return [h for h in many or () if (holds(h.start, h.end) if FACES.fullmatch(f"{h.start};{h.end};") else unread)]
    def day(self, at): return str((at // 60_000 + (self.m.desired.policy.utc_offset_minutes or 0)) // 1440)
    def until(self, hold): return self.m[hold][1] if self.m[hold][0] > self.m.released else 0
    def session(self, o):  # the one that it belongs to: its number on its day, when it ends, what sounded in it
        number, until, used = self.m.sessions.get(self.day(begin(o)), (0, 0, 0))
        return (number, until, used) if number and begin(o) <= until + 600_000 else (number + 1, 0, 0)
    def obstacle(self, o, at):
        policy, rest, (number, _, used) = self.m.desired.policy, length(o) - o.offset, self.session(o)
        if at < self.until("silence"): return "silenced", "skipped"
        if is_real(o) or at < self.until("stop"): return None if is_real(o) else ("held", "skipped")
        if not self.within(policy.windows, at, False) or self.within(policy.quiet, at, True): return "outside_hours", "refused"
        why = {"weekday": (int(self.day(begin(o))) + 3) % 7 + 1 not in policy.get("weekdays", range(1, 8)),
               "daily_limit": self.m.used.get(self.day(at), 0) + rest > policy.minutes_a_day * 60_000,
               "session_limit": policy.sessions_a_day is not None and number > policy.sessions_a_day,
               "session_minutes": policy.minutes_a_session is not None and used + rest > policy.minutes_a_session * 60_000}
        return next(((code, "refused") for code, holds in why.items() if holds), None)
    def loudness(self, o, at):
        policy, volume = self.m.desired.policy, round(self.m.volume * o.item.get("volume", 100) / 100)
        hourly = [*(policy.volumes or ()), D(start="21:00", end="06:00", percent=policy.get("night_volume", 70))]
        return max(0, min(volume, policy.get("max_volume", 100), *(c.percent for c in self.within(hourly, at, True) if not is_real(o))))
    def tick(self, t):
        pointer, have = self.m.desired.plan, {name: self.m.desired.get(name, 0) for name in ("epoch", "rev")}
        if self.m.have != have and (pointer is None or self.has(pointer)):
            plan = read((self.home / pointer.sha256).read_bytes()) if pointer else D(start=0, end=FOREVER, items=[])
            self.merge("", [D(item=item) for item in plan["items"]], lambda o: plan.start <= o.item.start < plan.end)
            self.m.have = have; self.save()
        for o in self.having(*WAITING):
            here, seen, o.seen = all([self.has(clip) for clip in o.item.clips]), o.seen, True
            if t > o.item.expires or not (seen or o.source or t <= begin(o) + 5_000):  # R4
                self.move(o, "missed" if not seen else "expired" if here else "failed", "late")
            elif o.item.relays and t > begin(o) - 30_000: self.move(o, "failed", "relay_unsupported")  # as its state declares
            elif o.state == "planned" and here and t > begin(o) - 30_000: o.armed = self.move(o, "armed") is None
        for o in self.having(*SOUNDING):
            if o.state != "playing" and t >= o.at:
                o.started, files = o.started or t, [self.home / clip.sha256 for clip in o.item.clips]
                self.process = self.player and subprocess.Popen([self.player, str(o.offset / 1000), *files]); self.move(o, "playing")
            elif o.state == "playing" and t >= o.at + length(o) - o.offset: self.stop(o, "")
            elif o.state == "playing" and "outside_hours" in (self.obstacle(o, t) or ()): self.stop(o, "outside_hours")
        ready = [o for o in self.having("armed", "preempted") if o.offset or begin(o) < t + 200]
        for o in sorted(ready, key=lambda o: (rank(o), o.state == "armed", o.item.issued_at or 0, o.item.start)):  # R6
            at, current = max(t, begin(o)), self.having(*SOUNDING)
            if why := self.obstacle(o, at): self.stop(o, *why)
            elif not current:
                o.at, o.volume, (number, _, used) = at, self.loudness(o, at), self.session(o)
                if not is_real(o): self.m.sessions[self.day(begin(o))] = [number, at + length(o) - o.offset, used]
                self.move(o, "resuming" if o.state == "preempted" else "starting")  # R5: in the journal before the first sample
            elif rank(o) < rank(current[0]): self.stop(current[0], "")
if __name__ == "__main__":
    folder = pathlib.Path(sys.argv[2]); folder.mkdir(parents=True, exist_ok=True)
    Speaker(read(pathlib.Path(sys.argv[1]).read_text()), folder, "".join(sys.argv[3:])).run()
