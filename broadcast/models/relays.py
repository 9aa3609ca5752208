"""The stations whose streams a unit carries."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .base import Base, UtcDateTime
from .people import Area


class RelayStation(Base):
    """A stream that the slots of an area and below it may carry, as it was found when it was last tried.

    ``check_error``: the code of why it cannot be carried now; empty: it can.
    """

    __tablename__ = "relay_station"
    id: Mapped[int] = mapped_column(primary_key=True)
    area_id: Mapped[int] = mapped_column(ForeignKey("area.id"), index=True)
    title: Mapped[str] = mapped_column(String(200))
    url: Mapped[str] = mapped_column(String(1000))
    media_type: Mapped[str] = mapped_column(String(60))
    bit_rate: Mapped[int]  # bits a second
    checked_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    check_error: Mapped[str] = mapped_column(String(40), default="")
    created_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    retired_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    area: Mapped[Area] = relationship()

    def bytes_in(self, milliseconds: float) -> int:
        """What it costs a SIM card, with the headers of the packets."""
        return round(self.bit_rate / 8 * milliseconds / 1000 * 1_500 / 1_448)
