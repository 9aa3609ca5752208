"""How this box gets its identity: it makes its key, shows a code, and waits until an officer has claimed it.

The private key never leaves the box. What it waits for is written down, so that a box that loses
power while it waits goes on waiting under the same code.
"""

from __future__ import annotations

import base64
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from devices.enrolment import Ask, Granted, Waiting
from devices.envelope import KeySet, SigningKey, open_granted
from devices.errors import EnrolRefused, FetchUnreachable, IdentityInvalid, OrderRejected

from . import private_file
from .asking import Answer, Asker, ask
from .identity import Identity

log = logging.getLogger(__name__)

PAUSE_S: Final = 5  # between two questions when the server does not say
LONGEST_PAUSE_S: Final = 60
_GONE = (404, 410)
T = TypeVar("T")


class Pending(msgspec.Struct, frozen=True, kw_only=True):
    """What the box waits for; kept beside the identity file until there is one."""

    server: str
    private_key: str
    waiting: Waiting

    def __repr__(self) -> str:
        return f"Pending({self.server!r}, {self.waiting!r})"


@dataclass(frozen=True, slots=True)
class About:
    """What this box says of itself; the officer compares it with the label."""

    hardware: str = ""
    serial: str = ""
    firmware: str = ""


@dataclass(frozen=True, slots=True)
class Enrolment:
    """One box that wants to belong to ``server``; ``show`` is told every code to show.

    ``known`` are keys of that server that the box has from elsewhere. Without any it believes those that
    it is told with its code: whoever comes between the box and the server later is found out, whoever was
    there at the first word is not.
    """

    server: str
    path: Path
    about: About
    show: Callable[[Waiting], None]
    asker: Asker = ask
    sleep: Callable[[float], None] = time.sleep
    known: tuple[str, ...] = ()

    def run(self) -> Identity:
        """Ask until there is an identity, and write it. Raises EnrolRefused, FetchRefused."""
        pending = self._resumed() or self._begin()
        self.show(pending.waiting)
        pause = PAUSE_S
        while True:
            answer = self._try("GET", f"/api/enrol/{pending.waiting.poll}")
            if answer is not None and answer.status == 200:
                return self._keep(pending, answer)
            if answer is not None and answer.status in _GONE:
                pending, pause = self._begin(), PAUSE_S
                self.show(pending.waiting)
                continue
            waits = answer is not None and answer.status == 202
            pause = PAUSE_S if waits else min(2 * pause, LONGEST_PAUSE_S)
            self.sleep(_pause(answer, pause))

    @property
    def _draft(self) -> Path:
        return self.path.with_name(self.path.name + ".enrolling")

    def _resumed(self) -> Pending | None:
        try:
            pending = msgspec.json.decode(self._draft.read_bytes(), type=Pending)
        except (OSError, msgspec.DecodeError):
            return None
        return pending if pending.server == self.server else None

    def _begin(self) -> Pending:
        """A new key and a new code; a server that is away is asked again and again."""
        key, pause = SigningKey.generate(), PAUSE_S
        wanted = Ask(
            public_key=key.public,
            hardware=self.about.hardware[:80],
            serial=self.about.serial[:80],
            firmware=self.about.firmware[:40],
        )
        while True:
            answer = self._try("POST", "/api/enrol", msgspec.json.encode(wanted))
            if answer is not None and answer.status == 201:
                private = base64.b64encode(key.private_bytes()).decode()
                told = _decoded(answer, Waiting)
                pending = Pending(server=self.server, private_key=private, waiting=told)
                private_file.write(self._draft, msgspec.json.encode(pending))
                return pending
            if answer is not None and answer.status != 429 and answer.status < 500:
                raise EnrolRefused(f"the server answers {answer.status}")
            pause = min(2 * pause, LONGEST_PAUSE_S)
            self.sleep(_pause(answer, pause))

    def _keep(self, pending: Pending, answer: Answer) -> Identity:
        granted = self._granted(pending, answer)
        identity = Identity(
            device=granted.device,
            tenant=granted.tenant,
            broker=granted.broker,
            password=granted.password,
            private_key=pending.private_key,
            server_keys=granted.server_keys,
            server=self.server,
        )
        try:
            identity.check()
        except IdentityInvalid as error:
            raise EnrolRefused(str(error)) from error
        identity.save(self.path)
        private_file.remove(self._draft)
        return identity

    def _granted(self, pending: Pending, answer: Answer) -> Granted:
        """Raises EnrolRefused for what was not written by the server, or not for this box."""
        try:
            granted = open_granted(answer.body, KeySet(self.known or pending.waiting.server_keys))
        except (OrderRejected, ValueError) as error:
            raise EnrolRefused(f"not an answer of the server: {error}") from error
        ours = SigningKey.from_bytes(base64.b64decode(pending.private_key)).public
        if granted.public_key != ours:
            raise EnrolRefused("an answer to another box")
        return granted

    def _try(self, method: str, path: str, body: bytes | None = None) -> Answer | None:
        try:
            return self.asker(method, self.server + path, body)
        except FetchUnreachable as error:
            log.info("The server does not answer: %s", error, extra={"action": "enrol_unreachable"})
            return None


def _pause(answer: Answer | None, pause: int) -> float:
    return float(max(1, answer.retry_s or pause)) if answer is not None else float(pause)


def _decoded(answer: Answer, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(answer.body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise EnrolRefused(f"not an answer of this protocol: {error}") from error
