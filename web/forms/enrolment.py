"""The form that claims a box for a place, and the one that says where a loudspeaker hangs."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from broadcast.joining.placing import NAME_LIMIT, NOTE_LIMIT, Place
from broadcast.models import Loudspeaker

from .reading import FormReader


class Mode(enum.StrEnum):
    """Whether a box hangs where none was, or in the place of another."""

    NEW = "new"
    REPLACE = "replace"


@dataclass(frozen=True, slots=True)
class PlaceForm:
    area_id: int = 0
    name: str = ""
    latitude: float | None = None
    longitude: float | None = None
    note: str = ""
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, loudspeaker: Loudspeaker) -> PlaceForm:
        return cls(
            area_id=loudspeaker.area_id,
            name=loudspeaker.name,
            latitude=loudspeaker.latitude,
            longitude=loudspeaker.longitude,
            note=loudspeaker.note,
        )

    def place(self, photo_sha256: str) -> Place:
        return Place(
            area_id=self.area_id,
            name=self.name,
            latitude=self.latitude,
            longitude=self.longitude,
            note=self.note,
            photo_sha256=photo_sha256,
        )


@dataclass(frozen=True, slots=True)
class ClaimForm:
    """``replaces`` is the id of the loudspeaker whose box is broken."""

    mode: Mode = Mode.NEW
    replaces: int = 0
    place: PlaceForm = PlaceForm()
    errors: dict[str, str] = field(default_factory=dict)


def read_claim(form: MultiDict[str, str]) -> ClaimForm:
    reader = FormReader(form)
    mode = reader.choice("mode", Mode, Mode.NEW)
    if mode is Mode.REPLACE:
        replaces = reader.integer("replaces", missing=_("Hãy chọn cụm loa được thay."))
        return ClaimForm(mode, replaces, errors=reader.errors)
    place = read_place(form)
    return ClaimForm(mode, place=place, errors=place.errors)


def read_place(form: MultiDict[str, str]) -> PlaceForm:
    reader = FormReader(form)
    read = PlaceForm(
        area_id=reader.integer("area_id", missing=_("Hãy chọn địa bàn.")),
        name=reader.text(
            "name", longest=NAME_LIMIT, missing=_("Hãy đặt tên để người khác tìm được cụm loa.")
        ),
        latitude=reader.decimal("latitude", lowest=-90, highest=90),
        longitude=reader.decimal("longitude", lowest=-180, highest=180),
        note=reader.text("note", longest=NOTE_LIMIT),
        errors=reader.errors,
    )
    if (read.latitude is None) != (read.longitude is None):
        reader.refuse("longitude", _("Hãy nhập cả vĩ độ và kinh độ, hoặc để trống cả hai."))
    return read
