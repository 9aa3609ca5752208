"""The words of a bulletin as people give them: cleaned and checked."""

from __future__ import annotations

import datetime as dt
import re
import textwrap
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, TypedDict

from broadcast.errors import (
    EmptyBulletin,
    EmptyTitle,
    NotText,
    OutOfRange,
    TextTooLong,
    TitleTooLong,
    TooManyParts,
    ValueTooLong,
    VoiceInvalid,
)
from devices.messages import BulletinClass
from tts.types import Chime, Preset

from . import speech

TITLE_LIMIT = 300
CHIMES = ("", *(chime.value for chime in Chime))
ENGINES = ("auto", "google", "espeak", "piper", "kokoro")
PRESETS = tuple(preset.value for preset in Preset)
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z]{2,4})?")
SLOWEST, FASTEST = 0.5, 2.0
DATE_LINE = re.compile(r"\d{1,2}[/.-]\d{1,2}[/.-]\d{4}")
HEADING = re.compile(r"^ {0,3}#{1,6}( +|$)", re.MULTILINE)
HEADING_LIMIT = 200  # a longer line is a paragraph
SHORT_TITLE = 100
OF_BULLETIN = ("klass", "source", "document_number", "document_date", "document_issuer")
LIMITS = {
    "source": 200,
    "document_number": 80,
    "document_issuer": 200,
    "voice": 40,
    "opening": 500,
    "closing": 500,
}
RANGES = {"repeats": (1, 5), "lead_in_s": (0.0, 10.0)}
MOST_PARTS = 12
LINES = ("source", "document_number", "document_issuer", "voice", "opening", "closing")


@dataclass(frozen=True, slots=True)
class PartContent:
    """A further language version; a voice that is left out is the station's, or any that speaks it."""

    language: str
    title: str = ""  # read before the text when there is one
    text: str = ""
    engine: str | None = None
    voice: str | None = None
    speed: float | None = None
    recording_id: int | None = None  # heard instead of the text, which may then be its transcript


class Content(TypedDict, total=False):
    """What an author decides; what is left out stays as it is. None: as the station of the area has it."""

    title: str
    text: str  # may be empty, or a transcript, when a recording is heard
    recording_id: int | None  # None: the text is read
    say_title: bool
    parts: tuple[PartContent, ...]
    klass: BulletinClass
    source: str
    document_number: str
    document_date: dt.date | None
    document_issuer: str
    language: str
    engine: str | None
    voice: str | None
    speed: float | None
    preset: str | None  # a value of tts.types.Preset
    opening: str | None  # empty: none is read
    closing: str | None
    repeats: int | None
    lead_in_s: float | None
    chime: str  # a value of tts.types.Chime; empty: the one of the class


@dataclass(frozen=True)
class Imported:
    """What a text file gives for a new bulletin."""

    title: str
    text: str


def checked(content: Content) -> dict[str, Any]:
    """The given fields, cleaned.

    Errors: EmptyTitle, TitleTooLong, TextTooLong, NotText, ValueTooLong, VoiceInvalid, OutOfRange,
    TooManyParts, EmptyBulletin for a part without words and recording.
    """
    values: dict[str, Any] = dict(content)
    if "title" in values:
        values["title"] = _line(values["title"])
        _check_title(values["title"])
    if "text" in values:
        values["text"] = speech.clean(values["text"])
        _check_text(values["text"])
    if "parts" in values:
        values["parts"] = _checked_parts(values["parts"])
    return values | checked_sound({name: value for name, value in values.items() if value is not None})


def checked_sound(values: dict[str, Any]) -> dict[str, Any]:
    """The values that stations have too, cleaned. Errors: ValueTooLong, VoiceInvalid, OutOfRange, NotText."""
    cleaned = values | {name: _line(values[name]) for name in LINES if name in values}
    for field, limit in LIMITS.items():
        if len(cleaned.get(field, "")) > limit:
            raise ValueTooLong(field=field, count=len(cleaned[field]), limit=limit)
    for field in ("opening", "closing"):
        _check_text(cleaned.get(field, ""))
    for field, (minimum, maximum) in RANGES.items():
        if field in cleaned and not minimum <= cleaned[field] <= maximum:
            raise OutOfRange(field=field, value=cleaned[field], minimum=minimum, maximum=maximum)
    _check_voice(cleaned)
    return cleaned


def check_language(language: str) -> None:
    """Errors: VoiceInvalid."""
    if not LANGUAGE.fullmatch(language):
        raise VoiceInvalid(field="language", value=language)


def require_words(text: str, recording_id: int | None) -> None:
    """Errors: EmptyBulletin."""
    if not text and recording_id is None:
        raise EmptyBulletin()


def from_file(data: bytes) -> Imported:
    """Title and text of an uploaded file: the first heading-like line names the bulletin.

    Errors: NotText, EmptyBulletin, TextTooLong.
    """
    text = HEADING.sub("", speech.decode(data)).strip()
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    if not lines:
        raise EmptyBulletin()
    title = next((line for line in lines[:5] if _is_heading(line)), lines[0])
    if len(title) > HEADING_LIMIT:
        title = textwrap.shorten(title, SHORT_TITLE, placeholder=" …")
    return Imported(title[:TITLE_LIMIT], text)


def _checked_parts(parts: Sequence[PartContent]) -> tuple[PartContent, ...]:
    if len(parts) > MOST_PARTS:
        raise TooManyParts(count=len(parts), limit=MOST_PARTS)
    return tuple(_checked_part(part) for part in parts)


def _checked_part(part: PartContent) -> PartContent:
    voice = {name: getattr(part, name) for name in ("language", "engine", "voice", "speed")}
    sound = checked_sound({name: value for name, value in voice.items() if value is not None})
    cleaned = replace(part, title=_line(part.title), text=speech.clean(part.text), **sound)
    if cleaned.title:
        _check_title(cleaned.title)
    _check_text(cleaned.text)
    require_words(cleaned.text, cleaned.recording_id)
    return cleaned


def _line(text: str) -> str:
    return " ".join(speech.clean(text).split())


def _is_heading(line: str) -> bool:
    return len(line) <= HEADING_LIMIT and not DATE_LINE.search(line) and any(c.isalpha() for c in line)


def _check_text(text: str) -> None:
    if len(text) > speech.TEXT_LIMIT:
        raise TextTooLong(count=len(text), limit=speech.TEXT_LIMIT)
    if any(unicodedata.category(c) == "Cc" and c not in "\n\t" for c in text):
        raise NotText()


def _check_title(title: str) -> None:
    if not title:
        raise EmptyTitle(field="title")
    if len(title) > TITLE_LIMIT:
        raise TitleTooLong(count=len(title), limit=TITLE_LIMIT)
    if any(unicodedata.category(c) == "Cc" for c in title):
        raise NotText()


def _check_voice(values: dict[str, Any]) -> None:
    if values.get("engine", "auto") not in ENGINES:
        raise VoiceInvalid(field="engine", value=values["engine"])
    if values.get("chime", "") not in CHIMES:
        raise VoiceInvalid(field="chime", value=values["chime"])
    if values.get("preset", "standard") not in PRESETS:
        raise VoiceInvalid(field="preset", value=values["preset"])
    check_language(values.get("language", "vi"))
    if not values.get("voice", "north"):
        raise VoiceInvalid(field="voice", value="")
    if not SLOWEST <= values.get("speed", 1.0) <= FASTEST:
        raise VoiceInvalid(field="speed", value=values["speed"])
