"""The forms of a bulletin: writing it, and deciding about it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from devices.messages import BulletinClass

from .reading import FormReader

VOICES = ("north", "centre", "south")
SPEEDS = ("0.8", "0.9", "1.0", "1.1", "1.2")
LONGEST_TEXT = 50_000  # characters; the limit of the speech side, told before sending
# Emergency announcements have their own page with its own safeguards.
CLASSES = (BulletinClass.ROUTINE, BulletinClass.PRIORITY)


@dataclass(frozen=True, slots=True)
class BulletinForm:
    """What stands in the writing page; ``version`` is the one the person started from."""

    title: str = ""
    text: str = ""
    klass: BulletinClass = BulletinClass.ROUTINE
    source: str = ""
    document_number: str = ""
    document_date: dt.date | None = None
    document_issuer: str = ""
    area_id: int = 0
    voice: str = "north"
    speed: str = "1.0"
    engine: str = "auto"
    language: str = "vi"
    version: int = 0
    errors: dict[str, str] = field(default_factory=dict)


def read_bulletin(form: MultiDict[str, str]) -> BulletinForm:
    reader = FormReader(form)
    return BulletinForm(
        title=reader.text("title", longest=300, missing=_("Hãy đặt tên cho bản tin.")),
        text=_lines(reader.text("text", longest=LONGEST_TEXT, missing=_("Bản tin chưa có nội dung để đọc."))),
        klass=reader.choice("klass", BulletinClass, BulletinClass.ROUTINE),
        source=reader.text("source", longest=200),
        document_number=reader.text("document_number", longest=80),
        document_date=reader.date("document_date"),
        document_issuer=reader.text("document_issuer", longest=200),
        area_id=reader.integer("area_id", missing=_("Hãy chọn địa bàn.")),
        voice=reader.one_of("voice", VOICES, "north"),
        speed=reader.one_of("speed", SPEEDS, "1.0"),
        version=reader.integer("version"),
        errors=reader.errors,
    )


def _lines(text: str) -> str:
    """Browsers send CRLF; the sha256 of the text must not depend on who sent it."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


@dataclass(frozen=True, slots=True)
class DecisionForm:
    """An approval or its refusal, bound to the version, text and audio that were on the page."""

    approve: bool
    version: int
    text_sha256: str
    audio_sha256: str
    note: str
    errors: dict[str, str]


def read_decision(form: MultiDict[str, str]) -> DecisionForm:
    reader = FormReader(form)
    approve = reader.one_of("decision", ("approve", "send_back"), "send_back") == "approve"
    missing = "" if approve else _("Hãy viết lý do để người soạn biết cần sửa gì.")
    if approve and reader.raw("heard") != "yes":
        reader.refuse("heard", _("Hãy nghe hết bản tin rồi đánh dấu “Tôi đã nghe”."))
    return DecisionForm(
        approve=approve,
        version=reader.integer("version"),
        text_sha256=reader.text("text_sha256", longest=64),
        audio_sha256=reader.text("audio_sha256", longest=64),
        note=reader.text("note", longest=2000, missing=missing),
        errors=reader.errors,
    )
