"""What an officer knows of a loudspeaker's equipment: who made it, and how much data its SIM may carry."""

from __future__ import annotations

import datetime as dt

from sqlalchemy.orm import Session

from broadcast.errors import OutOfRange, ValueTooLong
from broadcast.models import Loudspeaker, Person

from . import placing, registry

MAKER_LIMIT = 80
MOST_DATA = 1_000_000  # MB a month


def save(
    session: Session,
    person: Person,
    loudspeaker_id: int,
    *,
    maker: str,
    data_limit_mb: int | None,
    now: dt.datetime,
) -> Loudspeaker:
    """Without ``data_limit_mb`` nobody is warned.

    Errors: NotFound, Forbidden, WrongState, ValueTooLong, OutOfRange.
    """
    loudspeaker = placing.owned(session, person, loudspeaker_id)
    if len(maker) > MAKER_LIMIT:
        raise ValueTooLong(field="maker", count=len(maker), limit=MAKER_LIMIT)
    if data_limit_mb is not None and not 1 <= data_limit_mb <= MOST_DATA:
        raise OutOfRange(field="data_limit_mb", value=data_limit_mb, minimum=1, maximum=MOST_DATA)
    loudspeaker.maker, loudspeaker.data_limit_mb = maker.strip(), data_limit_mb
    registry.tell(
        session,
        person,
        loudspeaker,
        "loudspeaker.equip",
        now,
        maker=maker.strip(),
        data_limit_mb=data_limit_mb,
    )
    return loudspeaker
