"""The forms of a bulletin: writing it, and deciding about it."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field

from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from broadcast.authoring.content import FASTEST, SLOWEST
from devices.messages import BulletinClass
from tts.types import Preset

from .reading import FormReader

SPEEDS = ("0.8", "0.9", "1.0", "1.1", "1.2")
PRESETS = tuple(Preset)
REPEATS = (1, 2, 3, 4, 5)
AS_STATION = ""  # the value of a choice that is left to the area's station
WORDS_FROM = ("station", "own", "none")  # whose opening or closing is read
VOICE = re.compile(r"[a-z]{2,24}:[\w .()-]{1,40}")  # engine:voice
SPEED = re.compile(r"[0-2](\.[0-9]{1,2})?")
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z]{2,4})?")
LONGEST_TEXT = 50_000  # characters; the limit of the speech side, told before sending
LONGEST_FORMULA = 500  # characters of an opening or a closing
MOST_PARTS = 12
# Emergency announcements have their own page with its own safeguards.
CLASSES = (BulletinClass.ROUTINE, BulletinClass.PRIORITY)


@dataclass(frozen=True, slots=True)
class PartForm:
    """The same announcement in another language: a text, or a recording where no voice speaks it."""

    key: int
    language: str
    title: str = ""
    text: str = ""
    voice: str = AS_STATION
    recording_id: int = 0
    removed: bool = False


@dataclass(frozen=True, slots=True)
class BulletinForm:
    """What stands in the writing page; ``version`` is the one the person started from."""

    title: str = ""
    text: str = ""
    klass: BulletinClass = BulletinClass.ROUTINE
    until_day: dt.date | None = None  # the last day of a new one with priority
    source: str = ""
    document_number: str = ""
    document_date: dt.date | None = None
    document_issuer: str = ""
    area_id: int = 0
    language: str = "vi"
    voice: str = AS_STATION
    speed: str = AS_STATION
    preset: str = AS_STATION
    repeats: str = AS_STATION
    say_title: bool = False
    opening_from: str = "station"
    opening: str = ""
    closing_from: str = "station"
    closing: str = ""
    recording_id: int = 0
    parts: tuple[PartForm, ...] = ()
    version: int = 0
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def kept(self) -> tuple[PartForm, ...]:
        return tuple(part for part in self.parts if not part.removed)


def read_bulletin(form: MultiDict[str, str]) -> BulletinForm:
    reader = FormReader(form)
    recording_id = reader.integer("recording_id")
    missing = "" if recording_id else _("Bản tin chưa có nội dung để đọc.")
    return BulletinForm(
        title=reader.text("title", longest=300, missing=_("Hãy đặt tên cho bản tin.")),
        text=_lines(reader.text("text", longest=LONGEST_TEXT, missing=missing)),
        klass=reader.choice("klass", BulletinClass, BulletinClass.ROUTINE),
        until_day=reader.date("until_day"),
        source=reader.text("source", longest=200),
        document_number=reader.text("document_number", longest=80),
        document_date=reader.date("document_date"),
        document_issuer=reader.text("document_issuer", longest=200),
        area_id=reader.integer("area_id", missing=_("Hãy chọn địa bàn.")),
        language=_language(reader.raw("language")),
        voice=_voice(reader, "voice"),
        speed=_speed(reader),
        preset=reader.one_of("preset", (AS_STATION, *PRESETS), AS_STATION),
        repeats=reader.one_of("repeats", (AS_STATION, *map(str, REPEATS)), AS_STATION),
        say_title=reader.raw("say_title") == "1",
        opening_from=reader.one_of("opening_from", WORDS_FROM, "station"),
        opening=reader.text("opening", longest=LONGEST_FORMULA),
        closing_from=reader.one_of("closing_from", WORDS_FROM, "station"),
        closing=reader.text("closing", longest=LONGEST_FORMULA),
        recording_id=recording_id,
        parts=_parts(form, reader),
        version=reader.integer("version"),
        errors=reader.errors,
    )


def _parts(form: MultiDict[str, str], reader: FormReader) -> tuple[PartForm, ...]:
    """The parts in the order in which they stand in the page."""
    removed = set(form.getlist("part_removed"))
    found = []
    for key in form.getlist("part_key")[:MOST_PARTS]:
        if not (key.isascii() and key.isdecimal() and len(key) < 4):
            continue
        name = f"part_{key}_"
        part = PartForm(
            key=int(key),
            language=_language(reader.raw(f"{name}language")),
            title=reader.text(f"{name}title", longest=300),
            text=_lines(reader.text(f"{name}text", longest=LONGEST_TEXT)),
            voice=_voice(reader, f"{name}voice"),
            recording_id=reader.integer(f"{name}recording_id"),
            removed=key in removed,
        )
        if not part.removed and not part.text and not part.recording_id:
            reader.refuse(f"{name}text", _("Phần này chưa có nội dung hay bản thu."))
        found.append(part)
    return tuple(found)


def _speed(reader: FormReader) -> str:
    """One of the list, or the one that a bulletin has from elsewhere."""
    value = reader.raw("speed")
    if value in (AS_STATION, *SPEEDS) or (SPEED.fullmatch(value) and SLOWEST <= float(value) <= FASTEST):
        return value
    reader.refuse("speed", _("Hãy chọn một mục trong danh sách."))
    return AS_STATION


def _voice(reader: FormReader, name: str) -> str:
    value = reader.raw(name)
    if value and not VOICE.fullmatch(value):
        reader.refuse(name, _("Hãy chọn một mục trong danh sách."))
        return AS_STATION
    return value


def _language(value: str) -> str:
    return value if LANGUAGE.fullmatch(value) else "vi"


def arranged(parts: tuple[PartForm, ...], action: str) -> tuple[PartForm, ...]:
    """The parts after ``add:LANGUAGE``, ``up:KEY`` or ``down:KEY``; anything else changes nothing."""
    verb, _colon, what = action.partition(":")
    if verb == "add" and LANGUAGE.fullmatch(what) and len(parts) < MOST_PARTS:
        return (*parts, PartForm(key=max((part.key for part in parts), default=-1) + 1, language=what))
    here = next((index for index, part in enumerate(parts) if str(part.key) == what), None)
    there = None if here is None else here + {"up": -1, "down": 1}.get(verb, 0)
    if here is None or there is None or not 0 <= there < len(parts):
        return parts
    moved = list(parts)
    moved[here], moved[there] = moved[there], moved[here]
    return tuple(moved)


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
