"""How a rule comes to its verdict other than by holding, as types that the runner tells apart."""

from __future__ import annotations


class Broken(Exception):  # noqa: N818 - named for what happened
    """The loudspeaker does not keep the rule."""


class NotTested(Exception):  # noqa: N818
    """The rule cannot be tried here, or does not concern this loudspeaker."""


class Lacking(Exception):  # noqa: N818
    """The loudspeaker declares that it has not the capability that the rule is about."""


class Unreachable(Exception):  # noqa: N818
    """The loudspeaker never showed itself: no rule can be tried."""
