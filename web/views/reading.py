"""The text as it will be read, while it is typed, and any one sentence of it as it will sound."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, g, render_template, request
from werkzeug.wrappers import Response

from broadcast.authoring import bulletins, lexicon, stations
from broadcast.authoring.composition import Kind, Piece
from broadcast.errors import NotFound
from broadcast.models import BulletinVersion
from tts.lexicon import Lexicon
from tts.types import Voice
from web.auth import current_person, signed_in
from web.edge import only_reads
from web.forms import bulletins as forms
from web.forms.reading import FormReader
from web.views import drafting, marking, read_out, sections, words

blueprint = Blueprint("reading", __name__, url_prefix="/bulletins")

LONGEST_WORDS = 300  # characters of a reading that is tried


@dataclass(frozen=True, slots=True)
class Wish:
    """One sentence that somebody wants to hear."""

    piece: Piece
    sentence: int
    preset: str
    lexicon: Lexicon


@blueprint.post("/preview")
@only_reads
@signed_in
def preview() -> str:
    form = marking.placed(forms.read_bulletin(request.form))
    return render_template(
        "bulletins/_spoken.html", **sections.of_form(form), **marking.values(form.area_id), words=words
    )


@blueprint.post("/hear")
@only_reads
@signed_in
def hear() -> Response:
    """One sentence as MP3: of a saved bulletin, of what is being written, or of a few words."""
    reader = FormReader(request.form)
    version, area_id = _version(reader)
    words_alone = reader.text("words", longest=LONGEST_WORDS)[:LONGEST_WORDS]
    wish = _words(version, words_alone) if words_alone else _sentence(version, area_id, reader)
    return read_out.sentence(wish.piece.text, wish.sentence, wish.piece.voice, wish.preset, wish.lexicon)


def _version(reader: FormReader) -> tuple[BulletinVersion, int]:
    """Errors: NotFound, Forbidden."""
    if bulletin_id := reader.integer("bulletin_id"):
        bulletin = bulletins.get(g.session, current_person(), bulletin_id)
        return bulletin.current, bulletin.area_id
    form = marking.placed(forms.read_bulletin(request.form))
    return drafting.version_of(form, stations.effective(g.session, form.area_id)), form.area_id


def _words(version: BulletinVersion, said: str) -> Wish:
    """What is tried is said as it stands, in the bulletin's voice."""
    voice = Voice(version.engine, version.voice, version.language, version.speed)
    return Wish(Piece(Kind.TEXT, 0, said, voice), 0, version.preset, Lexicon())


def _sentence(version: BulletinVersion, area_id: int, reader: FormReader) -> Wish:
    part, sentence = reader.raw("part") or "0", reader.integer("sentence")
    found = (piece for number, piece in sections.numbered(version) if str(number) == part)
    piece = next(found, None)
    if piece is None or not piece.is_read:
        raise NotFound(kind="part", id=part)
    entries = lexicon.for_area(g.session, area_id, piece.voice.language)
    return Wish(piece, sentence, version.preset, entries)
