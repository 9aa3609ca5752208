"""What is heard of a bulletin as pages show it: every piece with its sentences, in order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import g
from flask_babel import gettext as _

from broadcast.authoring import composition, lexicon, stations
from broadcast.authoring.composition import Kind, Piece
from broadcast.models import BulletinVersion
from devices.messages import BulletinClass
from tts.lexicon import Lexicon
from tts.types import Preset, Voice
from web.forms.bulletins import BulletinForm
from web.views import drafting, sounding, spoken, words
from web.views.spoken import Pair, Reading

Reader = Callable[[str, Voice, Lexicon], Reading | None]

OUTDOOR = 1.25  # how much longer the outdoor preset takes
OPENING = -1  # its part in the marks of a clip; the closing counts after the last part


@dataclass(frozen=True, slots=True)
class Section:
    """A piece of what is heard; ``part`` is its place in the script, as in the marks of a clip."""

    part: int
    piece: Piece
    reading: Reading | None

    @property
    def title(self) -> str:
        if self.piece.position:
            return words.language(self.piece.voice.language)
        titles: dict[Kind, str] = {
            Kind.OPENING: _("Lời mở đầu"),
            Kind.TITLE: _("Tên bản tin"),
            Kind.CLOSING: _("Lời kết thúc"),
        }
        return titles.get(self.piece.kind, str(_("Nội dung")))

    @property
    def language(self) -> str:
        return self.piece.voice.language

    @property
    def recorded(self) -> bool:
        return not self.piece.is_read

    @property
    def sentences(self) -> Sequence[Pair]:
        return self.reading.sentences if self.reading else ()

    @property
    def count(self) -> int:
        return sum(not sentence.silent for sentence in self.sentences)

    @property
    def doubts(self) -> int:
        return self.reading.doubts if self.reading else 0

    @property
    def shortened(self) -> bool:
        return self.reading is not None and self.reading.shortened


def numbered(version: BulletinVersion) -> Iterator[tuple[int, Piece]]:
    """Everything that is heard once, each with its part."""
    opening, closing = composition.opening(version), composition.closing(version)
    parts = composition.parts(version)
    if opening:
        yield OPENING, opening
    yield from enumerate(parts)
    if closing:
        yield len(parts), closing


def of_version(
    version: BulletinVersion,
    area_id: int,
    klass: BulletinClass = BulletinClass.ROUTINE,
    *,
    typing: bool = False,
) -> dict[str, Any]:
    """What a page needs to show how a version is read; ``typing`` reads a long text in part."""
    read = spoken.beginning if typing else spoken.reading
    heard = list(numbered(version))
    languages = composition.languages(piece for _part, piece in heard)
    lexicons = {language: lexicon.for_area(g.session, area_id, language) for language in languages}
    found = [Section(part, piece, _reading(read, piece, lexicons)) for part, piece in heard]
    return {
        "sections": found,
        "estimate_ms": _estimate(version, found),
        "slot_ms": sounding.slot_ms(area_id, klass),
    }


def of_form(form: BulletinForm) -> dict[str, Any]:
    station = stations.effective(g.session, form.area_id)
    return of_version(drafting.version_of(form, station), form.area_id, form.klass, typing=True)


def _reading(read: Reader, piece: Piece, lexicons: Mapping[str, Lexicon]) -> Reading | None:
    return read(piece.text, piece.voice, lexicons[piece.voice.language]) if piece.is_read else None


def _estimate(version: BulletinVersion, found: list[Section]) -> int:
    """Milliseconds: what is repeated counts as often as it is heard."""
    recordings = [version.recording, *(part.recording for part in version.parts)]
    recorded = sum(recording.duration_ms for recording in recordings if recording)
    last = len(composition.parts(version))
    read = {each.part: each.reading.estimate_ms for each in found if each.reading}
    once = read.pop(OPENING, 0) + read.pop(last, 0)
    pace = OUTDOOR if version.preset == Preset.OUTDOOR else 1
    return round((once + sum(read.values()) * version.repeats) * pace) + recorded * version.repeats
