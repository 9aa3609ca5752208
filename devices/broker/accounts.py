"""Broker accounts: who may connect and which topics each may read and write."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from dataclasses import dataclass

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")

# The broker checks passwords in its only thread. Ours are random keys of 32 bytes, which stretching would
# not protect further, so the work factor stays at mosquitto's own default: 5,000 loudspeakers that come
# back at once after a power cut must not wait for it.
_ITERATIONS = 101


@dataclass(frozen=True, slots=True)
class Account:
    """One client of the broker; ``reads`` and ``writes`` are complete lists of topic filters."""

    username: str
    password_hash: str
    reads: tuple[str, ...]
    writes: tuple[str, ...]

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.username):
            raise ValueError(f"not a broker account name: {self.username!r}")
        if _CONTROL.search(self.password_hash) or ":" in self.password_hash:
            raise ValueError(f"not a password hash (account {self.username})")
        for topic in (*self.reads, *self.writes):
            if not topic or topic != topic.strip() or _CONTROL.search(topic):
                raise ValueError(f"not a topic filter: {topic!r} (account {self.username})")


def hash_password(password: str, salt: bytes) -> str:
    """Hash in the form both embedded brokers check: ``$7$``, PBKDF2 with SHA-512."""
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _ITERATIONS)
    return f"$7${_ITERATIONS}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


def check_password(password: str, password_hash: str) -> bool:
    """Whether ``password`` belongs to ``password_hash``; a malformed hash matches nothing."""
    try:
        empty, form, rounds, salt, digest = password_hash.split("$")
        expected = base64.b64decode(digest, validate=True)
        raw_salt = base64.b64decode(salt, validate=True)
        iterations = int(rounds)
    except (ValueError, binascii.Error):
        return False
    if empty or form != "7" or not 0 < iterations <= 1_000_000 or len(expected) != 64:
        return False
    actual = hashlib.pbkdf2_hmac("sha512", password.encode(), raw_salt, iterations)
    return hmac.compare_digest(actual, expected)


def topic_matches(topic: str, topic_filter: str) -> bool:
    """Whether an MQTT topic, or a filter that someone asks for, lies within ``topic_filter``."""
    asked, allowed = topic.split("/"), topic_filter.split("/")
    if topic.startswith("$") and not topic_filter.startswith("$"):
        return False
    for index, part in enumerate(allowed):
        if part == "#":
            return True
        if index >= len(asked) or asked[index] == "#":
            return False
        if part not in ("+", asked[index]):
            return False
    return len(asked) == len(allowed)
