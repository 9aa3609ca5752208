"""The words of a bulletin as people give them: cleaned, checked, and folded for search."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import textwrap
import unicodedata
from dataclasses import dataclass
from typing import Any, TypedDict

from devices.messages import BulletinClass
from tts.types import Chime

from . import speech
from .errors import EmptyBulletin, EmptyTitle, NotText, TextTooLong, TitleTooLong, ValueTooLong, VoiceInvalid

TITLE_LIMIT = 300
CHIMES = ("", *(chime.value for chime in Chime))
ENGINES = ("auto", "google", "espeak")
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z]{2,4})?")
SLOWEST, FASTEST = 0.5, 2.0
DATE_LINE = re.compile(r"\d{1,2}[/.-]\d{1,2}[/.-]\d{4}")
HEADING = re.compile(r"^ {0,3}#{1,6}( +|$)", re.MULTILINE)
HEADING_LIMIT = 200  # a longer line is a paragraph
SHORT_TITLE = 100
OF_BULLETIN = ("klass", "source", "document_number", "document_date", "document_issuer")
LIMITS = {"source": 200, "document_number": 80, "document_issuer": 200, "voice": 40}


class Content(TypedDict, total=False):
    """What an author decides; what is left out stays as it is."""

    title: str
    text: str
    klass: BulletinClass
    source: str
    document_number: str
    document_date: dt.date | None
    document_issuer: str
    language: str
    engine: str
    voice: str
    speed: float
    chime: str  # a value of tts.types.Chime; empty: the one of the class


@dataclass(frozen=True)
class Imported:
    """What a text file gives for a new bulletin."""

    title: str
    text: str


def checked(content: Content) -> dict[str, Any]:
    """The given fields, cleaned.

    Errors: EmptyTitle, TitleTooLong, EmptyBulletin, TextTooLong, NotText, ValueTooLong, VoiceInvalid.
    """
    values: dict[str, Any] = dict(content)
    for field in ("title", "source", "document_number", "document_issuer", "voice"):
        if field in values:
            values[field] = " ".join(speech.clean(values[field]).split())
    if "text" in values:
        values["text"] = speech.clean(values["text"])
        _check_text(values["text"])
    if "title" in values:
        _check_title(values["title"])
    for field, limit in LIMITS.items():
        if len(values.get(field, "")) > limit:
            raise ValueTooLong(field=field, count=len(values[field]), limit=limit)
    _check_voice(values)
    return values


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


def fold(words: str) -> str:
    """Lower case without accents, so that a search finds what was typed without a Vietnamese keyboard."""
    plain = unicodedata.normalize("NFD", words.casefold())
    return "".join(c for c in plain if not unicodedata.combining(c)).replace("đ", "d")


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _is_heading(line: str) -> bool:
    return len(line) <= HEADING_LIMIT and not DATE_LINE.search(line) and any(c.isalpha() for c in line)


def _check_text(text: str) -> None:
    if not text:
        raise EmptyBulletin()
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
    if not LANGUAGE.fullmatch(values.get("language", "vi")):
        raise VoiceInvalid(field="language", value=values["language"])
    if not values.get("voice", "north"):
        raise VoiceInvalid(field="voice", value="")
    if not SLOWEST <= values.get("speed", 1.0) <= FASTEST:
        raise VoiceInvalid(field="speed", value=values["speed"])
