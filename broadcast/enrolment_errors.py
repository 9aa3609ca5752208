"""What can go wrong when boxes become loudspeakers and change their keys; part of the tree in ``errors``."""

from __future__ import annotations

from .errors import Forbidden, InvalidInput, NotFound, Unavailable


class ClaimUnknown(NotFound):
    """No box shows this ``value`` now: mistyped, over, or claimed already."""

    code = "claim_unknown"


class ClaimGone(NotFound):
    """Nobody claimed the box in time, or its identity was taken already."""

    code = "claim_gone"


class EnrolmentFull(Unavailable):
    """Too many boxes wait to be claimed at the same time."""

    code = "enrolment_full"


class KeyRefused(Forbidden):
    """A loudspeaker's key is not replaced; ``why``: signature, proof, stale, ended."""

    code = "key_refused"


class NotPhoto(InvalidInput):
    """The uploaded file is no photograph that can be kept."""

    code = "not_photo"
