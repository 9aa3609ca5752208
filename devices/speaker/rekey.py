"""The box replaces its own key in the last weeks of it, so that no box is lost because a key has ended.

The order makes it safe to lose power at any moment: the new private key is written before the server
is asked, the new identity after the server has confirmed, and the server takes the old key until the
new one was used. A box that finds a key that it had asked for asks again, and gets the same answer.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import logging
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec

from devices.enrolment import NewKey
from devices.envelope import KeySet, SigningKey, key_proof, open_new_key, seal
from devices.errors import FetchError, FetchRefused, OrderRejected
from devices.messages import KeyRequest

from . import private_file
from .asking import Asker, ask
from .identity import Identity

log = logging.getLogger(__name__)

DAY_MS: Final = 86_400_000
BEFORE_MS: Final = 60 * DAY_MS
SPREAD_MS: Final = 25 * DAY_MS  # a province that was enrolled on one day does not ask on one day
LOOK_S: Final = 60.0
_APART_MS: Final = 5 * 60_000  # so far from the server's time a question may be refused for its age
_FIRST_PAUSE_S = 20.0  # after an attempt that failed, which may have made the old password worthless; doubles
_LONGEST_PAUSE_S = 900.0  # so long a box with a dead password stays deaf once the server answers again


def due_at(device: str, key_expires: int) -> int:
    """When a loudspeaker sees to its key (UTC ms): within the last 60 days, each at its own time."""
    share = int.from_bytes(hashlib.sha256(device.encode()).digest()[:4], "big") / 2**32
    return key_expires - BEFORE_MS + round(share * SPREAD_MS)


def replace_key(
    path: Path, identity: Identity, now_ms: int, asker: Asker = ask, trusted: Iterable[str] | None = None
) -> Identity:
    """Ask for the new key and write the new identity over the old one; raises FetchError, OSError.

    Only an answer to this very question counts, sealed with one of the server's keys that are
    ``trusted`` now (those of the identity where nobody says): a stranger on the way could else give
    the box a password that opens nothing.

    Whose clock is far off asks by the server's time: with a password that is dead it would never learn
    the true one over the broker. The time dates the question and counts for nothing else.
    """
    draft = _draft(path)
    key = _begun(draft)
    if key is None or key.public == identity.key.public:  # the latter was finished and not tidied up
        key = SigningKey.generate()
        private_file.write(draft, key.private_bytes().hex().encode())
    address = f"{identity.server}/api/speakers/{identity.device}/key"
    question = _request(identity, key, now_ms)
    answer = asker("POST", address, question)
    if answer.status == 403 and answer.at_ms and abs(answer.at_ms - now_ms) > _APART_MS:
        question = _request(identity, key, answer.at_ms)
        answer = asker("POST", address, question)
    if answer.status != 200:
        raise FetchRefused(f"the server answers {answer.status}")
    told = _opened(answer.body, question, identity, identity.server_keys if trusted is None else trusted)
    private = base64.b64encode(key.private_bytes()).decode()
    renewed = msgspec.structs.replace(identity, private_key=private, password=told.password)
    renewed.save(path)
    private_file.remove(draft)
    return renewed


def is_begun(path: Path, identity: Identity) -> bool:
    """Whether the server may know a key that the identity has not; what was finished is tidied up."""
    key = _begun(_draft(path))
    if key is not None and key.public == identity.key.public:
        private_file.remove(_draft(path))
        return False
    return key is not None


@dataclass(slots=True)
class KeyCare:
    """Sees to the key while the loudspeaker runs; ``now_ms`` is None while its clock cannot be trusted.

    ``replaced`` are the ends of keys that have another one by now: what the server wished for before it knew
    the new key still names them, and asking for each anew would change the password faster than any broker
    learns it.
    """

    path: Path
    identity: Identity
    now_ms: Callable[[], int | None]
    rng: random.Random
    asker: Asker = ask
    trusted: Callable[[], Iterable[str] | None] = lambda: None  # the server's keys of now
    look_s: float = LOOK_S
    pause_s: float = _FIRST_PAUSE_S
    replaced: set[int] = field(default_factory=set)

    async def renewed(self, key_expires: Callable[[], int]) -> Identity:
        """Return when the file holds a new identity; never where no server is known."""
        while True:
            now, end = self.now_ms(), key_expires()
            if self.identity.server and self._is_due(end, now):
                found = await self._attempt(now or 0)
                if found is not None:
                    self.replaced.add(end)
                    return found
                await asyncio.sleep(self.rng.uniform(self.pause_s / 2, self.pause_s))
                self.pause_s = min(2 * self.pause_s, _LONGEST_PAUSE_S)
            else:
                await asyncio.sleep(self.look_s)

    def _is_due(self, key_expires: int, now: int | None) -> bool:
        if is_begun(self.path, self.identity):
            return True
        names_ours = bool(key_expires) and key_expires not in self.replaced
        return now is not None and names_ours and due_at(self.identity.device, key_expires) <= now

    async def _attempt(self, now: int) -> Identity | None:
        ids = {"device": self.identity.device}
        try:
            keys = self.trusted()
            found = await asyncio.to_thread(replace_key, self.path, self.identity, now, self.asker, keys)
        except (FetchError, OSError) as error:
            log.warning("The key was not replaced: %s", error, extra={"action": "rekey_failed", **ids})
            return None
        log.info("The key was replaced", extra={"action": "rekeyed", **ids})
        return found


def _request(identity: Identity, key: SigningKey, now_ms: int) -> bytes:
    proof = key.sign(key_proof(identity.device, key.public))
    wanted = KeyRequest(
        device=identity.device,
        public_key=key.public,
        proof=base64.b64encode(proof).decode(),
        at=now_ms,
    )
    return seal(wanted, identity.key)


def _opened(body: bytes, question: bytes, identity: Identity, trusted: Iterable[str]) -> NewKey:
    """Raises FetchRefused for what is not the server's answer to this question."""
    try:
        told = open_new_key(body, KeySet(trusted))
    except OrderRejected as error:
        raise FetchRefused(f"not an answer of the server: {error}") from error
    if (told.device, told.request) != (identity.device, hashlib.sha256(question).hexdigest()):
        raise FetchRefused("an answer to another question")
    return told


def _begun(draft: Path) -> SigningKey | None:
    """A key that was made before; a damaged one was never used."""
    try:
        return SigningKey.from_bytes(bytes.fromhex(draft.read_text("ascii")))
    except (OSError, ValueError):
        return None


def _draft(path: Path) -> Path:
    return path.with_name(path.name + ".next")
