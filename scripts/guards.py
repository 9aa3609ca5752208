"""The guards that scripts of real failures rely on: where each stands, and the source without it."""

from __future__ import annotations

from dataclasses import dataclass

ACCEPTANCE = "tests/acceptance"


@dataclass(frozen=True, slots=True)
class Change:
    """A piece of a file that must occur exactly once."""

    file: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Guard:
    """``script`` tells the failure; without the guard its test that holds ``test`` in its name must fail."""

    script: str
    name: str
    changes: tuple[Change, ...]
    test: str = ""
    folder: str = ACCEPTANCE

    @property
    def path(self) -> str:
        return f"{self.folder}/test_{self.script}.py"


def _guard(  # noqa: PLR0917 - a table reads better without names
    script: str, name: str, file: str, old: str, new: str, test: str = "", folder: str = ACCEPTANCE
) -> Guard:
    return Guard(script, name, (Change(file, old, new),), test, folder)


_CORE = "tests/devices/core"
_GUARD = "devices/speaker/core/guard.py"
_HOLDS = "devices/speaker/core/holds.py"
_VERIFIED = (
    """    if not any(keys.verify(keyid, signature, covered) for keyid, signature in signatures):
        raise BadSignature("no signature by a trusted key")
""",
    "",
)

GUARDS = (
    _guard(
        "trung_loc_0315",
        "the box refuses outside its hours",
        _GUARD,
        """    if not is_open(policy, at):
        return "outside_hours"
""",
        "",
        "wakes_nobody",
    ),
    _guard(
        "trung_loc_0315",
        "the slip is named before saving",
        "schedules/sanity.py",
        "        likely = next((hit for hit in hits if hit is not None), None)\n",
        "        likely = None\n",
        "whether_she_means",
    ),
    _guard(
        "yunnan_midnight",
        "quiet hours",
        _GUARD,
        """    if any(_contains(hours, offset, at, unread=True) for hours in policy.quiet):
        return False
""",
        "",
    ),
    _guard(
        "yunnan_midnight",
        "a drill is never an emergency",
        _GUARD,
        " and item.status is AlertStatus.ACTUAL",
        "",
    ),
    _guard(
        "jakarta_silent_tower",
        "only what matches was heard",
        "broadcast/evidence/proof.py",
        "score is not None and score >= LIKE",
        "score is not None",
    ),
    _guard(
        "jakarta_silent_tower",
        "without current in the horn nothing was heard",
        "broadcast/evidence/proof.py",
        "if set(loads) == {NO_LOAD}:",
        "if False:",
    ),
    _guard(
        "jakarta_silent_tower",
        "the box tells of its dead horn",
        "devices/speaker/core/sensing.py",
        "self.is_horn_dead = not event.ok",
        "self.is_horn_dead = False",
    ),
    _guard(
        "thach_ha_foreign",
        "the ear tells what nobody ordered",
        "devices/speaker/ear.py",
        "self._post(UnorderedSound(level))",
        "pass",
        "nobody_ordered",
    ),
    _guard(
        "thach_ha_foreign",
        "the button on the pole",
        _HOLDS,
        'return bool(self._number("button")) or at < self._until(_SILENCE)',
        "return at < self._until(_SILENCE)",
        "button",
    ),
    _guard(
        "thach_ha_foreign",
        "the silence of the commune",
        _HOLDS,
        'return bool(self._number("button")) or at < self._until(_SILENCE)',
        'return bool(self._number("button"))',
        "button",
    ),
    _guard(
        "barix_url_swap",
        "signature of every order",
        "devices/envelope.py",
        *_VERIFIED,
        "without_a_good_signature",
    ),
    Guard(
        "barix_url_swap",
        "hash of every download and of every file played",
        (
            Change(
                "devices/speaker/fetch.py",
                "    if _digest(file) != sha256:\n",
                "    if _digest(file) == '':\n",
            ),
            Change(
                "devices/speaker/audio.py",
                'return hashlib.file_digest(file, "sha256").hexdigest() == sha256',
                "return bool(file.read(1) and sha256)",
            ),
        ),
        "another_sound",
    ),
    _guard(
        "barix_url_swap",
        "redirected within the host alone",
        "devices/speaker/download.py",
        "if not location or not same:",
        "if not location:",
        "another_sound",
    ),
    _guard(
        "barix_url_swap",
        "the broker asks who it is",
        "devices/broker/mosquitto.py",
        """allow_anonymous false
use_username_as_clientid true
password_file {directory}/passwords
""",
        "allow_anonymous true\n",
        "password",
    ),
    _guard(
        "sirenjack_replay",
        "signature of every order",
        "devices/envelope.py",
        *_VERIFIED,
        "forged_alert",
    ),
    _guard(
        "sirenjack_replay",
        "documents only grow (R1)",
        "devices/speaker/core/documents.py",
        """                self._record.alarm(now, "replayed", f"{document} {epoch}.{rev}")
                return False
""",
        "                pass\n",
        "replay",
    ),
    Guard(
        "dallas_stop",
        "STOP, and the cancellation that goes with it",
        (
            Change(
                "devices/speaker/core/commands.py",
                """                self._playing.stop(occurrence, now, "stopped")
""",
                "                pass\n",
            ),
            Change(
                "devices/speaker/core/documents.py",
                """            self.bury(tombstone.id, tombstone.until, now, "cancelled")
""",
                "            pass\n",
            ),
        ),
    ),
    _guard(
        "dallas_stop",
        "the hold after a STOP",
        _HOLDS,
        'return "held" if at < self.held_until and not guard.is_emergency(item) else ""',
        'return ""',
    ),
    _guard(
        "fema_cert_expiry",
        "warnings at 30, 7 and 1 day",
        "broadcast/care/key_watch.py",
        "STEPS = (1, 7, 30)  # days",
        "STEPS = (1,)",
    ),
    _guard(
        "fema_cert_expiry",
        "two keys sign during rotation",
        "broadcast/signing/keyring.py",
        "return tuple(each.signing for each in reversed(self.keys))",
        "return (self.newest.signing,)",
    ),
    _guard(
        "fema_cert_expiry",
        "an ended key counts no more",
        "devices/speaker/core/keys.py",
        "if now < known.not_after and _is_key(known.key)",
        "if _is_key(known.key)",
    ),
    _guard(
        "fema_cert_expiry",
        "the self-test of every week",
        "broadcast/worker.py",
        "            weekly_test.order_if_due(session, system.wire, now)\n",
        "",
    ),
    _guard(
        "shunan_slow_unit",
        "the order names the instant",
        "devices/speaker/core/playing.py",
        "            at = max(best.begin, now)\n",
        "            at = now\n",
    ),
    _guard(
        "yagi_7_days",
        "the plan is taken up from the store",
        "devices/speaker/core/documents.py",
        "            self._merge_plan(held.plan, now)\n        for alerts",
        "            pass\n        for alerts",
    ),
    _guard(
        "screentinker_outage",
        "a journal goes when the server has stored it",
        "devices/speaker/session.py",
        "            self._sent_seq = events[-1].seq\n\n",
        """            self._sent_seq = events[-1].seq
            self._world.store.confirm(boot, 1 << 40)

""",
    ),
    _guard(
        "core_sessions",
        "so many sessions a day",
        _GUARD,
        "if policy.sessions_a_day is not None and number > policy.sessions_a_day:",
        "if False:",
        "two_sessions",
        _CORE,
    ),
    _guard(
        "core_sessions",
        "so many minutes a session",
        _GUARD,
        "if policy.minutes_a_session is not None and used_ms + duration_ms",
        "if policy.minutes_a_session is not None and duration_ms",
        "reading_the_day",
        _CORE,
    ),
    _guard(
        "agent_relay",
        "no stream from inside a network",
        "devices/relay/reach.py",
        "return inner.is_global and not inner.is_multicast and not inner.is_reserved",
        "return True",
        "own_network",
        "tests/devices/agent",
    ),
    _guard(
        "agent_relay",
        "a stream ends with its time",
        "devices/speaker/supplies.py",
        "Live(feed, max(0, relay.duration_ms) * RATE // 1000)",
        "Live(feed, 2 * relay.duration_ms * RATE // 1000)",
        "planned_length",
        "tests/devices/agent",
    ),
    _guard(
        "agent_relay",
        "what did not come was not played",
        "devices/speaker/core/playing.py",
        'return (ItemState.PARTIAL, trouble or "preempted") if occurrence.lost else (ItemState.DONE, "")',
        'return (ItemState.DONE, "")',
        "never_called_done",
        "tests/devices/agent",
    ),
    _guard(
        "relay_trial",
        "every redirection is judged",
        "devices/relay/calling.py",
        "answer = _ask(url, reach, tls, within_s)",
        'answer = _ask(url, Reach(["0.0.0.0/0"]) if _ else reach, tls, within_s)',
        "redirection_into",
        "tests/devices",
    ),
    _guard(
        "relay_trial",
        "the address that was judged is called",
        "devices/relay/calling.py",
        "line = _connect(reach.addresses(host, port), port, within_s)",
        "line = _connect(reach.addresses(host, port) and [host], port, within_s)",
        "address_that_was_judged",
        "tests/devices",
    ),
    _guard(
        "vector_relays",
        "never from https to http",
        "devices/relay/calling.py",
        """(urlsplit(url).scheme == "https" and not found.startswith("https:"))""",
        "False",
        "redirection",
        "tests/devices",
    ),
    _guard(
        "vector_stories",
        "orders that stand are obeyed once",
        "devices/speaker/core/commands.py",
        """            elif known is not None:
                self._record.act(Reply(known, self._spread(command)))
            elif command.action in _STANDING""",
        "            elif command.action in _STANDING",
        "repeats",
        "tests/devices",
    ),
)
