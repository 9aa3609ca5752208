"""What a row of the calendar that is not equal is explained by, and what the words of a journal count as."""

from __future__ import annotations

import enum

from devices.errors import RELAY_TROUBLES


class Why(enum.StrEnum):
    """What a row that is not equal is explained by."""

    # what people did
    MOVED = "moved"  # to another time
    LEFT_OUT = "left_out"
    GAVE_WAY = "gave_way"  # to another programme
    WITHDRAWN = "withdrawn"
    CHANGED = "changed"  # the rule, or where it airs
    DAY_OFF = "day_off"
    UNAPPROVED = "unapproved"  # nothing in it could go on air at that time
    NOT_VALID = "not_valid"  # the time of what is in it was over, or had not begun
    NOTHING = "nothing"  # nothing flowed into its slot
    STOPPED = "stopped"
    ELSEWHERE = "elsewhere"  # the loudspeaker hung in another place
    RETIRED = "retired"
    SILENCED = "silenced"
    ORDER_DECIDED = "order_decided"  # begins later: the unit lets its own go first
    STAGGERED = "staggered"  # begins later: neighbours begin in turn
    OVERDUE = "overdue"  # it would have begun later, when what is in it did not hold any more
    # what it met
    PREEMPTED = "preempted"  # cut or kept from beginning by what goes first
    IN_TURN = "in_turn"  # began when what played before was over
    RESUMED = "resumed"  # cut by what goes first, and played on to its end
    HOURS = "hours"
    LIMIT = "limit"  # of minutes or sessions
    TOO_LATE = "too_late"  # decided when nobody could be told any more
    # what happened to the loudspeaker
    NO_POWER = "no_power"
    OUT_OF_TOUCH = "out_of_touch"  # it could not know
    CLOCK = "clock"
    NO_AUDIO = "no_audio"
    BROKEN = "broken"  # its output, amplifier or horn
    NO_WORD = "no_word"  # it has not been heard since
    NOT_KEPT = "not_kept"  # its journal of that time is kept no more
    UNKNOWN = "unknown"


SAID = {
    "silenced": Why.SILENCED,
    "held": Why.STOPPED,
    "stopped": Why.STOPPED,
    "cancelled": Why.STOPPED,
    "preempted": Why.PREEMPTED,
    "waited": Why.PREEMPTED,
    "outside_hours": Why.HOURS,
    **dict.fromkeys(("daily_limit", "weekday", "session_limit", "session_minutes"), Why.LIMIT),
    "power": Why.NO_POWER,
    "clock_unknown": Why.CLOCK,
    "clock_stepped": Why.CLOCK,
    "clock_doubtful": Why.CLOCK,
    "no_audio": Why.NO_AUDIO,
    **dict.fromkeys(RELAY_TROUBLES, Why.NO_AUDIO),
    "no_load": Why.BROKEN,
}
"""By the reason in the journal; another one that a loudspeaker gives means that something in it broke."""
STOPPABLE = (Why.STOPPED, Why.PREEMPTED, Why.TOO_LATE, Why.NO_WORD, Why.UNKNOWN)
"""What a stop on the air explains better; who had no power or could not be reached heard of no stop."""
UNTOLD = ("", "off", "no_report", "withdrawn", "changed")  # words that explain nothing by themselves
