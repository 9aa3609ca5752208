"""What the entries of slots name: rows, by their numbers, written by whoever made the slot."""

from __future__ import annotations

DIGITS = 9  # what every database takes for a number


def row_id(ref: str) -> int | None:
    """The number of a row; None for what can be none."""
    return int(ref) if ref.isascii() and ref.isdecimal() and len(ref) <= DIGITS else None
