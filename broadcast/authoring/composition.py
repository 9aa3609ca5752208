"""What is heard of a bulletin version, in order: its words and recordings, and the script made of them."""

from __future__ import annotations

import enum
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from broadcast.errors import FileDamaged, NotFound
from broadcast.models import BulletinVersion, VersionPart
from broadcast.storage.library import RECORDING, Library
from tts.lexicon import Lexicon
from tts.normalise import VERSION
from tts.types import Part, Recorded, Speech, SpokenText, Voice

from . import speech

VIETNAMESE = "vi"


class Kind(enum.StrEnum):
    """What a piece is in its bulletin."""

    OPENING = "opening"
    TITLE = "title"
    TEXT = "text"
    RECORDING = "recording"
    CLOSING = "closing"


@dataclass(frozen=True, slots=True)
class Piece:
    """One thing that is heard; ``text`` of a recording is its transcript, which is not read."""

    kind: Kind
    position: int  # 0: the bulletin's own words; 1 and on: its further language versions
    text: str
    voice: Voice
    sha256: str = ""  # of the recording

    @property
    def is_read(self) -> bool:
        return self.kind is not Kind.RECORDING


def parts(version: BulletinVersion) -> list[Piece]:
    """What is repeated, in the order of ``Script.parts``."""
    found = list(_words(version, 0, with_title=version.say_title))
    for part in version.parts:
        found += _words(part, part.position, with_title=bool(part.title))
    return found


def opening(version: BulletinVersion) -> Piece | None:
    return _formula(version, Kind.OPENING, version.opening)


def closing(version: BulletinVersion) -> Piece | None:
    return _formula(version, Kind.CLOSING, version.closing)


def pieces(version: BulletinVersion) -> list[Piece]:
    """Everything that is heard once: opening, parts, closing."""
    every = [opening(version), *parts(version), closing(version)]
    return [piece for piece in every if piece is not None]


def read(piece: Piece, lexicons: Mapping[str, Lexicon]) -> Speech:
    """A piece that is read, with the lexicon of its language."""
    language = piece.voice.language
    text = speech.read_aloud(piece.text, language, lexicons[language])
    return Speech(text, piece.voice, heading=piece.kind is Kind.TITLE)


def sound(piece: Piece, lexicons: Mapping[str, Lexicon], library: Library) -> Part:
    """Errors: FileDamaged, also when a recording is gone."""
    if piece.is_read:
        return read(piece, lexicons)
    try:
        return Recorded(library.path(piece.sha256, verify=True, kind=RECORDING), piece.sha256)
    except NotFound as error:
        raise FileDamaged(sha256=piece.sha256) from error


def languages(found: Iterable[Piece]) -> set[str]:
    return {piece.voice.language for piece in found if piece.is_read}


def fingerprint(version: BulletinVersion) -> str:
    """Names the words and recordings that are heard: what an approval is bound to.

    Of a bulletin that is only its text, it is the text's own.
    """
    heard = pieces(version)
    if [(piece.kind, piece.voice.language) for piece in heard] == [(Kind.TEXT, VIETNAMESE)]:
        return hashlib.sha256(version.text.encode()).hexdigest()
    listed = [(each.kind, each.position, each.text, each.voice.language, each.sha256) for each in heard]
    return hashlib.sha256(json.dumps(listed, ensure_ascii=False).encode()).hexdigest()


def reading(texts: Iterable[SpokenText]) -> str:
    """Names how all the words are said, with the version of the rules that say so."""
    said = [[(each.spoken, each.pause_after) for each in text.sentences] for text in texts]
    return f"{hashlib.sha256(json.dumps(said).encode()).hexdigest()[:40]}@{VERSION}"[:80]


def contradicts(made: str, today: str) -> bool:
    """Whether the same rules read it otherwise; nothing is known of audio that other rules have made."""
    return made != today and made.partition("@")[2] == today.partition("@")[2]


def _words(of: BulletinVersion | VersionPart, position: int, *, with_title: bool) -> Iterator[Piece]:
    voice = Voice(of.engine, of.voice, of.language, of.speed)
    if with_title:
        yield Piece(Kind.TITLE, position, of.title, voice)
    if of.recording is not None:
        yield Piece(Kind.RECORDING, position, of.text, voice, of.recording.sha256)
    else:
        yield Piece(Kind.TEXT, position, of.text, voice)


def _formula(version: BulletinVersion, kind: Kind, text: str) -> Piece | None:
    """Openings and closings are Vietnamese, whatever language the bulletin is in."""
    if not text:
        return None
    if version.language == VIETNAMESE:
        return Piece(kind, 0, text, Voice(version.engine, version.voice, VIETNAMESE, version.speed))
    return Piece(kind, 0, text, Voice(language=VIETNAMESE, speed=version.speed))
