"""What can be wrong with the stream of a station; part of the tree in ``errors``."""

from __future__ import annotations

from .errors import InvalidInput


class RelayUnusable(InvalidInput):
    """``why``: the code of ``devices.errors`` by which it cannot be carried; ``codec`` where that is why."""

    code = "relay_unusable"
