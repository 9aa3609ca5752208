"""What can be wrong with a slot that fills itself; part of the tree in ``errors``."""

from __future__ import annotations

from .errors import InvalidInput


class SlotInvalid(InvalidInput):
    """``why``: what a slot, its sounds or a wish for airings lacks, as ``schedules.errors.SlotError`` has it.

    Besides ``no_sound`` (ref: not there, retired, or of another kind) and ``no_relay`` (ref).
    """

    code = "slot_invalid"
