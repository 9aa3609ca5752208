"""What can be wrong with a rule of the programme."""

from __future__ import annotations


class RuleError(ValueError):
    """A rule that cannot be a rule; ``code`` is stable, ``params`` say which part.

    Codes: ``malformed``, ``no_times``, ``too_many_times``, ``repeated_time``, ``zoned_time``,
    ``no_weekdays``, ``bad_weekday``, ``until_before_start``.
    """

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(f"{code} {params}" if params else code)
        self.code = code
        self.params = params
