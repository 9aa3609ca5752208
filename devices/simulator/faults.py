"""What can be broken on a simulated loudspeaker, on command and by profile."""

from __future__ import annotations

import enum


class Fault(enum.StrEnum):
    NO_POWER = "no_power"
    NO_NETWORK = "no_network"
    SLOW_LINK = "slow_link"  # 16 kbit/s and a second of delay
    WRONG_CLOCK = "wrong_clock"  # off by the profile's wrong_ms, without knowing it
    FULL_DISK = "full_disk"  # no room for another clip
    NO_STREAM = "no_stream"  # nothing comes of any other station whose stream it carries
    DEAD_HORN = "dead_horn"  # everything is rendered, the coil of the horn is open
    MUTED_AMPLIFIER = "muted_amplifier"  # everything is rendered, nothing comes out of the amplifier
    FOREIGN_SOUND = "foreign_sound"  # the horn sounds a programme that nobody ordered
    STOLEN_CREDENTIAL = "stolen_credential"  # somebody else connects with its password and tells lies
