"""The forms that add a loudspeaker and describe its equipment."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from .reading import FormReader

DEVICE = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")  # part of topics and of the broker's user name


@dataclass(frozen=True, slots=True)
class LoudspeakerForm:
    device: str = ""
    name: str = ""
    area_id: int = 0
    latitude: float | None = None
    longitude: float | None = None
    errors: dict[str, str] = field(default_factory=dict)


def read_loudspeaker(form: MultiDict[str, str]) -> LoudspeakerForm:
    reader = FormReader(form)
    device = reader.text("device", longest=40, missing=_("Hãy đặt mã cho cụm loa.")).lower()
    if device and not DEVICE.fullmatch(device):
        reader.refuse("device", _("Mã chỉ gồm chữ thường không dấu, chữ số và dấu gạch nối. Ví dụ: loa-001."))
    read = LoudspeakerForm(
        device=device,
        name=reader.text("name", longest=120, missing=_("Hãy đặt tên để người khác tìm được cụm loa.")),
        area_id=reader.integer("area_id", missing=_("Hãy chọn địa bàn.")),
        latitude=reader.decimal("latitude", lowest=-90, highest=90),
        longitude=reader.decimal("longitude", lowest=-180, highest=180),
        errors=reader.errors,
    )
    if (read.latitude is None) != (read.longitude is None):
        reader.refuse("longitude", _("Hãy nhập cả vĩ độ và kinh độ, hoặc để trống cả hai."))
    return read


@dataclass(frozen=True, slots=True)
class EquipmentForm:
    maker: str = ""
    data_limit_mb: int | None = None
    errors: dict[str, str] = field(default_factory=dict)


def read_equipment(form: MultiDict[str, str]) -> EquipmentForm:
    reader = FormReader(form)
    limit = reader.integer("data_limit_mb")
    return EquipmentForm(
        maker=reader.text("maker", longest=80), data_limit_mb=limit or None, errors=reader.errors
    )
