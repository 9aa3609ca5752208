"""The form of a sound that a unit keeps for its slots."""

from __future__ import annotations

from dataclasses import dataclass, field

from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from schedules.slots import Kind

from .reading import FormReader

KINDS = (Kind.TUNE, Kind.CHIME, Kind.PIECE, Kind.CLOSING)
LONGEST_TITLE = 200


@dataclass(frozen=True, slots=True)
class SoundForm:
    """``recording_id`` is what the page's recorder has sent already; without scripts a file comes along."""

    kind: Kind = Kind.TUNE
    title: str = ""
    area_id: int = 0
    recording_id: int = 0
    errors: dict[str, str] = field(default_factory=dict)


def read_sound(form: MultiDict[str, str], *, has_file: bool) -> SoundForm:
    reader = FormReader(form)
    recording_id = reader.integer("recording_id")
    if not recording_id and not has_file:
        reader.refuse("recording_id", _("Hãy ghi âm hoặc chọn một tệp âm thanh."))
    kind = reader.choice("kind", Kind, Kind.TUNE)
    if kind not in KINDS:
        reader.refuse("kind", _("Hãy chọn một mục trong danh sách."))
        kind = Kind.TUNE
    return SoundForm(
        kind=kind,
        title=reader.text("title", longest=LONGEST_TITLE, missing=_("Hãy đặt tên cho âm thanh.")),
        area_id=reader.integer("area_id", missing=_("Hãy chọn địa bàn.")),
        recording_id=recording_id,
        errors=reader.errors,
    )
