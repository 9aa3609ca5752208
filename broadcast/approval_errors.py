"""What goes wrong when a bulletin is approved."""

from __future__ import annotations

from .errors import Forbidden


class LeaderNeeded(Forbidden):
    """The unit, or one above it, wants a leader to approve such bulletins."""

    code = "leader_needed"
