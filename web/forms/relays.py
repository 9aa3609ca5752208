"""The form of a station whose stream is to be carried."""

from __future__ import annotations

from dataclasses import dataclass, field

from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from .reading import FormReader

LONGEST_TITLE = 200
LONGEST_URL = 1000


@dataclass(frozen=True, slots=True)
class RelayForm:
    title: str = ""
    url: str = ""
    area_id: int = 0
    errors: dict[str, str] = field(default_factory=dict)


def read_relay(form: MultiDict[str, str]) -> RelayForm:
    """The name may be empty: most stations say their own."""
    reader = FormReader(form)
    return RelayForm(
        title=reader.text("title", longest=LONGEST_TITLE),
        url=reader.text("url", longest=LONGEST_URL, missing=_("Hãy nhập địa chỉ luồng phát của đài.")),
        area_id=reader.integer("area_id", missing=_("Hãy chọn địa bàn.")),
        errors=reader.errors,
    )
