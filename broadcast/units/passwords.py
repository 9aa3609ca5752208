"""Passwords and one-time tokens: what is kept is never what the person types."""

from __future__ import annotations

import hashlib
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from broadcast.errors import WeakPassword

MINIMUM = 10  # characters
MAXIMUM = 256
HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)  # OWASP's second choice: ~20 ms
COMMON = frozenset({"1234567890", "0123456789", "matkhau123", "password123", "qwertyuiop", "truyenthanh"})


def hash_password(password: str, username: str) -> str:
    """Errors: WeakPassword when too short, too long, the user name or a common one."""
    plain = password.casefold()
    if not MINIMUM <= len(password) <= MAXIMUM or plain in COMMON:
        raise WeakPassword(minimum=MINIMUM)
    if len(set(plain.replace(username.casefold(), ""))) < 4:
        raise WeakPassword(minimum=MINIMUM)
    return HASHER.hash(password)


def matches(password: str, password_hash: str | None) -> bool:
    """Takes as long for a person without a password as for one with."""
    try:
        HASHER.verify(password_hash or _nobody(), password[: MAXIMUM + 1])
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


def outdated(password_hash: str) -> bool:
    return HASHER.check_needs_rehash(password_hash)


def new_token() -> str:
    """A one-time token: 256 bits, fit for a URL."""
    return secrets.token_urlsafe(32)


def fingerprint(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _nobody() -> str:
    """A hash that no password matches, made once at the present cost."""
    if not _NOBODY:
        _NOBODY.append(HASHER.hash(secrets.token_hex(16)))
    return _NOBODY[0]


_NOBODY: list[str] = []
