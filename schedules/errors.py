"""What can be wrong with a rule of the programme."""

from __future__ import annotations

import datetime as dt


class RuleError(ValueError):
    """A rule that cannot be a rule; ``code`` is stable, ``params`` say which part.

    Codes: ``malformed``, ``no_times``, ``too_many_times``, ``repeated_time``, ``zoned_time``,
    ``until_before_start``, ``date_out_of_range``, ``misplaced`` (a field that serves other frequencies),
    ``bad_interval``, ``no_weekdays``, ``bad_weekday``, ``no_dates``, ``too_many_dates``, ``no_months``,
    ``bad_month``, ``no_month_days``, ``bad_month_day``, ``bad_nth``, ``too_many_exceptions``,
    ``moved_twice``.
    """

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(f"{code} {params}" if params else code)
        self.code = code
        self.params = params


class EventError(RuleError):
    """An event of a foreign calendar that can be no schedule; its codes stand at ``ical_reading.Note``."""


class SlotError(ValueError):
    """A slot, or a wish for airings, that cannot be one; ``code`` is stable, ``params`` say which part.

    Codes: ``malformed``, ``bad_length``, ``no_entries``, ``too_many_entries``, ``bad_entry_length``,
    ``no_ref``, ``flow_is_filling``, ``bulletin_is_fixed``, ``no_class``, ``bad_class``,
    ``repeated_class``, ``routine_before_priority``, ``repeated_bulletin``, ``repeated_language``,
    ``over_full``; of airings ``bad_times``, ``bad_days``, ``bad_gap``, ``gap_too_long``.
    """

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(f"{code} {params}" if params else code)
        self.code = code
        self.params = params


class OverFull(SlotError):  # noqa: N818  an error is named for what happened
    """What is always there is longer than its slot, by ``over_ms``."""

    def __init__(self, *, fixed_ms: int, length_ms: int) -> None:
        over_ms = fixed_ms - length_ms
        super().__init__("over_full", fixed_ms=fixed_ms, length_ms=length_ms, over_ms=over_ms)
        self.over_ms = over_ms


class NotAiring(LookupError):  # noqa: N818
    """A rule has no airing, or has left none out, at the local time ``at``."""

    def __init__(self, at: dt.datetime) -> None:
        super().__init__(at.isoformat())
        self.at = at
