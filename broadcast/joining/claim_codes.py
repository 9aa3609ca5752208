"""The codes by which people tell new boxes apart: easy to read from a pole, hard to mistype on a phone."""

from __future__ import annotations

import secrets
import unicodedata

# Nothing that looks like another sign (0 O, 1 I L, 2 Z, 5 S, 6 G, 8 B), and neither a vowel nor D or W:
# a Vietnamese keyboard joins those to letters with marks while they are typed.
SIGNS = "234579CFGHJKMNPQRTVX"
LENGTH = 8


def new() -> str:
    """One of some twenty-five thousand million."""
    return written("".join(secrets.choice(SIGNS) for _ in range(LENGTH)))


def written(code: str) -> str:
    """A code as it is stored and shown, from what a person typed: ``hx4q 7kmt`` becomes ``HX4Q-7KMT``."""
    plain = unicodedata.normalize("NFKC", code[:40]).upper()
    signs = "".join(sign for sign in plain if sign.isalnum())
    return f"{signs[:4]}-{signs[4:]}"
