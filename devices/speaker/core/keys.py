"""Which keys of the server count: the kept set, whose version only grows, or those of the first day."""

from __future__ import annotations

import base64
import binascii

from devices.messages import Keyset

from .record import Record

_KEY_BYTES = 32  # Ed25519


class Keys:
    """Adopts a set that can be trusted at all; a refused one leaves the old one in force."""

    def __init__(self, record: Record, first: tuple[str, ...]) -> None:
        self._record = record
        self._memory = record.memory
        self._first = first

    def trusted(self, now: int) -> tuple[str, ...]:
        """The public keys (base64) whose signature counts at ``now``; none once all of them have ended."""
        held = self._memory.keyset.get("")
        return self._first if held is None else _living(held, now)

    def offer(self, offered: Keyset, now: int, reckoned: int) -> None:
        """Take a newer set; one that would leave the box without any key by ``reckoned`` is refused aloud."""
        held = self._memory.keyset.get("")
        if offered == held:
            return
        if held is not None and offered.version <= held.version:
            self._record.alarm(now, "keyset_refused", f"version {offered.version} after {held.version}")
        elif held is None and self._is_from_before(offered):
            self._record.alarm(now, "keyset_refused", "brings a key that ended before those of the first day")
        elif not _living(offered, reckoned):
            self._record.alarm(now, "keyset_refused", f"version {offered.version} has no living key")
        else:
            self._record.keep("keyset", "", offered)

    def _is_from_before(self, offered: Keyset) -> bool:
        """Whether a set has a key that was retired before this box was taken in.

        A box without a version, new in the place of another, would else believe a recorded set, and with
        it a key that was stolen and retired since. A key that is newer ends later.
        """
        ours = [known.not_after for known in offered.keys if known.key in self._first]
        others = [known.not_after for known in offered.keys if known.key not in self._first]
        return bool(ours and others) and min(others) < min(ours)


def _living(keyset: Keyset, now: int) -> tuple[str, ...]:
    return tuple(known.key for known in keyset.keys if now < known.not_after and _is_key(known.key))


def _is_key(text: str) -> bool:
    try:
        return len(base64.b64decode(text, validate=True)) == _KEY_BYTES
    except (binascii.Error, ValueError):
        return False
