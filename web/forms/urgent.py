"""The forms of an urgent announcement: its text, and the order to send it."""

from __future__ import annotations

from dataclasses import dataclass, field

from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from devices.messages import AlertStatus

from .announcements import blanks
from .reading import FormReader

LONGEST_TEXT = 3000  # characters: about four minutes; longer is a bulletin, not an alarm
EXPIRIES = (15, 30, 60, 120, 360, 720)  # minutes


@dataclass(frozen=True, slots=True)
class UrgentForm:
    """What is to be announced, before anything is sent."""

    status: AlertStatus = AlertStatus.TEST
    area_id: int = 0
    title: str = ""
    text: str = ""
    minutes: int = 60
    errors: dict[str, str] = field(default_factory=dict)


def read_urgent(form: MultiDict[str, str]) -> UrgentForm:
    reader = FormReader(form)
    text = reader.text("text", longest=LONGEST_TEXT, missing=_("Thông báo chưa có nội dung để đọc."))
    if left := blanks(text):
        reader.refuse("text", _("Còn chỗ chưa điền: %(places)s.", places=", ".join(left)))
    return UrgentForm(
        status=read_status(reader),
        area_id=reader.integer("area_id", missing=_("Hãy chọn địa bàn phát.")),
        title=reader.text("title", longest=120, missing=_("Hãy đặt tên ngắn cho thông báo.")),
        text=text.replace("\r\n", "\n"),
        minutes=_minutes(reader),
        errors=reader.errors,
    )


def read_status(reader: FormReader) -> AlertStatus:
    """A missing or wrong status is refused and never becomes a real alarm."""
    if not reader.raw("status"):
        reader.refuse("status", _("Hãy chọn: thật, diễn tập hay thử."))
    return reader.choice("status", AlertStatus, AlertStatus.TEST)


def _minutes(reader: FormReader) -> int:
    minutes = reader.integer("minutes", missing=_("Hãy chọn thông báo hết hiệu lực khi nào."), default=60)
    if minutes not in EXPIRIES:
        reader.refuse("minutes", _("Hãy chọn một mục trong danh sách."))
        return 60
    return minutes


@dataclass(frozen=True, slots=True)
class SendForm:
    """The order to send: repeats what the confirmation showed, so that nothing else can be sent."""

    status: AlertStatus
    area_id: int
    loudspeakers: int  # the number that was read back
    minutes: int
    errors: dict[str, str]


def read_send(form: MultiDict[str, str]) -> SendForm:
    reader = FormReader(form)
    return SendForm(
        status=read_status(reader),
        area_id=reader.integer("area_id", missing=_("Hãy chọn địa bàn phát.")),
        loudspeakers=reader.integer("loudspeakers", default=-1),
        minutes=_minutes(reader),
        errors=reader.errors,
    )
