"""What can be wrong with slots and with whole weeks of a programme; part of the tree in ``errors``."""

from __future__ import annotations

from .errors import InvalidInput


class SlotInvalid(InvalidInput):
    """``why``: what a slot, its sounds or a wish for airings lacks, as ``schedules.errors.SlotError`` has it.

    Besides ``no_sound`` (ref: not there, retired, or of another kind) and ``no_relay`` (ref).
    """

    code = "slot_invalid"


class TooManySchedules(InvalidInput):
    """``count`` and ``limit`` of what one week to be copied or kept airs once or on named dates."""

    code = "too_many_schedules"
