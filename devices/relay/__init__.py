"""Streams of other stations, Icecast and HLS in MP3: checked by the server, carried by a loudspeaker."""

from .feed import Pace, RadioFeed
from .reach import Reach
from .reception import Reception, tune
from .trial import Findings, examine

__all__ = ["Findings", "Pace", "RadioFeed", "Reach", "Reception", "examine", "tune"]
