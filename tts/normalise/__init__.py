"""Written administrative Vietnamese to the words an announcer says, each piece linked to its source."""

from tts.normalise.reader import VERSION, plain, read

__all__ = ["VERSION", "plain", "read"]
