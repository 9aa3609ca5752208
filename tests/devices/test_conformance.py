"""The conformance run: our program and the small one pass it, loudspeakers with one guard removed do not."""

import asyncio
import base64
import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from click.testing import CliRunner

from devices.conformance import RULES, Outcome, Setup, run
from devices.envelope import SigningKey
from devices.speaker.identity import Identity
from devices.topics import Topics
from tests.waiting import until
from web.cli import main

MINIMAL = Path(__file__).parents[2] / "examples/minimal_speaker.py"
OURS = "from devices.speaker.cli import main; main()"
TOPICS = Topics("thu")
QUICK = (
    "birth",
    "signature",
    "malformed",
    "wrong_target",
    "stale",
    "unsigned_url",
    "unknown_fields",
    "messages",
)
AT_ONCE = (*QUICK, "revision", "duplicate", "stop", "guard_hours", "tombstone_first")
RELAYS = ("relay_window", "relay_stop", "relay_dead", "relay_address")
STANDING = ("standing_orders", "standing_kept")

# what is changed in our program, and the rule that must notice
BROKEN = {
    "loa-curious": ("import devices.relay.reach as r; r.Reach.permits = lambda *_: True", "relay_address"),
    "loa-absent": (
        "import devices.speaker.core.commands as c; c.Commands.stand = lambda *_: None",
        "standing_orders",
    ),
    "loa-boastful": (
        "import devices.speaker.session as s; s.Session._capabilities = ()",
        "capabilities",
    ),
}

# what is taken out of the small loudspeaker, what stands there instead, and the rule that must notice
REMOVED = {
    "loa-trusting": (
        "if not any(is_signed(key, each.sig, body) for key in living for each in envelope.signatures)",
        "if False",
        "signature",
    ),
    "loa-forgetful": (
        'if offered < held: raise PermissionError("replayed")',
        "offered = [max(offered[0], held[0]), held[1] + 1]",
        "revision",
    ),
    "loa-eager": ("if order.id not in self.m.cmd: self", "if True: self", "duplicate"),
    "loa-awake": ('return "outside_hours", "refused"', "return None", "guard_hours"),
    "loa-tireless": ("number > policy.sessions_a_day", "False", "guard_sessions"),
    "loa-hasty": ('self.stop(self.m.deck[o.item.id], "cancelled")', "pass", "tombstone_first"),
}


class Powered:
    """A program that begins anew when its power was cut, until it is switched off."""

    def __init__(self, command, log, pid):
        self._command, self._log, self._pid = command, log, pid
        self._off = threading.Event()
        self._run()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def switch_off(self):
        """Returns when it is dead."""
        self._off.set()
        self._process.kill()
        self._thread.join()

    def _watch(self):
        while True:
            self._process.wait()
            if self._off.is_set():
                return
            self._run()

    def _run(self):
        with self._log.open("a") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=subprocess.STDOUT)
        self._pid.write_text(str(self._process.pid))
        if self._off.is_set():
            self._process.kill()


class Trial:
    """A broker, loudspeakers as programs of their own, and the means to try them."""

    def __init__(self, broker, folder):
        self.broker, self.folder = broker, folder
        self.server = SigningKey.generate()
        (folder / "signing").write_text(self.server.private_bytes().hex())
        self.programs = []

    def start(self, device, *command):
        """Run a loudspeaker; returns how to try it."""
        key = SigningKey.generate()
        identity = Identity(
            device=device,
            tenant="thu",
            broker=self.broker.url,
            password=f"key of {device}",
            private_key=base64.b64encode(key.private_bytes()).decode(),
            server_keys=(self.server.public,),
        )
        path = self.folder / f"{device}.json"
        identity.save(path)
        filled = [word.format(identity=path, data=self.folder / device) for word in command]
        log, pid = self.folder / f"{device}.log", self.folder / f"{device}.pid"
        self.programs.append(Powered([sys.executable, *filled], log, pid))
        return Setup(
            power_cycle=f"kill -9 $(cat {pid})",
            broker=self.broker.url,
            device=device,
            tenant="thu",
            server_key=self.server,
            device_key=key.public,
            username=f"tester-{device}",
            password=f"key of tester-{device}",
            device_password=f"key of {device}",
            group=f"g-{device}",
            lead_s=3.0,
            tolerance_ms=2_000,  # the machine that tests may be busy
            wait_s=60.0,
            alarms_within_s=0.0,
        )

    def start_ours(self, device, patch="pass"):
        run = ("run", "--identity", "{identity}", "--data", "{data}", "--sink", "silent")
        return self.start(device, "-c", f"{patch}; {OURS}", *run)

    def switch_off(self):
        """Take all loudspeakers down, for good."""
        for program in self.programs:
            program.switch_off()
        self.programs.clear()

    def start_minimal(self, device, source=""):
        program = self.folder / f"{device}.py"
        program.write_text(source or MINIMAL.read_text("utf-8"), "utf-8")
        return self.start(device, str(program), "{identity}", "{data}")


@pytest.fixture
def trial(start_broker, make_account, tmp_path):
    devices = ("loa-ours", "loa-relaying", "loa-small", *REMOVED, *BROKEN)
    accounts = [
        make_account(
            device, reads=TOPICS.device_reads(device, [f"g-{device}"]), writes=TOPICS.device_writes(device)
        )
        for device in devices
    ]
    servers = [  # the broker knows a client by its account: each run needs one
        make_account(f"tester-{device}", reads=TOPICS.server_reads, writes=TOPICS.server_writes)
        for device in devices
    ]
    made = Trial(start_broker([*accounts, *servers]), tmp_path)
    yield made
    made.switch_off()


def verdicts(*runs):
    """Try several loudspeakers at once: {rule: verdict} of each."""

    async def all_of_them():
        return await asyncio.gather(*(run(setup, rules) for setup, rules in runs))

    return [{verdict.rule: verdict for verdict in found} for found in asyncio.run(all_of_them())]


def test_our_program_and_the_small_one_keep_the_rules(trial):
    ours, relaying = trial.start_ours("loa-ours"), trial.start_ours("loa-relaying")
    small = trial.start_minimal("loa-small")
    runs = (  # ours is tried in two halves: they take a while
        (ours, (*AT_ONCE, "relay_stop", "relay_address")),
        (relaying, ("capabilities", "relay_window", "relay_dead", *STANDING)),
        (small, (*AT_ONCE, "capabilities", *RELAYS, *STANDING)),
    )
    lacking = [set(), set(), set(RELAYS)]
    for (_, rules), found, lacks in zip(runs, verdicts(*runs), lacking, strict=True):
        assert list(found) == [rule.id for rule in RULES if rule.id in rules]
        others = {rule: v.why for rule, v in found.items() if v.outcome is not Outcome.PASS}
        assert {rule: why for rule, why in others.items() if rule not in lacks} == {}
        assert all("capability relay" in found[rule].why for rule in lacks)
        assert {found[rule].outcome for rule in lacks} <= {Outcome.LACKS}


def test_a_loudspeaker_with_one_guard_removed_breaks_that_rule_and_no_other(trial):
    source, runs = MINIMAL.read_text("utf-8"), []
    for device, (guard, instead, rule) in REMOVED.items():
        assert source.count(guard) == 1, guard
        runs.append((trial.start_minimal(device, source.replace(guard, instead)), ("birth", rule)))
    for device, (patch, rule) in BROKEN.items():
        runs.append((trial.start_ours(device, patch), ("birth", rule)))
    for found, (*_, rule) in zip(verdicts(*runs), [*REMOVED.values(), *BROKEN.values()], strict=True):
        assert found["birth"].outcome is Outcome.PASS
        assert found[rule].outcome is Outcome.FAIL, rule
        assert found[rule].why


def test_the_small_loudspeaker_is_small_and_imports_nothing_of_ours():
    source = MINIMAL.read_text("utf-8")
    assert len(source.splitlines()) <= 200
    imported = {
        line.split()[1].split(".")[0] for line in source.splitlines() if line.startswith(("import", "from"))
    }
    assert imported.isdisjoint({"devices", "broadcast", "web", "tts", "schedules", "msgspec"})


def call(trial, setup, *more):
    arguments = ["conformance", "--broker", setup.broker, "--device", setup.device, "--tenant", "thu"]
    arguments += ["--server-key", str(trial.folder / "signing"), "--device-key", setup.device_key]
    arguments += ["--group", setup.group, "--tolerance", "2000", "--wait", "60", *more]
    arguments += ["--username", setup.username]
    environment = {"TRUYEN_THANH_CONFORMANCE_PASSWORD": setup.password}
    return CliRunner().invoke(main, arguments, env=environment)


def test_the_command_tells_a_verdict_per_rule_and_ends_by_it(trial):
    setup = trial.start_minimal("loa-small")
    result = call(
        trial,
        setup,
        "--json",
        "--rule",
        "birth",
        "--rule",
        "last_will",
        "--rule",
        "keyset",
        "--rule",
        "stale",
    )
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert (told["device"], told["PASS"], told["FAIL"], told["SKIPPED"]) == ("loa-small", 2, 0, 2)
    assert all(verdict["why"] for verdict in told["verdicts"] if verdict["outcome"] == "SKIPPED")
    trial.switch_off()
    # until the broker has told the last will, the box counts as one that speaks
    refused = until(
        lambda: (tried := call(trial, setup, "--rule", "birth", "--wait", "0.5")).exit_code and tried
    )
    assert refused.exit_code == 1
    assert "không lên tiếng" in refused.output


def test_keys_that_are_none_are_refused(trial, tmp_path):
    common = ["conformance", "--broker", "mqtt://127.0.0.1:1", "--device", "loa-1"]
    bad = tmp_path / "bad"
    bad.write_text("not a key")
    first = CliRunner().invoke(main, [*common, "--server-key", str(bad), "--device-key", trial.server.public])
    assert "--server-key" in first.output
    second = CliRunner().invoke(
        main, [*common, "--server-key", str(trial.folder / "signing"), "--device-key", "AAAA"]
    )
    assert "--device-key" in second.output
